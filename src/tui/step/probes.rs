//! What probes found, each kept with the state of the file that it was found in: a file that has changed is probed
//! again. Errors are not kept once the cursor has left the file, since what was wrong may be mended by then.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    model::report::fault::Fault,
    tui::{backend::Probe, work::folder::Print},
};

#[derive(Debug, Clone, PartialEq)]
struct Probed {
    print: Option<Print>,
    probe: Result<Probe, Fault>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::tui) struct Probes(BTreeMap<PathBuf, Probed>);

impl Probes {
    pub(in crate::tui) fn get(&self, video: &Path) -> Option<&Result<Probe, Fault>> {
        self.0.get(video).map(|probed| &probed.probe)
    }

    pub(in crate::tui) fn keep(&mut self, video: &Path, print: Option<Print>, probe: Result<Probe, Fault>) {
        self.0.insert(video.to_owned(), Probed { print, probe });
    }

    pub(in crate::tui) fn forget(&mut self, video: &Path) {
        self.0.remove(video);
    }

    /// The state of the file that its probe holds for. What could not be published is always asked anew.
    pub(in crate::tui) fn known(&self, video: &Path) -> Option<Print> {
        self.0.get(video).filter(|probed| probed.is_good()).and_then(|probed| probed.print)
    }

    pub(in crate::tui) fn forget_errors(&mut self, except: Option<&Path>) {
        self.0.retain(|video, probed| probed.is_good() || Some(video.as_path()) == except);
    }
}

impl Probed {
    fn is_good(&self) -> bool {
        self.probe.as_ref().is_ok_and(|probe| probe.refused.is_none())
    }
}
