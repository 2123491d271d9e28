//! What comes back from background work. It goes to whom the work was done for: the app, a screen, a job. One that is no
//! longer wanted by its screen also names what it was about.

use std::{path::PathBuf, sync::Arc};

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;

use super::{
    folder::{Entry, Found, Listing, Named, Print},
    search::Batch,
};
use crate::{
    model::{
        reel::name::ReelName,
        report::{event::Event, fault::Fault},
    },
    tui::{
        backend::{Account, Checked, Gone, Place, Probe, Profile, Reel, ReelDetail, Unfinished, Wanted},
        job::{Asked, End},
    },
};

pub(in crate::tui) enum Answer {
    Listed {
        folder: PathBuf,
        listing: Result<Listing, String>,
        named: Option<Named>,
    },
    Found(Found),
    /// Of a pasted list of files, in its order.
    FoundAll(Vec<Result<Entry, String>>),
    /// Part of what a search found.
    Searched {
        number: u64,
        batch: Batch,
    },
    Recent(Vec<Entry>),
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
    Reread {
        video: PathBuf,
        wanted: Wanted,
        probe: Result<Probe, Fault>,
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
    Unfinished(Result<Unfinished, Fault>),
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
    /// The queue is on the disk, or why it is not.
    Kept(Result<(), Fault>),
    Forgotten(Result<(), Fault>),
    Said(String),
    /// Of a job.
    Engine(Event),
    Checked(Checked),
    Gone(Gone),
    Retried(String),
    Asks(Asked),
    Ended(End),
}
