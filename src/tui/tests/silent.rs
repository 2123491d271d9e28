//! No key is passed over in silence: what would do nothing says why.

use ratatui::crossterm::event::{Event as Input, KeyCode};

use super::{At, Player, pictures::pictures};
use crate::{
    model::report::fault::Fault,
    tui::{backend::Report, job::End, screen::Screen, script, step::reel::Reel, work::answer::Answer},
};

fn on_a_reel() -> Player {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.enter();
    assert_eq!(player.at(), At::Reel);
    player
}

fn reel(player: &mut Player) -> &mut Reel {
    match &mut player.app.stack.last_mut().unwrap().screen {
        Screen::Reel(reel) => reel,
        _ => panic!("a reel is in sight"),
    }
}

/// What is said of a key, and that it did nothing.
fn answer(player: &mut Player, key: char) -> String {
    player.app.said = None;
    let (done, jobs) = (player.done.len(), player.jobs().iter().count());
    player.keys(&key.to_string());
    assert_eq!((player.done.len(), player.jobs().iter().count()), (done, jobs), "{key}");
    assert!(player.app.overlay.is_none(), "{key}");
    player.app.said.clone().unwrap_or_else(|| panic!("{key} is passed over in silence"))
}

#[test]
fn a_reel_that_is_not_read_yet_has_nothing_to_check_copy_or_open() {
    let mut player = on_a_reel();
    reel(&mut player).detail = None;
    for key in ['R', 'k', 'K', 'y', 'p', 'o', 'e'] {
        assert_eq!(answer(&mut player, key), "this reel is still being read: wait a moment", "{key}");
    }
    pictures("reel_reading", &mut player);
    reel(&mut player).detail = Some(Err(Fault::permanent("could not find it")));
    for key in ['R', 'k', 'K', 'y', 'p', 'o', 'e'] {
        assert_eq!(answer(&mut player, key), "this reel could not be read; r tries it again", "{key}");
    }
}

#[test]
fn a_check_under_way_is_said() {
    let mut player = on_a_reel();
    player.keys("k");
    for key in ['k', 'K'] {
        assert_eq!(answer(&mut player, key), "a check is under way; c stops it");
    }
    assert_eq!(answer(&mut player, 'R'), "a repair needs what the check finds: wait for its end");
    player.keys("x");
    assert!(player.app.overlay.take().is_some(), "as on Home, x stops");
}

#[test]
fn a_repair_without_a_finding_says_what_it_needs() {
    let mut player = on_a_reel();
    assert_eq!(answer(&mut player, 'R'), "a repair needs to know what is wrong: k checks the reel first");
    for key in ['c', 'x'] {
        assert_eq!(answer(&mut player, key), "no check is under way");
    }
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    let report = Report { generation: Some(script::generation()), chunks: 23, ok: 23, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    assert_eq!(answer(&mut player, 'R'), "the check found nothing that a repair could mend");
}

#[test]
fn a_letter_that_is_no_key_leads_to_all_keys() {
    let mut player = Player::local();
    assert_eq!(answer(&mut player, 'x'), "x does nothing here; ? shows all keys");
    let mut player = on_a_reel();
    assert_eq!(answer(&mut player, 'z'), "z does nothing here; ? shows all keys");
    player.keys("e");
    player.keys("z");
    assert_eq!(player.app.said, None, "it is typed");
}

#[test]
fn keys_of_other_screens_say_why_too() {
    let mut player = Player::local();
    player.open_settings();
    player.app.said = None;
    player.control('f');
    assert_eq!(player.app.said.as_deref(), Some("no name here is taken"));
    player.enter();
    assert_eq!(answer(&mut player, 'a'), "there is no notice to agree to here");
    assert_eq!(answer(&mut player, 'b'), "on this computer, browsers need no relay");
    player.look_and_enter();
    assert_eq!(answer(&mut player, 'r'), "nothing here has failed or waits for you");
    assert_eq!(answer(&mut player, 'v'), "this is the only upload in this window");
    player.ends(Err(script::full()));
    assert_eq!(player.at(), At::Publishing);
}

#[test]
fn a_pasted_list_marks_nothing_where_one_file_is_wanted() {
    let mut player = on_a_reel();
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    let report = Report { generation: Some(script::generation()), chunks: 23, ok: 22, missing: 1, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    player.keys("R");
    assert_eq!(player.at(), At::Source);
    player.input(Input::Paste("a.mp4\nb.mp4\n".into()));
    assert_eq!(player.app.said.as_deref(), Some("a reel is repaired from one file: paste one path"));
    assert!(player.video().choice.marked.is_empty());
}
