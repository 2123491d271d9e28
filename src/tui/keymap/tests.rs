use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::{ALL as TABLES, names::name, person::KeysProblem, *};
use crate::{model::report::fault::Explain, settings::BoundKeys};

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

fn letter(letter: char) -> KeyEvent {
    press(KeyCode::Char(letter), KeyModifiers::NONE)
}

fn control(letter: char) -> KeyEvent {
    press(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

fn person(actions: &[(&str, &[&str])]) -> BoundKeys {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let actions = actions.iter().map(|(action, bound)| ((*action).to_owned(), keys(bound)));
    BoundKeys { file: "/home/ada/.config/zipreel/config.toml".into(), actions: actions.collect() }
}

fn bound(actions: &[(&str, &[&str])]) -> Keymap {
    Keymap::of(&person(actions)).unwrap()
}

/// What is said of keys that can't be, and what to do.
fn refused(actions: &[(&str, &[&str])]) -> (String, String) {
    let error = Keymap::of(&person(actions)).unwrap_err();
    (error.to_string(), error.hint().unwrap())
}

fn label(keymap: &Keymap, table: Table, action: &Action) -> String {
    keymap.bindings(table).iter().find(|binding| binding.action == *action).unwrap().label.clone()
}

#[test]
fn no_key_means_two_things_on_one_screen() {
    let keymap = Keymap::default();
    for table in TABLES {
        let mut seen: Vec<Key> = Vec::new();
        for key in keymap.all(*table).flat_map(|binding| binding.keys.clone()) {
            assert!(!seen.contains(&key), "{table:?}: {key:?} twice");
            seen.push(key);
        }
    }
}

#[test]
fn every_line_of_the_list_of_keys_has_a_key_and_words() {
    let keymap = Keymap::default();
    for table in TABLES {
        assert!(!table.presets()[0].is_counterpart, "{table:?}");
        for binding in keymap.all(*table) {
            assert!(!binding.help.is_empty() && !binding.all_keys().is_empty(), "{table:?}: {binding:?}");
        }
    }
}

#[test]
fn lists_are_walked_by_arrows_by_the_keys_of_vi_and_by_those_of_fzf() {
    let keymap = Keymap::default();
    for table in [Table::Home, Table::Video, Table::Library, Table::Queue, Table::Publish, Table::Review, Table::Log] {
        for (keys, action) in [
            ([press(KeyCode::Down, KeyModifiers::NONE), letter('j'), control('n')], Action::Down),
            ([press(KeyCode::Up, KeyModifiers::NONE), letter('k'), control('p')], Action::Up),
        ] {
            for key in keys {
                assert_eq!(keymap.action(table, key), Some(action.clone()), "{table:?}: {key:?}");
            }
        }
    }
    for table in [Table::Filter, Table::Found, Table::Choose, Table::Palette] {
        for (letter, action) in [
            ('n', Action::Down),
            ('p', Action::Up),
            ('d', Action::HalfDown),
            ('u', Action::Edit(InputRequest::DeleteLine)),
            ('w', Action::Edit(InputRequest::DeletePrevWord)),
        ] {
            assert_eq!(keymap.action(table, control(letter)), Some(action), "{table:?}: ^{letter}");
        }
    }
}

#[test]
fn letters_are_typed_only_where_a_field_has_the_focus() {
    let keymap = Keymap::default();
    assert_eq!(keymap.action(Table::Filter, letter('x')), Some(Action::Edit(InputRequest::InsertChar('x'))));
    assert_eq!(keymap.action(Table::Video, letter('x')), None);
    assert_eq!(keymap.action(Table::Video, letter('q')), Some(Action::Quit));
    assert_eq!(keymap.action(Table::SettingsText, letter('q')), Some(Action::Edit(InputRequest::InsertChar('q'))));
}

#[test]
fn ctrl_c_interrupts_everywhere() {
    for table in TABLES {
        assert_eq!(Keymap::default().action(*table, control('c')), Some(Action::Interrupt));
    }
}

#[test]
fn a_narrow_footer_keeps_what_is_needed_most() {
    let keymap = Keymap::default();
    let width = |binding: &Binding| binding.label.chars().count() + binding.short.chars().count() + 4;
    let names = |room| {
        let shown = keymap.footer(Table::Video, room, |_| true, |_| false, width);
        shown.iter().map(|binding| binding.short).collect::<Vec<_>>()
    };
    assert_eq!(
        names(200),
        ["choose", "filter", "home", "mark", "all files", "hidden", "recent", "search folders", "sort", "help", "back"]
    );
    assert_eq!(names(34), ["choose", "help", "back"]);
    assert_eq!(names(12), ["choose"]);
    assert_eq!(names(0), [""; 0]);
    let needed = keymap.footer(Table::Review, 18, |_| true, |action| *action == Action::Acknowledge, width);
    assert_eq!(needed.iter().map(|binding| binding.short).collect::<Vec<_>>(), ["agree"]);
}

#[test]
fn the_person_gives_an_action_other_keys_on_every_screen() {
    let keymap = bound(&[("retry", &["z", "F5"]), ("up", &["Up", "w"]), ("down", &["Down", "s"]), ("sort", &["S"])]);
    for table in [Table::Publish, Table::PublishFailed, Table::HomeJob, Table::Queue, Table::Removal] {
        assert_eq!(keymap.action(table, letter('z')), Some(Action::Retry), "{table:?}");
        assert_eq!(keymap.action(table, press(KeyCode::F(5), KeyModifiers::NONE)), Some(Action::Retry));
        assert_eq!(keymap.action(table, letter('r')), None, "its own key is free");
    }
    assert_eq!(keymap.action(Table::Library, letter('s')), Some(Action::Down));
    assert_eq!(keymap.action(Table::Library, letter('j')), None);
}

#[test]
fn an_action_is_found_by_its_name_of_before() {
    for name in ["agree", "acknowledge"] {
        assert_eq!(bound(&[(name, &["z"])]).action(Table::Review, letter('z')), Some(Action::Acknowledge), "{name}");
    }
}

#[test]
fn labels_and_sentences_are_true_after_rebinding() {
    let keymap = bound(&[
        ("filter", &["f"]),
        ("up", &["w", "Up"]),
        ("down", &["s", "Down"]),
        ("enter", &["Space", "Enter"]),
        ("right", &["Right"]),
        ("pick-from-list", &["Right"]),
        ("pause", &["p"]),
        ("sort", &["S"]),
        ("mark", &["m"]),
        ("check", &[]),
    ]);
    assert_eq!(label(&keymap, Table::Video, &Action::Filter), "f");
    assert_eq!(label(&keymap, Table::Filter, &Action::Up), "↑↓");
    assert_eq!(label(&keymap, Table::Log, &Action::Up), "w s");
    assert_eq!(label(&keymap, Table::Video, &Action::Enter), "Space");
    assert_eq!(keymap.says(Table::Video, &Action::Mark, "marks"), "m marks");
    // where the person wants no key for it, the list of all keys does it
    assert_eq!(label(&keymap, Table::Reel, &Action::Check), "");
    assert_eq!(keymap.says(Table::Reel, &Action::Check, "checks"), "? checks");
    let shown = keymap.footer(Table::Reel, 500, |_| true, |_| false, |binding| binding.short.len());
    assert!(shown.iter().all(|binding| binding.action != Action::Check), "and the footer names none");
    for table in TABLES {
        for binding in keymap.bindings(*table) {
            for key in &binding.keys {
                assert_eq!(keymap.action(*table, key.event()).as_ref(), Some(&binding.action), "{table:?}: {key:?}");
            }
        }
    }
}

#[test]
fn typing_is_never_eaten_by_a_key_of_the_person() {
    let typed = |table, keymap: &Keymap| {
        for character in ('!'..='~').chain(['ö', ' ']) {
            let action = keymap.action(table, letter(character));
            assert_eq!(action, Some(Action::Edit(InputRequest::InsertChar(character))), "{table:?}: {character}");
        }
    };
    let keymap = bound(&[
        ("enter", &["Z"]),
        ("up", &["w", "Backspace"]),
        ("down", &["D"]),
        ("back", &["B", "Left"]),
        ("mark", &["m", "Right"]),
        ("help", &["H"]),
        ("no", &["n", "z"]),
        ("parent-folder", &["J"]),
        ("left", &["M"]),
    ]);
    for table in TABLES.iter().filter(|table| table.types() && **table != Table::SettingsList) {
        typed(*table, &keymap);
        let key = |code| keymap.action(*table, press(code, KeyModifiers::NONE));
        // what has only such keys keeps its own
        assert_eq!(key(KeyCode::Esc), Some(Action::Back), "{table:?}");
        assert_eq!(key(KeyCode::Backspace), Some(Action::Edit(InputRequest::DeletePrevChar)));
        assert_eq!(key(KeyCode::Left), Some(Action::Edit(InputRequest::GoToPrevChar)));
        assert_eq!(keymap.action(*table, control('u')), Some(Action::Edit(InputRequest::DeleteLine)), "{table:?}");
    }
}

#[test]
fn a_key_that_another_action_has_on_some_screen_stays_that_there() {
    // `k` goes up, and checks a reel: one who adds Ctrl-k to what goes up need not know
    let keymap = bound(&[("up", &["Up", "k", "Ctrl-k"])]);
    assert_eq!(keymap.action(Table::Library, letter('k')), Some(Action::Up));
    assert_eq!(keymap.action(Table::Reel, letter('k')), Some(Action::Check));
    assert_eq!(keymap.action(Table::Reel, control('k')), Some(Action::Up));
}

#[test]
fn a_key_with_two_meanings_is_refused_with_the_screen() {
    let (error, hint) = refused(&[("copy-link", &["c"])]);
    let file = "could not use `keys` of the config file `/home/ada/.config/zipreel/config.toml`: ";
    assert_eq!(error, format!("{file}`c` would mean both `copy-link` and `cancel` on the screen `A reel`"));
    assert_eq!(hint, "Give `copy-link` or `cancel` another key under `[keys]`.");
    let (error, hint) = refused(&[("quit", &["Ctrl-c"])]);
    assert!(error.contains("`Ctrl-C` would mean both `quit` and `asks to stop"), "{error}");
    assert_eq!(hint, "Choose another key: `Ctrl-C` stays what it is.");
    // given both, it is well
    bound(&[("copy-link", &["c"]), ("cancel", &["X"])]);
}

#[test]
fn what_is_no_action_or_no_key_is_told_with_what_was_meant() {
    let (error, hint) = refused(&[("quitt", &["x"])]);
    assert!(error.ends_with("there is no action `quitt`"), "{error}");
    assert_eq!(hint, "Did you mean `quit`? All actions are in docs/keys.md of zipreel's source.");
    let (_, hint) = refused(&[("copy", &["x"])]);
    assert!(hint.starts_with("Did you mean `copy"), "{hint}");
    let (error, hint) = refused(&[("quit", &["Ctlr-x"])]);
    assert!(error.ends_with("of the action `quit`, there is no key `Ctlr-x`"), "{error}");
    assert!(hint.contains("Keys are single characters"), "{hint}");
    let (error, hint) = refused(&[("quit", &["Ctrl-i"])]);
    assert!(error.ends_with("of the action `quit`, terminals send the same for `Ctrl-i` and `Tab`"), "{error}");
    assert_eq!(hint, "Write `Tab`.");
}

#[test]
fn what_the_wizard_can_not_do_without_keeps_a_key() {
    for action in names::ESSENTIAL {
        let name = name(&action).unwrap();
        let problem = Keymap::default().bind(&person(&[(name, &[])])).unwrap_err();
        assert_eq!(problem, KeysProblem::Missing(name));
    }
    let keymap = bound(&[("delete", &[])]);
    assert_eq!(keymap.action(Table::Reel, letter('d')), None);
}
