//! The person's own keys on the screen, and the list of all keys that does what it names.

use ratatui::crossterm::event::KeyCode;

use super::{At, Player, pictures::pictures};
use crate::{
    settings::BoundKeys,
    tui::{
        keymap::{Keymap, Table},
        overlay::Overlay,
        script::{self, Script},
    },
};

fn bound(actions: &[(&str, &[&str])]) -> Keymap {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let actions = actions.iter().map(|(action, bound)| ((*action).to_owned(), keys(bound)));
    Keymap::of(&BoundKeys { file: "config.toml".into(), actions: actions.collect() }).unwrap()
}

fn with(actions: &[(&str, &[&str])]) -> Player {
    let mut start = script::start();
    start.keys = bound(actions);
    Player::new(start, Script::default())
}

fn listed(player: &Player) -> Vec<&'static str> {
    let Some(Overlay::Palette(palette)) = &player.app.overlay else { panic!("the list of keys is in sight") };
    palette.matches.iter().map(|found| palette.bindings[found.row].help).collect()
}

#[test]
fn the_list_of_keys_shows_all_of_them_and_does_what_is_typed_for() {
    let mut player = Player::local();
    player.enter();
    player.keys("?");
    assert_eq!(listed(&player).len(), player.app.shared.keys.all(Table::Video).count());
    pictures("keys_video", &mut player);
    player.keys("hidden");
    assert_eq!(listed(&player)[0], "show or hide hidden files");
    pictures("keys_found", &mut player);
    player.enter();
    assert!(player.app.overlay.is_none() && player.video().hidden, "it is done");
    player.keys("?");
    player.key(KeyCode::Esc);
    assert!(player.app.overlay.is_none() && player.at() == At::Video);
}

#[test]
fn a_key_that_is_typed_into_the_list_finds_its_action_first() {
    let mut player = Player::local();
    player.enter();
    player.keys("?~");
    assert_eq!(listed(&player)[0], "your home folder");
    player.control('u');
    player.keys("mark");
    assert_eq!(listed(&player)[0], "mark the file, to publish several", "and then what begins with it");
}

#[test]
fn what_can_not_be_done_now_is_said_and_not_done() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.enter();
    player.keys("?repair");
    player.enter();
    assert_eq!(player.app.said.as_deref(), Some("a repair needs to know what is wrong: k checks the reel first"));
    assert_eq!(player.at(), At::Reel);
}

#[test]
fn the_list_of_keys_starts_only_what_was_in_sight() {
    let mut player = Player::local();
    player.open_review();
    player.keys("?start");
    player.enter();
    assert_eq!(player.at(), At::Review, "it was not read yet");
    player.look();
    player.keys("?start");
    player.look();
    player.enter();
    assert_eq!(player.at(), At::Publishing);
}

#[test]
fn the_list_of_keys_does_nothing_on_a_screen_that_has_become_another() {
    let mut player = Player::local();
    player.open_publish();
    player.keys("?pause");
    player.ends(Ok(script::published()));
    player.enter();
    assert_eq!(player.app.said.as_deref(), Some("nothing is under way here that could be stopped"));
}

#[test]
fn f1_lists_the_keys_where_text_is_typed() {
    let mut player = Player::local();
    player.enter();
    player.keys("/?");
    assert_eq!(player.video().filter.value(), "?");
    player.key(KeyCode::F(1));
    player.keys("search");
    player.key(KeyCode::Esc);
    assert_eq!(player.video().filter.value(), "?", "what is typed into the list is not typed below");
}

#[test]
fn footers_lists_and_sentences_name_the_keys_that_hold() {
    let mut player = with(&[
        ("filter", &["f"]),
        ("mark", &["m"]),
        ("unmark-all", &["U"]),
        ("help", &["H", "F1"]),
        ("free-name", &["Ctrl-y"]),
        ("enter", &["Enter"]),
    ]);
    player.enter();
    player.keys("m");
    let screen = player.text(120, 40);
    assert!(screen.contains("f filter") && screen.contains("H help") && screen.contains("U unmarks it"), "{screen}");
    player.keys("H");
    let screen = player.text(120, 40);
    assert!(screen.contains("m       mark the file") || screen.contains("m  "), "{screen}");
    player.key(KeyCode::Esc);
    player.keys("fphone");
    assert_eq!(player.video().filter.value(), "phone", "letters are typed, whatever they mean elsewhere");
    player.key(KeyCode::Esc);
    player.keys("U");
    player.enter();
    player.key(KeyCode::Down);
    player.control('u');
    player.keys("talk");
    assert!(player.text(120, 40).contains("`talk` is taken: Ctrl-Y takes `talk-2`"));
    player.control('y');
    assert_eq!(player.settings().videos[0].typed.value(), "talk-2");
}

#[test]
fn a_key_that_is_typed_is_found_as_it_is_shown_and_as_the_config_file_has_it() {
    for typed in ["^F", "Ctrl-F", "Ctrl-f", "PageDown", "?"] {
        let mut player = Player::local();
        player.enter();
        player.keys("?");
        player.keys(typed);
        let screen = player.text(100, 30);
        let first = screen.lines().find(|line| line.contains("│ ▌")).unwrap_or_default();
        let wanted = match typed {
            "PageDown" => "a page down",
            "?" => "all keys",
            _ => "in all folders below",
        };
        assert!(first.contains(wanted), "{typed}: {first}\n{screen}");
    }
}
