//! What every picture keeps at every size: what can be done about a problem, the keys that this moment needs, and of
//! progress the percent, the total and the rate. Lists say where one is in them.

use super::{Player, pictures::pictures};
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
        backend::Probe,
        job::{End, Job},
        screen::Screen,
        script::{self, Script},
        shared::Connection,
        step::{queue::Queue, settings::Field},
        work::answer::Answer,
    },
};

pub(super) fn holds(name: &str, player: &Player, screen: &str) {
    if player.app.overlay.is_none() {
        for remedy in remedies(player) {
            assert!(reads(screen, &remedy), "{name}: `{remedy}` is not whole on\n{screen}");
            // a notice repeats nothing of what stands beside the file or the field
            let times = flat(screen).matches(&flat(&remedy)).count();
            let is_once = times <= 1 || !matches!(player.app.top(), Screen::Settings(_) | Screen::Video(_));
            assert!(is_once, "{name}: `{remedy}` is said {times} times on\n{screen}");
        }
        position(name, player, screen);
        progress(name, player, screen);
    }
    footer(name, player, screen);
}

/// Whether the words stand there whole and in their order; other columns may stand between them.
fn reads(screen: &str, words: &str) -> bool {
    let mut shown = screen.split_whitespace();
    words.split_whitespace().all(|word| shown.any(|shown| shown == word))
}

pub(super) fn flat(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Settings that are not all in sight say where one is among them.
fn position(name: &str, player: &Player, screen: &str) {
    let Screen::Settings(settings) = player.app.top() else { return };
    let fields = settings.fields(&player.app.shared);
    let at = fields.iter().position(|field| *field == settings.focus).unwrap();
    let are_all_there = screen.contains("Segments ") && screen.contains("More ");
    let position = format!("{}/{}", at + 1, fields.len());
    assert!(settings.more || are_all_there || screen.contains(&position), "{name}: {position} is not on\n{screen}");
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
            vec![probe.and_then(|probe| match probe {
                Ok(probe) => hint(probe.refused.as_ref()?),
                Err(fault) => hint(fault),
            })]
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
    if let Screen::Queue(queue) = player.app.top() {
        return progress_of_several(name, queue, player, screen);
    }
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

/// Of the video under the cursor, in the list or below it.
fn progress_of_several(name: &str, queue: &Queue, player: &Player, screen: &str) {
    let jobs = player.jobs();
    let job = queue.jobs(jobs).nth(queue.at(jobs)).unwrap();
    let Some(course) = job.publishing().filter(|_| job.is_under_way()) else { return };
    let (through, all) = (course.bytes_through(), course.bytes_to_send());
    let Some(rate) = course.throughput().filter(|_| all > 0) else { return };
    let percent = format!("{:.0} %", through as f64 / all as f64 * 100.0);
    for wanted in [percent, wording::bytes(all), wording::rate(rate)] {
        assert!(screen.contains(&wanted), "{name}: `{wanted}` is not on\n{screen}");
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
fn a_problem_in_the_settings_stands_once_and_leaves_the_position_in_sight() {
    let mut player = Player::aws();
    player.open_settings();
    player.settings_mut().unlisted = false;
    player.settings_mut().focus = Field::Name(0);
    player.control('u');
    player.keys("talk");
    player.enter();
    at_all_sizes("a name that is taken", &mut player);
    player.app.shared.connection = Connection::Failed(long());
    player.control('u');
    player.enter();
    at_all_sizes("no name, and signed out", &mut player);

    let files = ["interview.mkv", "phone.mov", "take 01.mp4", "take 02.mp4", "take 03.mp4"];
    let mut player = super::several::chosen(Player::local(), &files);
    for naming in &mut player.settings_mut().videos {
        naming.chosen.probe = script::phone();
    }
    player.settings_mut().replace = true;
    player.enter();
    pictures("settings_problem", &mut player);
}

#[test]
fn a_refused_file_keeps_its_remedy_below_the_notice() {
    for name in ["broken.webm", "phone.mov"] {
        let mut player = Player::local();
        player.enter();
        player.highlight(name);
        let video = player.video().highlighted_video().unwrap().to_owned();
        if name == "phone.mov" {
            let probe = Probe { refused: Some(long()), ..script::phone() };
            player.hear(Answer::Probed { video, print: None, probe: Ok(probe.clone()) });
        }
        let errands = super::picker::press(&mut player, ratatui::crossterm::event::KeyCode::Enter);
        assert!(!errands.is_empty());
        let video = player.video().highlighted_video().unwrap().to_owned();
        let known = player.video().probes.get(&video).unwrap().clone();
        let fault = known.clone().map_or_else(Some, |probe| probe.refused).expect("why it is refused");
        player.hear(Answer::Examined { video, print: None, probe: Some(known) });
        let said = player.app.said.as_ref().unwrap_or_else(|| panic!("{name} is refused"));
        assert!(!said.contains(&fault.what), "{name}: what stands beside the file is said again: {said}");
        pictures(&format!("video_refused_{}", name.split('.').next().unwrap()), &mut player);
    }
}

#[test]
fn the_links_of_what_is_done_are_in_sight_at_once() {
    let mut player = Player::local();
    player.open_publish();
    player.ends(Ok(script::published()));
    let published = script::published();
    for (width, height) in super::pictures::SIZES {
        let screen = player.text(width, height);
        for link in [&published.watch_url, &published.playlist_url, published.seek_url.as_ref().unwrap()] {
            let drawn = player.app.drawn.links.iter().filter(|drawn| drawn.target == *link);
            let words: String = drawn.map(|drawn| drawn.words.as_str()).collect();
            assert_eq!(words, **link, "at {width}x{height}:\n{screen}");
        }
    }
}

#[test]
fn what_is_told_of_a_line_of_home_leaves_the_line_in_sight() {
    for fault in [long(), script::full()] {
        let mut player = Player::local();
        player.open_publish();
        player.ends(Err(fault));
        player.key(ratatui::crossterm::event::KeyCode::Esc);
        for (width, height) in super::pictures::SIZES {
            let screen = player.text(width, height);
            assert!(screen.lines().any(|line| line.contains("▌ ✖")), "{width}x{height}:\n{screen}");
        }
    }
}

#[test]
fn a_name_that_has_to_be_typed_stands_there_whole() {
    let mut player = Player::local();
    player.key(ratatui::crossterm::event::KeyCode::End);
    player.enter();
    player.keys("d");
    for (width, height) in super::pictures::SIZES {
        let screen = player.text(width, height);
        assert!(flat(&screen).contains("type its name: harbour-night-k3x9q2m7"), "{width}x{height}:\n{screen}");
    }
}

#[test]
fn all_keys_are_in_sight_or_there_is_a_position() {
    let mut player = Player::local();
    player.keys("?");
    for (width, height) in super::pictures::SIZES {
        let screen = player.text(width, height);
        let has_position = screen.lines().any(|line| line.contains("find") && line.contains("1/"));
        assert!(screen.contains("Ctrl-Z") || has_position, "{width}x{height}:\n{screen}");
    }
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
