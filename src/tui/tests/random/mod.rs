//! A person without a plan, and an engine whose answers come late and in any order, until every kind of screen, every
//! question and every state of a job was reached a hundred times. What must never happen is looked for at each step.

mod engine;
mod person;
mod reached;

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    time::{Duration, Instant},
};

use fastrand::Rng;
use futures_util::FutureExt;
use ratatui::{Terminal, backend::TestBackend};
use tokio::sync::oneshot;

use super::{Player, text};
use crate::{
    running::reporter::Control,
    tui::{
        action::Command,
        app::Errand,
        backend::{Backend, Reply, Resumable},
        id::Owner,
        job::Run,
        overlay::{Overlay, confirm::Confirm},
        screen::Screen,
        script::{self, Script},
        sight::LEAST,
        step::home::{Home, Line},
        tests::random::reached::{Before, WANTED},
        view,
        work::answer::Answer,
    },
};

/// How often each kind of thing has to be reached.
const OFTEN: u32 = 100;
/// Far more than it takes.
const STEPS: u32 = 200_000;
/// After so many steps another wizard is opened: nobody's session is endless.
const SESSION: u32 = 300;

/// Work of the engine that has not ended.
struct Running {
    owner: Owner,
    run: Run,
    control: Control,
    asked: Option<oneshot::Receiver<Reply>>,
}

struct World {
    rng: Rng,
    player: Player,
    terminal: Terminal<TestBackend>,
    /// Answers on their way.
    late: Vec<(Owner, Answer)>,
    running: Vec<Running>,
    /// What was drawn, and when first: reviewed orders, and lines and questions as they stood on the screen.
    drawn: HashMap<String, Instant>,
    counts: BTreeMap<String, u32>,
    before: Before,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let player = open(&mut rng);
        let nothing = (Vec::new(), Vec::new());
        let mut world = Self {
            rng,
            player,
            terminal: Terminal::new(TestBackend::new(48, 14)).unwrap(),
            late: nothing.0,
            running: nothing.1,
            drawn: HashMap::new(),
            counts: BTreeMap::new(),
            before: Before::default(),
        };
        world.reopen();
        world
    }

    fn reopen(&mut self) {
        self.player = open(&mut self.rng);
        (self.late, self.running, self.drawn) = (Vec::new(), Vec::new(), HashMap::new());
        self.before = Before::default();
        let errands = self.player.app.begin();
        self.take(errands);
    }

    /// Work that is asked for: its answers come later.
    fn take(&mut self, errands: Vec<Errand>) {
        for Errand { owner, command } in errands {
            match command {
                Command::Run { run, control, .. } => {
                    self.was_seen(owner, &run);
                    self.running.push(Running { owner, run, control, asked: None });
                }
                // pictures say nothing here
                Command::Paint { .. } => {}
                Command::Look { video, .. } => {
                    let probe = self.player.backend.probe(video.clone()).now_or_never().unwrap();
                    self.late.push((owner, Answer::Probed { video, print: None, probe }));
                }
                command => {
                    let answers = self.player.answers(command);
                    self.late.extend(answers.into_iter().map(|answer| (owner, answer)));
                }
            }
        }
        self.player.done.clear();
    }

    /// What begins for the first time was drawn, for long enough.
    fn was_seen(&self, owner: Owner, run: &Run) {
        if !matches!(owner, Owner::Job(_, 1)) {
            return;
        }
        let now = self.player.app.shared.now;
        let seen = |words: &str| self.drawn.get(words).is_some_and(|since| now.duration_since(*since) >= LEAST);
        let all = seen("Resume and publish all");
        let is_seen = match run {
            Run::Publish(order) => seen(&format!("{order:?}")) || all || seen(&format!("Publish {}", order.reel)),
            Run::Resume(resumable) => all || seen(&format!("Resume {}", resumable.reel)),
            Run::Repair(repair, _) => seen(&format!("repair {}", repair.reel)),
            Run::Delete(_, _, reel) => seen(&format!("delete {reel}")),
            Run::Discard(resumable) => seen(&format!("discard {}", resumable.reel)),
            Run::Check { .. } | Run::Retitle(..) => true,
        };
        assert!(is_seen, "it was started unseen: {run:?}");
    }

    fn draw(&mut self) {
        let app = &mut self.player.app;
        // from nothing: unlike a terminal, this backend keeps what stood under the second half of a wide character
        self.terminal.clear().unwrap();
        self.terminal.draw(|frame| view::draw(app, frame)).unwrap();
        let screen = || text(self.terminal.backend().buffer());
        let now = self.player.app.shared.now;
        let mut seen: Vec<String> = Vec::new();
        match (self.player.app.top(), &self.player.app.overlay) {
            (Screen::Review(review), None) => {
                seen.extend(review.planned.iter().map(|planned| format!("{:?}", planned.order)));
            }
            (Screen::Home(_), None) => {
                for line in screen().lines() {
                    let line = line.trim_start_matches(['▌', ' ']);
                    let line = line.split("  ").next().unwrap_or_default();
                    seen.push(line.to_owned());
                }
            }
            (Screen::Reel(reel), None) if reel.confirm.is_some() => {
                let asked = flat(&screen()).contains(&format!("To delete it, type its name: {}", reel.name));
                seen.extend(asked.then(|| format!("delete {}", reel.name)));
            }
            (Screen::Library(library), None) => {
                let Some(deletion) = &library.deletion else { return };
                let (shown, wanted) = (flat(&screen()), deletion.wanted());
                let names = deletion.reels.iter().map(|reel| &reel.name);
                let asked = names.filter(|name| shown.contains(name.as_str()) && shown.contains(&wanted));
                seen.extend(asked.map(|name| format!("delete {name}")));
            }
            (_, Some(Overlay::Ask(Confirm::Discard(resumable)))) => {
                let asked = flat(&screen()).contains(&format!("interrupted upload of `{}`", resumable.reel));
                seen.extend(asked.then(|| format!("discard {}", resumable.reel)));
            }
            (_, Some(Overlay::Ask(Confirm::Repair(repair, _)))) => {
                let asked = flat(&screen()).contains(&format!("of `{}`", repair.reel));
                seen.extend(asked.then(|| format!("repair {}", repair.reel)));
            }
            _ => {}
        }
        for words in seen {
            self.drawn.entry(words).or_insert(now);
        }
    }

    fn pass(&mut self, time: Duration) {
        let shared = &self.player.app.shared;
        let (now, wall) = (shared.now + time, shared.wall + time);
        self.player.app.at(now, wall);
        self.player.app.tick();
    }

    fn step(&mut self) {
        match self.rng.u32(..1000) {
            0..120 => self.pursue(),
            120..380 => self.press(),
            380..420 => self.click(),
            420..600 => self.answer(),
            600..930 => self.engine(),
            930..970 => self.look(),
            _ => {
                let millis = self.rng.u64(..250);
                self.pass(Duration::from_millis(millis));
            }
        }
        self.look_for_faults();
    }

    fn look_for_faults(&mut self) {
        let app = &self.player.app;
        let lines = Home::lines(&app.shared, &app.jobs);
        for job in app.jobs.active() {
            assert!(lines.contains(&Line::Job(job.id)), "no way leads from Home to {:?}", job.run);
        }
        let publishing = app.jobs.publishings().filter(|job| job.is_under_way()).count();
        assert!(publishing <= 1, "publishings run one at a time");
        for job in app.jobs.active().filter(|job| job.is_under_way()) {
            let owner = Owner::Job(job.id, job.attempt);
            assert!(self.running.iter().any(|running| running.owner == owner), "nobody works on {:?}", job.run);
        }
    }
}

fn open(rng: &mut Rng) -> Player {
    let start = if rng.bool() { script::start() } else { script::start_on_aws() };
    let waiting = vec![script::order("four"), script::order("five")];
    let mut begun = script::resumables();
    for reel in ["sea", "sky", "sand"] {
        begun.push(Resumable { reel: script::name(reel), ..begun[0].clone() });
    }
    Player::unopened(start, Script { waiting, begun: Some(begun), slow_removals: true, ..Script::default() })
}

/// The words of the screen in one line; of a box that lies over it only its own.
fn flat(screen: &str) -> String {
    let inside = |line: &str| {
        let sides: Vec<_> = line.match_indices('│').map(|(at, side)| (at, at + side.len())).collect();
        match (sides.first(), sides.last()) {
            (Some(first), Some(last)) if first != last => line[first.1..last.0].to_owned(),
            _ => line.to_owned(),
        }
    };
    let lines: Vec<_> = screen.lines().map(inside).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are a result")]
fn whatever_is_pressed_and_answered_nothing_ends_starts_or_is_lost_unasked() {
    let mut world = World::new(20_261_126);
    let missing = |world: &World| {
        let count = |name: &str| world.counts.get(name).copied().unwrap_or_default();
        WANTED.iter().filter(|name| count(name) < OFTEN).map(|name| (*name, count(name))).collect::<Vec<_>>()
    };
    let mut steps = 0;
    while steps % 512 != 0 || !missing(&world).is_empty() {
        assert!(steps < STEPS, "not reached {OFTEN} times: {:?}", missing(&world));
        steps += 1;
        world.step();
        if world.player.app.exit.is_some() || steps % SESSION == 0 {
            world.reopen();
        }
        if steps == 1 {
            world.counts.clear();
        }
    }
    let mut told = format!("{steps} steps\n");
    for (name, count) in &world.counts {
        // writing to a string can't fail
        let _ = writeln!(told, "{count:>7}  {name}");
    }
    println!("{told}");
}
