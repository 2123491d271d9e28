//! The library: orders, marks, what is deleted together, what is copied, what a check found.

use std::time::Instant;

use ratatui::crossterm::event::KeyCode;

use super::{At, Player, pictures::pictures};
use crate::tui::{
    Start,
    action::Command,
    backend::{AccountRegion, Checked, Finding, Gone, Lack, Published, Question, Reel, Report},
    job::{End, Job, Jobs, Run},
    screen::Screen,
    script::{self, Script},
    work::answer::Answer,
};

fn opened(script: Script) -> Player {
    opened_at(script::start(), script)
}

fn opened_at(start: Start, script: Script) -> Player {
    let mut player = Player::new(start, script);
    player.key(KeyCode::End);
    player.enter();
    assert_eq!(player.at(), At::Library);
    player
}

fn names(player: &Player) -> Vec<&str> {
    player.library().rows.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_key_goes_round_the_orders_and_the_cursor_stays_with_its_reel() {
    let mut player = opened(Script::default());
    assert_eq!(names(&player), ["harbour-night-k3x9q2m7", "interview", "left-over", "talk"]);
    player.key(KeyCode::Down);
    for (words, order) in [
        ("newest first", ["harbour-night-k3x9q2m7", "talk", "interview", "left-over"]),
        ("largest first", ["interview", "harbour-night-k3x9q2m7", "talk", "left-over"]),
        ("by name", ["harbour-night-k3x9q2m7", "interview", "left-over", "talk"]),
    ] {
        player.keys("s");
        assert_eq!(names(&player), order);
        assert_eq!(names(&player)[player.library().cursor.at], "interview");
        for (width, height) in [(40, 12), (80, 24)] {
            let screen = player.text(width, height);
            assert!(screen.contains("4 videos, 5.6 GiB") && screen.contains(words), "{screen}");
        }
    }
}

/// Marks two of them and types what deletes them.
fn delete_two(player: &mut Player) {
    player.key(KeyCode::Down);
    player.keys(" ");
    player.keys(" ");
    assert!(player.text(80, 24).contains("2 marked, 4.3 GiB"), "{}", player.text(80, 24));
    player.keys("d");
}

#[test]
fn marked_reels_are_deleted_together_once_their_number_is_typed() {
    let mut player = opened_at(script::start_on_aws(), Script { slow_removals: true, ..Script::default() });
    delete_two(&mut player);
    pictures("library_delete", &mut player);
    let screen = player.text(80, 24);
    for words in ["deletes 2 reels", "account 123456789012", "interview", "left-over", "type: delete 2 reels"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    player.keys("interview");
    player.look_and_enter();
    assert!(player.runs().is_empty(), "a name is not what several want");
    player.control('u');
    player.keys("delete 2 reels");
    player.look_and_enter();
    assert_eq!(player.at(), At::Queue);
    let jobs: Vec<_> = player.jobs().iter().map(|job| (job.id, job.is_under_way())).collect();
    let [(first, true), (second, false)] = jobs[..] else { panic!("one after the other: {jobs:?}") };
    let Some(Command::Run { agreed, .. }) = player.done.iter().rfind(|command| matches!(command, Command::Run { .. }))
    else {
        panic!("it begins")
    };
    let at = AccountRegion { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
    let question = |reel| Question::Delete { reel: script::name(reel), at: at.clone(), is_local: false };
    assert_eq!(agreed, &[question("interview"), question("left-over")], "what was typed answers what is asked of each");
    player.tell(first, Answer::Gone(Gone { functions: 5, of: 127 }));
    pictures("deletions", &mut player);
    player.keys("q");
    let screen = player.text(80, 24);
    assert!(screen.contains("1 deletion") && screen.contains("1 reel stays, not yet deleted"), "{screen}");
    player.keys("n");
    player.tell(first, Answer::Ended(End::Failed(script::no_right())));
    assert!(player.jobs().get(second).is_some_and(Job::is_under_way), "what fails stops none");
    player.tell(second, Answer::Ended(End::Removed(3)));
    let screen = player.text(80, 24);
    assert!(screen.contains("1 of 2 reels deleted, 1 failed"), "{screen}");
    assert!(screen.contains("deleted: 3 functions") && screen.contains("not authorized"), "{screen}");
    pictures("deletions_failed", &mut player);
    player.key(KeyCode::Esc);
    assert_eq!(names(&player), ["harbour-night-k3x9q2m7", "interview", "talk"], "what is gone is gone here too");
}

#[test]
fn without_a_mark_the_reel_under_the_cursor_is_deleted_by_its_name() {
    let mut player = opened(Script::default());
    player.key(KeyCode::Down);
    player.keys("d");
    player.keys("delete 1 reels");
    player.look_and_enter();
    assert!(player.jobs().iter().next().is_none());
    player.control('u');
    player.keys("interview");
    player.look_and_enter();
    assert_eq!(player.at(), At::Removal);
    let deleted: Vec<_> = player.jobs().iter().map(|job| job.reel().as_str()).collect();
    assert_eq!(deleted, ["interview"]);
}

#[test]
fn a_library_that_can_not_be_read_offers_what_helps() {
    let mut player = opened(Script::default());
    let place = player.app.shared.place.clone();
    player.hear(Answer::ReelsEnded { place, result: Err(script::full()) });
    let Screen::Library(library) = &mut player.app.stack.last_mut().unwrap().screen else { panic!() };
    library.reels.clear();
    library.rows.clear();
    for (width, height) in [(80, 24), (40, 12)] {
        let text = player.text(width, height);
        let footer = text.lines().last().unwrap();
        assert!(footer.contains("r ask again") && footer.contains("t look elsewhere"), "{footer}");
        assert!(!footer.contains("open") && !footer.contains("filter"), "{footer}");
    }
    player.enter();
    assert_eq!(player.app.said.as_deref(), Some("no reel is listed here"));
}

#[test]
fn every_link_is_copied_from_one_menu() {
    let mut player = opened(Script::default());
    player.keys("Y");
    pictures("copy", &mut player);
    player.keys("zzz");
    let text = player.text(80, 24);
    assert!(text.contains("nothing matches") && !text.contains("asking for the links"), "{text}");
    player.control('u');
    player.keys("embed");
    player.enter();
    player.enter();
    player.keys("Y");
    player.enter();
    let copied: Vec<_> = player
        .done
        .iter()
        .filter_map(|command| match command {
            Command::Copy(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let base = "http://127.0.0.1:8721/harbour-night-k3x9q2m7/";
    assert_eq!(copied, [format!("<iframe src=\"{base}\"></iframe>").as_str(), base]);
    assert_eq!(player.at(), At::Reel);
}

/// A reel that is replaced while it is checked is looked at from the beginning.
#[test]
fn what_was_found_of_an_earlier_version_is_not_shown_beside_that_of_a_later_one() {
    let mut player = opened(Script::default());
    player.enter();
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    for number in 1..=3 {
        player.tell(check, Answer::Checked(script::checked(number, Finding::Missing)));
    }
    let newer = "00c0ffee".parse().unwrap();
    for number in 1..=2 {
        player.tell(check, Answer::Checked(Checked { generation: newer, ..script::checked(number, Finding::Ok) }));
    }
    let screen = player.text(80, 24);
    // the signs stand below the grid alone, where they are explained
    assert!([screen.matches('✖').count(), screen.matches('■').count()] == [1, 1], "{screen}");
}

#[test]
fn the_numbers_of_what_is_bad_stand_beside_the_grid() {
    let mut player = opened(Script::default());
    player.enter();
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    for number in 1..=23 {
        let finding = match number {
            3 | 7..=9 => Finding::Missing,
            12..=18 => Finding::Differs("the content is not what was sent".into()),
            20 => Finding::Differs("it has 38604800 bytes, not 39130434".into()),
            _ => Finding::Ok,
        };
        player.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    let generation = Some(script::generation());
    let report = Report { generation, chunks: 23, ok: 11, missing: 4, differing: 8, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    let screen = player.text(80, 24);
    for line in [
        "✖ chunks 3, 7-9: missing",
        "◪ chunks 12-18: the content is not what was sent",
        "◪ chunk 20: it has 38604800 bytes, not 39130434",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    pictures("reel_bad", &mut player);
    player.keys("R");
    player.enter();
    player.look_and("y");
    let repair = player.job().id;
    let whole = Report { generation, chunks: 23, ok: 23, ..Report::default() };
    let published = Published { reel: script::name("harbour-night-k3x9q2m7"), ..script::published() };
    player.tell(repair, Answer::Ended(End::Published(Box::new(published), Some(whole))));
    assert!(player.text(80, 24).contains(" is repaired"), "it was published before");
    player.key(KeyCode::Esc);
    let screen = player.text(80, 24);
    assert!(player.at() == At::Reel && !screen.contains("missing ·") && !screen.contains("R repair"), "{screen}");
    assert!(
        screen.contains("checked just now") && !screen.contains("unchecked"),
        "no chunk is shown unchecked: {screen}"
    );
    pictures("reel_repaired", &mut player);
}

#[test]
fn a_reel_gets_another_title() {
    let mut player = opened(Script::default());
    player.enter();
    player.keys("e");
    pictures("reel_title", &mut player);
    player.keys(" and by day");
    player.key(KeyCode::Esc);
    assert!(player.jobs().iter().next().is_none(), "it keeps the one that it has");
    player.keys("e");
    player.control('u');
    player.enter();
    assert!(player.jobs().iter().next().is_none(), "a title has words");
    player.keys("Harbour by day");
    player.enter();
    let run = player.runs().pop().cloned();
    let Some(Run::Retitle(_, Some(at), reel, title)) = run else { panic!("{run:?}") };
    assert_eq!((at, reel.as_str(), title.as_str()), (script::local_at(), "harbour-night-k3x9q2m7", "Harbour by day"));
    player.keys("e");
    assert_eq!(player.reel().title.as_ref().map(|_| ()), None, "one after the other");
    let job = player.jobs().iter().last().unwrap().id;
    player.tell(job, Answer::Ended(End::Retitled(title)));
    let screen = player.text(80, 24);
    assert!(screen.contains("Harbour by day") && screen.contains("players see it within 10 s"), "{screen}");
}

#[test]
fn a_deletion_that_is_under_way_can_not_be_asked_for_again() {
    let mut player = opened(Script { slow_removals: true, ..Script::default() });
    delete_two(&mut player);
    player.keys("delete 2 reels");
    player.look_and_enter();
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Library);
    let screen = player.text(120, 40);
    assert!(screen.contains("being deleted") && screen.contains("waits to be del"), "{screen}");
    player.key(KeyCode::Home);
    player.key(KeyCode::Down);
    player.keys("d");
    assert!(player.library().deletion.is_none() && player.app.said.is_some());
    assert_eq!(player.runs().iter().filter(|run| matches!(run, Run::Delete(..))).count(), 1);
}

#[test]
fn a_reel_is_deleted_only_with_its_name_typed() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.key(KeyCode::Down);
    player.enter();
    assert_eq!(player.reel().name.as_str(), "interview");
    player.keys("d");
    player.keys("interwiev");
    player.look_and_enter();
    assert_eq!(player.at(), At::Reel);
    player.control('u');
    player.keys("interview");
    player.look_and_enter();
    assert_eq!(player.at(), At::Removal, "it has a screen of its own");
    assert!(player.text(80, 24).contains("127 functions"), "which says how it ended");
    assert!(!player.library().reels.contains_key(&script::name("interview")));
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Library);
}

#[test]
fn a_check_fills_the_grid_and_is_remembered() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.keys("/talk");
    player.enter();
    player.keys("k");
    assert!(matches!(player.runs().last(), Some(Run::Check { deep: false, .. })));
    let check = player.jobs().iter().last().unwrap().id;
    for number in 1..=11 {
        let finding = if number == 3 { Finding::Missing } else { Finding::Ok };
        player.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    let generation = script::generation();
    let report =
        Report { generation: Some(generation), chunks: 11, ok: 10, missing: 1, differing: 0, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    let counts = player.reel().counts(player.jobs());
    assert_eq!((counts.ok, counts.missing, counts.of), (10, 1, 11));
    let (place, name) = (&player.app.shared.place, script::name("talk"));
    let check = player.app.shared.memory.check(place, &name, generation).unwrap();
    assert_eq!((check.ok, check.of, check.deep), (10, 11, false));
}

#[test]
fn deletions_of_a_batch_never_run_beside_each_other() {
    let mut player = opened(Script { slow_removals: true, ..Script::default() });
    player.keys("   d");
    player.keys("delete 3 reels");
    player.look_and_enter();
    let ids: Vec<_> = player.jobs().iter().map(|job| job.id).collect();
    let under_way =
        |player: &Player| ids.iter().map(|id| player.jobs().get(*id).unwrap().is_under_way()).collect::<Vec<_>>();
    player.key(KeyCode::Down);
    player.keys("c");
    assert!(player.text(80, 24).contains("Nothing of it is gone"), "{}", player.text(80, 24));
    player.look_and("y");
    assert_eq!(under_way(&player), [true, false, false], "one that is taken out lets no other begin");
    player.tell(ids[0], Answer::Ended(End::Failed(script::no_right())));
    assert_eq!(under_way(&player), [false, false, true]);
    player.key(KeyCode::Home);
    player.key(KeyCode::Up);
    player.key(KeyCode::Up);
    player.look_and("r");
    assert_eq!(under_way(&player), [false, false, true], "nor does one that is tried again");
    player.tell(ids[2], Answer::Ended(End::Removed(3)));
    assert_eq!(under_way(&player), [true, false, false]);
}

#[test]
fn what_was_agreed_to_for_a_reel_is_not_offered_for_the_one_that_is_published_later() {
    let (place, at, reel, now) =
        (script::order("talk").place, script::local_at(), script::name("talk"), Instant::now());
    let mut jobs = Jobs::default();
    let agreed = Question::Delete { reel: reel.clone(), at: at.clone(), is_local: true };
    let deletion = jobs.add([Run::Delete(place, at, reel.clone())], &[agreed], now)[0];
    jobs.advance(now);
    let attempt = jobs.get(deletion).unwrap().attempt;
    assert!(jobs.ended(deletion, attempt, End::Failed(script::no_right()), now));
    assert!(jobs.get(deletion).unwrap().can_retry());
    let publishing = jobs.add([Run::Publish(Box::new(script::order("talk")))], &[], now)[0];
    jobs.advance(now);
    let attempt = jobs.get(publishing).unwrap().attempt;
    let published = Published { reel, ..script::published() };
    assert!(jobs.ended(publishing, attempt, End::Published(Box::new(published), None), now));
    assert!(jobs.get(deletion).is_none());
}

#[test]
fn the_cursor_stays_with_its_reel_in_a_filtered_list_too() {
    let mut player = opened(Script::default());
    player.keys("/t");
    let shown = names(&player).into_iter().map(str::to_owned).collect::<Vec<_>>();
    player.key(KeyCode::Down);
    let at = |player: &Player| names(player)[player.library().cursor.at].to_owned();
    let before = at(&player);
    let place = player.app.shared.place.clone();
    let first = script::name(&shown[0]);
    let Screen::Library(library) = &mut player.app.stack.last_mut().unwrap().screen else { panic!("in sight") };
    library.deleted(&place, &first, &player.app.shared);
    assert_eq!(at(&player), before);
}

#[test]
fn a_reel_of_which_chunks_are_missing_is_marked_until_it_is_whole() {
    let mut player = opened(Script::default());
    let place = player.app.shared.place.clone();
    for (name, lack) in [("talk", Lack::Chunks { there: 9, of: 11 }), ("interview", Lack::Interrupted)] {
        let reel = Reel { lack: Some(lack), ..script::detail(&script::name(name)).reel };
        player.hear(Answer::ReelFound { place: place.clone(), reel });
    }
    pictures("library_not_whole", &mut player);
    player.keys("/talk");
    player.enter();
    player.enter();
    assert_eq!(player.at(), At::Reel);
    pictures("reel_not_whole", &mut player);
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    let report = Report { generation: Some(script::generation()), chunks: 11, ok: 11, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    player.key(KeyCode::Esc);
    assert!(!player.text(80, 24).contains("not whole"), "{}", player.text(80, 24));
    let Screen::Library(library) = &mut player.app.stack.last_mut().unwrap().screen else { panic!("in sight") };
    let name = script::name("interview");
    library.is_mended(&place, &name, |lack| *lack == Lack::Interrupted, &player.app.shared);
    assert_eq!(library.reels[&name].lack, Some(Lack::Interrupted), "a check does not mend it");
}
