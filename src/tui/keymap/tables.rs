//! The keys of each screen, in the order in which the footer and the help name them.

use tui_input::InputRequest;

use super::{
    binding::{Preset, also, key},
    key::Key,
    presets::*,
};
use crate::tui::action::Action;

pub(super) static HOME: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "open", "open the line", 0),
    MOVE,
    MOVE_DOWN,
    ENDS,
    LAST,
    TARGET,
    ASK_ANEW,
    HELP,
    QUIT,
];
/// On the line of a job.
pub(super) static HOME_JOB: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "open", "open its screen", 0),
    RETRY,
    key(
        &[Key::Char('c'), Key::Char('x'), Key::Char('d')],
        Action::Discard,
        "stop",
        "stop it, or remove from the list what failed; asks first",
        3,
    ),
    MOVE,
    MOVE_DOWN,
    ENDS,
    LAST,
    TARGET,
    HELP,
    QUIT,
];
/// On the line of something unfinished.
pub(super) static HOME_UNFINISHED: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "go on", "go on where it stopped", 0),
    key(
        &[Key::Char('x'), Key::Char('d')],
        Action::Discard,
        "discard upload",
        "discard the upload, not the video; asks first",
        3,
    ),
    MOVE,
    MOVE_DOWN,
    ENDS,
    LAST,
    TARGET,
    ASK_ANEW,
    HELP,
    QUIT,
];
pub(super) static VIDEO: &[Preset] = &[
    key(
        &[ENTER, RIGHT, Key::Char('l')],
        Action::Enter,
        "choose",
        "open the folder, choose the video or all marked ones",
        0,
    ),
    key(&[Key::Char('/')], Action::Filter, "filter", "type letters, to see only names that have them", 3),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HALF,
    HALF_DOWN,
    ENDS,
    LAST,
    key(&[LEFT, Key::Char('h'), BACKSPACE], Action::ParentFolder, "", "the folder above", 5),
    key(&[Key::Char('~')], Action::HomeFolder, "home", "your home folder", 5),
    key(&[Key::Char(' ')], Action::Mark, "mark", "mark the file, to publish several", 3),
    key(&[Key::Char('u')], Action::UnmarkAll, "", "unmark all files", 9),
    key(&[Key::Char('a')], Action::AllFiles, "all files", "show files of all kinds, or only videos", 4),
    key(&[Key::Char('.')], Action::Hidden, "hidden", "show or hide hidden files", 6),
    key(&[Key::Char('r')], Action::Reload, "", "read the folder and the highlighted file again", 9),
    key(&[TAB], Action::Recent, "recent", "the recent videos, and back to the folder", 4),
    SEARCH,
    key(&[Key::Char('s')], Action::Sort, "sort", "change the order: by name, newest first, largest first", 6),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];
pub(super) static FILTER: &[Preset] = &[
    key(&[ENTER], Action::Enter, "choose", "take the highlighted line", 0),
    key(&[UP, PREVIOUS], Action::Up, "move", "up", 2),
    ARROW_DOWN,
    key(&[TAB], Action::Mark, "mark", "mark it, for several at once", 3),
    PAGE,
    PAGE_DOWN,
    HALF_DOWN_ALONE,
    SEARCH,
    CLEAR,
    WORD,
    HELP_F1,
    key(&[ESC], Action::Back, "clear", "clear the filter", 1),
];
/// Videos of all folders below one, and what is typed to find one of them.
pub(super) static FOUND: &[Preset] = &[
    key(&[ENTER], Action::Enter, "choose", "take the highlighted line, or all marked files", 0),
    key(&[UP, PREVIOUS], Action::Up, "move", "up", 2),
    ARROW_DOWN,
    key(&[TAB], Action::Mark, "mark", "mark the file, to publish several", 3),
    PAGE,
    PAGE_DOWN,
    HALF_DOWN_ALONE,
    CLEAR,
    WORD,
    HELP_F1,
    key(&[ESC], Action::Back, "folder", "back to the folder; the search ends", 1),
];
pub(super) static SETTINGS: &[Preset] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[LEFT, Key::Char('h')], Action::Left, "change", "the value before", 2),
    also(&[RIGHT, Key::Char('l'), Key::Char(' ')], Action::Right, "the next value"),
    FREE_NAME,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];
pub(super) static SETTINGS_LIST: &[Preset] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[RIGHT, Key::Char(' ')], Action::Toggle, "list", "pick from the list", 2),
    FREE_NAME,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];
pub(super) static SETTINGS_TEXT: &[Preset] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[Key::Ctrl('u')], Action::Edit(InputRequest::DeleteLine), "clear", "empty the field", 4),
    FREE_NAME,
    WORD,
    HELP_F1,
    BACK,
];
pub(super) static CHOOSE: &[Preset] = &[
    key(&[ENTER], Action::Enter, "choose", "take the highlighted line", 0),
    key(&[UP, PREVIOUS], Action::Up, "move", "up", 2),
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HALF_DOWN_ALONE,
    CLEAR,
    WORD,
    key(&[ESC], Action::Back, "close", "close; it stays as it was", 1),
];
pub(super) static REVIEW: &[Preset] = &[
    key(&[ENTER, Key::Char('y')], Action::Enter, "publish", "start publishing", 0),
    key(
        &[Key::Char('a')],
        Action::Acknowledge,
        "agree",
        "agree to the notice about AWS's terms, once for each account",
        3,
    ),
    key(&[Key::Char('b')], Action::Relay, "browsers", "how browsers play it on AWS, with what each way costs", 4),
    SCROLL,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];

pub(super) static PUBLISH: &[Preset] = &[
    key(&[Key::Char('p'), Key::Char(' ')], Action::Pause, "pause", "pause and go on", 1),
    RETRY,
    LOG_OF_JOB,
    key(&[Key::Char('c')], Action::Cancel, "stop", "stop it; asks first, and can be resumed", 4),
    ALL_VIDEOS,
    MOVE,
    MOVE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
/// The reel is there, and the CDN is not yet.
pub(super) static PUBLISH_CDN: &[Preset] = &[
    key(&[Key::Char('c')], Action::Cancel, "no CDN", "do without the CDN; asks first", 1),
    key(&[Key::Char('p'), Key::Char(' ')], Action::Pause, "pause", "pause and go on", 2),
    RETRY,
    LOG_OF_JOB,
    ALL_VIDEOS,
    MOVE,
    MOVE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
/// It has failed, or was stopped.
pub(super) static PUBLISH_FAILED: &[Preset] = &[
    key(&[Key::Char('r')], Action::Retry, "try again", "try again: what is uploaded is not sent again", 0),
    key(&[Key::Char('e')], Action::EditSettings, "settings", "back to the settings, as you left them", 2),
    LOG_OF_JOB,
    ALL_VIDEOS,
    MOVE,
    MOVE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
pub(super) static QUEUE: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "open", "open this video", 0),
    RETRY,
    key(&[Key::Char('e')], Action::EditSettings, "settings", "back to the settings of what failed", 3),
    key(&[Key::Char('c')], Action::Cancel, "stop this", "stop the one under the cursor; asks first", 4),
    key(&[Key::Char('n')], Action::Another, "new video", "publish another video", 5),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
pub(super) static DELETIONS: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "open", "open this deletion", 0),
    RETRY,
    CANCEL,
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "back", "back; the work goes on, and Home shows it", 1),
    QUIT_LATER,
];
pub(super) static REMOVAL: &[Preset] = &[
    key(&[ESC, ENTER], Action::Back, "back", "back: it goes on; once it is done, to the library", 0),
    RETRY,
    CANCEL,
    HELP,
    QUIT_LATER,
];
/// A job asks the person something.
pub(super) static JOB_ASKS: &[Preset] = &[
    key(&[Key::Char('a'), Key::Char('y')], Action::Yes, "agree", "agree", 0),
    key(&[Key::Char('n')], Action::No, "decline", "decline: the work ends", 1),
    SCROLL,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "later", "leave it open: Home leads back", 2),
    QUIT_LATER,
];
/// The same, where a name has to be typed.
pub(super) static JOB_ASKS_FOR_NAME: &[Preset] = &[
    key(&[ENTER], Action::Yes, "agree", "agree, if the name is right", 0),
    key(&[Key::Ctrl('d')], Action::No, "decline", "decline: the work ends", 1),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP_F1,
    key(&[ESC], Action::Back, "later", "leave it open: Home leads back", 2),
];
pub(super) static LOG: &[Preset] = &[
    key(&[ESC, Key::Char('l'), ENTER], Action::Back, "close", "close the log", 0),
    SCROLL,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HALF,
    HALF_DOWN,
    ENDS,
    LAST,
];
pub(super) static DONE: &[Preset] = &[
    key(&[Key::Char('y')], Action::Copy, "copy", "copy the watch link, over ssh too", 0),
    key(&[Key::Char('p')], Action::CopyPlaylist, "copy playlist", "copy the playlist link", 5),
    COPY_MORE,
    key(&[Key::Char('o'), ENTER], Action::Browse, "open", "open the watch page in the browser", 1),
    key(
        &[Key::Char('K'), Key::Char('k')],
        Action::CheckDeep,
        "deep check",
        "read every byte, and test that all of it plays",
        3,
    ),
    key(&[Key::Char('n')], Action::Another, "new video", "publish another video", 4),
    ALL_VIDEOS,
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "home", "home", 2),
    QUIT,
];
pub(super) static LIBRARY: &[Preset] = &[
    key(&[ENTER, RIGHT, Key::Char('l')], Action::Enter, "open", "open the reel", 0),
    key(&[Key::Char('/')], Action::Filter, "filter", "type letters, to see only names that have them", 3),
    key(&[Key::Char('s')], Action::Sort, "sort", "change the order: by name, newest first, largest first", 4),
    key(&[Key::Char(' ')], Action::Mark, "mark", "mark the reel, to delete several", 4),
    key(&[Key::Char('u')], Action::UnmarkAll, "", "unmark all reels", 9),
    key(&[Key::Char('Y')], Action::CopyMenu, "copy", "copy any link, or HTML that shows it on a web page", 4),
    key(&[Key::Char('d')], Action::Delete, "delete", "delete the marked reels, or this one; asks first", 3),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HALF,
    HALF_DOWN,
    ENDS,
    LAST,
    key(&[Key::Char('r')], Action::Reload, "ask again", "load it again", 8),
    key(&[Key::Char('t')], Action::Target, "look elsewhere", "what the stand-in has, or an AWS sign-in", 4),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];
pub(super) static REEL: &[Preset] = &[
    key(&[Key::Char('k')], Action::Check, "quick check", "check that every chunk is there and unchanged", 0),
    key(
        &[Key::Char('K')],
        Action::CheckDeep,
        "deep check",
        "read every byte as a player does, and test that all of it plays",
        2,
    ),
    key(&[Key::Char('y')], Action::Copy, "copy", "copy the watch link", 3),
    key(&[Key::Char('p')], Action::CopyPlaylist, "", "copy the playlist link", 5),
    COPY_MORE,
    key(&[Key::Char('o'), ENTER], Action::Browse, "open", "open the watch page in the browser", 4),
    key(&[Key::Char('R')], Action::Repair, "repair", "upload again what a check found missing or changed", 1),
    key(&[Key::Char('c'), Key::Char('x')], Action::Cancel, "stop", "stop the check; asks first", 4),
    key(&[Key::Char('e')], Action::Retitle, "title", "give it another title; its links stay", 5),
    key(&[Key::Char('d')], Action::Delete, "delete", "delete; asks for the name", 5),
    key(&[Key::Char('r')], Action::Reload, "", "load it again", 6),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "", "quit", 9),
];
pub(super) static CONFIRM: &[Preset] = &[
    key(&[ENTER], Action::Enter, "delete", "delete, if what was typed is right", 0),
    HELP_F1,
    key(&[ESC], Action::Back, "keep", "keep it", 1),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
];
pub(super) static TITLE: &[Preset] = &[
    key(&[ENTER], Action::Enter, "retitle", "give it this title", 0),
    CLEAR,
    WORD,
    HELP_F1,
    key(&[ESC], Action::Back, "keep", "keep the title that it has", 1),
];
pub(super) static ASK: &[Preset] = &[
    key(&[Key::Char('y'), Key::Char('Y')], Action::Yes, "yes", "yes", 0),
    key(&[Key::Char('n'), Key::Char('N'), ESC], Action::No, "no", "no", 0),
];
/// All keys of a screen, with a line to type into.
pub(super) static PALETTE: &[Preset] = &[
    key(&[ENTER], Action::Enter, "do it", "do what the highlighted line says", 0),
    key(&[UP, PREVIOUS], Action::Up, "move", "up", 2),
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HALF_DOWN_ALONE,
    CLEAR,
    WORD,
    key(&[ESC, F1], Action::Back, "close", "close", 1),
];

pub(super) static EVERYWHERE: &[Preset] = &[
    key(&[Key::Ctrl('c')], Action::Interrupt, "", "asks to stop; pressed twice, it stops without asking", 9),
    key(&[Key::Ctrl('z')], Action::Suspend, "", "back to the shell; there `fg` goes on", 9),
];
