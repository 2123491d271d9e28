//! The keys of each screen, in the order in which the footer and the help name them.

use ratatui::crossterm::event::KeyCode;
use tui_input::InputRequest;

use super::binding::{Binding, Key, also, key};
use crate::tui::action::Action;

const ENTER: Key = Key::Code(KeyCode::Enter);
const ESC: Key = Key::Code(KeyCode::Esc);
const UP: Key = Key::Code(KeyCode::Up);
const DOWN: Key = Key::Code(KeyCode::Down);
const LEFT: Key = Key::Code(KeyCode::Left);
const RIGHT: Key = Key::Code(KeyCode::Right);
const TAB: Key = Key::Code(KeyCode::Tab);
const BACK_TAB: Key = Key::Code(KeyCode::BackTab);
const BACKSPACE: Key = Key::Code(KeyCode::Backspace);

const HELP: Binding = key(&[Key::Char('?'), Key::Code(KeyCode::F(1))], Action::Help, "?", "help", "all keys", 2);
const QUIT: Binding = key(&[Key::Char('q')], Action::Quit, "q", "quit", "quit; asks while work runs", 1);
const BACK: Binding = key(&[ESC], Action::Back, "Esc", "back", "one step back", 1);
/// The work goes on, and Home shows it.
const HOME_KEY: Binding = key(&[ESC], Action::Back, "Esc", "home", "leave; the work goes on, and Home shows it", 1);
const QUIT_LATER: Binding = key(&[Key::Char('q')], Action::Quit, "q", "quit", "quit; asks while work runs", 5);
const MOVE: Binding = key(&[UP, Key::Char('k')], Action::Up, "↑↓", "", "move", 6);
const MOVE_DOWN: Binding = also(&[DOWN, Key::Char('j')], Action::Down);
/// Where `k` checks.
const ARROWS: Binding = key(&[UP], Action::Up, "↑↓", "", "move", 6);
const ARROW_DOWN: Binding = also(&[DOWN], Action::Down);
const PAGE: Binding = key(&[Key::Code(KeyCode::PageUp)], Action::PageUp, "PgUp PgDn", "", "a page", 6);
const PAGE_DOWN: Binding = also(&[Key::Code(KeyCode::PageDown)], Action::PageDown);
const ENDS: Binding = key(&[Key::Code(KeyCode::Home), Key::Char('g')], Action::First, "Home End", "", "first, last", 6);
const LAST: Binding = also(&[Key::Code(KeyCode::End), Key::Char('G')], Action::Last);
const FIELD: Binding = key(&[UP, BACK_TAB], Action::Up, "↑↓", "field", "another field", 3);
const FIELD_DOWN: Binding = also(&[DOWN, TAB], Action::Down);
const TO_REVIEW: Binding = key(&[ENTER], Action::Enter, "⏎", "review", "go on to the review", 0);
const ASK_ANEW: Binding =
    key(&[Key::Char('r')], Action::Retry, "r", "", "ask anew: what is unfinished, profiles, who is signed in", 5);
const RETRY: Binding = key(&[Key::Char('r')], Action::Retry, "r", "try again", "try again what failed or waits", 2);
const CANCEL: Binding = key(&[Key::Char('c')], Action::Cancel, "c", "cancel", "stop it; asks first", 4);
const ALL_VIDEOS: Binding = key(&[Key::Char('v')], Action::Queue, "v", "all videos", "all publishings, a line each", 5);
const TARGET: Binding = key(&[Key::Char('t')], Action::Target, "t", "target", "stand-in or AWS profile", 4);

pub(super) static HOME: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open the line", 0),
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
pub(super) static HOME_JOB: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open its screen", 0),
    RETRY,
    key(
        &[Key::Char('x'), Key::Char('d')],
        Action::Discard,
        "x",
        "stop",
        "stop it, or give up what failed; asks first",
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
pub(super) static HOME_UNFINISHED: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "go on", "go on where it stopped", 0),
    key(&[Key::Char('x'), Key::Char('d')], Action::Discard, "x", "discard", "give it up; asks first", 3),
    MOVE,
    MOVE_DOWN,
    ENDS,
    LAST,
    TARGET,
    ASK_ANEW,
    HELP,
    QUIT,
];
pub(super) static VIDEO: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "choose", "open the folder, choose the video or all marked ones", 0),
    key(&[Key::Char('/')], Action::Filter, "/", "filter", "type to filter, fuzzily", 3),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    ENDS,
    LAST,
    key(&[LEFT, BACKSPACE], Action::ParentFolder, "←", "", "the folder above", 5),
    key(&[Key::Char('~')], Action::HomeFolder, "~", "home", "your home folder", 5),
    key(&[Key::Char(' ')], Action::Mark, "Space", "mark", "mark the file, to publish several", 3),
    key(&[Key::Char('u')], Action::UnmarkAll, "u", "", "unmark all files", 9),
    key(&[Key::Char('a')], Action::AllFiles, "a", "all files", "show files of all kinds, or only videos", 4),
    key(&[Key::Char('.')], Action::Hidden, ".", "hidden", "show or hide hidden files", 6),
    key(&[Key::Char('r')], Action::Reload, "r", "", "read the folder and the highlighted file again", 9),
    key(&[TAB], Action::Recent, "Tab", "recent", "jump between recent videos and the folder", 4),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
pub(super) static FILTER: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "choose", "take the highlighted line", 0),
    key(&[UP], Action::Up, "↑↓", "move", "move", 2),
    ARROW_DOWN,
    key(&[TAB], Action::Mark, "Tab", "mark", "mark it, for several at once", 3),
    key(&[ESC], Action::Back, "Esc", "clear", "clear the filter", 1),
];
pub(super) static SETTINGS: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[LEFT, Key::Char('h')], Action::Left, "←→", "change", "change the value", 2),
    also(&[RIGHT, Key::Char('l'), Key::Char(' ')], Action::Right),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
pub(super) static SETTINGS_LIST: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[RIGHT, Key::Char(' ')], Action::Toggle, "→", "list", "pick from the list", 2),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
pub(super) static SETTINGS_TEXT: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[Key::Ctrl('u')], Action::Edit(InputRequest::DeleteLine), "^U", "clear", "empty the field", 4),
    key(&[Key::Code(KeyCode::F(1))], Action::Help, "F1", "help", "all keys", 2),
    BACK,
];
pub(super) static CHOOSE: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "choose", "take the highlighted line", 0),
    key(&[UP], Action::Up, "↑↓", "move", "move", 2),
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    key(&[ESC], Action::Back, "Esc", "leave", "leave it as it was", 1),
];
pub(super) static REVIEW: &[Binding] = &[
    key(&[ENTER, Key::Char('y')], Action::Enter, "⏎", "publish", "start publishing (y too)", 0),
    key(&[Key::Char('a')], Action::Acknowledge, "a", "acknowledge", "acknowledge the notice, once an account", 3),
    key(&[Key::Char('b')], Action::Relay, "b", "relay", "browser relay on or off", 4),
    ARROWS_SCROLL,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
const ARROWS_SCROLL: Binding = key(&[UP, Key::Char('k')], Action::Up, "↑↓", "", "scroll", 6);
pub(super) static PUBLISH: &[Binding] = &[
    key(&[Key::Char('p'), Key::Char(' ')], Action::Pause, "p", "pause", "pause and go on", 1),
    RETRY,
    key(&[Key::Char('l'), ENTER], Action::Log, "l", "log", "log of the job under the cursor", 3),
    key(&[Key::Char('c')], Action::Cancel, "c", "cancel", "cancel; asks first, and can be resumed", 4),
    ALL_VIDEOS,
    MOVE,
    MOVE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
/// It has failed, or was stopped.
pub(super) static PUBLISH_FAILED: &[Binding] = &[
    key(&[Key::Char('r')], Action::Retry, "r", "try again", "try again: what is up is not sent again", 0),
    key(&[Key::Char('e')], Action::EditSettings, "e", "settings", "back to the settings, as you left them", 2),
    key(&[Key::Char('l'), ENTER], Action::Log, "l", "log", "log of the job under the cursor", 3),
    ALL_VIDEOS,
    MOVE,
    MOVE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
pub(super) static QUEUE: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open this publishing", 0),
    RETRY,
    key(&[Key::Char('e')], Action::EditSettings, "e", "settings", "back to the settings of what failed", 3),
    CANCEL,
    key(&[Key::Char('n')], Action::Another, "n", "another", "publish another video", 5),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    HOME_KEY,
    QUIT_LATER,
];
pub(super) static DELETIONS: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open this deletion", 0),
    RETRY,
    CANCEL,
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "Esc", "leave", "leave; the work goes on, and Home shows it", 1),
    QUIT_LATER,
];
pub(super) static REMOVAL: &[Binding] = &[
    key(&[ESC, ENTER], Action::Back, "Esc", "leave", "leave: it goes on; once it is done, to the library", 0),
    RETRY,
    CANCEL,
    HELP,
    QUIT_LATER,
];
/// A job asks the person something.
pub(super) static JOB_ASKS: &[Binding] = &[
    key(&[Key::Char('y'), Key::Char('a')], Action::Yes, "y", "agree", "agree", 0),
    key(&[Key::Char('n')], Action::No, "n", "decline", "decline: the work ends", 1),
    ARROWS_SCROLL,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "Esc", "later", "leave it open: Home leads back", 2),
    QUIT_LATER,
];
/// The same, where a name has to be typed.
pub(super) static JOB_ASKS_FOR_NAME: &[Binding] = &[
    key(&[ENTER], Action::Yes, "⏎", "agree", "agree, if the name is right", 0),
    key(&[Key::Ctrl('d')], Action::No, "^D", "decline", "decline: the work ends", 1),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    key(&[Key::Code(KeyCode::F(1))], Action::Help, "F1", "help", "all keys", 2),
    key(&[ESC], Action::Back, "Esc", "later", "leave it open: Home leads back", 2),
];
pub(super) static LOG: &[Binding] = &[
    key(&[ESC, Key::Char('l'), ENTER], Action::Back, "Esc", "close", "close the log", 0),
    key(&[UP, Key::Char('k')], Action::Up, "↑↓", "scroll", "scroll", 1),
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    ENDS,
    LAST,
];
pub(super) static DONE: &[Binding] = &[
    key(&[Key::Char('y')], Action::Copy, "y", "copy", "copy the watch link (OSC 52: over ssh too)", 0),
    key(&[Key::Char('p')], Action::CopyPlaylist, "p", "copy playlist", "copy the playlist link", 5),
    key(&[Key::Char('Y')], Action::CopyMenu, "Y", "copy more", "copy any link, or HTML for other pages", 4),
    key(&[Key::Char('o'), ENTER], Action::Browse, "o", "open", "open the watch page in the browser", 1),
    key(&[Key::Char('k')], Action::CheckDeep, "k", "check all", "read, check and decode every byte", 3),
    key(&[Key::Char('n')], Action::Another, "n", "another", "publish another video", 4),
    ALL_VIDEOS,
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    key(&[ESC], Action::Back, "Esc", "home", "home", 6),
    QUIT,
];
pub(super) static LIBRARY: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open the reel", 0),
    key(&[Key::Char('/')], Action::Filter, "/", "filter", "type to filter, fuzzily", 3),
    key(&[Key::Char('s')], Action::Sort, "s", "sort", "sort by name, newest first, largest first", 4),
    key(&[Key::Char(' ')], Action::Mark, "Space", "mark", "mark the reel, to delete several", 4),
    key(&[Key::Char('u')], Action::UnmarkAll, "u", "", "unmark all reels", 9),
    key(&[Key::Char('Y')], Action::CopyMenu, "Y", "copy", "copy any link, or HTML for other pages", 4),
    key(&[Key::Char('d')], Action::Delete, "d", "delete", "delete the marked reels, or this one; asks first", 3),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    ENDS,
    LAST,
    key(&[Key::Char('r')], Action::Reload, "r", "", "ask the target again", 5),
    TARGET,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
pub(super) static REEL: &[Binding] = &[
    key(&[Key::Char('k')], Action::Check, "k", "check", "every chunk there, with the right hash", 0),
    key(&[Key::Char('K')], Action::CheckDeep, "K", "every byte", "read every byte as a player does, and decode it", 2),
    key(&[Key::Char('y')], Action::Copy, "y", "copy", "copy the watch link", 3),
    key(&[Key::Char('p')], Action::CopyPlaylist, "p", "", "copy the playlist link", 5),
    key(&[Key::Char('Y')], Action::CopyMenu, "Y", "copy more", "copy any link, or HTML for other pages", 4),
    key(&[Key::Char('o'), ENTER], Action::Browse, "o", "open", "open the watch page in the browser", 4),
    key(&[Key::Char('R')], Action::Repair, "R", "repair", "deploy again what a check found damaged", 1),
    key(&[Key::Char('c')], Action::Cancel, "c", "stop", "stop the check; asks first", 4),
    key(&[Key::Char('e')], Action::Retitle, "e", "title", "give it another title; its links stay", 5),
    key(&[Key::Char('d')], Action::Delete, "d", "delete", "delete; asks for the name", 5),
    key(&[Key::Char('r')], Action::Reload, "r", "", "ask the target again", 6),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
pub(super) static CONFIRM: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "delete", "delete, if what was typed is right", 0),
    key(&[ESC], Action::Back, "Esc", "keep", "keep it", 1),
    key(&[UP], Action::Up, "↑↓", "", "scroll", 6),
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
];
pub(super) static TITLE: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "give it this title", "give it this title", 0),
    key(&[ESC], Action::Back, "Esc", "keep", "keep the title that it has", 1),
];
pub(super) static ASK: &[Binding] = &[
    key(&[Key::Char('y'), Key::Char('Y')], Action::Yes, "y", "yes", "yes", 0),
    key(&[Key::Char('n'), Key::Char('N'), ESC], Action::No, "n", "no", "no", 0),
];
pub(super) static HELP_KEYS: &[Binding] = &[
    key(
        &[ESC, Key::Char('?'), Key::Char('q'), ENTER, Key::Code(KeyCode::F(1))],
        Action::Back,
        "Esc",
        "close",
        "close",
        0,
    ),
    key(&[UP, Key::Char('k')], Action::Up, "↑↓", "scroll", "scroll", 1),
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
];

pub(super) static EVERYWHERE: &[Binding] = &[
    key(&[Key::Ctrl('c')], Action::Interrupt, "^C", "", "asks to stop; twice stops in an orderly way", 9),
    key(&[Key::Ctrl('z')], Action::Suspend, "^Z", "", "back to the shell; `fg` goes on", 9),
];
