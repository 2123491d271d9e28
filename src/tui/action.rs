//! What a key, a click or a paste asks for, and what a screen asks to be done. Screens take actions and answers and
//! give commands; they never do work themselves. No screen is named here.

use std::{path::PathBuf, sync::Arc};

use image::DynamicImage;
use ratatui::layout::Size;
use tui_input::InputRequest;

use super::{
    backend::{AccountRegion, Order, Place, Question, Reply, Resumable, Wanted},
    chosen::{Chosen, Planned},
    id::JobId,
    job::{Kind, Run},
    overlay::confirm::Confirm,
    work::{folder::Print, search},
};
use crate::{
    model::{reel::name::ReelName, report::event::JobName},
    running::reporter::Control,
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    /// The one thing to do here.
    Enter,
    /// One step back; out of a list, a filter, a question.
    Back,
    Quit,
    /// Ctrl-C: asks first, stops in an orderly way the second time.
    Interrupt,
    /// Ctrl-Z: the shell gets the terminal, until it lets us go on.
    Suspend,
    Help,
    Toggle,
    Filter,
    HomeFolder,
    ParentFolder,
    Hidden,
    /// Show files of all kinds, or only videos.
    AllFiles,
    /// The recent videos in place of the folder, and back.
    Recent,
    /// By name, the newest first, the largest first.
    Sort,
    /// Videos in all folders below this one.
    SearchBelow,
    /// Mark or unmark the highlighted file, to publish several.
    Mark,
    UnmarkAll,
    /// In place of a name that is taken.
    FreeName,
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
    /// A list of all that can be copied.
    CopyMenu,
    Browse,
    Check,
    CheckDeep,
    Delete,
    /// Another title.
    Retitle,
    /// Deploys again what a check found damaged.
    Repair,
    /// Gives up what is unfinished.
    Discard,
    /// Back to the settings.
    EditSettings,
    /// All publishings of this session.
    Queue,
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

/// What a screen asks for: work, a way to another screen, or a deed of the app. Work of one kind replaces earlier work of
/// its kind for the same owner.
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
    /// Which of a pasted list of files are there.
    FindAll(Vec<(String, Vec<PathBuf>)>),
    /// Files below a folder; answers carry the number, so that those of another search are told apart.
    Search {
        number: u64,
        wanted: search::Wanted,
    },
    StopSearching,
    /// Those of the recent videos that are there still.
    ListRecent(Vec<PathBuf>),
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
    /// A chosen file once more, with streams that were asked for.
    Reread {
        video: PathBuf,
        wanted: Wanted,
    },
    /// The picture for an area of this size.
    Paint {
        video: PathBuf,
        frame: Arc<DynamicImage>,
        size: Size,
    },
    FindProfiles,
    Connect(Place),
    /// The same of an account that is known, which stays as it is until the answer is there.
    LookAgain(Place),
    FindNames(Place),
    FindUnfinished,
    FindReels(Place),
    OpenReel(Place, ReelName),
    /// A job's work.
    Run {
        run: Run,
        agreed: Vec<Question>,
        control: Control,
    },
    /// The queue, on the disk.
    Keep(Vec<Order>),
    /// An order that a process left behind is taken up, or given up.
    Forget(ReelName, AccountRegion),
    /// To the clipboard of the terminal.
    Copy(String),
    /// In the person's browser.
    Browse(String),
    Remember,
    /// A word at the bottom of the screen, gone at the next key.
    Say(String),
    Ask(Confirm),
    ChooseTarget,
    ChooseRegion {
        current: String,
        typed: Option<char>,
    },
    /// Of the links of a reel, and of HTML with them.
    ChooseCopy(Place, ReelName),
    ShowLog(JobId, JobName),
    /// Begins jobs, if what they do was in sight long enough; with what was agreed to there.
    Begin(Vec<Run>, Vec<Question>),
    /// The same for what earlier processes left: interrupted publishings, and orders that waited.
    TakeUp(Vec<Resumable>, Vec<Order>),
    Retry(JobId),
    Reply(JobId, Reply),
    Go(Box<Way>),
    Back,
    Quit,
}

/// Ways to other screens, with what they carry.
#[derive(Debug)]
pub(super) enum Way {
    Video,
    Library,
    Settings(Vec<Chosen>),
    Review(Vec<Planned>),
    /// These orders, exactly as the review showed them, and the notice if it was acknowledged there.
    Publish(Vec<Order>, Option<Question>),
    /// The screen of a job.
    Job(JobId),
    /// All publishings of this session, or all deletions.
    Queue(Kind),
    /// Back to the settings of a publishing that failed.
    Edit(JobId),
    Reel {
        place: Place,
        reel: ReelName,
        check: bool,
    },
    /// To choose the video that a damaged reel was made of.
    Source {
        place: Place,
        reel: ReelName,
    },
}
