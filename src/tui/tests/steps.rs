//! The rules of the steps, key by key, without looking at the screen.

use std::time::Duration;

use ratatui::crossterm::event::{Event as Input, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::Player;
use crate::{
    reel::{
        event::{Event, JobChange, JobName},
        order::IfTaken,
    },
    tui::{
        action::Command,
        answer::Answer,
        app::Screen,
        backend::{Checked, Finding, Target, Transcode},
        overlay::{Overlay, Question},
        script::{self, Script},
        step::{probes::Probes, settings::Field},
    },
};

#[test]
fn five_enters_lead_from_home_to_publishing() {
    let mut player = Player::local();
    for screen in [Screen::Video, Screen::Settings, Screen::Review, Screen::Publish] {
        player.enter();
        assert_eq!(player.app.screen, screen);
    }
    let order = player.done.iter().find_map(|command| match command {
        Command::Publish { order, .. } => Some(order),
        _ => None,
    });
    let order = order.expect("publishing begins");
    assert_eq!((order.reel.as_str(), order.title.as_str()), ("harbour-night", "harbour-night"));
    assert_eq!((order.cut.segment_length, order.cut.chunk_limit), (Duration::from_secs(6), 32 << 20));
    assert_eq!(player.app.shared.memory.recent, [format!("{}/harbour-night.mp4", script::FOLDER)]);
    player.ends(Ok(script::published()));
    assert_eq!(player.app.screen, Screen::Done);
}

#[test]
fn escape_goes_one_step_back_and_what_was_set_stays() {
    let mut player = Player::local();
    player.open_settings();
    player.key(KeyCode::Right);
    player.enter();
    for screen in [Screen::Settings, Screen::Video] {
        player.key(KeyCode::Esc);
        assert_eq!(player.app.screen, screen);
    }
    player.enter();
    assert_eq!(player.app.settings.as_ref().unwrap().length, Duration::from_secs(8));
    player.key(KeyCode::Esc);
    player.key(KeyCode::Esc);
    assert_eq!(player.app.screen, Screen::Home);
    player.keys("q");
    assert_eq!(player.app.exit, Some(0));
}

#[test]
fn a_video_given_at_the_start_is_highlighted() {
    let video = format!("{}/phone.mov", script::FOLDER);
    let mut start = script::start();
    start.settings.video = Some(video.clone().into());
    let mut player = Player::new(start, Script::default());
    assert_eq!(player.app.screen, Screen::Video);
    assert_eq!(player.app.video.highlighted_video().unwrap().to_str(), Some(video.as_str()));
    player.key(KeyCode::Esc);
    assert_eq!(player.app.screen, Screen::Home);
}

#[test]
fn the_picker_filters_hides_pastes_and_remembers() {
    let mut player = Player::local();
    player.enter();
    player.keys("/hrb");
    let names: Vec<_> = player.app.video.rows.iter().map(|row| row.entry.name.as_str()).collect();
    assert_eq!(names, ["harbour-night.mp4"]);
    player.key(KeyCode::Esc);
    let all = player.app.video.rows.len();
    player.keys(".");
    assert_eq!(player.app.video.rows.len(), all + 1, "the hidden one too");
    player.input(Input::Paste(format!("'{}/take 07.mp4'\n", script::FOLDER)));
    assert_eq!(player.app.video.highlighted().unwrap().entry.name, "take 07.mp4");
    player.input(Input::Paste("/nowhere/at all.mp4".into()));
    assert!(player.app.video.word.as_ref().unwrap().contains("/nowhere/at all.mp4"));
    player.keys("~");
    assert_eq!(player.app.video.folder.to_str(), Some("/home/ada"));
    assert!(matches!(player.app.video.listing, Some(Err(_))), "it says why a folder can't be read");
}

#[test]
fn what_is_no_video_can_not_be_chosen() {
    let mut player = Player::local();
    player.enter();
    player.highlight("broken.webm");
    player.enter();
    assert_eq!(player.app.screen, Screen::Video);
    assert!(player.app.said.as_ref().unwrap().contains("broken.webm"));
}

#[test]
fn a_video_chosen_while_it_is_probed_goes_on_when_the_probe_is_there() {
    let mut player = Player::local();
    player.enter();
    player.app.video.probes = Probes::default();
    player.enter();
    assert_eq!(player.app.screen, Screen::Video);
    let video = player.app.video.highlighted_video().unwrap().to_owned();
    let commands = player.app.answer(Answer::Probed { video, print: None, probe: Ok(script::probe()) });
    player.carry_out(commands);
    assert_eq!(player.app.screen, Screen::Settings);
}

/// The first thing that blocks the way to the review.
fn problem(player: &Player) -> Option<(Field, String)> {
    player.app.settings.as_ref().unwrap().problems(&player.app.shared).into_iter().next()
}

fn rename(player: &mut Player, name: &str) {
    player.app.settings.as_mut().unwrap().focus = Field::Name(0);
    player.control('u');
    player.keys(name);
}

#[test]
fn every_name_is_checked_as_it_is_typed() {
    let mut player = Player::local();
    player.open_settings();
    assert_eq!(problem(&player), None);
    for (name, words) in
        [("", "empty"), ("Big", "a-z"), ("-x", "-"), ("a b", "a-z"), (&"x".repeat(33), "32"), ("talk", "taken")]
    {
        rename(&mut player, name);
        let (field, words_shown) = problem(&player).unwrap_or_else(|| panic!("{name} is no good"));
        assert!(field == Field::Name(0) && words_shown.contains(words), "{name}: {words_shown}");
        player.enter();
        assert_eq!(player.app.screen, Screen::Settings, "{name} blocks the way");
        assert_eq!(player.app.said.as_ref(), Some(&words_shown), "and it is said why");
    }
    rename(&mut player, "talk-2");
    assert_eq!(problem(&player), None);
}

#[test]
fn a_taken_name_can_be_replaced_when_that_is_wanted() {
    let mut player = Player::local();
    player.open_settings();
    rename(&mut player, "talk");
    player.key(KeyCode::Down);
    assert_eq!(player.app.settings.as_ref().unwrap().focus, Field::Replace);
    player.key(KeyCode::Right);
    assert_eq!(problem(&player), None);
    player.enter();
    assert!(player.app.review.as_ref().unwrap().planned[0].order.if_taken == IfTaken::Replace);
}

#[test]
fn segments_that_outgrow_the_chunk_are_refused_with_the_length_that_fits() {
    let mut start = script::start();
    start.settings.cut.segment_length = Duration::from_secs(30);
    let mut player = Player::new(start, Script::default());
    player.open_settings();
    let (field, words) = problem(&player).unwrap();
    assert!(field == Field::Length && words.contains("at most 16 s fits"), "{words}");
    for _ in 0..2 {
        player.key(KeyCode::Left);
    }
    assert_eq!(problem(&player), None);
}

#[test]
fn re_encoding_has_to_be_allowed() {
    let mut player = Player::local();
    player.enter();
    player.highlight("phone.mov");
    player.enter();
    assert_eq!(problem(&player).unwrap().0, Field::Transcode);
    player.enter();
    assert_eq!(player.app.settings.as_ref().unwrap().focus, Field::Transcode, "the cursor goes to what blocks");
    player.key(KeyCode::Right);
    player.enter();
    assert_eq!(player.app.review.as_ref().unwrap().planned[0].order.cut.transcode, Transcode::Auto);
}

#[test]
fn a_target_is_picked_and_decides_whether_the_reel_is_unlisted() {
    let mut player = Player::local();
    player.open_settings();
    assert!(!player.app.settings.as_ref().unwrap().unlisted);
    player.app.settings.as_mut().unwrap().focus = Field::Target;
    player.keys("stu");
    player.enter();
    assert_eq!(player.app.shared.place.target, script::studio());
    assert!(player.app.settings.as_ref().unwrap().unlisted);
    assert_eq!(player.app.shared.region(), "eu-west-1", "the profile's Region");
    let reel = player.app.settings.as_ref().unwrap().reels(&player.app.shared).remove(0).unwrap();
    assert_eq!(reel.as_str(), "harbour-night-k3x9q2m7");
    player.app.settings.as_mut().unwrap().focus = Field::Region;
    player.keys("tokyo");
    player.enter();
    assert_eq!(player.app.shared.region(), "ap-northeast-1");
}

#[test]
fn who_is_not_signed_in_can_not_go_on_and_enter_asks_again() {
    let script = Script { signed_out: true, ..Script::default() };
    let mut player = Player::new(script::start_on_aws(), script);
    player.open_settings();
    assert_eq!(problem(&player).unwrap().0, Field::Target);
    player.enter();
    assert_eq!(player.app.screen, Screen::Settings);
}

#[test]
fn the_notice_is_acknowledged_before_anything_starts_and_only_once() {
    let mut player = Player::aws();
    player.open_review();
    player.enter();
    assert_eq!(player.app.screen, Screen::Review, "not before it is read");
    player.keys("a");
    player.keys("b");
    assert!(player.app.review.as_ref().unwrap().planned[0].order.relay, "the relay is accepted by hand");
    player.enter();
    assert_eq!(player.app.screen, Screen::Publish);
    player.ends(Ok(script::published()));
    player.keys("n");
    for _ in 0..3 {
        player.enter();
    }
    assert_eq!(player.app.screen, Screen::Publish, "the second time nothing is asked");
}

#[test]
fn publishing_is_paused_and_cancelled_with_a_question() {
    let mut player = Player::local();
    player.open_publish();
    let control = player.app.publish.as_ref().unwrap().control.clone();
    player.keys("p");
    assert!(control.is_paused());
    player.keys("p");
    assert!(!control.is_paused());
    player.keys("c");
    player.keys("n");
    assert!(!control.cancel.is_cancelled());
    player.keys("c");
    player.keys("y");
    assert!(control.cancel.is_cancelled());
    player.ends(Err(crate::reel::fault::Fault::permanent("stopped, as asked")));
    assert_eq!(player.app.screen, Screen::Home);
    assert!(player.app.said.as_ref().unwrap().contains("nothing is lost"));
}

#[test]
fn what_failed_is_tried_again_with_the_same_order() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Err(script::full()));
    assert_eq!(player.app.screen, Screen::Publish);
    player.keys("r");
    let orders = player.done.iter().filter(|command| matches!(command, Command::Publish { .. })).count();
    assert_eq!(orders, 2);
    assert!(player.app.publish.as_ref().unwrap().is_running());
    player.ends(Err(script::full()));
    player.keys("q");
    assert_eq!(player.app.exit, Some(1), "a failure that stands is the exit code");
}

#[test]
fn news_of_an_earlier_publishing_are_not_mixed_in() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Err(script::full()));
    player.keys("r");
    let late = Event::Job { job: JobName::Split, change: JobChange::Queued };
    player.app.answer(Answer::Engine { run: 1, event: late });
    player.app.answer(Answer::PublishEnded { run: 1, result: Err(script::full()) });
    let publish = player.app.publish.as_ref().unwrap();
    assert!(publish.board.jobs.is_empty() && publish.is_running());
}

#[test]
fn quitting_asks_while_work_runs_and_waits_for_it_to_stop() {
    let mut player = Player::local();
    player.open_publish();
    player.keys("q");
    assert!(matches!(player.app.overlay, Some(Overlay::Ask(Question::QuitPublishing))));
    player.keys("y");
    assert_eq!(player.app.exit, None, "not before the engine has come to rest");
    player.ends(Err(crate::reel::fault::Fault::permanent("stopped, as asked")));
    assert_eq!(player.app.exit, Some(0));
}

#[test]
fn ctrl_c_asks_then_stops_then_waits_for_nothing() {
    let mut player = Player::local();
    player.open_publish();
    player.control('c');
    assert!(!player.app.publish.as_ref().unwrap().control.cancel.is_cancelled());
    player.control('c');
    assert!(player.app.publish.as_ref().unwrap().control.cancel.is_cancelled());
    assert_eq!(player.app.exit, None);
    player.control('c');
    assert_eq!(player.app.exit, Some(130));
}

#[test]
fn rates_come_from_counts_and_a_retry_is_no_negative_rate() {
    let mut player = Player::local();
    player.open_publish();
    player.engine([Event::Planned(script::planned())]);
    player.engine(script::runs(script::chunk(1), crate::reel::event::Unit::Bytes, 0, 32 << 20));
    let count = player.app.publish.as_ref().unwrap().board.jobs[&script::chunk(1)].count.clone();
    for _ in 0..5 {
        count.add(4 << 20);
        player.pass(Duration::from_secs(1));
    }
    let publish = player.app.publish.as_ref().unwrap();
    let rate = publish.throughput().unwrap();
    assert!((rate / f64::from(4 << 20) - 1.0).abs() < 0.2, "{rate}");
    assert!(publish.time_left().is_some());
    count.set(0);
    player.pass(Duration::from_secs(1));
    assert!(player.app.publish.as_ref().unwrap().samples.iter().all(|sample| *sample >= 0.0));
}

#[test]
fn links_are_copied_and_opened_whole() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Ok(script::published()));
    player.keys("ypo");
    let links: Vec<_> = player
        .done
        .iter()
        .filter_map(|command| match command {
            Command::Copy(link) | Command::Browse(link) => Some(link.as_str()),
            _ => None,
        })
        .collect();
    let published = script::published();
    assert_eq!(links, [&published.watch_url, &published.playlist_url, &published.watch_url]);
}

#[test]
fn resuming_goes_where_the_reel_was_going() {
    let mut player = Player::aws();
    player.key(KeyCode::Down);
    player.enter();
    assert_eq!(player.app.screen, Screen::Publish);
    assert_eq!(player.app.shared.place.target, Target::Local);
    assert!(player.done.iter().any(|command| matches!(command, Command::Resume { .. })));
    let mut player = Player::local();
    player.key(KeyCode::Down);
    player.key(KeyCode::Down);
    player.enter();
    assert_eq!(player.app.screen, Screen::Home, "without its video it can't go on");
    assert!(player.app.said.as_ref().unwrap().contains("talk-2025.mp4"));
}

#[test]
fn a_reel_is_deleted_only_with_its_name_typed() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.key(KeyCode::Down);
    player.enter();
    assert_eq!(player.app.reel.as_ref().unwrap().name.as_str(), "interview");
    player.keys("d");
    player.keys("interwiev");
    player.enter();
    assert_eq!(player.app.screen, Screen::Reel);
    player.control('u');
    player.keys("interview");
    player.enter();
    assert_eq!(player.app.screen, Screen::Library);
    assert!(player.app.said.as_ref().unwrap().contains("132 functions"));
    assert!(!player.app.library.reels.contains_key(&script::name("interview")));
}

#[test]
fn a_check_fills_the_grid_and_is_remembered() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.keys("/talk");
    player.enter();
    player.keys("k");
    assert!(matches!(player.done.last(), Some(Command::Check { deep: false, .. })));
    let name = script::name("talk");
    for number in 1..=11 {
        let finding = if number == 3 { Finding::Missing } else { Finding::Ok };
        let checked = Checked { id: script::chunk_id(number), finding };
        player.app.answer(Answer::Checked { name: name.clone(), checked });
    }
    player.app.answer(Answer::CheckEnded { name: name.clone(), result: Ok(()) });
    let tally = player.app.reel.as_ref().unwrap().tally();
    assert_eq!((tally.ok, tally.missing, tally.of), (10, 1, 11));
    let check = player.app.shared.memory.check(&player.app.shared.place, &name, script::generation()).unwrap();
    assert_eq!((check.ok, check.of, check.deep), (10, 11, false));
}

#[test]
fn the_mouse_clicks_and_scrolls_where_one_would_try() {
    let mut player = Player::local();
    player.enter();
    let mouse = |kind, column, row| Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let text = player.text(80, 24);
    let row = text.lines().position(|line| line.contains("phone.mov")).unwrap() as u16;
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), 10, row));
    assert_eq!(player.app.video.highlighted().unwrap().entry.name, "phone.mov");
    player.input(mouse(MouseEventKind::ScrollDown, 10, 5));
    assert_eq!(player.app.video.highlighted().unwrap().entry.name, "broken.webm");
    player.text(80, 24);
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), 77, 23));
    assert_eq!(player.app.screen, Screen::Video, "between the keys of the footer there is nothing");
    let text = player.text(80, 24);
    let back = text.lines().last().unwrap().chars().position(|letter| letter == 'E').unwrap() as u16;
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), back, 23));
    assert_eq!(player.app.screen, Screen::Home, "the footer's keys are buttons");
}

#[test]
fn the_next_key_is_written_on_every_screen() {
    let mut player = Player::local();
    for screen in ["⏎ open", "⏎ choose", "⏎ review", "⏎ publish", "p pause"] {
        for (width, height) in [(80, 24), (40, 12), (24, 6)] {
            let text = player.text(width, height);
            assert!(text.lines().last().unwrap().contains(screen), "{screen} at {width}x{height}:\n{text}");
        }
        player.enter();
    }
}
