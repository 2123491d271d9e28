//! The wizard without a terminal and without an engine: a player presses keys, answers come from a script.

mod any_keys;
mod cdn;
mod found;
mod jobs;
mod keys;
mod library;
mod mouse;
mod picker;
mod pictures;
mod random;
mod session;
mod several;
mod silent;
mod sizes;
mod steps;
mod streams;
mod themes;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers},
};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Start,
    action::Command,
    app::{App, Errand},
    backend::{Backend, Published, Work},
    id::{JobId, Owner},
    job::{End, Job, Jobs, Publishing, Run},
    memory::Memory,
    screen::Screen,
    script::{self, Script},
    shared::Shared,
    step,
    terminal::{picture::Painter, theme::Theme},
    view,
    work::{
        answer::Answer,
        folder::Found,
        search::{Batch, End as Searched},
    },
};
use crate::model::{
    reel::order::Place,
    report::{event::Event, fault::Fault},
};

/// Presses keys and answers each command at once, from the script. Publishings and checks are answered by the test.
pub(super) struct Player {
    pub(super) app: App,
    backend: Arc<Script>,
    /// Commands that leave the program: copied, browsed, published.
    pub(super) done: Vec<Command>,
    began: Instant,
}

/// A screen without its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Home,
    Video,
    Settings,
    Review,
    Publishing,
    Queue,
    Removal,
    Library,
    Reel,
    Source,
}

impl At {
    fn of(screen: &Screen) -> Self {
        match screen {
            Screen::Home(_) => Self::Home,
            Screen::Video(_) => Self::Video,
            Screen::Settings(_) => Self::Settings,
            Screen::Review(_) => Self::Review,
            Screen::Publishing(_) => Self::Publishing,
            Screen::Queue(_) => Self::Queue,
            Screen::Removal(_) => Self::Removal,
            Screen::Library(_) => Self::Library,
            Screen::Reel(_) => Self::Reel,
            Screen::Source(_) => Self::Source,
        }
    }
}

impl Player {
    pub(super) fn new(start: Start, script: Script) -> Self {
        let mut player = Self::unopened(start, script);
        player.begin();
        player
    }

    /// Nothing is asked yet.
    pub(super) fn unopened(start: Start, script: Script) -> Self {
        let backend = Arc::new(script);
        let mut shared = Shared::new(start, Arc::clone(&backend) as Arc<dyn Backend>, Memory::default());
        shared.home = Some("/home/ada".into());
        shared.suffix = || "k3x9q2m7".to_owned();
        shared.wall = script::noon();
        let began = shared.now;
        let app = App::new(shared, Theme::DARK);
        Self { app, backend, done: Vec::new(), began }
    }

    pub(super) fn begin(&mut self) {
        let errands = self.app.begin();
        self.carry_out(errands);
    }

    pub(super) fn local() -> Self {
        Self::new(script::start(), Script::default())
    }

    pub(super) fn aws() -> Self {
        Self::new(script::start_on_aws(), Script::default())
    }

    pub(super) fn carry_out(&mut self, errands: Vec<Errand>) {
        for Errand { owner, command } in errands {
            for answer in self.answers(command) {
                self.answer(owner, answer);
            }
        }
    }

    pub(super) fn answer(&mut self, owner: Owner, answer: Answer) {
        let more = self.app.answer(owner, answer);
        self.carry_out(more);
    }

    /// An answer to what the screen in sight asked for, or to what all share; what it leads to, undone.
    pub(super) fn hear(&mut self, answer: Answer) -> Vec<Errand> {
        let owner = match answer {
            Answer::Connected { .. } | Answer::Names { .. } => Owner::App,
            _ => Owner::Screen(self.app.stack.last().unwrap().id),
        };
        self.app.answer(owner, answer)
    }

    fn reels_of(&self, place: Place) -> Vec<Answer> {
        let (found, mut news) = unbounded_channel();
        let result = now(self.backend.reels(place.clone(), found));
        let reels = std::iter::from_fn(|| news.try_recv().ok());
        let found = reels.map(|reel| Answer::ReelFound { place: place.clone(), reel });
        found.collect::<Vec<_>>().into_iter().chain([Answer::ReelsEnded { place, result }]).collect()
    }

    fn answers(&mut self, command: Command) -> Vec<Answer> {
        let backend = Arc::clone(&self.backend);
        match command {
            Command::Look { video, .. } => {
                let frame = Ok(Arc::new(script::frame()));
                let probe = now(backend.probe(video.clone()));
                vec![Answer::Probed { video: video.clone(), print: None, probe }, Answer::Framed { video, frame }]
            }
            Command::Examine(files) => {
                let examined = |(video, _): (PathBuf, _)| {
                    let probe = Some(now(backend.probe(video.clone())));
                    Answer::Examined { video, print: None, probe }
                };
                files.into_iter().map(examined).collect()
            }
            Command::Reread { video, wanted } => {
                let probe = now(backend.probe_as(video.clone(), wanted));
                vec![Answer::Reread { video, wanted, probe }]
            }
            Command::Paint { video, frame, size } => {
                let picture = Painter::HalfBlocks.paint((*frame).clone(), size).unwrap();
                vec![Answer::Painted { video, size, picture: Arc::new(picture) }]
            }
            Command::FindProfiles => vec![Answer::Profiles(now(backend.profiles()))],
            Command::Connect(place) => vec![Answer::Connected { account: now(backend.connect(place.clone())), place }],
            Command::FindNames(place) => vec![Answer::Names { names: now(backend.names(place.clone())), place }],
            Command::FindUnfinished => vec![Answer::Unfinished(now(backend.unfinished()))],
            Command::FindReels(place) => self.reels_of(place),
            Command::OpenReel(place, name) => {
                let detail = now(backend.reel(place, name.clone())).map(Box::new);
                vec![Answer::ReelOpened { name, detail }]
            }
            Command::Keep(orders) => {
                let kept = now(backend.keep(orders.clone()));
                self.done.push(Command::Keep(orders));
                vec![Answer::Kept(kept)]
            }
            Command::Run { run: Run::Delete(_, _, reel), .. } if !backend.slow_removals => {
                vec![Answer::Ended(End::Removed(script::detail(&reel).reel.chunks + 1))]
            }
            command => found(command).unwrap_or_else(|command| {
                self.done.push(*command);
                Vec::new()
            }),
        }
    }

    /// The screen in sight.
    pub(super) fn at(&self) -> At {
        At::of(self.app.top())
    }

    pub(super) fn video(&self) -> &step::video::Video {
        self.app.picker().expect("the picker is in sight")
    }

    pub(super) fn settings(&self) -> &step::settings::Settings {
        let settings = self.app.stack.iter().rev().find_map(|open| match &open.screen {
            Screen::Settings(settings) => Some(settings),
            _ => None,
        });
        settings.expect("the settings are open")
    }

    pub(super) fn settings_mut(&mut self) -> &mut step::settings::Settings {
        let settings = self.app.stack.iter_mut().rev().find_map(|open| match &mut open.screen {
            Screen::Settings(settings) => Some(settings),
            _ => None,
        });
        settings.expect("the settings are open")
    }

    pub(super) fn review(&self) -> &step::review::Review {
        match self.app.top() {
            Screen::Review(review) => review,
            _ => panic!("the review is in sight"),
        }
    }

    pub(super) fn reel(&self) -> &step::reel::Reel {
        match self.app.top() {
            Screen::Reel(reel) => reel,
            _ => panic!("a reel is in sight"),
        }
    }

    pub(super) fn library(&self) -> &step::library::Library {
        let library = self.app.stack.iter().find_map(|open| match &open.screen {
            Screen::Library(library) => Some(library),
            _ => None,
        });
        library.expect("the library is open")
    }

    pub(super) fn jobs(&self) -> &Jobs {
        &self.app.jobs
    }

    /// The publishing that was asked for last.
    pub(super) fn job(&self) -> &Job {
        self.app.jobs.publishings().last().expect("something is published")
    }

    pub(super) fn course(&self) -> &Publishing {
        self.job().publishing().unwrap()
    }

    /// The runs that were given to the runner, in order.
    pub(super) fn runs(&self) -> Vec<&Run> {
        fn run(command: &Command) -> Option<&Run> {
            match command {
                Command::Run { run, .. } => Some(run),
                _ => None,
            }
        }
        self.done.iter().filter_map(run).collect()
    }

    pub(super) fn input(&mut self, input: Input) {
        let errands = self.app.input(&input);
        self.carry_out(errands);
    }

    pub(super) fn key(&mut self, code: KeyCode) {
        self.input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn control(&mut self, letter: char) {
        self.input(Input::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)));
    }

    /// Each letter a key.
    pub(super) fn keys(&mut self, letters: &str) {
        letters.chars().for_each(|letter| self.key(KeyCode::Char(letter)));
    }

    pub(super) fn enter(&mut self) {
        self.key(KeyCode::Enter);
    }

    /// Down until the highlighted line is this one.
    pub(super) fn highlight(&mut self, name: &str) {
        let row = self.video().rows.iter().position(|row| row.entry.name == name).unwrap();
        self.key(KeyCode::Home);
        for _ in 0..row {
            self.key(KeyCode::Down);
        }
    }

    /// Looks at the screen until keys count that start something.
    pub(super) fn look(&mut self) {
        self.screen(100, 30);
        let (now, wall) = (self.app.shared.now + super::sight::LEAST, self.app.shared.wall + super::sight::LEAST);
        self.app.at(now, wall);
    }

    /// The same, and presses these letters.
    pub(super) fn look_and(&mut self, letters: &str) {
        self.look();
        self.keys(letters);
    }

    pub(super) fn look_and_enter(&mut self) {
        self.look();
        self.enter();
    }

    pub(super) fn tell(&mut self, job: JobId, answer: Answer) {
        let attempt = self.app.jobs.get(job).unwrap().attempt;
        self.answer(Owner::Job(job, attempt), answer);
    }

    pub(super) fn engine(&mut self, events: impl IntoIterator<Item = Event>) {
        let id = self.job().id;
        for event in events {
            self.tell(id, Answer::Engine(event));
        }
    }

    pub(super) fn ends(&mut self, result: Result<Published, Fault>) {
        let end = result.map_or_else(End::Failed, |published| End::Published(Box::new(published), None));
        self.tell(self.job().id, Answer::Ended(end));
    }

    /// It was cancelled, and has come to rest.
    pub(super) fn stops(&mut self) {
        self.tell(self.job().id, Answer::Ended(End::Cancelled));
    }

    /// Lets time pass, with ticks.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.app.shared.now + time;
        while self.app.shared.now < end {
            let now = self.app.shared.now + Duration::from_millis(100);
            self.app.at(now.min(end), script::noon() + (now - self.began));
            self.app.tick();
        }
    }

    /// From Home to the review of the first video.
    pub(super) fn open_settings(&mut self) {
        self.enter();
        self.enter();
    }

    pub(super) fn open_review(&mut self) {
        self.open_settings();
        self.enter();
    }

    pub(super) fn open_publish(&mut self) {
        self.open_review();
        self.look_and_enter();
    }

    /// What the screen shows at this size; pictures are painted first.
    pub(super) fn screen(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        for _ in 0..2 {
            terminal.draw(|frame| view::draw(&mut self.app, frame)).unwrap();
            let painting = self.app.drawn();
            self.carry_out(painting.into_iter().collect());
        }
        terminal.draw(|frame| view::draw(&mut self.app, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub(super) fn text(&mut self, width: u16, height: u16) -> String {
        text(&self.screen(width, height))
    }
}

/// The cells as lines, without spaces at their ends.
pub(super) fn text(buffer: &Buffer) -> String {
    let lines = buffer.area.rows().map(|row| {
        let mut line = String::new();
        let mut covered = 0;
        for position in row.positions() {
            let cell = &buffer[position];
            if covered > 0 {
                covered -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Of work that waits for nothing.
fn now<T>(work: Work<T>) -> Result<T, Fault> {
    work.now_or_never().unwrap()
}

/// What the picker looks for; anything else is given back.
fn found(command: Command) -> Result<Vec<Answer>, Box<Command>> {
    Ok(match command {
        Command::ListFolder { folder, named } => {
            let known = folder.to_str() == Some(script::FOLDER);
            let listing = if known { Ok(script::listing()) } else { Err("permission denied".to_owned()) };
            vec![Answer::Listed { folder, listing, named: named.map(script::named) }]
        }
        Command::Find { typed, paths } => {
            let found = paths.into_iter().find(|path| script::named(path.clone()).entry.is_ok());
            let nothing = || Found::Nothing(format!("There is no file or folder `{}`.", typed.trim()));
            vec![Answer::Found(found.map_or_else(nothing, Found::File))]
        }
        Command::FindAll(pasted) => {
            let one = |(typed, paths): (String, Vec<PathBuf>)| {
                let found = paths.into_iter().find_map(|path| script::named(path).entry.ok());
                found.ok_or_else(|| format!("There is no file or folder `{typed}`."))
            };
            vec![Answer::FoundAll(pasted.into_iter().map(one).collect())]
        }
        Command::ListRecent(files) => {
            vec![Answer::Recent(files.into_iter().filter_map(|file| script::named(file).entry.ok()).collect())]
        }
        Command::Search { number, .. } => {
            let batch = Batch { entries: script::below(), folders: 3, end: Some(Searched::Whole) };
            vec![Answer::Searched { number, batch }]
        }
        command => return Err(Box::new(command)),
    })
}
