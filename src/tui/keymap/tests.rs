use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::{ALL as TABLES, *};

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

#[test]
fn no_key_means_two_things_on_one_screen() {
    for table in TABLES {
        let mut seen: Vec<&super::binding::Key> = Vec::new();
        for key in table.bindings().iter().chain(EVERYWHERE).flat_map(|binding| binding.keys) {
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
    let names = |room| {
        let shown = Table::Video.footer(room, |_| true, |_| false, width);
        shown.iter().map(|binding| binding.short).collect::<Vec<_>>()
    };
    assert_eq!(names(200), ["choose", "filter", "home", "mark", "all files", "hidden", "recent", "help", "back"]);
    assert_eq!(names(34), ["choose", "help", "back"]);
    assert_eq!(names(12), ["choose"]);
    assert_eq!(names(0), [""; 0]);
    let needed = Table::Review.footer(18, |_| true, |action| *action == Action::Acknowledge, width);
    assert_eq!(needed.iter().map(|binding| binding.short).collect::<Vec<_>>(), ["acknowledge"]);
}
