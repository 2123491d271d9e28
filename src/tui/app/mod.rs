//! Which screens are open, what lies over the topmost, and the jobs beside them. Takes actions and answers to whom they
//! belong; knows the rules of no screen.

mod answers;
mod availability;
pub mod beside;
mod deeds;
mod leaving;
pub mod navigation;
mod outside;
mod palette;

use std::{
    borrow::Cow,
    collections::BTreeMap,
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
    id::{JobId, Owner, ScreenId},
    job::{Job, Jobs},
    keymap::{Binding, Table},
    overlay::{Outcome, Overlay, palette::Palette},
    screen::{Open, Screen},
    shared::Shared,
    step::{home::Home, settings::Settings, video::Video},
    terminal::theme::Theme,
    widget::{canvas::Drawn, page::Scroll},
};
use crate::tui::shared::Connection;

/// Work for the runner, and whom its answers are for.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) owner: Owner,
    pub(super) command: Command,
}

/// A picture that is asked for, or there.
struct Painting {
    screen: ScreenId,
    video: PathBuf,
    size: Size,
    frame: Arc<DynamicImage>,
}

pub(super) struct App {
    pub(super) shared: Shared,
    pub(super) theme: Theme,
    pub(super) jobs: Jobs,
    /// Home first, and never empty; the last one is in sight.
    pub(super) stack: Vec<Open>,
    pub(super) overlay: Option<Overlay>,
    /// A word at the bottom, until the next key.
    pub(super) said: Option<String>,
    pub(super) drawn: Drawn,
    /// The settings that a publishing was started from, as they were left.
    drafts: BTreeMap<JobId, Settings>,
    /// Settings that were left for the picker: coming back to the same video, what was set stays.
    kept_settings: Option<Settings>,
    /// The picker, as it was left: with its folder, its marks and what it knows of files.
    kept_picker: Option<Box<Video>>,
    painting: Option<Painting>,
    last_screen: u64,
    /// Links of the stand-in were shown.
    pub(super) links_shown: bool,
    /// The window is looked at, as far as the terminal tells.
    pub(super) is_focused: bool,
    /// For who looks elsewhere.
    pub(super) calls: Vec<String>,
    /// The shell gets the terminal.
    pub(super) stops: bool,
    /// Quit as soon as all work has come to rest, with this exit code.
    pub(super) quitting: Option<u8>,
    pub(super) exit: Option<u8>,
}

impl App {
    pub(super) fn new(shared: Shared, theme: Theme) -> Self {
        let home = Open { id: ScreenId(0), screen: Screen::Home(Home::default()) };
        Self {
            shared,
            theme,
            jobs: Jobs::default(),
            stack: vec![home],
            overlay: None,
            said: None,
            drawn: Drawn::default(),
            drafts: BTreeMap::new(),
            kept_settings: None,
            kept_picker: None,
            painting: None,
            last_screen: 0,
            links_shown: false,
            is_focused: true,
            calls: Vec::new(),
            stops: false,
            quitting: None,
            exit: None,
        }
    }

    /// The first commands. A video given at the start skips Home.
    pub(super) fn begin(&mut self) -> Vec<Errand> {
        let mut commands = vec![Command::FindUnfinished, Command::FindProfiles];
        let start = &self.shared.start;
        if start.settings.video.is_some() || !start.files.is_empty() {
            commands.push(Command::Go(Box::new(Way::Video)));
        }
        self.carry_out(Owner::App, commands)
    }

    pub(super) fn at(&mut self, now: Instant, wall: SystemTime) {
        self.shared.now = now;
        self.shared.wall = wall;
    }

    /// The screen in sight.
    pub(super) fn top(&self) -> &Screen {
        &self.stack[self.stack.len() - 1].screen
    }

    fn top_id(&self) -> ScreenId {
        self.stack[self.stack.len() - 1].id
    }

    /// Home's cursor goes to a job's line: one has just come from it.
    fn point_home_at(&mut self, job: JobId) {
        if let Some(Open { screen: Screen::Home(home), .. }) = self.stack.first_mut() {
            home.point_at(job);
        }
    }

    /// Whether somebody still waits for answers to this owner: jobs end by themselves, screens are closed.
    pub(super) fn is_wanted(&self, owner: Owner) -> bool {
        match owner {
            Owner::App | Owner::Job(..) => true,
            Owner::Screen(id) => self.stack.iter().any(|open| open.id == id),
        }
    }

    /// The job whose screen is in sight.
    pub(super) fn shown_job(&self) -> Option<&Job> {
        let id = match self.top() {
            Screen::Publishing(publishing) => publishing.job,
            Screen::Removal(removal) => removal.job,
            Screen::Reel(reel) => return reel.check(&self.jobs),
            Screen::Queue(queue) => return queue.selected(&self.jobs),
            Screen::Home(home) => return home.job(&self.shared, &self.jobs),
            _ => return None,
        };
        self.jobs.get(id)
    }

    pub(super) fn table(&self) -> Table {
        match &self.overlay {
            Some(overlay) => overlay.table(),
            None => self.top().table(&self.shared, &self.jobs),
        }
    }

    /// A key's word in the footer.
    pub(super) fn short(&self, binding: &Binding) -> Cow<'static, str> {
        let takes = |picker: &&Video| picker.highlighted().is_none_or(|row| row.entry.kind.is_file());
        let marked = self.picker().filter(takes).map_or(0, |picker| picker.choice.marked.len());
        if binding.action == Action::Enter && marked > 0 && self.overlay.is_none() {
            return format!("choose the {marked} marked").into();
        }
        self.usual_short(binding).into()
    }

    fn usual_short(&self, binding: &Binding) -> &'static str {
        let counts_down = || self.shown_job().is_some_and(|job| job.is_active() && job.problem().is_none());
        let paused = || self.shown_job().is_some_and(|job| job.control.is_paused());
        let signed_out = || matches!(self.shared.connection, Connection::Failed(_));
        match (&binding.action, self.top()) {
            _ if self.overlay.is_some() => binding.short,
            (Action::Pause, _) if paused() => "go on",
            (Action::AllFiles, _) if self.picker().is_some_and(|picker| picker.all_files) => "only videos",
            (Action::Retry, _) if counts_down() => "retry now",
            (Action::Enter, Screen::Settings(_)) if signed_out() => "try again",
            (Action::Discard, Screen::Home(home))
                if home.job(&self.shared, &self.jobs).is_some_and(|job| !job.is_active()) =>
            {
                "remove"
            }
            // it was opened over a list, or over a reel's page
            (Action::Back, _) if binding.short == "home" && self.stack.len() > 2 => "back",
            _ => binding.short,
        }
    }

    /// Where links are shown the mouse is the terminal's, so that they can be selected; elsewhere it clicks.
    pub(super) fn takes_mouse(&self) -> bool {
        match self.top() {
            _ if !self.shared.start.own.mouse => false,
            Screen::Reel(_) => false,
            Screen::Publishing(_) => self.shown_job().is_none_or(|job| job.published().is_none()),
            _ => true,
        }
    }

    /// Whether time alone changes the screen.
    pub(super) fn animates(&self) -> bool {
        self.jobs.active().any(Job::is_under_way)
    }

    pub(super) fn tick(&mut self) {
        self.jobs.tick(self.shared.now);
    }

    /// What an event of the terminal leads to.
    pub(super) fn input(&mut self, input: &Input) -> Vec<Errand> {
        let action = match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                let action = self.shared.keys.action(self.table(), *key);
                if action.is_none() {
                    self.said = self.without_meaning(key).or_else(|| self.said.take());
                }
                action
            }
            Input::FocusGained | Input::FocusLost => {
                self.is_focused = *input == Input::FocusGained;
                None
            }
            Input::Paste(text) => Some(Action::Paste(text.clone())),
            Input::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    self.drawn.hit(Position::new(mouse.column, mouse.row)).cloned()
                }
                MouseEventKind::ScrollUp => Some(Action::Scroll(-1)),
                MouseEventKind::ScrollDown => Some(Action::Scroll(1)),
                _ => None,
            },
            _ => None,
        };
        action.map(|action| self.act(&action)).unwrap_or_default()
    }

    pub(super) fn act(&mut self, action: &Action) -> Vec<Errand> {
        self.said = None;
        let owner = Owner::Screen(self.top_id());
        let commands = match action {
            Action::Interrupt => return self.interrupt(),
            Action::Suspend => {
                self.stops = true;
                Vec::new()
            }
            // the wizard is on its way out: only a further Ctrl-C means something
            _ if self.quitting.is_some() => Vec::new(),
            _ if self.overlay.is_some() => return self.act_over(action),
            Action::Help => {
                self.overlay = Some(Overlay::Palette(Palette::new(self.table(), &self.shared.keys)));
                Vec::new()
            }
            Action::Quit => vec![Command::Quit],
            _ if let Some(why) = self.hindrance(action) => vec![Command::Say(why)],
            _ => {
                let (shared, jobs) = (&self.shared, &self.jobs);
                let top = self.stack.last_mut();
                top.map(|open| open.screen.update(action, shared, jobs)).unwrap_or_default()
            }
        };
        self.carry_out(owner, commands)
    }

    fn act_over(&mut self, action: &Action) -> Vec<Errand> {
        match &mut self.overlay {
            Some(Overlay::Ask(confirm)) => match action {
                Action::Yes => {
                    let confirm = confirm.clone();
                    return self.agreed(confirm);
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
            Some(Overlay::Palette(palette)) => {
                let outcome = palette.update(action);
                return self.act_by_palette(outcome);
            }
            Some(Overlay::Log { scroll, .. }) if scroll.moved(action) => {}
            Some(Overlay::Log { .. }) if *action == Action::Back => self.overlay = None,
            Some(Overlay::Log { .. }) | None => {}
        }
        Vec::new()
    }

    /// Does what is the app's and gives back what is the runner's.
    fn carry_out(&mut self, owner: Owner, commands: Vec<Command>) -> Vec<Errand> {
        let mut errands = Vec::new();
        for command in commands {
            errands.extend(self.carry_out_one(owner, command));
        }
        self.settle();
        errands
    }

    fn carry_out_one(&mut self, owner: Owner, command: Command) -> Vec<Errand> {
        let mut owner = owner;
        match command {
            Command::Go(way) => return self.go(*way),
            Command::Back => return self.back(),
            Command::Quit => self.quit(),
            Command::Begin(runs, agreed) => return self.begin_runs(runs, agreed),
            Command::TakeUp(begun, waiting) => return self.take_up(begun, waiting),
            Command::Retry(job) => return self.retry(job),
            Command::Reply(job, reply) => self.reply(job, reply),
            Command::Say(words) => self.said = Some(words),
            Command::Ask(confirm) => self.overlay = Some(Overlay::Ask(confirm)),
            Command::ShowLog(of, job) => {
                let scroll = Scroll::default();
                scroll.follow();
                self.overlay = Some(Overlay::Log { of, job, scroll });
            }
            Command::ChooseTarget => {
                self.overlay = Some(Overlay::Choose(super::overlay::choices::targets(&self.shared)));
                return vec![Errand { owner: Owner::App, command: Command::FindProfiles }];
            }
            Command::ChooseRegion { current, typed } => {
                self.overlay = Some(Overlay::Choose(super::overlay::choices::regions(&self.shared, &current, typed)));
            }
            Command::ChooseCopy(place, reel) => {
                self.overlay = Some(Overlay::Choose(super::overlay::choices::copies(reel.clone())));
                return vec![Errand { owner: Owner::App, command: Command::OpenReel(place, reel) }];
            }
            command => {
                if let Command::Connect(place) = &command
                    && *place == self.shared.place
                {
                    self.shared.connection = Connection::Asking;
                }
                if is_shared(&command) {
                    owner = Owner::App;
                }
                return vec![Errand { owner, command }];
            }
        }
        Vec::new()
    }

    /// Lines of Home may have come or gone, and the last work may have come to rest.
    fn settle(&mut self) {
        let Self { stack, shared, jobs, .. } = self;
        if let Some(Open { screen: Screen::Home(home), .. }) = stack.first_mut() {
            home.settle(shared, jobs);
        }
        self.leave_if_at_rest();
    }

    /// The picture that drawing found missing.
    pub(super) fn drawn(&mut self) -> Option<Errand> {
        let (video, size) = self.drawn.picture.take()?;
        let id = self.top_id();
        let frame = match &self.picker()?.frame {
            Some((of, Ok(frame))) if *of == video => Arc::clone(frame),
            _ => return None,
        };
        // a file that changed has another frame
        let same = |painted: &Painting| {
            (painted.screen, &painted.video, painted.size) == (id, &video, size) && Arc::ptr_eq(&painted.frame, &frame)
        };
        if self.painting.as_ref().is_some_and(same) {
            return None;
        }
        self.painting = Some(Painting { screen: id, video: video.clone(), size, frame: Arc::clone(&frame) });
        Some(Errand { owner: Owner::Screen(id), command: Command::Paint { video, frame, size } })
    }

    /// The picker in sight.
    pub(super) fn picker(&self) -> Option<&Video> {
        match self.top() {
            Screen::Video(video) => Some(video),
            Screen::Source(source) => Some(&source.picker),
            _ => None,
        }
    }
}

/// Its answer concerns all screens.
fn is_shared(command: &Command) -> bool {
    matches!(
        command,
        Command::FindProfiles
            | Command::Connect(_)
            | Command::LookAgain(_)
            | Command::FindNames(_)
            | Command::FindUnfinished
            | Command::Keep(_)
            | Command::Forget(..)
            | Command::Copy(_)
            | Command::Browse(_)
            | Command::Remember
    )
}
