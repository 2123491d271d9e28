//! What is settled before the wizard opens.

use std::path::PathBuf;

use crate::{
    settings::{Settings, WizardSettings},
    tui::keymap::Keymap,
};

/// What flags, environment and the config file settled before the wizard opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Its video is highlighted in the picker, which then opens at once.
    pub settings: Settings,
    /// Videos that are chosen already: the wizard opens at their settings.
    pub files: Vec<PathBuf>,
    /// Where the picker starts.
    pub folder: PathBuf,
    pub own: WizardSettings,
    pub keys: Keymap,
}

impl Start {
    /// The videos that are chosen already, each once.
    pub(super) fn named_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for file in &self.files {
            // without the `./` that a shell adds
            let file: PathBuf = self.folder.join(file).components().collect();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }
}
