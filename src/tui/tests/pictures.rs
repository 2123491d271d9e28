//! Every screen as it looks, at four sizes, and what holds at each; two of them with their colours in both themes.

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    crossterm::event::KeyCode,
    style::{Color, Modifier},
};

use super::{Player, text};
use crate::model::report::event::{JobChange, JobName, Unit};
use crate::tui::{
    backend::{Decoding, Finding, Gone, Published, Question, Report, Trouble},
    job::{Asked, End},
    script::{self, Script},
    terminal::theme::Theme,
    work::answer::Answer,
};

pub(super) const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (60, 20), (40, 12)];

pub(super) fn pictures(name: &str, player: &mut Player) {
    SIZES.into_iter().for_each(|size| picture(name, player, size));
}

pub(super) fn picture(name: &str, player: &mut Player, (width, height): (u16, u16)) {
    let screen = player.text(width, height);
    super::sizes::holds(&format!("{name} at {width}x{height}"), player, &screen);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
    });
}

#[test]
fn home() {
    let mut player = Player::local();
    pictures("home", &mut player);
    player.key(KeyCode::Down);
    player.key(KeyCode::Down);
    pictures("home_gone", &mut player);
}

#[test]
fn video() {
    let mut player = Player::local();
    player.enter();
    pictures("video", &mut player);
}

#[test]
fn video_of_a_phone_with_recent_ones_and_a_filter() {
    let mut player = Player::local();
    player.app.shared.memory.recent = vec![format!("{}/interview.mkv", script::FOLDER), "/mnt/card/talk.webm".into()];
    player.enter();
    player.highlight("phone.mov");
    pictures("video_phone", &mut player);
    player.keys("/take");
    pictures("video_filter", &mut player);
}

#[test]
fn video_that_is_none() {
    let mut player = Player::local();
    player.enter();
    player.highlight("broken.webm");
    pictures("video_broken", &mut player);
}

#[test]
fn settings() {
    let mut player = Player::local();
    player.open_settings();
    pictures("settings", &mut player);
}

#[test]
fn settings_for_aws_with_more() {
    let mut player = Player::aws();
    player.enter();
    player.highlight("phone.mov");
    player.enter();
    player.settings_mut().unlisted = false;
    player.key(KeyCode::Down);
    player.control('u');
    player.keys("talk");
    for _ in 0..5 {
        player.key(KeyCode::Down);
    }
    player.key(KeyCode::Right);
    pictures("settings_aws", &mut player);
}

#[test]
fn regions_and_targets() {
    let mut player = Player::aws();
    player.open_settings();
    for _ in 0..4 {
        player.key(KeyCode::Down);
    }
    player.keys(" ");
    pictures("regions", &mut player);
    player.key(KeyCode::Esc);
    player.key(KeyCode::Up);
    player.keys(" ");
    pictures("targets", &mut player);
}

fn named(mut player: Player) -> Player {
    player.open_settings();
    player.settings_mut().unlisted = false;
    player.enter();
    player
}

#[test]
fn review() {
    pictures("review", &mut named(Player::local()));
    let mut aws = named(Player::aws());
    pictures("review_aws", &mut aws);
    aws.keys("a");
    pictures("review_agreed", &mut aws);
}

/// To an AWS account, agreed to and begun.
fn begun() -> Player {
    let mut player = Player::aws();
    player.open_settings();
    player.settings_mut().unlisted = false;
    player.enter();
    player.keys("a");
    player.look_and_enter();
    player
}

/// Its first 84 seconds: the split is quick, then chunk after chunk goes out.
fn publishing_of(mut player: Player) -> Player {
    player.engine(script::cutting());
    player.pass(Duration::from_secs(7));
    player.engine(script::packing());
    player.engine(script::sending());
    let set = |player: &Player, job: &JobName, share: f64| {
        let job = &player.course().board.jobs[job];
        job.count.set((job.total.unwrap() as f64 * share) as u64);
    };
    let uploaded = u32::from(script::UPLOADED);
    for second in 1..=7 * uploaded {
        let share = f64::from(second) / f64::from(7 * uploaded);
        set(&player, &JobName::Pack, share * 0.73);
        for (number, tenths) in script::SENT {
            let count = &player.course().board.jobs[&script::chunk(number)].count;
            count.set((tenths as f64 * share) as u64 * (1 << 20) / 10);
        }
        let number = (second.div_ceil(7)) as u16;
        if second % 7 == 1 {
            player.engine(script::runs(script::chunk(number), Unit::Bytes, 0, script::CHUNK_BYTES));
        }
        set(&player, &script::chunk(number), f64::from((second - 1) % 7 + 1) / 7.0);
        player.pass(Duration::from_secs(1));
        if second % 7 == 0 {
            player.engine([script::job(script::chunk(number), JobChange::Succeeded), script::deployed(number)]);
        }
    }
    player.engine(script::trouble());
    player.pass(Duration::from_millis(300));
    player
}

fn publishing() -> Player {
    publishing_of(begun())
}

fn publishing_here() -> Player {
    let mut player = Player::local();
    player.open_publish();
    publishing_of(player)
}

#[test]
fn publish() {
    pictures("publish_begins", &mut begun());
    pictures("publish", &mut publishing());
}

#[test]
fn publish_paused_asked_and_logged() {
    let mut player = publishing();
    player.keys("p");
    pictures("publish_paused", &mut player);
    player.keys("c");
    pictures("publish_cancel", &mut player);
    player.keys("nl");
    pictures("publish_log", &mut player);
}

#[test]
fn publish_waits_for_the_person_and_fails() {
    let mut player = publishing();
    let waiting = JobChange::Waiting { fault: script::full() };
    player.engine([script::job(script::chunk(15), waiting)]);
    pictures("publish_waits", &mut player);
    let fault = script::full();
    player.engine([script::job(script::chunk(15), JobChange::Failed { fault: fault.clone() })]);
    player.ends(Err(fault));
    pictures("publish_failed", &mut player);
}

#[test]
fn done() {
    let mut player = publishing_here();
    player.ends(Ok(script::published()));
    pictures("done", &mut player);
    let base = "https://k3x9q2m7fzc5tynrw4vh8bdj6a0sgl1e.lambda-url.eu-west-1.on.aws/harbour-night-k3x9q2m7/";
    let mut published = Published { relay: false, ..script::published() };
    published.watch_url = base.to_owned();
    published.playlist_url = format!("{base}index.m3u8");
    published.seek_url = Some(format!("{base}index.seek.m3u8"));
    let mut player = publishing();
    player.ends(Ok(published));
    pictures("done_long_links", &mut player);
}

#[test]
fn library() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    pictures("library", &mut player);
}

#[test]
fn reel_while_it_is_checked() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.enter();
    player.keys("K");
    let check = player.jobs().iter().last().unwrap().id;
    let findings = (1..=17).map(|number| match number {
        7 => (number, Finding::Missing),
        9 => (number, Finding::Differs("the content is not what was sent".into())),
        16 | 17 => (number, Finding::Reading(18 << 20)),
        number => (number, Finding::Ok),
    });
    for (number, finding) in findings {
        player.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    player.pass(Duration::from_secs(9));
    pictures("reel_checking", &mut player);
    player.keys("d");
    player.keys("harb");
    pictures("reel_delete", &mut player);
}

#[test]
fn home_with_work_going_on_and_work_left_behind() {
    let waiting = vec![script::order("four"), script::order("five")];
    let mut player = Player::new(script::start(), Script { waiting, slow_removals: true, ..Script::default() });
    super::jobs::queue_of(&mut player, &["one", "two"]);
    let id = player.jobs().iter().next().unwrap().id;
    player.tell(id, Answer::Ended(End::Failed(script::no_room())));
    player.key(KeyCode::Esc);
    pictures("home_busy", &mut player);
}

#[test]
fn several_videos() {
    let mut player = Player::local();
    let ids = super::jobs::queue_of(&mut player, &["one", "two", "by-moonlight", "four", "five"]);
    for (id, end) in
        ids.iter().zip([End::Published(Box::new(script::published()), None), End::Failed(script::no_room())])
    {
        player.tell(*id, Answer::Ended(end));
    }
    for event in script::under_way() {
        player.tell(ids[2], Answer::Engine(event));
    }
    (0..77).for_each(|_| super::jobs::goes_on(&mut player, ids[2]));
    pictures("queue", &mut player);
}

#[test]
fn a_job_asks() {
    let mut player = begun();
    let question = Question::Notice { account: "123456789012".to_owned() };
    let reply = tokio::sync::oneshot::channel().0;
    player.tell(player.job().id, Answer::Asks(Asked { question, reply }));
    pictures("asks", &mut player);
}

#[test]
fn a_deletion() {
    let mut player = Player::new(script::start(), Script { slow_removals: true, ..Script::default() });
    player.key(KeyCode::End);
    player.enter();
    player.keys("/talk");
    player.enter();
    player.keys("d");
    player.keys("talk");
    player.look_and_enter();
    let id = player.jobs().iter().last().unwrap().id;
    player.tell(id, Answer::Gone(Gone { functions: 5, of: 12 }));
    pictures("removal", &mut player);
    player.tell(id, Answer::Ended(End::Removed(12)));
    pictures("removal_done", &mut player);
}

#[test]
fn a_reel_that_is_whole_and_does_not_decode_says_where() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.keys("/talk");
    player.enter();
    player.keys("K");
    let check = player.jobs().iter().last().unwrap().id;
    let trouble = |start, errors, decodes| Trouble {
        start: Duration::from_secs(start),
        end: Duration::from_secs(start + 30),
        errors,
        said: Some("error while decoding MB 3 4, bytestream -7".into()),
        decodes,
        known: false,
    };
    for number in 1..=11 {
        let finding = match number {
            3 => Finding::Errors("a player meets 2 errors".into()),
            5 => Finding::Undecodable("nothing can be played".into()),
            _ => Finding::Ok,
        };
        player.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    let troubles = vec![trouble(486, 2, true), trouble(1026, 90, false)];
    let decoding = Some(Decoding { segments: 98, troubles, gave_up: None });
    let generation = Some(script::generation());
    let report = Report { generation, chunks: 11, ok: 11, decoding, ..Report::default() };
    player.tell(check, Answer::Ended(End::Checked(report)));
    pictures("reel_undecodable", &mut player);
}

#[test]
fn a_damaged_reel_offers_the_repair() {
    let mut player = Player::local();
    player.key(KeyCode::End);
    player.enter();
    player.enter();
    player.keys("k");
    let check = player.jobs().iter().last().unwrap().id;
    for number in 1..=23 {
        let finding = if number == 3 { Finding::Missing } else { Finding::Ok };
        player.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    let report = Report {
        generation: Some(script::generation()),
        chunks: 23,
        ok: 22,
        missing: 1,
        differing: 0,
        ..Report::default()
    };
    player.tell(check, Answer::Ended(End::Checked(report)));
    pictures("reel_damaged", &mut player);
    player.keys("R");
    pictures("source", &mut player);
    player.enter();
    pictures("repair", &mut player);
    assert!(!player.text(80, 24).contains("Is this the file"), "it is named like the reel");
    player.keys("n");
    player.control('c');
    pictures("quit", &mut player);
    player.keys("n");
    player.highlight("interview.mkv");
    player.enter();
    let screen = player.text(80, 24);
    assert!(screen.contains("Is this the file that `harbour-night-k3x9q2m7`"), "another name: {screen}");
}

#[test]
fn help() {
    let mut player = Player::local();
    player.enter();
    player.keys("?");
    pictures("help", &mut player);
}

#[test]
fn signed_out() {
    let start = script::start_on_aws();
    let mut player = Player::new(start, Script { signed_out: true, ..Script::default() });
    player.open_settings();
    player.enter();
    pictures("signed_out", &mut player);
}

/// Text, and under it the style of every run that has one.
fn coloured(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for (line, row) in text(buffer).lines().zip(buffer.area.rows()) {
        lines.push(line.to_owned());
        let mut runs: Vec<(u16, String)> = Vec::new();
        for position in row.positions() {
            let cell = &buffer[position];
            let mut style = match (cell.fg, cell.bg) {
                (Color::Reset, Color::Reset) => String::new(),
                (fg, Color::Reset) => format!("{fg}"),
                (fg, bg) => format!("{fg} on {bg}"),
            };
            if cell.modifier != Modifier::empty() {
                style = format!("{style} {:?}", cell.modifier);
            }
            if runs.last().is_none_or(|(_, last)| *last != style) {
                runs.push((position.x, style));
            }
        }
        let runs: Vec<_> = runs.iter().map(|(x, style)| format!("{x}:{}", style.trim())).collect();
        if runs.len() > 1 {
            lines.push(format!("      {}", runs.join("  ")));
        }
    }
    lines.join("\n")
}

#[test]
fn both_themes() {
    for (ground, theme) in
        [("dark", Theme::DARK), ("light", Theme::LIGHT), ("none", Theme::PLAIN), ("ascii", Theme::ASCII)]
    {
        let mut settings = Player::local();
        settings.open_settings();
        let mut publish = publishing();
        for (name, player) in [("settings", &mut settings), ("publish", &mut publish)] {
            player.app.theme = theme;
            let screen = coloured(&player.screen(80, 24));
            insta::with_settings!({ omit_expression => true }, {
                insta::assert_snapshot!(format!("theme_{ground}_{name}"), screen);
            });
        }
    }
}
