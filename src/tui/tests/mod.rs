//! The wizard without a terminal and without an engine: a player presses keys, answers come from a script.

mod any_keys;
mod picker;
mod pictures;
mod session;
mod several;
mod steps;

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
use ratatui_image::{Resize, picker::Picker};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Start,
    action::Command,
    answer::Answer,
    app::App,
    backend::Backend,
    folder::Found,
    memory::Memory,
    script::{self, Script},
    shared::Shared,
    theme::Theme,
    view,
};
use crate::reel::event::Event;

/// Presses keys and answers each command at once, from the script.
pub(super) struct Player {
    pub(super) app: App,
    backend: Arc<Script>,
    /// Commands that leave the program: copied, browsed, published.
    pub(super) done: Vec<Command>,
    began: Instant,
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
        let commands = self.app.begin();
        self.carry_out(commands);
    }

    pub(super) fn local() -> Self {
        Self::new(script::start(), Script::default())
    }

    pub(super) fn aws() -> Self {
        Self::new(script::start_on_aws(), Script::default())
    }

    pub(super) fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            for answer in self.answers(command) {
                let more = self.app.answer(answer);
                self.carry_out(more);
            }
        }
    }

    fn answers(&mut self, command: Command) -> Vec<Answer> {
        fn now<T>(work: super::backend::Work<T>) -> Result<T, crate::reel::fault::Fault> {
            work.now_or_never().unwrap()
        }
        let backend = Arc::clone(&self.backend);
        match command {
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
            Command::Paint { video, frame, size } => {
                let picture = Picker::halfblocks().new_protocol((*frame).clone(), size, Resize::Scale(None)).unwrap();
                vec![Answer::Painted { video, size, picture: Arc::new(picture) }]
            }
            Command::FindProfiles => vec![Answer::Profiles(now(backend.profiles()))],
            Command::Connect(place) => vec![Answer::Connected { account: now(backend.connect(place.clone())), place }],
            Command::FindNames(place) => vec![Answer::Names { names: now(backend.names(place.clone())), place }],
            Command::FindResumable => vec![Answer::Resumable(now(backend.resumable()))],
            Command::FindReels(place) => {
                let (found, mut news) = unbounded_channel();
                let result = now(backend.reels(place.clone(), found));
                let mut answers = Vec::new();
                while let Ok(reel) = news.try_recv() {
                    answers.push(Answer::ReelFound { place: place.clone(), reel });
                }
                answers.push(Answer::ReelsEnded { place, result });
                answers
            }
            Command::OpenReel(place, name) => {
                let detail = now(backend.reel(place, name.clone())).map(Box::new);
                vec![Answer::ReelOpened { name, detail }]
            }
            Command::Delete(place, name) => {
                vec![Answer::Deleted {
                    functions: now(backend.delete(place, name.clone(), unbounded_channel().0)),
                    name,
                }]
            }
            command => {
                self.done.push(command);
                Vec::new()
            }
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        let commands = self.app.input(&input);
        self.carry_out(commands);
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
        let row = self.app.video.rows.iter().position(|row| row.entry.name == name).unwrap();
        self.key(KeyCode::Home);
        for _ in 0..row {
            self.key(KeyCode::Down);
        }
    }

    pub(super) fn engine(&mut self, events: impl IntoIterator<Item = Event>) {
        let run = self.app.publish.as_ref().unwrap().run;
        for event in events {
            let commands = self.app.answer(Answer::Engine { run, event });
            self.carry_out(commands);
        }
    }

    pub(super) fn ends(&mut self, result: Result<super::backend::Published, crate::reel::fault::Fault>) {
        let run = self.app.publish.as_ref().unwrap().run;
        let commands = self.app.answer(Answer::PublishEnded { run, result: result.map(Box::new) });
        self.carry_out(commands);
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
        self.enter();
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
