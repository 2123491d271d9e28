//! What the wizard remembers between runs: recent videos, notices read, last checks, the uplink's speed. Losing the
//! file costs nothing but comfort, so a damaged one is forgotten.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::backend::Place;
use crate::reel::{name::ReelName, order::Target};

const FILE: &str = "wizard.json";
const RECENT: usize = 8;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Newest first. Paths that are no UTF-8 are not kept.
    pub(super) recent: Vec<String>,
    /// By target and reel.
    checked: BTreeMap<String, Check>,
    /// Bytes a second of the last upload over a real network.
    pub(super) uplink: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Check {
    pub(super) at: SystemTime,
    pub(super) deep: bool,
    pub(super) ok: u32,
    pub(super) of: u32,
}

impl Memory {
    pub(super) fn load(folder: &Path) -> Self {
        let text = fs::read(folder.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&file, self)?;
        file.persist(folder.join(FILE))?;
        Ok(())
    }

    pub(super) fn used(&mut self, video: &Path) {
        let Some(video) = video.to_str() else { return };
        self.recent.retain(|recent| recent != video);
        self.recent.insert(0, video.to_owned());
        self.recent.truncate(RECENT);
    }

    pub(super) fn recent(&self) -> impl Iterator<Item = PathBuf> {
        self.recent.iter().map(PathBuf::from)
    }

    pub(super) fn check(&self, place: &Place, reel: &ReelName) -> Option<Check> {
        self.checked.get(&key(place, reel)).copied()
    }

    pub(super) fn checked(&mut self, place: &Place, reel: &ReelName, check: Check) {
        self.checked.insert(key(place, reel), check);
    }
}

fn key(place: &Place, reel: &ReelName) -> String {
    let target = match &place.target {
        Target::Local => "local",
        Target::Aws { profile } => profile.as_deref().unwrap_or("aws"),
    };
    format!("{target}/{}/{reel}", place.region.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_survives_and_a_damaged_file_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert_eq!(Memory::load(&state), Memory::default());
        let mut memory = Memory::default();
        for number in 0..10 {
            memory.used(Path::new(&format!("/v/{number}.mp4")));
        }
        memory.used(Path::new("/v/5.mp4"));
        assert_eq!(
            (memory.recent.len(), memory.recent[0].as_str(), memory.recent[1].as_str()),
            (8, "/v/5.mp4", "/v/9.mp4")
        );
        memory.save(&state).unwrap();
        assert_eq!(Memory::load(&state), memory);
        fs::write(state.join(FILE), "{").unwrap();
        assert_eq!(Memory::load(&state), Memory::default());
    }
}
