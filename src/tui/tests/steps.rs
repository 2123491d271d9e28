//! The rules of the steps, key by key, without looking at the screen.

use std::time::Duration;

use ratatui::crossterm::event::{Event as Input, KeyCode};

use super::{At, Player, pictures::pictures};
use crate::{
    model::{
        reel::{
            name::ReelName,
            order::{IfTaken, OnDamage, Robots},
            title::NO_TITLE,
        },
        report::event::Event,
    },
    tui::{
        action::Command,
        backend::{Question, Target, Transcode},
        id::Owner,
        job::Run,
        screen::Screen,
        script::{self, Script},
        step::{probes::Probes, settings::Field},
        work::answer::Answer,
    },
};

#[test]
fn five_enters_lead_from_home_to_publishing() {
    let mut player = Player::local();
    for screen in [At::Video, At::Settings, At::Review, At::Publishing] {
        player.look_and_enter();
        assert_eq!(player.at(), screen);
    }
    let [Run::Publish(order)] = player.runs()[..] else { panic!("publishing begins") };
    assert_eq!((order.reel.as_str(), order.title.as_str()), ("harbour-night", "harbour-night"));
    assert_eq!((order.cut.segment_length, order.cut.chunk_limit), (Duration::from_secs(30), 49 << 20));
    assert_eq!(player.app.shared.memory.recent, [format!("{}/harbour-night.mp4", script::FOLDER)]);
    let screen = player.app.stack.last().unwrap().id;
    player.ends(Ok(script::published()));
    assert_eq!((player.at(), player.app.stack.last().unwrap().id), (At::Publishing, screen), "nothing moves");
    assert!(player.text(80, 24).contains("harbour-night is published"), "the same screen says what was done");
}

#[test]
fn escape_goes_one_step_back_and_what_was_set_stays() {
    let mut player = Player::local();
    player.open_settings();
    player.key(KeyCode::Left);
    player.enter();
    for screen in [At::Settings, At::Video] {
        player.key(KeyCode::Esc);
        assert_eq!(player.at(), screen);
    }
    player.enter();
    assert_eq!(player.settings().length, Duration::from_secs(20));
    player.key(KeyCode::Esc);
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home);
    player.keys("q");
    assert_eq!(player.app.exit, Some(0));
}

#[test]
fn a_video_given_at_the_start_is_highlighted() {
    let video = format!("{}/phone.mov", script::FOLDER);
    let mut start = script::start();
    start.settings.video = Some(video.clone().into());
    let mut player = Player::new(start, Script::default());
    assert_eq!(player.at(), At::Video);
    assert_eq!(player.video().highlighted_video().unwrap().to_str(), Some(video.as_str()));
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home);
}

#[test]
fn the_picker_filters_hides_pastes_and_remembers() {
    let mut player = Player::local();
    player.enter();
    player.keys("/hrb");
    let names: Vec<_> = player.video().rows.iter().map(|row| row.entry.name.as_str()).collect();
    assert_eq!(names, ["harbour-night.mp4"]);
    player.key(KeyCode::Esc);
    let all = player.video().rows.len();
    player.keys(".");
    assert_eq!(player.video().rows.len(), all + 1, "the hidden one too");
    player.input(Input::Paste(format!("'{}/take 07.mp4'\n", script::FOLDER)));
    assert_eq!(player.video().highlighted().unwrap().entry.name, "take 07.mp4");
    player.input(Input::Paste("/nowhere/at all.mp4".into()));
    assert!(player.video().word.as_ref().unwrap().contains("/nowhere/at all.mp4"));
    player.keys("~");
    assert_eq!(player.video().folder.to_str(), Some("/home/ada"));
    assert!(matches!(player.video().listing, Some(Err(_))), "it says why a folder can't be read");
}

#[test]
fn what_is_no_video_can_not_be_chosen() {
    let mut player = Player::local();
    player.enter();
    player.highlight("broken.webm");
    player.enter();
    assert_eq!(player.at(), At::Video);
    assert_eq!(player.app.said.as_deref(), Some("this file can't be used"));
}

#[test]
fn a_video_chosen_while_it_is_probed_goes_on_when_the_probe_is_there() {
    let mut player = Player::local();
    player.enter();
    let open = player.app.stack.last_mut().unwrap();
    let owner = Owner::Screen(open.id);
    let Screen::Video(picker) = &mut open.screen else { panic!("the picker is in sight") };
    picker.probes = Probes::default();
    player.enter();
    assert_eq!(player.at(), At::Video);
    let video = player.video().highlighted_video().unwrap().to_owned();
    player.answer(owner, Answer::Probed { video, print: None, probe: Ok(script::probe()) });
    assert_eq!(player.at(), At::Settings);
}

/// Said where the whole of it stands on the screen already.
const MARKED: &str = "correct what is marked ✖ first";

/// The first thing that blocks the way to the review.
pub(super) fn problem(player: &Player) -> Option<(Field, String)> {
    player.settings().problems(&player.app.shared).into_iter().next()
}

fn rename(player: &mut Player, name: &str) {
    player.settings_mut().focus = Field::Name(0);
    player.control('u');
    player.keys(name);
}

#[test]
fn every_name_is_checked_as_it_is_typed() {
    let mut player = Player::local();
    player.open_settings();
    assert_eq!(problem(&player), None);
    for (name, words) in
        [("", "empty"), ("!?", "empty"), (&"x".repeat(33), "32"), ("talk", "taken"), ("Talk!", "taken")]
    {
        rename(&mut player, name);
        let (field, words_shown) = problem(&player).unwrap_or_else(|| panic!("{name} is no good"));
        assert!(field == Field::Name(0) && words_shown.contains(words), "{name}: {words_shown}");
        player.enter();
        assert_eq!(player.at(), At::Settings, "{name} blocks the way");
        assert_eq!(player.app.said.as_deref(), Some(MARKED), "and it is said where to look");
        let screen = player.text(120, 40);
        let (shown, whole) = (super::sizes::flat(&screen), super::sizes::flat(&words_shown));
        assert_eq!(shown.matches(&whole).count(), 1, "and why, once: {whole}\n{screen}");
    }
    rename(&mut player, "talk-2");
    assert_eq!(problem(&player), None);
}

#[test]
fn a_title_that_nobody_could_see_blocks_the_way() {
    let mut player = Player::local();
    player.open_settings();
    player.settings_mut().focus = Field::Title;
    player.control('u');
    player.keys("  ");
    assert_eq!(problem(&player), Some((Field::Title, NO_TITLE.to_owned())));
    player.settings_mut().focus = Field::Length;
    player.enter();
    assert_eq!((player.at(), player.app.said.as_deref()), (At::Settings, Some(MARKED)));
    assert!(player.text(120, 40).contains(NO_TITLE));
    let is_in_sight = |player: &Player| {
        let settings = player.settings();
        settings.focus == Field::Title && settings.fields(&player.app.shared).contains(&Field::Title)
    };
    assert!(!player.settings().more && is_in_sight(&player), "it is shown, to be mended");
    player.keys("Harbour");
    assert_eq!(problem(&player), None);
    assert!(is_in_sight(&player), "until it is left");
    player.key(KeyCode::Up);
    assert!(!player.settings().fields(&player.app.shared).contains(&Field::Title));
}

fn typed(player: &Player) -> (&str, usize) {
    let typed = &player.settings().videos[0].typed;
    (typed.value(), typed.cursor())
}

#[test]
fn a_name_is_made_of_what_is_typed_while_it_is_typed() {
    let mut player = Player::local();
    player.open_settings();
    for (keys, shown) in [
        ("My Film!", "my-film"),
        ("  Été – 2026 (final) ", "ete-2026-final-"),
        ("a.b_c", "a-b-c"),
        ("--x--y", "x-y"),
        ("Straße", "strasse"),
        ("夜", ""),
    ] {
        rename(&mut player, keys);
        assert_eq!(typed(&player), (shown, shown.len()), "{keys}");
        let name = player.settings().names(&player.app.shared).remove(0);
        assert_eq!(name.ok().map(|name| name.to_string()), ReelName::slug(keys).map(|name| name.to_string()));
    }
    // where the cursor stands, and nowhere else
    rename(&mut player, "my-film");
    for _ in 0..4 {
        player.key(KeyCode::Left);
    }
    player.keys("Short ");
    assert_eq!(typed(&player), ("my-short-film", 9));
    player.keys("!");
    player.key(KeyCode::Left);
    player.keys("s");
    assert_eq!(typed(&player), ("my-shorts-film", 9), "a sign that was typed elsewhere leaves no dash here");
    player.key(KeyCode::Backspace);
    assert_eq!(typed(&player), ("my-short-film", 8));
}

#[test]
fn a_name_that_is_taken_offers_the_next_free_one_by_a_key() {
    let mut player = Player::local();
    player.open_settings();
    player.control('f');
    assert_eq!(typed(&player).0, "harbour-night", "a free one is left as it is");
    rename(&mut player, "talk");
    let words = problem(&player).unwrap().1;
    assert_eq!(words, "`talk` is taken: Ctrl-F takes `talk-2`; or set Replace to yes");
    assert!(player.text(40, 12).lines().last().unwrap().contains("Ctrl-F next free name"));
    pictures("settings_taken", &mut player);
    player.key(KeyCode::Down);
    player.control('f');
    assert_eq!((typed(&player), problem(&player)), (("talk-2", 6), None), "from any field");
}

#[test]
fn a_taken_name_can_be_replaced_when_that_is_wanted() {
    let mut player = Player::local();
    player.open_settings();
    rename(&mut player, "talk");
    player.key(KeyCode::Down);
    assert_eq!(player.settings().focus, Field::Replace);
    player.key(KeyCode::Right);
    assert_eq!(problem(&player), None);
    player.enter();
    assert!(player.review().planned[0].order.if_taken == IfTaken::Replace);
}

#[test]
fn what_outgrows_the_chunk_from_keyframe_to_keyframe_is_refused() {
    let mut start = script::start();
    start.settings.cut.segment_length = Duration::from_secs(30);
    start.settings.cut.chunk_limit = 2 << 20;
    let mut player = Player::new(start, Script::default());
    player.open_settings();
    let (field, words) = problem(&player).unwrap();
    assert!(
        field == Field::Length && words.contains("between two places where the video can be split are about"),
        "{words}"
    );
    player.settings_mut().chunk_mib = 32;
    assert_eq!(problem(&player), None);
}

#[test]
fn what_becomes_of_a_damaged_video_is_settled_as_by_the_flag() {
    let mut start = script::start();
    start.settings.on_damage = OnDamage::Accept;
    let mut player = Player::new(start, Script::default());
    player.open_settings();
    let shown = |player: &Player| player.settings().fields(&player.app.shared).contains(&Field::Damage);
    player.settings_mut().focus = Field::More;
    let before = shown(&player);
    player.key(KeyCode::Right);
    assert_eq!((before, shown(&player)), (false, true));
    player.settings_mut().focus = Field::Damage;
    let ordered = |player: &Player| player.settings().planned(&player.app.shared)[0].order.on_damage;
    assert_eq!(ordered(&player), OnDamage::Accept);
    (0..2).for_each(|_| player.key(KeyCode::Right));
    assert_eq!(ordered(&player), OnDamage::Fail);
    (0..3).for_each(|_| player.key(KeyCode::Left));
    assert_eq!(ordered(&player), OnDamage::Ask);
}

#[test]
fn whether_search_engines_may_list_a_reel_is_settled_as_by_the_flag() {
    let mut start = script::start();
    start.settings.robots = Robots::Index;
    let mut player = Player::new(start, Script::default());
    player.open_settings();
    player.settings_mut().focus = Field::More;
    player.key(KeyCode::Right);
    let ordered = |player: &Player| player.settings().planned(&player.app.shared)[0].order.robots;
    assert_eq!(ordered(&player), Robots::Index);
    player.settings_mut().focus = Field::Robots;
    assert!(player.settings().fields(&player.app.shared).contains(&Field::Robots));
    player.key(KeyCode::Right);
    assert_eq!(ordered(&player), Robots::Noindex);
    player.key(KeyCode::Left);
    assert_eq!(ordered(&player), Robots::Index);
}

#[test]
fn re_encoding_has_to_be_allowed() {
    let mut player = Player::local();
    player.enter();
    player.highlight("phone.mov");
    player.enter();
    assert_eq!(problem(&player).unwrap().0, Field::Transcode);
    player.enter();
    assert_eq!(player.settings().focus, Field::Transcode, "the cursor goes to what blocks");
    player.key(KeyCode::Right);
    player.enter();
    assert_eq!(player.review().planned[0].order.cut.transcode, Transcode::Auto);
}

#[test]
fn a_target_is_picked_and_decides_whether_the_reel_is_unlisted() {
    let mut player = Player::local();
    player.open_settings();
    assert!(!player.settings().unlisted);
    player.settings_mut().focus = Field::Target;
    player.keys("stu");
    player.enter();
    assert_eq!(player.app.shared.place.target, script::studio());
    assert!(player.settings().unlisted);
    assert_eq!(player.app.shared.region(), "eu-west-1", "the profile's Region");
    let reel = player.settings().reels(&player.app.shared).remove(0).unwrap();
    assert_eq!(reel.as_str(), "harbour-night-k3x9q2m7");
    player.settings_mut().focus = Field::Region;
    player.keys("tokyo");
    player.enter();
    assert_eq!(player.app.shared.region(), "ap-northeast-1");
}

#[test]
fn a_region_that_nobody_has_named_is_not_shown_as_chosen() {
    let script = Script { signed_out: true, ..Script::default() };
    let mut player = Player::new(script::start(), script);
    player.open_settings();
    player.settings_mut().focus = Field::Target;
    player.keys("def");
    player.enter();
    let text = player.text(80, 24);
    assert!(text.contains("not chosen") && text.contains("choose one here") && !text.contains("us-east-1"), "{text}");
    player.settings_mut().focus = Field::Region;
    player.keys("virginia");
    player.enter();
    assert!(player.text(80, 24).contains("us-east-1"));
}

#[test]
fn who_is_not_signed_in_can_not_go_on_and_enter_asks_again() {
    let script = Script { signed_out: true, ..Script::default() };
    let mut player = Player::new(script::start_on_aws(), script);
    player.open_settings();
    assert_eq!(problem(&player).unwrap().0, Field::Target);
    player.enter();
    assert_eq!(player.at(), At::Settings);
}

#[test]
fn the_notice_is_acknowledged_before_anything_starts_and_only_once() {
    let mut player = Player::aws();
    player.open_review();
    player.look_and_enter();
    assert_eq!(player.at(), At::Review, "not before it is read");
    player.keys("a");
    player.keys("b");
    assert!(player.review().planned[0].order.relay, "the relay is accepted by hand");
    player.look_and_enter();
    assert_eq!(player.at(), At::Publishing);
    let Some(Command::Run { agreed, .. }) = player.done.iter().rfind(|command| matches!(command, Command::Run { .. }))
    else {
        panic!("publishing begins")
    };
    assert_eq!(agreed, &[Question::Notice { account: "123456789012".to_owned() }], "what was read goes with the work");
    player.ends(Ok(script::published()));
    player.keys("n");
    for _ in 0..3 {
        player.look_and_enter();
    }
    assert_eq!(player.at(), At::Publishing, "the second time nothing is asked");
}

#[test]
fn rates_come_from_counts_and_a_retry_is_no_negative_rate() {
    let mut player = Player::local();
    player.open_publish();
    player.engine([Event::Planned(script::planned())]);
    player.engine(script::runs(script::chunk(1), crate::model::report::event::Unit::Bytes, 0, 32 << 20));
    let count = player.course().board.jobs[&script::chunk(1)].count.clone();
    for _ in 0..5 {
        count.add(4 << 20);
        player.pass(Duration::from_secs(1));
    }
    let publish = player.course();
    let rate = publish.throughput().unwrap();
    assert!((rate / f64::from(4 << 20) - 1.0).abs() < 0.2, "{rate}");
    assert!(publish.time_left().is_some());
    count.set(0);
    player.pass(Duration::from_secs(1));
    assert!(player.course().samples.iter().all(|sample| *sample >= 0.0));
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
    assert!(player.text(100, 30).contains("→ local stand-in"), "the line says where it goes");
    player.look_and_enter();
    assert_eq!(player.at(), At::Publishing);
    let [Run::Resume(resumable)] = player.runs()[..] else { panic!("it goes on") };
    assert_eq!(resumable.place.target, Target::Local);
    let mut player = Player::local();
    player.key(KeyCode::Down);
    player.key(KeyCode::Down);
    player.look_and_enter();
    assert_eq!(player.at(), At::Home, "without its video it can't go on");
    assert!(player.app.said.as_ref().unwrap().contains("talk-2025.mp4"));
}
