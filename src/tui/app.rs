//! Which screen is open and what lies over it. Routes actions and answers to the screens; knows the rules of none.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use image::DynamicImage;
use ratatui::{
    crossterm::event::{Event as Input, KeyEventKind, MouseButton, MouseEventKind},
    layout::{Position, Size},
};

use super::{
    action::{Action, Command, Way},
    answer::Answer,
    canvas::Seen,
    choices,
    keymap::Table,
    library::Library,
    overlay::{Chooser, Outcome, Overlay, Purpose, Question},
    reel_view::ReelView,
    shared::{Connection, Shared},
    step::{done::Done, home::Home, publish::Publish, review::Review, settings::Settings, video::Video},
    theme::Theme,
    widget::page::Scroll,
};
use crate::reel::event::JobName;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    Home,
    Video,
    Settings,
    Review,
    Publish,
    Done,
    Library,
    Reel,
}

pub(super) struct App {
    pub(super) shared: Shared,
    pub(super) theme: Theme,
    pub(super) screen: Screen,
    /// Where `Esc` leads, nearest last.
    pub(super) stack: Vec<Screen>,
    pub(super) home: Home,
    pub(super) video: Video,
    pub(super) settings: Option<Settings>,
    pub(super) review: Option<Review>,
    pub(super) publish: Option<Publish>,
    pub(super) done: Option<Done>,
    pub(super) library: Library,
    pub(super) reel: Option<ReelView>,
    pub(super) overlay: Option<Overlay>,
    /// A word at the bottom, until the next key.
    pub(super) said: Option<String>,
    pub(super) seen: Seen,
    painting: Option<(PathBuf, Size, Arc<DynamicImage>)>,
    pub(super) runs: u64,
    /// Quit as soon as the engine has come to rest, with this exit code.
    pub(super) quitting: Option<u8>,
    pub(super) exit: Option<u8>,
}

impl App {
    pub(super) fn new(shared: Shared, theme: Theme) -> Self {
        Self {
            video: Video::new(&shared),
            shared,
            theme,
            screen: Screen::Home,
            stack: Vec::new(),
            home: Home::default(),
            settings: None,
            review: None,
            publish: None,
            done: None,
            library: Library::default(),
            reel: None,
            overlay: None,
            said: None,
            seen: Seen::default(),
            painting: None,
            runs: 0,
            quitting: None,
            exit: None,
        }
    }

    /// The first commands. A video given at the start skips Home.
    pub(super) fn begin(&mut self) -> Vec<Command> {
        let mut commands = vec![Command::FindResumable, Command::FindProfiles];
        if self.shared.start.settings.video.is_some() {
            commands.push(Command::Go(Box::new(Way::To(Screen::Video))));
        }
        self.carry_out(commands)
    }

    pub(super) fn at(&mut self, now: Instant, wall: SystemTime) {
        self.shared.now = now;
        self.shared.wall = wall;
    }

    pub(super) fn table(&self) -> Table {
        if let Some(overlay) = &self.overlay {
            return overlay.table();
        }
        match self.screen {
            Screen::Home => Table::Home,
            Screen::Video => self.video.table(),
            Screen::Settings => self.settings.as_ref().map_or(Table::Settings, Settings::table),
            Screen::Review => Table::Review,
            Screen::Publish => Table::Publish,
            Screen::Done => Table::Done,
            Screen::Library => self.library.table(),
            Screen::Reel => self.reel.as_ref().map_or(Table::Reel, ReelView::table),
        }
    }

    /// Whether a key would do something now: the footer leaves out those that would not.
    pub(super) fn applies(&self, action: &Action) -> bool {
        let publish = self.publish.as_ref();
        match action {
            Action::Acknowledge => Review::notice(&self.shared).is_some(),
            Action::Relay => self.review.as_ref().is_some_and(|review| review.relay_is_a_choice(&self.shared)),
            Action::Pause | Action::Cancel => {
                publish.is_some_and(|publish| publish.is_running() && !publish.is_stopping())
            }
            Action::Retry => publish.is_some_and(Publish::can_retry),
            _ => true,
        }
    }

    /// Where links are shown the mouse is the terminal's, so that they can be selected; elsewhere it clicks.
    pub(super) fn takes_mouse(&self) -> bool {
        !matches!(self.screen, Screen::Done | Screen::Reel)
    }

    /// Whether time alone changes the screen.
    pub(super) fn animates(&self) -> bool {
        self.publish.as_ref().is_some_and(Publish::is_running) || self.reel.as_ref().is_some_and(ReelView::is_busy)
    }

    pub(super) fn tick(&mut self) {
        let now = self.shared.now;
        if let Some(publish) = &mut self.publish {
            publish.tick(now);
        }
    }

    /// What an event of the terminal leads to.
    pub(super) fn input(&mut self, input: &Input) -> Vec<Command> {
        let action = match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.table().action(*key),
            Input::Paste(text) => Some(Action::Paste(text.clone())),
            Input::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    self.seen.hit(Position::new(mouse.column, mouse.row)).cloned()
                }
                MouseEventKind::ScrollUp => Some(Action::Scroll(-1)),
                MouseEventKind::ScrollDown => Some(Action::Scroll(1)),
                _ => None,
            },
            _ => None,
        };
        action.map(|action| self.act(&action)).unwrap_or_default()
    }

    pub(super) fn act(&mut self, action: &Action) -> Vec<Command> {
        self.said = None;
        let commands = match action {
            Action::Interrupt => {
                self.interrupt();
                Vec::new()
            }
            _ if self.overlay.is_some() => self.act_over(action),
            Action::Help => {
                self.overlay = Some(Overlay::Help { of: self.table(), scroll: Scroll::default() });
                Vec::new()
            }
            Action::Quit => vec![Command::Quit],
            _ => self.act_below(action),
        };
        self.carry_out(commands)
    }

    fn act_below(&mut self, action: &Action) -> Vec<Command> {
        let shared = &self.shared;
        match self.screen {
            Screen::Home => self.home.update(action, shared),
            Screen::Video => self.video.update(action, shared),
            Screen::Settings => self.settings.as_mut().map(|step| step.update(action, shared)).unwrap_or_default(),
            Screen::Review => self.review.as_mut().map(|step| step.update(action, shared)).unwrap_or_default(),
            Screen::Publish => self.publish.as_mut().map(|step| step.update(action)).unwrap_or_default(),
            Screen::Done => self.done.as_mut().map(|step| step.update(action)).unwrap_or_default(),
            Screen::Library => self.library.update(action, shared),
            Screen::Reel => self.reel.as_mut().map(|reel| reel.update(action, shared.now)).unwrap_or_default(),
        }
    }

    fn act_over(&mut self, action: &Action) -> Vec<Command> {
        match &mut self.overlay {
            Some(Overlay::Ask(question)) => match action {
                Action::Yes => {
                    let question = *question;
                    self.overlay = None;
                    self.agreed(question);
                }
                Action::No => self.overlay = None,
                _ => {}
            },
            Some(Overlay::Choose(chooser)) => match chooser.update(action) {
                Outcome::Open => {}
                Outcome::Closed => self.overlay = None,
                Outcome::Chosen(purpose, value) => {
                    self.overlay = None;
                    return self.chosen(purpose, &value);
                }
            },
            Some(Overlay::Log { scroll, .. } | Overlay::Help { scroll, .. }) if scroll.moved(action) => {}
            Some(Overlay::Log { .. } | Overlay::Help { .. }) if *action == Action::Back => self.overlay = None,
            Some(Overlay::Log { .. } | Overlay::Help { .. }) => {}
            None => {}
        }
        Vec::new()
    }

    fn agreed(&mut self, question: Question) {
        match question {
            Question::CancelPublishing => self.cancel(),
            Question::QuitPublishing => self.stop(0),
            Question::QuitBusy | Question::Quit => self.exit = Some(0),
        }
    }

    pub(super) fn cancel(&self) {
        if let Some(publish) = &self.publish {
            publish.control.cancel.cancel();
        }
    }

    /// Ends in an orderly way: at once if nothing runs.
    pub(super) fn stop(&mut self, code: u8) {
        let running = self.publish.as_ref().is_some_and(Publish::is_running);
        if running && self.quitting.is_none() {
            self.quitting = Some(code);
            self.cancel();
        } else {
            self.exit = Some(code);
        }
    }

    /// The first asks, the second stops in an orderly way, a third waits for nothing.
    fn interrupt(&mut self) {
        let running = self.publish.as_ref().is_some_and(Publish::is_running);
        match (&self.overlay, running) {
            (Some(Overlay::Ask(Question::QuitPublishing | Question::CancelPublishing)), true) => {
                self.overlay = None;
                self.stop(130);
            }
            (Some(Overlay::Ask(Question::Quit | Question::QuitBusy)), _) => self.exit = Some(130),
            (_, true) if self.quitting.is_some() => self.exit = Some(130),
            (_, true) => self.overlay = Some(Overlay::Ask(Question::QuitPublishing)),
            (_, false) => self.overlay = Some(Overlay::Ask(Question::Quit)),
        }
    }

    fn quit(&mut self) {
        let failed = self.publish.as_ref().is_some_and(|publish| publish.failed().is_some());
        if self.publish.as_ref().is_some_and(Publish::is_running) {
            self.overlay = Some(Overlay::Ask(Question::QuitPublishing));
        } else if self.reel.as_ref().is_some_and(ReelView::is_busy) {
            self.overlay = Some(Overlay::Ask(Question::QuitBusy));
        } else {
            self.exit = Some(u8::from(failed && self.screen == Screen::Publish));
        }
    }

    /// Does what concerns screens and gives back what concerns the runner.
    fn carry_out(&mut self, commands: Vec<Command>) -> Vec<Command> {
        let mut work = Vec::new();
        for command in commands {
            match command {
                Command::Go(way) => {
                    let commands = self.go(*way);
                    work.extend(self.carry_out(commands));
                }
                Command::Back => {
                    let commands = self.back();
                    work.extend(self.carry_out(commands));
                }
                Command::Quit => self.quit(),
                Command::Say(words) => self.said = Some(words),
                Command::Ask(question) => self.overlay = Some(Overlay::Ask(question)),
                Command::ShowLog => {
                    let job = self.publish.as_ref().map_or(JobName::Upload, |publish| publish.selected.clone());
                    let scroll = Scroll::default();
                    scroll.follow();
                    self.overlay = Some(Overlay::Log { job, scroll });
                }
                Command::ChooseTarget => {
                    self.overlay = Some(Overlay::Choose(choices::targets(&self.shared)));
                    work.push(Command::FindProfiles);
                }
                Command::ChooseRegion { current, typed } => {
                    self.overlay = Some(Overlay::Choose(choices::regions(&self.shared, &current, typed)));
                }
                Command::Connect(place) => {
                    self.shared.connection = Connection::Asking;
                    work.push(Command::Connect(place));
                }
                command => work.push(command),
            }
        }
        work
    }

    pub(super) fn answer(&mut self, answer: Answer) -> Vec<Command> {
        let (now, wall) = (self.shared.now, self.shared.wall);
        let commands = match &answer {
            Answer::Said(words) => vec![Command::Say(words.clone())],
            Answer::Profiles(Ok(profiles)) => {
                self.shared.profiles.clone_from(profiles);
                if let Some(Overlay::Choose(chooser @ Chooser { purpose: Purpose::Target, .. })) = &mut self.overlay {
                    chooser.offer(choices::targets(&self.shared).choices);
                }
                Vec::new()
            }
            Answer::Profiles(Err(_)) => Vec::new(),
            Answer::Connected { place, account } if *place == self.shared.place => {
                self.shared.connection = match account {
                    Ok(account) => Connection::Ready(account.clone()),
                    Err(fault) => Connection::Failed(fault.clone()),
                };
                account.is_ok().then(|| Command::FindNames(place.clone())).into_iter().collect()
            }
            Answer::Names { place, names } if *place == self.shared.place => {
                self.shared.names = names.as_ref().ok().map(|names| names.iter().cloned().collect::<BTreeSet<_>>());
                Vec::new()
            }
            Answer::Resumable(found) => {
                self.shared.resumable = found.clone().unwrap_or_default();
                self.shared.resumable.sort_by_key(|resumable| std::cmp::Reverse(resumable.touched));
                self.home.cursor.keep_within(Home::lines(&self.shared).len());
                Vec::new()
            }
            Answer::Engine { .. } | Answer::PublishEnded { .. } => {
                self.publish.as_mut().map(|publish| publish.answer(&answer, now)).unwrap_or_default()
            }
            _ => self.answer_below(&answer, now, wall),
        };
        self.carry_out(commands)
    }

    fn answer_below(&mut self, answer: &Answer, now: Instant, wall: SystemTime) -> Vec<Command> {
        self.library.answer(answer, &self.shared);
        let mut commands = self.video.answer(answer);
        if let Some(reel) = &mut self.reel {
            commands.extend(reel.answer(answer, now));
            if let Answer::CheckEnded { name, .. } = answer
                && *name == reel.name
                && let Some(check) = reel.ended(wall)
                && let Some(generation) = reel.known().and_then(|detail| detail.reel.generation)
            {
                self.shared.memory.checked(&reel.place, &reel.name, generation, check);
                commands.push(Command::Remember);
            }
        }
        commands
    }

    /// The picture that drawing found missing.
    pub(super) fn drawn(&mut self) -> Option<Command> {
        let (video, size) = self.seen.picture.take()?;
        let frame = match &self.video.frame {
            Some((of, Ok(frame))) if *of == video => Arc::clone(frame),
            _ => return None,
        };
        // a file that changed has another frame
        let same = |(of, at, painted): &(PathBuf, Size, Arc<DynamicImage>)| {
            *of == video && *at == size && Arc::ptr_eq(painted, &frame)
        };
        if self.painting.as_ref().is_some_and(same) {
            return None;
        }
        self.painting = Some((video.clone(), size, Arc::clone(&frame)));
        Some(Command::Paint { video, frame, size })
    }
}
