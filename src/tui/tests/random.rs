//! A person without a plan, and an engine whose answers come late and in any order, until every kind of screen, every
//! question and every state of a job was reached a hundred times. What must never happen is looked for at each step.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    time::{Duration, Instant},
};

use fastrand::Rng;
use futures_util::FutureExt;
use ratatui::crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::{Terminal, backend::TestBackend};
use tokio::sync::oneshot;

use super::{At, Player, text};
use crate::{
    publish::reporter::Control,
    reel::{event::Event, fault::Fault},
    tui::{
        action::{Action, Command},
        answer::Answer,
        app::Errand,
        backend::{Backend, Checked, Finding, Gone, Published, Question, Reply, Report, Resumable},
        confirm::{Confirm, Stops},
        id::{JobId, Owner},
        job::{Asked, End, Job, Kind, Run, State},
        keymap::{Key, Table},
        overlay::{Overlay, Purpose},
        screen::Screen,
        script::{self, Script},
        sight::LEAST,
        step::home::{Home, Line},
        view,
    },
};

/// How often each kind of thing has to be reached.
const OFTEN: u32 = 100;
/// Far more than it takes.
const STEPS: u32 = 200_000;
/// After so many steps another wizard is opened: nobody's session is endless.
const SESSION: u32 = 300;

/// What has to be reached: a screen, a question over it, a job in a state.
const WANTED: &[&str] = &[
    "screen Home",
    "screen Video",
    "screen Settings",
    "screen Review",
    "screen Publishing",
    "screen Done",
    "screen Failed",
    "screen Stopped",
    "screen Waiting",
    "screen JobAsks",
    "screen JobAsksForName",
    "screen Queue",
    "screen Removal",
    "screen Library",
    "screen Reel",
    "screen Confirm",
    "screen Source",
    "over Quit",
    "over Cancel Publishing",
    "over Cancel Waiting",
    "over Cancel Removal",
    "over Cancel Check",
    "over Discard",
    "over Forget",
    "over Repair",
    "over Target",
    "over Region",
    "over Log",
    "over Help",
    "job New Queued",
    "job New Running",
    "job New Asking",
    "job New Well",
    "job New Failed",
    "job New Cancelled",
    "job Resumed Queued",
    "job Resumed Running",
    "job Resumed Asking",
    "job Resumed Well",
    "job Resumed Failed",
    "job Resumed Cancelled",
    "job Repair Running",
    "job Repair Asking",
    "job Repair Well",
    "job Repair Failed",
    "job Repair Cancelled",
    "job Deletion Running",
    "job Deletion Asking",
    "job Deletion Well",
    "job Deletion Failed",
    "job Deletion Cancelled",
    "job Discard Running",
    "job Discard Asking",
    "job Discard Well",
    "job Discard Failed",
    "job Discard Cancelled",
    "job Check Running",
    "job Check Well",
    "job Check Failed",
    "job Check Cancelled",
];

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

/// Where the wizard was when it was looked at last.
#[derive(Default)]
struct Before {
    screen: &'static str,
    over: &'static str,
    jobs: HashMap<JobId, (u32, &'static str)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let player = open(&mut rng);
        let nothing = (Vec::new(), Vec::new());
        let mut world = Self {
            rng,
            player,
            terminal: Terminal::new(TestBackend::new(60, 18)).unwrap(),
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
        let all = seen("Go on with all of these");
        let is_seen = match run {
            Run::Publish(order) => seen(&format!("{order:?}")) || all || seen(&format!("Publish {}", order.reel)),
            Run::Resume(resumable) => all || seen(&format!("Resume {}", resumable.reel)),
            Run::Repair(repair, _) => seen(&format!("repair {}", repair.reel)),
            Run::Delete(_, _, reel) => seen(&format!("delete {reel}")),
            Run::Discard(resumable) => seen(&format!("discard {}", resumable.reel)),
            Run::Check { .. } => true,
        };
        assert!(is_seen, "it was started unseen: {run:?}");
    }

    fn draw(&mut self) {
        let app = &mut self.player.app;
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
                let asked = flat(&screen()).contains(&format!("Type {} to delete it.", reel.name));
                seen.extend(asked.then(|| format!("delete {}", reel.name)));
            }
            (_, Some(Overlay::Ask(Confirm::Discard(resumable)))) => {
                let asked = flat(&screen()).contains(&format!("interrupted publishing of `{}`", resumable.reel));
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

    /// Something a person does on purpose, which chance alone would seldom do.
    fn pursue(&mut self) {
        let code = |world: &mut Self, code| world.key(code, KeyModifiers::NONE);
        for _ in 0..4 {
            code(self, KeyCode::Esc);
        }
        match self.rng.u32(..16) {
            0 | 1 => return self.publish(),
            2 => self.home_line(|line| matches!(line, Line::Waiting(_) | Line::All(..))),
            3 | 4 | 12 => self.home_line(|line| matches!(line, Line::Begun(_))),
            5 => return self.answer_question(),
            6 => return self.look_at_all(),
            13 => self.home_line(|line| matches!(line, Line::Job(_))),
            7 => return self.give_up(|line| matches!(line, Line::Begun(_))),
            8 => return self.give_up(|line| matches!(line, Line::Waiting(_) | Line::Job(_))),
            reel => {
                self.home_line(|line| *line == Line::Library);
                self.enter();
                match reel {
                    9 => {
                        self.letter('d');
                        self.type_name();
                    }
                    10 => self.letter('k'),
                    _ => return self.repair(),
                }
            }
        }
        self.look();
        code(self, KeyCode::Enter);
        if self.rng.bool() {
            self.letter('c');
            self.look();
            self.letter('y');
        }
    }

    fn publish(&mut self) {
        self.home_line(|line| *line == Line::Publish);
        self.letter('u');
        for _ in 0..self.rng.u32(..3) {
            self.letter(' ');
            self.key(KeyCode::Down, KeyModifiers::NONE);
        }
        self.enter();
        if self.rng.u32(..3) == 0 {
            // down to the target or the Region, and its list
            (0..self.rng.u32(3..5)).for_each(|_| self.key(KeyCode::Down, KeyModifiers::NONE));
            return self.letter(' ');
        }
        self.enter();
        self.letter('a');
        self.look();
        self.enter();
        if self.rng.u32(..3) == 0 {
            self.letter('c');
            self.look();
            self.letter('y');
        }
    }

    /// Opens a job that asks, and agrees or declines.
    fn answer_question(&mut self) {
        let asking: BTreeSet<_> =
            self.player.app.jobs.active().filter(|job| job.question().is_some()).map(|job| job.id).collect();
        self.home_line(|line| matches!(line, Line::Job(id) if asking.contains(id)));
        if self.player.app.table() == Table::JobAsksForName {
            return self.type_name();
        }
        self.look();
        let letter = if self.rng.u32(..3) > 0 { 'y' } else { 'n' };
        self.letter(letter);
    }

    /// Through the list of all publishings to one of them, mostly one that was stopped.
    fn look_at_all(&mut self) {
        self.home_line(|line| matches!(line, Line::Job(_)));
        self.letter('v');
        let all: Vec<_> = self.player.app.jobs.publishings().map(|job| job.end() == Some(&End::Cancelled)).collect();
        (0..all.len()).for_each(|_| self.key(KeyCode::Up, KeyModifiers::NONE));
        let at = all.iter().position(|stopped| *stopped).unwrap_or_else(|| self.rng.usize(..=all.len()));
        (0..at).for_each(|_| self.key(KeyCode::Down, KeyModifiers::NONE));
        self.enter();
        if self.rng.bool() {
            self.look();
            self.letter('r');
        }
    }

    fn give_up(&mut self, wanted: impl Fn(&Line) -> bool) {
        self.point(wanted);
        self.letter('x');
        self.look();
        self.letter('y');
        if self.rng.bool() {
            // and that is stopped, too
            self.point(|line| matches!(line, Line::Job(_)));
            self.letter('x');
            self.look();
            self.letter('y');
        }
    }

    /// A check that finds damage, and what follows from it.
    fn repair(&mut self) {
        self.letter('k');
        let check = self.running.iter().position(|running| running.run.kind() == Kind::Check);
        if let Some(check) = check {
            let end = well(&self.running[check].run, &mut self.rng);
            self.end(check, end);
        }
        self.letter('R');
        self.flush();
        self.enter();
        self.look();
        self.letter('y');
        if self.rng.bool() {
            self.letter('c');
            self.look();
            self.letter('y');
        }
    }

    fn letter(&mut self, letter: char) {
        self.key(KeyCode::Char(letter), KeyModifiers::NONE);
    }

    /// Enter, and what it asks for is answered.
    fn enter(&mut self) {
        self.key(KeyCode::Enter, KeyModifiers::NONE);
        self.flush();
    }

    fn look(&mut self) {
        self.draw();
        self.pass(LEAST);
    }

    fn flush(&mut self) {
        while !self.late.is_empty() {
            self.answer();
        }
    }

    /// Goes Home and to one of these lines.
    fn point(&mut self, wanted: impl Fn(&Line) -> bool) {
        for _ in 0..8 {
            self.key(KeyCode::Esc, KeyModifiers::NONE);
        }
        self.flush();
        let lines = Home::lines(&self.player.app.shared, &self.player.app.jobs);
        let fitting: Vec<_> = lines.iter().enumerate().filter(|(_, line)| wanted(line)).map(|(at, _)| at).collect();
        if fitting.is_empty() {
            return;
        }
        let at = fitting[self.rng.usize(..fitting.len())];
        self.key(KeyCode::Home, KeyModifiers::NONE);
        for _ in 0..at {
            self.key(KeyCode::Down, KeyModifiers::NONE);
        }
    }

    /// The same, and opens it.
    fn home_line(&mut self, wanted: impl Fn(&Line) -> bool) {
        self.point(wanted);
        let on = self.player.app.table();
        if on == Table::HomeUnfinished {
            self.look();
        }
        self.enter();
    }

    /// A key that means something here, mostly; now and then a name where one is wanted, or any letter.
    fn press(&mut self) {
        let table = self.player.app.table();
        if matches!(table, Table::Confirm | Table::JobAsksForName) && self.rng.u32(..3) > 0 {
            return self.type_name();
        }
        if self.rng.u32(..12) == 0 {
            let letter = self.rng.char('!'..'~');
            return self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
        let bindings = table.bindings();
        let binding = &bindings[self.rng.usize(..bindings.len())];
        // quitting ends a session: seldom
        if binding.action == Action::Quit && self.rng.u32(..8) > 0 {
            return;
        }
        let key = binding.keys[self.rng.usize(..binding.keys.len())];
        match key {
            Key::Char(letter) => self.key(KeyCode::Char(letter), KeyModifiers::NONE),
            Key::Ctrl(letter) => self.key(KeyCode::Char(letter), KeyModifiers::CONTROL),
            Key::Code(code) => self.key(code, KeyModifiers::NONE),
        }
        if self.rng.u32(..300) == 0 {
            self.key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        }
    }

    fn type_name(&mut self) {
        let wanted = match self.player.app.top() {
            Screen::Reel(reel) => reel.name.to_string(),
            _ => self.player.app.shown_job().and_then(Job::question).map_or("", Question::wanted).to_owned(),
        };
        self.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        for letter in wanted.chars() {
            self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
        if self.rng.bool() {
            self.look();
        }
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let event = KeyEvent::new(code, modifiers);
        let action = self.player.app.table().action(event);
        self.input(&Input::Key(event), action.as_ref());
    }

    fn click(&mut self) {
        let hits = &self.player.app.seen.hits;
        let Some((area, action)) = (!hits.is_empty()).then(|| &hits[self.rng.usize(..hits.len())]) else { return };
        let (column, row, action) = (area.x, area.y, action.clone());
        let kind = MouseEventKind::Down(MouseButton::Left);
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        let hit = self.player.app.seen.hit(ratatui::layout::Position::new(column, row)).cloned();
        self.input(&Input::Mouse(mouse), hit.as_ref().or(Some(&action)));
    }

    /// The wizard ends only if it was told to.
    fn input(&mut self, input: &Input, action: Option<&Action>) {
        let app = &mut self.player.app;
        let asked = matches!(app.overlay, Some(Overlay::Ask(Confirm::Quit)));
        let told = app.quitting.is_some()
            || matches!(action, Some(Action::Quit | Action::Interrupt))
            || (asked && matches!(action, Some(Action::Yes)));
        let errands = app.input(input);
        assert!(app.exit.is_none() || told, "it ended by {action:?}");
        self.take(errands);
        self.count();
    }

    /// Answers of one owner come in order, those of several in any.
    fn answer(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let (owner, _) = self.late[self.rng.usize(..self.late.len())];
        let first = self.late.iter().position(|(of, _)| *of == owner).unwrap();
        let (owner, answer) = self.late.remove(first);
        self.tell(owner, answer);
    }

    /// An answer ends nothing that was not told to end, and moves no screen.
    fn tell(&mut self, owner: Owner, answer: Answer) {
        let app = &mut self.player.app;
        let before: Vec<_> = app.stack.iter().map(|open| open.id).collect();
        let told = app.quitting.is_some();
        let is_job = matches!(owner, Owner::Job(..));
        let errands = app.answer(owner, answer);
        assert!(app.exit.is_none() || told, "it ended by an answer to {owner:?}");
        let after: Vec<_> = app.stack.iter().map(|open| open.id).collect();
        assert!(!is_job || before == after, "the answer of a job moved a screen");
        self.take(errands);
        self.count();
    }

    /// Something happens to one of the jobs.
    fn engine(&mut self) {
        if self.running.is_empty() {
            return;
        }
        // what was told to stop stops soon
        let told = self.running.iter().position(|running| running.control.cancel.is_cancelled());
        // and what asks nothing goes on
        let free = self.running.iter().position(|running| running.asked.is_none());
        let at = match self.rng.u32(..3) {
            0 => told,
            1 => free,
            _ => None,
        };
        let at = at.unwrap_or_else(|| self.rng.usize(..self.running.len()));
        let replied = match &mut self.running[at].asked {
            Some(asked) => match asked.try_recv() {
                Ok(reply) => Some(reply),
                Err(oneshot::error::TryRecvError::Empty) if !self.running[at].control.cancel.is_cancelled() => return,
                Err(_) => Some(Reply::Nobody),
            },
            None => None,
        };
        if replied.is_some() {
            self.running[at].asked = None;
        }
        let Running { owner, run, control, .. } = &self.running[at];
        let (owner, cancelled) = (*owner, control.cancel.is_cancelled());
        if cancelled && self.rng.u32(..3) > 0 {
            return self.end(at, End::Cancelled);
        }
        if replied.is_some_and(|reply| reply != Reply::Agreed) {
            return self.end(at, End::Failed(Fault::permanent("it was not confirmed")));
        }
        match self.rng.u32(..20) {
            0..4 => {
                let question = question(run);
                if let Some(question) = question {
                    let (reply, answer) = oneshot::channel();
                    self.running[at].asked = Some(answer);
                    self.tell(owner, Answer::Asks(Asked { question, reply }));
                }
            }
            4..7 => {
                let news = news(run, &mut self.rng);
                news.into_iter().for_each(|answer| self.tell(owner, answer));
            }
            7..14 => {
                let end = well(run, &mut self.rng);
                self.end(at, end);
            }
            _ => self.end(at, End::Failed(script::full())),
        }
    }

    fn end(&mut self, at: usize, end: End) {
        let Running { owner, .. } = self.running.remove(at);
        self.tell(owner, Answer::Ended(end));
        // news that come too late are nothing to it
        self.tell(owner, Answer::Engine(Event::Planned(script::planned())));
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

    /// What was come to since the last time.
    fn count(&mut self) {
        let app = &self.player.app;
        let (screen, over) = (screen(&self.player), app.overlay.as_ref().map_or("", over));
        let mut reached = Vec::new();
        if self.before.screen != screen {
            reached.push(format!("screen {screen}"));
        }
        if self.before.over != over && !over.is_empty() {
            reached.push(format!("over {over}"));
        }
        (self.before.screen, self.before.over) = (screen, over);
        for job in app.jobs.iter() {
            let now = (job.attempt, state(&job.state));
            if self.before.jobs.insert(job.id, now) != Some(now) {
                reached.push(format!("job {} {}", what(&job.run), now.1));
            }
        }
        for name in reached {
            *self.counts.entry(name).or_default() += 1;
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

/// What work may ask in its course.
fn question(run: &Run) -> Option<Question> {
    Some(match run.kind() {
        Kind::Publishing => Question::Notice { account: "123456789012".to_owned() },
        Kind::Deletion => Question::Delete { reel: run.reel().clone(), at: script::local_at() },
        Kind::Discard => {
            Question::Discard { reel: run.reel().clone(), generation: script::generation(), at: script::local_at() }
        }
        Kind::Check => return None,
    })
}

fn news(run: &Run, rng: &mut Rng) -> Vec<Answer> {
    let number = rng.u16(1..12);
    match run.kind() {
        Kind::Publishing => script::under_way().into_iter().take(rng.usize(..40)).map(Answer::Engine).collect(),
        Kind::Deletion | Kind::Discard => vec![Answer::Gone(Gone { functions: number.into(), of: 12 })],
        Kind::Check => vec![Answer::Checked(Checked { id: script::chunk_id(number), finding: Finding::Missing })],
    }
}

fn well(run: &Run, rng: &mut Rng) -> End {
    match run {
        Run::Publish(_) | Run::Resume(_) | Run::Repair(..) => {
            let published = Published { reel: run.reel().clone(), ..script::published() };
            End::Published(Box::new(published), None)
        }
        Run::Delete(..) | Run::Discard(_) => End::Removed(12),
        Run::Check { generation, .. } => {
            let missing = if rng.u32(..4) > 0 { 2 } else { 0 };
            End::Checked(Report { generation: *generation, chunks: 11, ok: 11 - missing, missing, differing: 0 })
        }
    }
}

fn screen(player: &Player) -> &'static str {
    let app = &player.app;
    match (player.at(), app.top().table(&app.shared, &app.jobs)) {
        (_, Table::JobAsks) => "JobAsks",
        (_, Table::JobAsksForName) => "JobAsksForName",
        (At::Publishing, Table::Done) => "Done",
        (At::Publishing, Table::PublishFailed) if app.shown_job().is_some_and(|job| job.failed().is_some()) => "Failed",
        (At::Publishing, Table::PublishFailed) => "Stopped",
        (At::Publishing, _) if app.shown_job().is_some_and(Job::is_queued) => "Waiting",
        (At::Reel, Table::Confirm) => "Confirm",
        (At::Home, _) => "Home",
        (At::Video, _) => "Video",
        (At::Settings, _) => "Settings",
        (At::Review, _) => "Review",
        (At::Publishing, _) => "Publishing",
        (At::Queue, _) => "Queue",
        (At::Removal, _) => "Removal",
        (At::Library, _) => "Library",
        (At::Reel, _) => "Reel",
        (At::Source, _) => "Source",
    }
}

fn over(overlay: &Overlay) -> &'static str {
    match overlay {
        Overlay::Ask(Confirm::Quit) => "Quit",
        Overlay::Ask(Confirm::Cancel(_, Stops::Publishing)) => "Cancel Publishing",
        Overlay::Ask(Confirm::Cancel(_, Stops::Waiting)) => "Cancel Waiting",
        Overlay::Ask(Confirm::Cancel(_, Stops::Removal)) => "Cancel Removal",
        Overlay::Ask(Confirm::Cancel(_, Stops::Check)) => "Cancel Check",
        Overlay::Ask(Confirm::Discard(_)) => "Discard",
        Overlay::Ask(Confirm::Forget(_)) => "Forget",
        Overlay::Ask(Confirm::Repair(..)) => "Repair",
        Overlay::Choose(chooser) if chooser.purpose == Purpose::Target => "Target",
        Overlay::Choose(_) => "Region",
        Overlay::Log { .. } => "Log",
        Overlay::Help { .. } => "Help",
    }
}

fn what(run: &Run) -> &'static str {
    match run {
        Run::Publish(_) => "New",
        Run::Resume(_) => "Resumed",
        Run::Repair(..) => "Repair",
        Run::Delete(..) => "Deletion",
        Run::Discard(_) => "Discard",
        Run::Check { .. } => "Check",
    }
}

fn state(state: &State) -> &'static str {
    match state {
        State::Queued => "Queued",
        State::Running => "Running",
        State::Asking(..) => "Asking",
        State::Ended(End::Failed(_)) => "Failed",
        State::Ended(End::Cancelled) => "Cancelled",
        State::Ended(_) => "Well",
    }
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
