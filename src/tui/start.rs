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
