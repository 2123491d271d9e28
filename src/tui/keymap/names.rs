//! The names that actions have in the config file. They stay as they are: files hold them. What had another name before
//! is still read by that one.

use tui_input::InputRequest;

use crate::tui::action::Action;

/// `None`: its keys are not the person's to choose, or it has none.
pub(super) fn name(action: &Action) -> Option<&'static str> {
    Some(match action {
        Action::Up => "up",
        Action::Down => "down",
        Action::Left => "left",
        Action::Right => "right",
        Action::PageUp => "page-up",
        Action::PageDown => "page-down",
        Action::HalfUp => "half-page-up",
        Action::HalfDown => "half-page-down",
        Action::First => "first",
        Action::Last => "last",
        Action::Enter => "enter",
        Action::Back => "back",
        Action::Quit => "quit",
        Action::Help => "help",
        Action::Toggle => "pick-from-list",
        Action::Filter => "filter",
        Action::HomeFolder => "home-folder",
        Action::ParentFolder => "parent-folder",
        Action::Hidden => "hidden-files",
        Action::AllFiles => "all-files",
        Action::Recent => "recent",
        Action::Sort => "sort",
        Action::SearchBelow => "search-below",
        Action::Mark => "mark",
        Action::UnmarkAll => "unmark-all",
        Action::FreeName => "free-name",
        Action::Target => "target",
        Action::Reload => "reload",
        Action::Acknowledge => "agree",
        Action::Relay => "relay",
        Action::Pause => "pause",
        Action::Retry => "retry",
        Action::Log => "log",
        Action::Cancel => "cancel",
        Action::Copy => "copy-link",
        Action::CopyPlaylist => "copy-playlist",
        Action::CopyMenu => "copy-more",
        Action::Retitle => "retitle",
        Action::Browse => "browse",
        Action::Check => "check",
        Action::CheckDeep => "check-every-byte",
        Action::Delete => "delete",
        Action::Repair => "repair",
        Action::Discard => "discard",
        Action::EditSettings => "edit-settings",
        Action::Queue => "all-publishings",
        Action::Another => "another",
        Action::Yes => "yes",
        Action::No => "no",
        Action::Edit(edit) => return edit_name(*edit),
        Action::Interrupt | Action::Suspend | Action::Paste(_) | Action::Pick(_) | Action::Scroll(_) => return None,
    })
}

/// The name of today.
pub(super) fn today(name: &str) -> &str {
    match name {
        "acknowledge" => "agree",
        name => name,
    }
}

/// Of what changes a text; most of it stays with the keys that terminals have for it.
fn edit_name(edit: InputRequest) -> Option<&'static str> {
    match edit {
        InputRequest::DeleteLine => Some("clear-text"),
        InputRequest::DeletePrevWord => Some("delete-word"),
        _ => None,
    }
}

/// Without which one could not move, do or leave anything.
pub(super) const ESSENTIAL: [Action; 8] =
    [Action::Up, Action::Down, Action::Enter, Action::Back, Action::Quit, Action::Help, Action::Yes, Action::No];
