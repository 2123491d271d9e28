//! What the wizard remembers between runs: recent videos, notices read, last checks, the uplink's speed. Losing the
//! file costs nothing but comfort, so a damaged one is forgotten.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::backend::{Place, Report};
use crate::model::reel::{
    name::{Generation, ReelName},
    order::Target,
};

const FILE: &str = "wizard.json";
const RECENT: usize = 50;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Newest first. Paths that are no UTF-8 are not kept.
    pub(super) recent: Vec<String>,
    /// By place, reel and generation. Earlier versions kept `checked` without the generation: what they knew may be
    /// of another video by now, so it is not read.
    checks: BTreeMap<String, Check>,
    /// Bytes a second of the last upload over a real network.
    pub(super) uplink: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Check {
    pub(super) at: SystemTime,
    pub(super) deep: bool,
    pub(super) ok: u32,
    pub(super) of: u32,
    /// It was served, and all of it played, as far as that was looked at.
    #[serde(default)]
    pub(super) right: bool,
}

impl Check {
    pub(super) fn of(report: &Report, deep: bool, at: SystemTime) -> Self {
        Self { at, deep, ok: report.ok, of: report.chunks, right: report.is_right() }
    }
}

impl Memory {
    pub(super) fn load(folder: &Path) -> Self {
        let text = fs::read(folder.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        make(folder)?;
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

    pub(super) fn check(&self, place: &Place, reel: &ReelName, generation: Generation) -> Option<Check> {
        self.checks.get(&key(place, reel, generation)).copied()
    }

    /// Forgets what was known of the reel's other generations: they are replaced.
    pub(super) fn checked(&mut self, place: &Place, reel: &ReelName, generation: Generation, check: Check) {
        let of_reel = of_reel(place, reel);
        self.checks.retain(|key, _| !key.starts_with(&of_reel));
        self.checks.insert(key(place, reel, generation), check);
    }
}

fn key(place: &Place, reel: &ReelName, generation: Generation) -> String {
    format!("{}{generation}", of_reel(place, reel))
}

fn of_reel(place: &Place, reel: &ReelName) -> String {
    // the colon keeps a profile of the name `local` apart
    let target = match &place.target {
        Target::Local => "local".to_owned(),
        Target::Aws { profile } => format!("aws:{}", profile.as_deref().unwrap_or_default()),
    };
    format!("{target}/{}/{reel}/", place.region.as_deref().unwrap_or_default())
}

/// The state folder, where nothing else has made it yet: for us alone, as all that lies in it is.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
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
        for number in 0..60 {
            memory.used(Path::new(&format!("/v/{number}.mp4")));
        }
        memory.used(Path::new("/v/5.mp4"));
        assert_eq!(
            (memory.recent.len(), memory.recent[0].as_str(), memory.recent[1].as_str()),
            (50, "/v/5.mp4", "/v/59.mp4")
        );
        memory.save(&state).unwrap();
        assert_eq!(Memory::load(&state), memory);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(state.join(FILE), "{").unwrap();
        assert_eq!(Memory::load(&state), Memory::default());
    }

    fn here() -> (Place, ReelName, [Generation; 2]) {
        let generations = ["4f2a91c0", "00000001"].map(|generation| generation.parse().unwrap());
        (Place { target: Target::Local, region: None }, "talk".parse().unwrap(), generations)
    }

    #[test]
    fn a_check_belongs_to_the_generation_that_was_checked() {
        let (place, reel, [first, second]) = here();
        let check = Check { at: SystemTime::UNIX_EPOCH, deep: true, ok: 3, of: 3, right: true };
        let mut memory = Memory::default();
        memory.checked(&place, &reel, first, check);
        assert_eq!(memory.check(&place, &reel, first), Some(check));
        assert_eq!(memory.check(&place, &reel, second), None, "another video was published under the name");
        let named_local = Place { target: Target::Aws { profile: Some("local".to_owned()) }, region: None };
        assert_eq!(memory.check(&named_local, &reel, first), None, "nor is it the check of another place");
        memory.checked(&place, &reel, second, check);
        assert_eq!(memory.check(&place, &reel, first), None, "what was replaced is forgotten");
        assert_eq!(memory.checks.len(), 1);
    }

    #[test]
    fn checks_kept_without_a_generation_are_forgotten_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let check = r#"{"at":{"secs_since_epoch":1,"nanos_since_epoch":0},"deep":false,"ok":1,"of":1}"#;
        let old = format!(r#"{{"recent":["/v/a.mp4"],"checked":{{"local//talk":{check}}},"uplink":7}}"#);
        fs::write(folder.path().join(FILE), old).unwrap();
        let memory = Memory::load(folder.path());
        assert_eq!((memory.recent.as_slice(), memory.uplink), (&["/v/a.mp4".to_owned()][..], Some(7)));
        assert!(memory.checks.is_empty());
        let (place, reel, [first, _]) = here();
        assert_eq!(memory.check(&place, &reel, first), None);
    }
}
