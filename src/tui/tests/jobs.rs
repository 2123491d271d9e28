//! What becomes of jobs: they go on without their screens, wait for their turn, are stopped, fail and are tried again.

use std::time::Duration;

use ratatui::crossterm::event::KeyCode;

use super::{At, Player};
use crate::{
    model::report::event::{Event, JobChange, JobName},
    tui::{
        action::{Command, Way},
        backend::Published,
        id::{JobId, Owner},
        job::{End, Job, Run, is_chunk},
        overlay::{Overlay, confirm::Confirm},
        script::{self, Script},
        sight::{EARLY, LEAST, Sight},
        work::answer::Answer,
    },
};

#[test]
fn publishing_is_paused_and_cancelled_with_a_question() {
    let mut player = Player::local();
    player.open_publish();
    let control = player.job().control.clone();
    player.keys("p");
    assert!(control.is_paused());
    player.engine(script::under_way());
    player.course().board.jobs[&script::chunk(12)].count.add(1 << 20);
    player.pass(Duration::from_secs(2));
    for place in ["the publishing", "Home"] {
        for (width, height) in [(80, 24), (120, 40)] {
            let screen = player.text(width, height);
            assert!(!screen.contains(" left"), "{place} says how long it takes while it is paused: {screen}");
        }
        player.key(KeyCode::Esc);
    }
    player.enter();
    player.keys("p");
    assert!(!control.is_paused());
    assert!(player.text(80, 24).contains(" left"));
    player.keys("c");
    player.keys("n");
    assert!(!control.cancel.is_cancelled());
    player.keys("c");
    player.look_and("y");
    assert!(control.cancel.is_cancelled());
    assert_eq!(player.at(), At::Home);
    assert!(player.app.said.as_ref().unwrap().contains("nothing is lost"));
    player.stops();
    assert_eq!(player.at(), At::Home);
    assert!(player.app.said.as_ref().unwrap().contains("nothing is lost"));
}

#[test]
fn what_was_resumed_is_done_in_the_same_shape() {
    let mut first = Player::local();
    first.open_publish();
    let mut resumed = Player::local();
    resumed.key(KeyCode::Down);
    resumed.look_and_enter();
    assert!(matches!(resumed.runs().last(), Some(Run::Resume(_))));
    let done = [&mut first, &mut resumed].map(|player| {
        player.engine(script::under_way());
        player.ends(Ok(script::published()));
        player.text(100, 30)
    });
    assert!(
        done[0].contains("is published") && done[0].contains("Tested") && done[0].contains("only on this computer"),
        "{}",
        done[0]
    );
    assert_eq!(done[0], done[1]);
}

#[test]
fn what_failed_is_tried_again_with_the_same_order() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Err(script::full()));
    assert_eq!(player.at(), At::Publishing);
    player.look_and("r");
    let runs = player.runs();
    assert!(runs.len() == 2 && runs[0] == runs[1]);
    assert!(player.job().is_under_way());
    player.ends(Err(script::full()));
    player.keys("q");
    assert_eq!(player.app.exit, Some(1), "a failure that stands is the exit code");
}

#[test]
fn news_of_an_earlier_publishing_are_not_mixed_in() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Err(script::full()));
    player.look_and("r");
    let late = Event::Job { job: JobName::Split, change: JobChange::Queued };
    let first = Owner::Job(player.job().id, 1);
    player.answer(first, Answer::Engine(late));
    player.answer(first, Answer::Ended(End::Failed(script::full())));
    assert!(player.course().board.jobs.is_empty() && player.job().is_under_way());
}

#[test]
fn quitting_asks_while_work_runs_and_waits_for_it_to_stop() {
    let mut player = Player::local();
    player.open_publish();
    player.keys("q");
    assert!(matches!(player.app.overlay, Some(Overlay::Ask(Confirm::Quit))));
    assert!(player.text(80, 24).contains("1 upload"), "it names what runs");
    player.look_and("y");
    assert_eq!(player.app.exit, None, "not before the engine has come to rest");
    assert!(player.text(80, 24).contains("waiting for 1 upload"), "and says what it waits for");
    player.stops();
    assert_eq!(player.app.exit, Some(0));
}

#[test]
fn ctrl_c_asks_then_stops_then_waits_for_nothing() {
    let mut player = Player::local();
    player.open_publish();
    player.control('c');
    assert!(!player.job().control.cancel.is_cancelled());
    player.control('c');
    assert!(player.job().control.cancel.is_cancelled());
    assert_eq!(player.app.exit, None);
    player.control('c');
    assert_eq!(player.app.exit, Some(130));
}

#[test]
fn a_key_that_starts_something_counts_only_once_it_was_in_sight() {
    let mut player = Player::local();
    player.open_review();
    player.enter();
    assert_eq!((player.at(), player.app.said.as_deref()), (At::Review, Some(EARLY)), "it was not drawn yet");
    player.screen(80, 24);
    player.enter();
    assert_eq!(player.at(), At::Review, "nor long enough");
    player.look_and_enter();
    assert_eq!(player.at(), At::Publishing);
    player.keys("c");
    player.keys("y");
    assert!(!player.job().control.cancel.is_cancelled(), "the question was not read yet");
    player.look_and("y");
    assert!(player.job().control.cancel.is_cancelled());
}

#[test]
fn escape_leads_home_while_it_publishes_and_home_leads_back() {
    let mut player = Player::local();
    player.open_publish();
    player.engine(script::under_way());
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home);
    assert!(player.job().is_under_way() && !player.job().control.cancel.is_cancelled());
    let home = player.text(100, 30);
    let line = home.lines().find(|line| line.contains("● harbour-night")).expect("it stands on Home");
    assert!(line.contains("local stand-in"), "with where it goes: {line}");
    assert!(!home.contains("Resume harbour-night"), "and is not offered a second time:\n{home}");
    player.enter();
    assert_eq!(player.at(), At::Publishing, "the cursor is on it");
    player.key(KeyCode::Esc);
    player.ends(Ok(script::published()));
    assert_eq!(player.at(), At::Home, "an end moves no screen");
    assert_eq!(player.app.said.as_deref(), Some("harbour-night is published"));
}

#[test]
fn a_failed_publishing_leads_back_to_what_was_typed() {
    let mut player = Player::local();
    player.open_settings();
    player.key(KeyCode::Left);
    player.key(KeyCode::Down);
    player.control('u');
    player.keys("by-the-sea");
    player.enter();
    player.look_and_enter();
    player.ends(Err(script::full()));
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home, "Esc does not quit");
    player.enter();
    player.keys("e");
    assert_eq!(player.at(), At::Settings);
    let settings = player.settings();
    assert_eq!((settings.videos[0].typed.value(), settings.length), ("by-the-sea", Duration::from_secs(20)));
    player.enter();
    player.look_and_enter();
    player.ends(Ok(Published { reel: script::name("by-the-sea"), ..script::published() }));
    assert!(player.jobs().iter().all(|job| job.failed().is_none()), "what failed is put right");
    player.key(KeyCode::Esc);
    player.look_and("q");
    assert_eq!(player.app.exit, None, "links of this window's stand-in would end");
    player.look_and("y");
    assert_eq!(player.app.exit, Some(0));
}

/// Opens the reel under the cursor of the library and deletes it, as far as the name.
fn delete(player: &mut Player, name: &str) {
    player.keys("d");
    player.keys(name);
    player.look_and_enter();
}

#[test]
fn two_deletions_run_beside_each_other_and_move_no_screen() {
    let script = Script { slow_removals: true, ..Script::default() };
    let mut player = Player::new(script::start(), script);
    player.key(KeyCode::End);
    player.enter();
    player.key(KeyCode::Down);
    player.enter();
    delete(&mut player, "interview");
    assert_eq!(player.at(), At::Removal);
    player.key(KeyCode::Esc);
    player.key(KeyCode::End);
    player.enter();
    delete(&mut player, "talk");
    let jobs: Vec<_> = player.jobs().iter().map(|job| (job.id, job.is_under_way())).collect();
    let [(first, true), (second, true)] = jobs[..] else { panic!("both run: {jobs:?}") };
    player.key(KeyCode::Esc);
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home);
    player.tell(first, Answer::Ended(End::Removed(132)));
    assert_eq!((player.at(), player.app.exit), (At::Home, None));
    assert!(player.app.said.as_ref().unwrap().contains("interview is deleted: 132 functions"));
    player.keys("q");
    assert!(player.text(80, 24).contains("1 deletion"), "the other still runs");
    player.keys("n");
    player.tell(second, Answer::Ended(End::Removed(12)));
    assert!(player.jobs().iter().all(|job| !job.is_active()));
}

/// Reviewed, and published one after another.
pub(super) fn queue_of(player: &mut Player, names: &[&str]) -> Vec<JobId> {
    let runs: Vec<_> = names.iter().map(|name| Run::Publish(Box::new(script::order(name)))).collect();
    let now = player.app.shared.now;
    player.app.shared.sights.drawn([Sight::of(&runs)], now);
    player.app.at(now + LEAST, player.app.shared.wall);
    let orders = names.iter().map(|name| script::order(name)).collect();
    let errands = player.app.go(Way::Publish(orders, None));
    player.carry_out(errands);
    player.jobs().iter().map(|job| job.id).collect()
}

/// A second, in which a little of each chunk goes out.
pub(super) fn goes_on(player: &mut Player, id: JobId) {
    let course = player.jobs().get(id).unwrap().publishing().unwrap();
    for (_, job) in course.board.jobs.iter().filter(|(name, job)| is_chunk(name) && !job.state.is_over()) {
        job.count.add(1 << 15);
    }
    player.pass(Duration::from_secs(1));
}

fn live(name: &str) -> Answer {
    let published = Published { reel: script::name(name), ..script::published() };
    Answer::Ended(End::Published(Box::new(published), None))
}

#[test]
fn five_are_published_one_after_another_and_a_failed_one_stops_none() {
    let mut player = Player::local();
    let ids = queue_of(&mut player, &["one", "two", "three", "four", "five"]);
    assert_eq!(player.at(), At::Queue);
    let kept = |player: &Player| {
        let kept = player.done.iter().rev().find_map(|command| match command {
            Command::Keep(orders) => Some(orders.iter().map(|order| order.reel.to_string()).collect::<Vec<_>>()),
            _ => None,
        });
        kept.unwrap()
    };
    assert_eq!(kept(&player), ["one", "two", "three", "four", "five"], "all are on the disk before the first begins");
    let under_way = |player: &Player| player.jobs().active().filter(|job| job.is_under_way()).count();
    for (number, name) in ["one", "two", "three", "four", "five"].iter().enumerate() {
        assert_eq!(under_way(&player), 1, "one at a time");
        player.tell(ids[number], Answer::Engine(Event::Planned(script::planned())));
        assert_eq!(kept(&player).len(), 4 - number, "what has its own journal waits no more");
        if number == 3 {
            let narrow = player.text(40, 12);
            assert!(narrow.contains("2 of 5, 1 under way, 1 failed, 1 waits"), "{narrow}");
        }
        let end = if number == 2 { Answer::Ended(End::Failed(script::full())) } else { live(name) };
        player.tell(ids[number], end);
    }
    let screen = player.text(100, 30);
    assert!(screen.contains("4 of 5 videos published, 1 failed"), "{screen}");
    assert!(screen.contains("Esc home"), "{screen}");
    player.enter();
    let opened = player.text(100, 30);
    assert!(opened.contains("Esc back") && !opened.contains("Esc home"), "{opened}");
    player.key(KeyCode::Esc);
    let failed: Vec<_> = screen.lines().filter(|line| line.contains("✖ three")).collect();
    assert!(failed.len() == 1 && failed[0].contains("Code storage limit exceeded"), "one line says why: {screen}");
    player.key(KeyCode::Down);
    player.key(KeyCode::Down);
    player.look_and("r");
    let active: Vec<_> = player.jobs().active().map(Job::reel).collect();
    assert_eq!(active, [&script::name("three")], "it alone is tried again");
}

#[test]
fn what_a_process_left_waiting_is_taken_up_or_forgotten() {
    let waiting = vec![script::order("four"), script::order("five")];
    let mut player = Player::new(script::start(), Script { waiting, ..Script::default() });
    let home = player.text(100, 30);
    assert!(home.contains("Publish four") && home.contains("Resume and publish all"), "{home}");
    player.key(KeyCode::End);
    player.key(KeyCode::Up);
    player.look_and("x");
    player.look_and("y");
    let gone = player.done.iter().any(|command| matches!(command, Command::Forget(reel, _) if reel.as_str() == "five"));
    assert!(gone && player.runs().is_empty(), "it is given up, and nothing was started");
    player.key(KeyCode::Home);
    player.key(KeyCode::Down);
    player.look_and_enter();
    assert_eq!(player.at(), At::Queue);
    let reels: Vec<_> = player.jobs().iter().map(|job| job.reel().to_string()).collect();
    assert_eq!(reels, ["harbour-night", "four"]);
    let taken =
        player.done.iter().any(|command| matches!(command, Command::Forget(reel, _) if reel.as_str() == "four"));
    assert!(taken, "it is in this wizard's own queue now");
}

#[test]
fn what_another_process_is_at_can_not_be_resumed() {
    let mut begun = script::resumables();
    begun[0].holder = Some("another zipreel (process 42)".to_owned());
    let mut player = Player::new(script::start(), Script { begun: Some(begun), ..Script::default() });
    player.key(KeyCode::Down);
    player.look_and_enter();
    assert_eq!(player.at(), At::Home);
    assert!(player.app.said.as_ref().unwrap().contains("process 42"), "{:?}", player.app.said);
    player.look_and("x");
    assert!(player.app.overlay.is_none(), "nor discarded");
}

#[test]
fn what_failed_is_put_away_after_a_question() {
    let mut player = Player::new(script::start(), Script { begun: Some(Vec::new()), ..Script::default() });
    let ids = queue_of(&mut player, &["one"]);
    player.tell(ids[0], Answer::Ended(End::Failed(script::no_room())));
    player.key(KeyCode::Esc);
    player.key(KeyCode::Home);
    assert!(player.text(80, 24).contains("c remove"), "{}", player.text(80, 24));
    player.keys("c");
    assert!(matches!(player.app.overlay, Some(Overlay::Ask(Confirm::PutAway(..)))), "{}", player.text(80, 24));
    super::pictures::pictures("home_put_away", &mut player);
    player.keys("n");
    assert!(player.jobs().get(ids[0]).is_some(), "it stays");
    player.keys("c");
    player.look_and("y");
    assert!(player.jobs().get(ids[0]).is_none());
}
