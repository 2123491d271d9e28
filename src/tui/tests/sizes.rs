//! What every picture keeps at every size: what can be done about a problem, the keys that this moment needs, and of
//! progress the percent, the total and the rate. Lists say where one is in them.

use super::Player;
use crate::{
    model::{
        report::{
            board::JobState,
            event::{JobChange, JobName},
            fault::Fault,
        },
        wording,
    },
    tui::{
        job::{End, Job},
        screen::Screen,
        script::{self, Script},
        shared::Connection,
        work::answer::Answer,
    },
};

pub(super) fn holds(name: &str, player: &Player, screen: &str) {
    if player.app.overlay.is_none() {
        for remedy in remedies(player) {
            assert!(reads(screen, &remedy), "{name}: `{remedy}` is not whole on\n{screen}");
        }
        progress(name, player, screen);
    }
    footer(name, player, screen);
}

/// Whether the words stand there whole and in their order; other columns may stand between them.
fn reads(screen: &str, words: &str) -> bool {
    let mut shown = screen.split_whitespace();
    words.split_whitespace().all(|word| shown.any(|shown| shown == word))
}

/// What can be done about what is wrong on this screen.
fn remedies(player: &Player) -> Vec<String> {
    let hint = |fault: &Fault| fault.hint.clone();
    let shared = &player.app.shared;
    let of_job = || player.app.shown_job().and_then(Job::problem).and_then(hint);
    let signed_out = || match &shared.connection {
        Connection::Failed(fault) => hint(fault),
        _ => None,
    };
    let found: Vec<Option<String>> = match player.app.top() {
        Screen::Home(_) => vec![of_job(), signed_out()],
        Screen::Publishing(_) | Screen::Queue(_) | Screen::Removal(_) => vec![of_job()],
        Screen::Video(video) => {
            let probe = video.highlighted_video().and_then(|path| video.probes.get(path));
            vec![probe.and_then(|probe| hint(probe.as_ref().err()?))]
        }
        Screen::Settings(settings) => {
            let problems = settings.problems(shared).into_iter();
            let problems = problems.map(|(_, words)| words).filter(|_| signed_out().is_none());
            problems.map(Some).chain([signed_out()]).collect()
        }
        Screen::Library(library) => vec![library.fault.as_ref().and_then(hint)],
        Screen::Reel(reel) => {
            let opened = reel.detail.as_ref().and_then(|detail| hint(detail.as_ref().err()?));
            let repair = "R uploads again what is missing or changed, from the original video";
            vec![opened, of_job(), reel.is_damaged(&player.app.jobs).then(|| repair.to_owned())]
        }
        Screen::Review(review) => vec![review.stale(shared)],
        Screen::Source(_) => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// The keys that are needed now are in the last line, each with its word.
fn footer(name: &str, player: &Player, screen: &str) {
    let line = screen.lines().last().unwrap_or_default();
    let bindings = player.app.shared.keys.bindings(player.app.table()).iter();
    for binding in bindings.filter(|binding| !binding.short.is_empty() && player.app.applies(&binding.action)) {
        if player.app.needs(&binding.action) {
            let key = format!("{} {}", binding.label, player.app.short(binding));
            assert!(line.contains(&key), "{name}: `{key}` is not in `{line}`");
        }
    }
    assert!(!line.trim().is_empty(), "{name}: no key at all\n{screen}");
}

fn progress(name: &str, player: &Player, screen: &str) {
    let Screen::Publishing(_) = player.app.top() else { return };
    let job = player.app.shown_job().unwrap();
    let course = job.publishing().unwrap();
    let uploads = matches!(course.board.jobs.get(&JobName::Upload).map(|job| &job.state), Some(JobState::Running));
    if !uploads || !job.is_active() || job.question().is_some() {
        return;
    }
    let percent = course.bytes_through() as f64 / course.bytes_to_send() as f64 * 100.0;
    let chunks = course.board.planned.as_ref().unwrap().chunks;
    let wanted = [
        format!("{percent:.0} %"),
        format!("{}/{chunks}", course.board.chunks_deployed),
        wording::rate(course.throughput().unwrap()),
    ];
    let total = wording::bytes(course.bytes_to_send());
    assert!(screen.contains(&total), "{name}: of {total}\n{screen}");
    let line = screen.lines().find(|line| line.contains("Upload")).unwrap_or_default();
    for wanted in wanted {
        assert!(line.contains(&wanted), "{name}: `{wanted}` is not in `{line}`\n{screen}");
    }
}

fn long() -> Fault {
    let what = "could not list functions of account 123456789012 in Region eu-west-1";
    Fault::permanent(what)
        .because("AccessDenied: User: arn:aws:iam::123456789012:user/ada is not authorized to do that on any resource")
        .hint("Ask whoever keeps the account for the right `lambda:ListFunctions`; `zipreel doctor` shows all rights.")
}

fn at_all_sizes(name: &str, player: &mut Player) {
    for (width, height) in super::pictures::SIZES {
        let screen = player.text(width, height);
        holds(&format!("{name} at {width}x{height}"), player, &screen);
    }
}

#[test]
fn a_long_fault_keeps_its_remedy_on_every_screen() {
    let mut player = Player::local();
    player.open_publish();
    player.engine(script::under_way());
    player.engine([script::job(script::chunk(22), JobChange::Waiting { fault: long() })]);
    player.ends(Err(long()));
    at_all_sizes("failed", &mut player);
    player.app.shared.connection = Connection::Failed(long());
    player.key(ratatui::crossterm::event::KeyCode::Esc);
    at_all_sizes("home", &mut player);

    let mut player = Player::local();
    player.open_settings();
    player.app.shared.connection = Connection::Failed(long());
    at_all_sizes("settings", &mut player);

    let mut player = Player::new(script::start(), Script { slow_removals: true, ..Script::default() });
    player.key(ratatui::crossterm::event::KeyCode::End);
    player.enter();
    let place = player.app.shared.place.clone();
    player.hear(Answer::ReelsEnded { place, result: Err(long()) });
    at_all_sizes("library", &mut player);
    player.keys("/talk");
    player.enter();
    player.keys("K");
    let check = player.jobs().iter().last().unwrap().id;
    player.tell(check, Answer::Ended(End::Failed(long())));
    at_all_sizes("reel", &mut player);
    player.keys("d");
    player.keys("talk");
    player.look_and_enter();
    let id = player.jobs().iter().last().unwrap().id;
    player.tell(id, Answer::Ended(End::Failed(long())));
    at_all_sizes("removal", &mut player);
}

#[test]
fn a_list_that_is_longer_than_the_screen_says_where_one_is() {
    let mut player = Player::local();
    player.enter();
    player.highlight("interview.mkv");
    let rows = player.video().rows.len();
    let position = format!("3/{rows}");
    assert!(player.text(40, 12).contains(&position));
    assert!(!player.text(120, 60).contains(&position), "all of it is in sight");
}

#[test]
fn the_next_key_is_written_on_every_screen() {
    let mut player = Player::local();
    for screen in ["⏎ open", "⏎ choose", "⏎ review", "⏎ publish", "p pause"] {
        for (width, height) in [(80, 24), (40, 12), (24, 6)] {
            let text = player.text(width, height);
            assert!(text.lines().last().unwrap().contains(screen), "{screen} at {width}x{height}:\n{text}");
        }
        player.look_and_enter();
    }
}
