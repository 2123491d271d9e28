//! Keys that several screens have, and what each does wherever it counts.

use ratatui::crossterm::event::KeyCode;
use tui_input::InputRequest;

use super::{
    binding::{Preset, also, key},
    key::Key,
};
use crate::tui::action::Action;

pub(super) const ENTER: Key = Key::Code(KeyCode::Enter);
pub(super) const ESC: Key = Key::Code(KeyCode::Esc);
pub(super) const UP: Key = Key::Code(KeyCode::Up);
pub(super) const DOWN: Key = Key::Code(KeyCode::Down);
pub(super) const LEFT: Key = Key::Code(KeyCode::Left);
pub(super) const RIGHT: Key = Key::Code(KeyCode::Right);
pub(super) const TAB: Key = Key::Code(KeyCode::Tab);
pub(super) const BACK_TAB: Key = Key::Code(KeyCode::BackTab);
/// As in shells, in fzf and in telescope.
pub(super) const PREVIOUS: Key = Key::Ctrl('p');
pub(super) const NEXT: Key = Key::Ctrl('n');
pub(super) const BACKSPACE: Key = Key::Code(KeyCode::Backspace);

pub(super) const F1: Key = Key::Code(KeyCode::F(1));
pub(super) const HELP: Preset = key(&[Key::Char('?'), F1], Action::Help, "help", "all keys; type to find one", 2);
/// Where text is typed.
pub(super) const HELP_F1: Preset = key(&[F1], Action::Help, "help", "all keys; type to find one", 2);
pub(super) const QUIT: Preset = key(&[Key::Char('q')], Action::Quit, "quit", "quit; asks while work runs", 1);
pub(super) const BACK: Preset = key(&[ESC], Action::Back, "back", "one step back", 1);
/// The work goes on, and Home shows it.
pub(super) const HOME_KEY: Preset = key(&[ESC], Action::Back, "home", "to the first screen; the work goes on", 1);
pub(super) const QUIT_LATER: Preset = key(&[Key::Char('q')], Action::Quit, "quit", "quit; asks while work runs", 5);
pub(super) const MOVE: Preset = key(&[UP, Key::Char('k'), PREVIOUS], Action::Up, "", "up", 6);
pub(super) const MOVE_DOWN: Preset = also(&[DOWN, Key::Char('j'), NEXT], Action::Down, "down");
/// Where the page may be longer than the screen.
pub(super) const SCROLL: Preset = key(&[UP, Key::Char('k'), PREVIOUS], Action::Up, "scroll", "up", 1);
/// Where `k` checks.
pub(super) const ARROWS: Preset = key(&[UP, PREVIOUS], Action::Up, "scroll", "up", 1);
pub(super) const ARROW_DOWN: Preset = also(&[DOWN, NEXT], Action::Down, "down");
pub(super) const PAGE: Preset = key(&[Key::Code(KeyCode::PageUp)], Action::PageUp, "", "a page up", 6);
pub(super) const PAGE_DOWN: Preset = also(&[Key::Code(KeyCode::PageDown)], Action::PageDown, "a page down");
pub(super) const HALF: Preset = key(&[Key::Ctrl('u')], Action::HalfUp, "", "half a page up", 6);
pub(super) const HALF_DOWN: Preset = also(&[Key::Ctrl('d')], Action::HalfDown, "half a page down");
/// Where Ctrl-u empties the text.
pub(super) const HALF_DOWN_ALONE: Preset = key(&[Key::Ctrl('d')], Action::HalfDown, "", "half a page down", 6);
pub(super) const CLEAR: Preset =
    key(&[Key::Ctrl('u')], Action::Edit(InputRequest::DeleteLine), "", "remove what was typed", 6);
pub(super) const WORD: Preset =
    key(&[Key::Ctrl('w')], Action::Edit(InputRequest::DeletePrevWord), "", "remove the word before the cursor", 6);
pub(super) const ENDS: Preset = key(&[Key::Code(KeyCode::Home), Key::Char('g')], Action::First, "", "first line", 6);
pub(super) const LAST: Preset = also(&[Key::Code(KeyCode::End), Key::Char('G')], Action::Last, "last line");
pub(super) const FIELD: Preset = key(&[UP, BACK_TAB, PREVIOUS], Action::Up, "field", "the field above", 3);
pub(super) const FIELD_DOWN: Preset = also(&[DOWN, TAB, NEXT], Action::Down, "the field below");
pub(super) const FREE_NAME: Preset =
    key(&[Key::Ctrl('f')], Action::FreeName, "next free name", "take the next free name, where one is taken", 1);
pub(super) const SEARCH: Preset =
    key(&[Key::Ctrl('f')], Action::SearchBelow, "search folders", "find videos in all folders below this one", 4);
pub(super) const TO_REVIEW: Preset = key(&[ENTER], Action::Enter, "review", "go on to the review", 0);
pub(super) const ASK_ANEW: Preset = key(
    &[Key::Char('r')],
    Action::Retry,
    "",
    "ask again what is unfinished, which AWS sign-ins there are, and who is signed in",
    5,
);
pub(super) const RETRY: Preset =
    key(&[Key::Char('r')], Action::Retry, "try again", "try again what failed or waits", 2);
pub(super) const CANCEL: Preset = key(&[Key::Char('c')], Action::Cancel, "stop", "stop it; asks first", 4);
pub(super) const LOG_OF_JOB: Preset =
    key(&[Key::Char('l'), ENTER], Action::Log, "log", "log of the job under the cursor", 3);
pub(super) const ALL_VIDEOS: Preset =
    key(&[Key::Char('v')], Action::Queue, "all videos", "all videos that are being published, a line each", 5);
pub(super) const COPY_MORE: Preset =
    key(&[Key::Char('Y')], Action::CopyMenu, "other links", "copy any link, or HTML that shows it on a web page", 4);
pub(super) const TARGET: Preset =
    key(&[Key::Char('t')], Action::Target, "publish to", "where to publish: stand-in or an AWS sign-in", 4);
