//! What comes back from background work. Screens fold answers into their state; one that is no longer wanted names
//! what it was about, so that it can be told apart and dropped.

use std::{path::PathBuf, sync::Arc};

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;

use super::{
    backend::{Account, Checked, Gone, Place, Probe, Profile, Published, Reel, ReelDetail, Resumable},
    folder::{Found, Listing, Named, Print},
};
use crate::reel::{event::Event, fault::Fault, name::ReelName};

pub(super) enum Answer {
    Listed {
        folder: PathBuf,
        listing: Result<Listing, String>,
        named: Option<Named>,
    },
    Found(Found),
    Probed {
        video: PathBuf,
        /// The state of the file that was probed.
        print: Option<Print>,
        probe: Result<Probe, Fault>,
    },
    /// The highlighted file is being written: it is probed again once it rests.
    Changing {
        video: PathBuf,
    },
    /// A chosen file was looked at again; no probe if the known one still holds.
    Examined {
        video: PathBuf,
        print: Option<Print>,
        probe: Option<Result<Probe, Fault>>,
    },
    Framed {
        video: PathBuf,
        frame: Result<Arc<DynamicImage>, Fault>,
    },
    Painted {
        video: PathBuf,
        size: Size,
        picture: Arc<Protocol>,
    },
    Profiles(Result<Vec<Profile>, Fault>),
    Connected {
        place: Place,
        account: Result<Account, Fault>,
    },
    Names {
        place: Place,
        names: Result<Vec<ReelName>, Fault>,
    },
    Resumable(Result<Vec<Resumable>, Fault>),
    ReelFound {
        place: Place,
        reel: Reel,
    },
    ReelsEnded {
        place: Place,
        result: Result<(), Fault>,
    },
    ReelOpened {
        name: ReelName,
        detail: Result<Box<ReelDetail>, Fault>,
    },
    Checked {
        name: ReelName,
        checked: Checked,
    },
    CheckEnded {
        name: ReelName,
        result: Result<(), Fault>,
    },
    Gone {
        name: ReelName,
        gone: Gone,
    },
    Deleted {
        name: ReelName,
        functions: Result<u32, Fault>,
    },
    /// Of the publishing with this number.
    Engine {
        run: u64,
        event: Event,
    },
    PublishEnded {
        run: u64,
        result: Result<Box<Published>, Fault>,
    },
    Said(String),
}
