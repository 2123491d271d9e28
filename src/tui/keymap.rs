//! Keys are data: one table a screen. Matching, the footer, the help and the README's table all come from here.

use std::fmt::Write as _;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::action::Action;

/// Which keys count now. A screen can have several (a list, and its filter being typed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Home,
    Video,
    Filter,
    Settings,
    /// A field of the settings whose values are picked from a list.
    SettingsList,
    SettingsText,
    Choose,
    Review,
    Publish,
    Log,
    Done,
    Library,
    Reel,
    /// A name typed to confirm.
    Confirm,
    Ask,
    Help,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode),
}

pub(super) struct Binding {
    keys: &'static [Key],
    pub(super) action: Action,
    /// How the keys are written, with those of the next binding if it is its counterpart.
    pub(super) label: &'static str,
    /// One or two words for the footer; empty: only in the help.
    pub(super) short: &'static str,
    pub(super) help: &'static str,
    /// When the footer is narrow, the highest go first.
    pub(super) rank: u8,
}

const ENTER: Key = Key::Code(KeyCode::Enter);
const ESC: Key = Key::Code(KeyCode::Esc);
const UP: Key = Key::Code(KeyCode::Up);
const DOWN: Key = Key::Code(KeyCode::Down);
const LEFT: Key = Key::Code(KeyCode::Left);
const RIGHT: Key = Key::Code(KeyCode::Right);
const TAB: Key = Key::Code(KeyCode::Tab);
const BACK_TAB: Key = Key::Code(KeyCode::BackTab);
const BACKSPACE: Key = Key::Code(KeyCode::Backspace);

const fn key(
    keys: &'static [Key],
    action: Action,
    label: &'static str,
    short: &'static str,
    help: &'static str,
    rank: u8,
) -> Binding {
    Binding { keys, action, label, short, help, rank }
}

/// The counterpart of the binding before it: same label, same line of help.
const fn also(keys: &'static [Key], action: Action) -> Binding {
    key(keys, action, "", "", "", 0)
}

const HELP: Binding = key(&[Key::Char('?'), Key::Code(KeyCode::F(1))], Action::Help, "?", "help", "all keys", 2);
const QUIT: Binding = key(&[Key::Char('q')], Action::Quit, "q", "quit", "quit; asks while work runs", 1);
const BACK: Binding = key(&[ESC], Action::Back, "Esc", "back", "one step back", 1);
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
const TARGET: Binding = key(&[Key::Char('t')], Action::Target, "t", "target", "stand-in or AWS profile", 4);

static HOME: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open the line", 0),
    MOVE,
    MOVE_DOWN,
    ENDS,
    LAST,
    TARGET,
    key(&[Key::Char('r')], Action::Reload, "r", "", "ask the target again", 5),
    HELP,
    QUIT,
];
static VIDEO: &[Binding] = &[
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
static FILTER: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "choose", "take the highlighted line", 0),
    key(&[UP], Action::Up, "↑↓", "move", "move", 2),
    ARROW_DOWN,
    key(&[TAB], Action::Mark, "Tab", "mark", "mark the file, to publish several", 3),
    key(&[ESC], Action::Back, "Esc", "clear", "clear the filter", 1),
];
static SETTINGS: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[LEFT, Key::Char('h')], Action::Left, "←→", "change", "change the value", 2),
    also(&[RIGHT, Key::Char('l'), Key::Char(' ')], Action::Right),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
static SETTINGS_LIST: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[RIGHT, Key::Char(' ')], Action::Toggle, "→", "list", "pick from the list", 2),
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
static SETTINGS_TEXT: &[Binding] = &[
    TO_REVIEW,
    FIELD,
    FIELD_DOWN,
    key(&[Key::Ctrl('u')], Action::Edit(InputRequest::DeleteLine), "^U", "clear", "empty the field", 4),
    key(&[Key::Code(KeyCode::F(1))], Action::Help, "F1", "help", "all keys", 2),
    BACK,
];
static CHOOSE: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "choose", "take the highlighted line", 0),
    key(&[UP], Action::Up, "↑↓", "move", "move", 2),
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    key(&[ESC], Action::Back, "Esc", "leave", "leave it as it was", 1),
];
static REVIEW: &[Binding] = &[
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
static PUBLISH: &[Binding] = &[
    key(&[Key::Char('p'), Key::Char(' ')], Action::Pause, "p", "pause", "pause and go on", 1),
    key(&[Key::Char('r')], Action::Retry, "r", "retry", "try again what failed or waits", 2),
    key(&[Key::Char('l'), ENTER], Action::Log, "l", "log", "log of the job under the cursor", 3),
    key(&[Key::Char('c')], Action::Cancel, "c", "cancel", "cancel; asks first, and can be resumed", 4),
    MOVE,
    MOVE_DOWN,
    HELP,
    key(&[Key::Char('q'), ESC], Action::Quit, "q", "quit", "quit; the journal stays, resume picks up there", 5),
];
static LOG: &[Binding] = &[
    key(&[ESC, Key::Char('l'), ENTER], Action::Back, "Esc", "close", "close the log", 0),
    key(&[UP, Key::Char('k')], Action::Up, "↑↓", "scroll", "scroll", 1),
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    ENDS,
    LAST,
];
static DONE: &[Binding] = &[
    key(&[Key::Char('y')], Action::Copy, "y", "copy", "copy the watch link (OSC 52: over ssh too)", 0),
    key(&[Key::Char('p')], Action::CopyPlaylist, "p", "copy playlist", "copy the playlist link", 5),
    key(&[Key::Char('o'), ENTER], Action::Browse, "o", "open", "open the watch page in the browser", 1),
    key(&[Key::Char('k')], Action::CheckDeep, "k", "check all", "read and check every byte", 3),
    key(&[Key::Char('n')], Action::Another, "n", "another", "publish another video", 4),
    ARROWS,
    ARROW_DOWN,
    HELP,
    key(&[ESC], Action::Back, "Esc", "", "home", 9),
    QUIT,
];
static LIBRARY: &[Binding] = &[
    key(&[ENTER, RIGHT], Action::Enter, "⏎", "open", "open the reel", 0),
    key(&[Key::Char('/')], Action::Filter, "/", "filter", "type to filter, fuzzily", 3),
    MOVE,
    MOVE_DOWN,
    PAGE,
    PAGE_DOWN,
    ENDS,
    LAST,
    key(&[Key::Char('r')], Action::Reload, "r", "reload", "ask the target again", 4),
    TARGET,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
static REEL: &[Binding] = &[
    key(&[Key::Char('k')], Action::Check, "k", "check", "every chunk there, with the right hash", 0),
    key(&[Key::Char('K')], Action::CheckDeep, "K", "every byte", "read every byte as a player does", 2),
    key(&[Key::Char('y')], Action::Copy, "y", "copy", "copy the watch link", 3),
    key(&[Key::Char('p')], Action::CopyPlaylist, "p", "", "copy the playlist link", 5),
    key(&[Key::Char('o'), ENTER], Action::Browse, "o", "open", "open the watch page in the browser", 4),
    key(&[Key::Char('d')], Action::Delete, "d", "delete", "delete; asks for the name", 5),
    ARROWS,
    ARROW_DOWN,
    PAGE,
    PAGE_DOWN,
    HELP,
    BACK,
    key(&[Key::Char('q')], Action::Quit, "q", "", "quit", 9),
];
static CONFIRM: &[Binding] = &[
    key(&[ENTER], Action::Enter, "⏎", "delete", "delete, if the name is right", 0),
    key(&[ESC], Action::Back, "Esc", "keep", "keep it", 1),
];
static ASK: &[Binding] = &[
    key(&[Key::Char('y'), Key::Char('Y')], Action::Yes, "y", "yes", "yes", 0),
    key(&[Key::Char('n'), Key::Char('N'), ESC], Action::No, "n", "no", "no", 0),
];
static HELP_KEYS: &[Binding] = &[
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

/// Everywhere.
static GLOBAL: &[Binding] =
    &[key(&[Key::Ctrl('c')], Action::Interrupt, "^C", "", "asks to stop; twice stops in an orderly way", 9)];

impl Table {
    pub(super) fn bindings(self) -> &'static [Binding] {
        match self {
            Self::Home => HOME,
            Self::Video => VIDEO,
            Self::Filter => FILTER,
            Self::Settings => SETTINGS,
            Self::SettingsList => SETTINGS_LIST,
            Self::SettingsText => SETTINGS_TEXT,
            Self::Choose => CHOOSE,
            Self::Review => REVIEW,
            Self::Publish => PUBLISH,
            Self::Log => LOG,
            Self::Done => DONE,
            Self::Library => LIBRARY,
            Self::Reel => REEL,
            Self::Confirm => CONFIRM,
            Self::Ask => ASK,
            Self::Help => HELP_KEYS,
        }
    }

    /// Keys that no binding takes are typed into a field.
    fn types(self) -> bool {
        matches!(self, Self::Filter | Self::SettingsText | Self::SettingsList | Self::Choose | Self::Confirm)
    }

    pub(super) fn action(self, event: KeyEvent) -> Option<Action> {
        let bound = GLOBAL.iter().chain(self.bindings()).find(|binding| binding.takes(event));
        bound.map(|binding| binding.action.clone()).or_else(|| edit(event).filter(|_| self.types()).map(Action::Edit))
    }

    /// What the footer says: as many keys as fit, in the order of the table; the least needed go first.
    pub(super) fn footer(
        self,
        room: usize,
        applies: impl Fn(&Action) -> bool,
        width: impl Fn(&Binding) -> usize,
    ) -> Vec<&'static Binding> {
        let worth_it = |binding: &&Binding| !binding.short.is_empty() && applies(&binding.action);
        let mut shown: Vec<_> = self.bindings().iter().filter(worth_it).collect();
        while shown.iter().map(|binding| width(binding)).sum::<usize>() > room {
            let Some(rank) = shown.iter().map(|binding| binding.rank).max() else { break };
            let Some(last) = shown.iter().rposition(|binding| binding.rank == rank) else { break };
            shown.remove(last);
        }
        shown
    }

    /// Label and explanation of every key, for the help.
    pub(super) fn explained(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let bindings = self.bindings().iter().chain(GLOBAL);
        bindings.filter(|binding| !binding.label.is_empty()).map(|binding| (binding.label, binding.help))
    }
}

impl Binding {
    fn takes(&self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let plain = !control && !event.modifiers.contains(KeyModifiers::ALT);
        self.keys.iter().any(|key| match key {
            Key::Char(wanted) => plain && event.code == KeyCode::Char(*wanted),
            Key::Ctrl(wanted) => control && event.code == KeyCode::Char(*wanted),
            Key::Code(wanted) => plain && event.code == *wanted,
        })
    }
}

/// The usual keys of a text field, Emacs's and the terminal's.
fn edit(event: KeyEvent) -> Option<InputRequest> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(match event.code {
        KeyCode::Char('a') if control => InputRequest::GoToStart,
        KeyCode::Char('e') if control => InputRequest::GoToEnd,
        KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
        KeyCode::Char('u') if control => InputRequest::DeleteLine,
        KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
        KeyCode::Backspace if control || alt => InputRequest::DeletePrevWord,
        KeyCode::Left if control || alt => InputRequest::GoToPrevWord,
        KeyCode::Right if control || alt => InputRequest::GoToNextWord,
        KeyCode::Char(character) if !control && !alt && !character.is_control() => InputRequest::InsertChar(character),
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    })
}

/// The key table for the README, in Markdown.
pub fn markdown() -> String {
    let screens = [
        ("Home", Table::Home),
        ("1 Video", Table::Video),
        ("2 Settings", Table::Settings),
        ("3 Review", Table::Review),
        ("4 Publish", Table::Publish),
        ("5 Done", Table::Done),
        ("Library", Table::Library),
        ("A reel", Table::Reel),
    ];
    let mut text = String::from("| Screen | Keys |\n|---|---|\n");
    for (name, table) in screens {
        let own = table.bindings().iter().filter(|binding| !binding.label.is_empty());
        let keys: Vec<_> = own.map(|binding| format!("`{}` {}", binding.label, binding.help)).collect();
        // writing to a string can't fail
        let _ = writeln!(text, "| {name} | {} |", keys.join(" · "));
    }
    let _ = writeln!(text, "| everywhere | `{}` {} |", GLOBAL[0].label, GLOBAL[0].help);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[Table] = &[
        Table::Home,
        Table::Video,
        Table::Filter,
        Table::Settings,
        Table::SettingsList,
        Table::SettingsText,
        Table::Choose,
        Table::Review,
        Table::Publish,
        Table::Log,
        Table::Done,
        Table::Library,
        Table::Reel,
        Table::Confirm,
        Table::Ask,
        Table::Help,
    ];

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for table in TABLES {
            let mut seen: Vec<&Key> = Vec::new();
            for key in table.bindings().iter().chain(GLOBAL).flat_map(|binding| binding.keys) {
                assert!(!seen.contains(&key), "{table:?}: {key:?} twice");
                seen.push(key);
            }
        }
    }

    #[test]
    fn a_counterpart_follows_its_labelled_binding() {
        for table in TABLES {
            assert!(!table.bindings()[0].label.is_empty(), "{table:?}");
            assert!(table.explained().all(|(label, help)| !label.is_empty() && !help.is_empty()), "{table:?}");
        }
    }

    #[test]
    fn letters_are_typed_only_where_a_field_has_the_focus() {
        let letter = press(KeyCode::Char('x'), KeyModifiers::NONE);
        assert_eq!(Table::Filter.action(letter), Some(Action::Edit(InputRequest::InsertChar('x'))));
        assert_eq!(Table::Video.action(letter), None);
        let quit = press(KeyCode::Char('q'), KeyModifiers::NONE);
        assert_eq!(Table::Video.action(quit), Some(Action::Quit));
        assert_eq!(Table::SettingsText.action(quit), Some(Action::Edit(InputRequest::InsertChar('q'))));
    }

    #[test]
    fn ctrl_c_interrupts_everywhere() {
        for table in TABLES {
            assert_eq!(table.action(press(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Interrupt));
        }
    }

    #[test]
    fn a_narrow_footer_keeps_what_is_needed_most() {
        let width = |binding: &Binding| binding.label.chars().count() + binding.short.chars().count() + 4;
        let names =
            |room| Table::Video.footer(room, |_| true, width).iter().map(|binding| binding.short).collect::<Vec<_>>();
        assert_eq!(names(200), ["choose", "filter", "home", "mark", "all files", "hidden", "recent", "help", "back"]);
        assert_eq!(names(34), ["choose", "help", "back"]);
        assert_eq!(names(12), ["choose"]);
        assert_eq!(names(0), [""; 0]);
    }
}
