//! What a key, a click or a paste asks for, and what a screen asks to be done. Screens take actions and answers and
//! give commands; they never do work themselves.

use std::{path::PathBuf, sync::Arc};

use image::DynamicImage;
use ratatui::layout::Size;
use tui_input::InputRequest;

use super::{
    app::Screen,
    backend::{Order, Place, Published, Resumable},
    chosen::{Chosen, Planned},
    folder::Print,
    overlay::Question,
};
use crate::{publish::reporter::Control, reel::name::ReelName, use_cases::Question as Consent};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    /// The one thing to do here.
    Enter,
    /// One step back; out of a list, a filter, a question.
    Back,
    Quit,
    /// Ctrl-C: asks first, stops in an orderly way the second time.
    Interrupt,
    Help,
    Toggle,
    Filter,
    HomeFolder,
    ParentFolder,
    Hidden,
    /// Show files of all kinds, or only videos.
    AllFiles,
    Recent,
    /// Mark or unmark the highlighted file, to publish several.
    Mark,
    UnmarkAll,
    Target,
    Reload,
    Acknowledge,
    Relay,
    Pause,
    Retry,
    Log,
    Cancel,
    Copy,
    CopyPlaylist,
    Browse,
    Check,
    CheckDeep,
    Delete,
    Another,
    Yes,
    No,
    /// Typing into the field that has the focus.
    Edit(InputRequest),
    Paste(String),
    /// A click on something drawn with this number.
    Pick(usize),
    /// The wheel, in lines.
    Scroll(i32),
}

/// Work for the runner, or a way to another screen. Work of one kind replaces earlier work of its kind.
#[derive(Debug)]
pub(super) enum Command {
    ListFolder {
        folder: PathBuf,
        /// A file in it that the person named: looked at too.
        named: Option<PathBuf>,
    },
    /// Which reading of a named or pasted path exists.
    Find {
        typed: String,
        paths: Vec<PathBuf>,
    },
    /// Probe (unless it is known for this state of the file) and picture of a video, after a moment without another;
    /// and again whenever the file changes.
    Look {
        video: PathBuf,
        known: Option<Print>,
    },
    StopLooking,
    /// Probes of files that are chosen, one after another, except where the known one still holds.
    Examine(Vec<(PathBuf, Option<Print>)>),
    StopExamining,
    /// The picture for an area of this size.
    Paint {
        video: PathBuf,
        frame: Arc<DynamicImage>,
        size: Size,
    },
    FindProfiles,
    Connect(Place),
    FindNames(Place),
    FindResumable,
    FindReels(Place),
    OpenReel(Place, ReelName),
    Check {
        place: Place,
        reel: ReelName,
        deep: bool,
    },
    StopChecking,
    Delete(Place, ReelName),
    Publish {
        run: u64,
        order: Box<Order>,
        control: Control,
    },
    Resume {
        run: u64,
        resumable: Box<Resumable>,
        control: Control,
    },
    /// To the clipboard of the terminal.
    Copy(String),
    /// In the person's browser.
    Browse(String),
    Remember,
    /// A word at the bottom of the screen, gone at the next key.
    Say(String),
    Ask(Question),
    ChooseTarget,
    ChooseRegion {
        current: String,
        typed: Option<char>,
    },
    ShowLog,
    Go(Box<Way>),
    Back,
    Quit,
}

/// Ways between screens, with what they carry.
#[derive(Debug)]
pub(super) enum Way {
    To(Screen),
    Settings(Vec<Chosen>),
    Review(Vec<Planned>),
    /// These orders, exactly as the review showed them, and the notice if it was acknowledged there.
    Publish(Vec<Order>, Option<Consent>),
    Resume(Resumable),
    Done(Published),
    Reel(ReelName),
    CheckedReel(ReelName),
    /// The same publishing once more.
    Again,
    /// A cancelled publishing has come to rest.
    Stopped,
}
