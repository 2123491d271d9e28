//! Whatever is pressed, pasted, clicked or answered, whatever the size: nothing panics.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::Player;
use crate::tui::script;

#[derive(Debug, Clone)]
enum Deed {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Click(u16, u16),
    Scroll(bool),
    Look(u16, u16),
    Wait(u64),
    /// The engine tells of work under way, ends well, fails.
    Engine(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let letters = prop_oneof![
        Just('y'),
        Just('n'),
        Just('q'),
        Just('r'),
        Just('p'),
        Just('l'),
        Just('c'),
        Just('k'),
        Just('K'),
        Just('d'),
        Just('/'),
        Just('?'),
        Just('~'),
        Just('.'),
        Just('t'),
        Just('a'),
        Just('b'),
        Just('o'),
        Just(' '),
        any::<char>(),
    ];
    let codes = prop_oneof![
        6 => Just(KeyCode::Enter),
        3 => Just(KeyCode::Down),
        2 => Just(KeyCode::Up),
        1 => Just(KeyCode::Left),
        2 => Just(KeyCode::Right),
        1 => Just(KeyCode::Esc),
        1 => Just(KeyCode::Tab),
        1 => Just(KeyCode::PageDown),
        1 => Just(KeyCode::PageUp),
        1 => Just(KeyCode::Home),
        1 => Just(KeyCode::End),
        1 => Just(KeyCode::Backspace),
        1 => Just(KeyCode::Delete),
        8 => letters.prop_map(KeyCode::Char),
    ];
    let modifiers =
        prop_oneof![9 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL), 1 => Just(KeyModifiers::ALT)];
    prop_oneof![
        12 => (codes, modifiers).prop_map(|(code, modifiers)| Deed::Key(code, modifiers)),
        1 => "\\PC{0,40}".prop_map(Deed::Paste),
        2 => (0u16..220, 0u16..70).prop_map(|(x, y)| Deed::Click(x, y)),
        1 => any::<bool>().prop_map(Deed::Scroll),
        4 => (1u16..=200, 1u16..=60).prop_map(|(width, height)| Deed::Look(width, height)),
        1 => (0u64..4000).prop_map(Deed::Wait),
        1 => any::<u8>().prop_map(Deed::Engine),
    ]
}

fn engine(player: &mut Player, what: u8) {
    if player.jobs().publishings().last().is_none_or(|job| !job.is_under_way()) {
        return;
    }
    match what % 4 {
        0 | 1 => player.engine(script::under_way()),
        2 => player.ends(Ok(script::published())),
        _ => player.ends(Err(script::full())),
    }
}

fn play(player: &mut Player, deeds: Vec<Deed>) {
    for deed in deeds {
        match deed {
            Deed::Key(code, modifiers) => player.input(Input::Key(KeyEvent::new(code, modifiers))),
            Deed::Paste(text) => player.input(Input::Paste(text)),
            Deed::Click(column, row) => {
                let kind = MouseEventKind::Down(MouseButton::Left);
                player.input(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
            }
            Deed::Scroll(down) => {
                let kind = if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
                player.input(Input::Mouse(MouseEvent { kind, column: 1, row: 1, modifiers: KeyModifiers::NONE }));
            }
            Deed::Look(width, height) => drop(player.screen(width, height)),
            Deed::Wait(millis) => player.pass(Duration::from_millis(millis)),
            Deed::Engine(what) => engine(player, what),
        }
        if player.app.exit.take().is_some() {
            // a person would start it again
            continue;
        }
    }
    player.screen(80, 24);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_on_the_stand_in(deeds in prop::collection::vec(deed(), 1..60)) {
        play(&mut Player::local(), deeds);
    }

    #[test]
    fn nothing_panics_on_aws(deeds in prop::collection::vec(deed(), 1..60)) {
        play(&mut Player::aws(), deeds);
    }

    #[test]
    fn nothing_panics_from_a_given_video(deeds in prop::collection::vec(deed(), 1..60), there in any::<bool>()) {
        let video = if there { "phone.mov" } else { "gone.mp4" };
        let mut start = script::start();
        start.settings.video = Some(format!("{}/{video}", script::FOLDER).into());
        play(&mut Player::new(start, script::Script::default()), deeds);
    }
}

#[test]
fn every_screen_is_drawn_at_every_size() {
    let mut publishing = Player::local();
    publishing.open_publish();
    publishing.engine(script::under_way());
    let mut done = Player::local();
    done.open_publish();
    done.ends(Ok(script::published()));
    let mut library = Player::local();
    library.key(KeyCode::End);
    library.enter();
    let mut review = Player::aws();
    review.open_review();
    for player in [&mut Player::local(), &mut review, &mut publishing, &mut done, &mut library] {
        for width in [1, 2, 3, 5, 8, 13, 23, 24, 25, 30, 40, 60, 71, 72, 80, 96, 100, 200] {
            for height in [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 24, 60] {
                player.screen(width, height);
            }
        }
    }
}
