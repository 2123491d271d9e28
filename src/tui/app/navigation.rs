//! The ways between screens: what each takes along and asks for. Only the person's own acts lead along them.

use super::{App, Errand};
use crate::model::reel::name::ReelName;
use crate::tui::{
    action::{Command, Way},
    backend::{Lack, Place},
    id::{JobId, Owner, ScreenId},
    job::{Kind, Run},
    overlay::{Purpose, choices},
    screen::{Open, Screen},
    shared::Connection,
    step::{
        library::Library, publishing::Publishing, queue::Queue, reel::Reel, removal::Removal, review::Review,
        settings::Settings, source::Source, video::Video,
    },
};

impl App {
    /// Opens a screen over the others; what it asks for is done for it.
    fn open(&mut self, screen: Screen, commands: Vec<Command>) -> Vec<Errand> {
        self.last_screen += 1;
        let id = ScreenId(self.last_screen);
        self.stack.push(Open { id, screen });
        let mut errands = Vec::new();
        for command in commands {
            errands.extend(self.carry_out_one(Owner::Screen(id), command));
        }
        errands
    }

    /// Home stays: it is never closed. The picker and the settings are kept for the next time.
    pub(in crate::tui) fn close_top(&mut self) {
        if self.stack.len() == 1 {
            return;
        }
        match self.stack.pop().map(|open| open.screen) {
            Some(Screen::Video(picker)) => self.kept_picker = Some(picker),
            Some(Screen::Settings(settings)) => self.kept_settings = Some(*settings),
            _ => {}
        }
    }

    /// Closes all but this number of them.
    fn close_down_to(&mut self, left: usize) {
        while self.stack.len() > left.max(1) {
            self.close_top();
        }
    }

    pub(in crate::tui) fn go(&mut self, way: Way) -> Vec<Errand> {
        match way {
            Way::Video => {
                self.close_down_to(1);
                let mut commands = self.connect();
                let mut picker = self.kept_picker.take().unwrap_or_else(|| Box::new(Video::new(&self.shared)));
                commands.extend(picker.open(&self.shared));
                self.open(Screen::Video(picker), commands)
            }
            Way::Library => self.go_library(),
            Way::Settings(chosen) => self.go_settings(chosen),
            Way::Review(planned) => {
                let review = Review::new(planned, &self.shared);
                self.open(Screen::Review(Box::new(review)), Vec::new())
            }
            Way::Publish(orders, agreed) => self.publish(orders, agreed),
            Way::Job(id) => self.go_job(id),
            Way::Queue(kind) => {
                self.close_down_to(1);
                self.open(Screen::Queue(Queue::of(kind)), Vec::new())
            }
            Way::Edit(id) => self.go_edit(id),
            Way::Reel { place, reel, check } => {
                let lack = self.lack(&place, &reel);
                let mut page = Reel::new(place, reel, check);
                page.lack = lack;
                self.go_reel(page)
            }
            Way::Source { place, reel } => {
                let mut source = Source::new(place, reel, &self.shared);
                let commands = source.open(&self.shared);
                self.open(Screen::Source(Box::new(source)), commands)
            }
        }
    }

    pub(in crate::tui) fn go_home(&mut self) -> Vec<Errand> {
        let job = self.shown_job().map(|job| job.id).filter(|_| self.stack.len() > 1);
        self.close_down_to(1);
        if let Some(job) = job {
            self.point_home_at(job);
        }
        vec![Errand { owner: Owner::App, command: Command::FindUnfinished }]
    }

    /// The one below, or a new one where there is none.
    fn go_library(&mut self) -> Vec<Errand> {
        let below = self.stack.iter().rposition(|open| matches!(open.screen, Screen::Library(_)));
        if let Some(below) = below {
            self.close_down_to(below + 1);
            return Vec::new();
        }
        self.close_down_to(1);
        let mut commands = self.connect();
        let mut library = Library::default();
        commands.extend(library.open(&self.shared));
        self.open(Screen::Library(Box::new(library)), commands)
    }

    fn go_settings(&mut self, chosen: Vec<crate::tui::chosen::Chosen>) -> Vec<Errand> {
        let commands = self.connect();
        // coming back to the same videos, what was set stays
        let kept = self.kept_settings.take().filter(|settings| settings.is_for(&chosen));
        let settings = kept.unwrap_or_else(|| Settings::new(chosen, &self.shared));
        self.open(Screen::Settings(Box::new(settings)), commands)
    }

    fn go_job(&mut self, id: JobId) -> Vec<Errand> {
        let Some(job) = self.jobs.get(id) else { return Vec::new() };
        match (&job.run, job.kind()) {
            (Run::Check { place, reel, .. } | Run::Retitle(place, _, reel, _), _) => {
                let reel = Reel::new(place.clone(), reel.clone(), false);
                self.go_reel(reel)
            }
            (_, Kind::Publishing) => self.open(Screen::Publishing(Box::new(Publishing::new(id))), Vec::new()),
            _ => self.open(Screen::Removal(Removal::new(id)), Vec::new()),
        }
    }

    /// Back to what was set for a publishing that failed: over the picker, as it was.
    fn go_edit(&mut self, id: JobId) -> Vec<Errand> {
        let Some(settings) = self.drafts.get(&id).cloned() else { return Vec::new() };
        let mut errands = self.go(Way::Video);
        let commands = self.connect();
        errands.extend(self.open(Screen::Settings(Box::new(settings)), commands));
        errands
    }

    /// What the library that is open knows of it.
    fn lack(&self, place: &Place, reel: &ReelName) -> Option<Lack> {
        let library = self.stack.iter().find_map(|open| match &open.screen {
            Screen::Library(library) if *place == self.shared.place => Some(library),
            _ => None,
        });
        library?.reels.get(reel)?.lack
    }

    fn go_reel(&mut self, reel: Reel) -> Vec<Errand> {
        self.links_shown |= reel.place.is_local();
        let commands = reel.open(&self.shared);
        self.open(Screen::Reel(Box::new(reel)), commands)
    }

    /// Their screen, from which `Esc` leads home; of a repair, to the reel.
    pub(in crate::tui) fn open_publishings(&mut self, ids: &[JobId]) {
        if !matches!(self.top(), Screen::Reel(_)) {
            self.close_down_to(1);
        }
        let screen = match ids {
            [id] => Screen::Publishing(Box::new(Publishing::new(*id))),
            _ => Screen::Queue(Queue::of(Kind::Publishing)),
        };
        self.open(screen, Vec::new());
    }

    /// In place of the page of the reel that is to go, or over the library.
    pub(in crate::tui) fn open_deletions(&mut self, ids: &[JobId]) {
        match self.stack.last_mut().map(|open| &mut open.screen) {
            Some(Screen::Reel(_)) => self.close_top(),
            Some(Screen::Library(library)) => library.asked(),
            _ => {}
        }
        let screen = match ids {
            [id] => Screen::Removal(Removal::new(*id)),
            _ => Screen::Queue(Queue::of(Kind::Deletion)),
        };
        self.open(screen, Vec::new());
    }

    /// The settings that are in the stack, as they are.
    pub(in crate::tui) fn draft(&self) -> Option<Settings> {
        self.stack.iter().rev().find_map(|open| match &open.screen {
            Screen::Settings(settings) => Some(Settings::clone(settings)),
            _ => None,
        })
    }

    pub(in crate::tui) fn back(&mut self) -> Vec<Errand> {
        let job = self.shown_job().map(|job| job.id);
        if self.stack.len() == 1 {
            return Vec::new();
        }
        self.close_top();
        if let (1, Some(job)) = (self.stack.len(), job) {
            self.point_home_at(job);
        }
        let owner = Owner::Screen(self.top_id());
        let commands = self.stack.last_mut().map(|open| open.screen.come_back(&self.shared)).unwrap_or_default();
        let mut errands = Vec::new();
        for command in commands {
            errands.extend(self.carry_out_one(owner, command));
        }
        errands
    }

    /// Asks who is signed in, unless that is known or being asked.
    fn connect(&mut self) -> Vec<Command> {
        match self.shared.connection {
            Connection::Unasked | Connection::Failed(_) => vec![Command::Connect(self.shared.place.clone())],
            Connection::Asking | Connection::Ready(_) => Vec::new(),
        }
    }

    pub(in crate::tui) fn chosen(&mut self, purpose: Purpose, value: &str) -> Vec<Errand> {
        let place = match purpose {
            Purpose::Copy(_) => return self.carry_out(Owner::App, vec![Command::Copy(value.to_owned())]),
            Purpose::Region => Place { region: Some(value.to_owned()), ..self.shared.place.clone() },
            Purpose::Target => {
                Place { target: choices::target(value), region: self.shared.start.settings.place.region.clone() }
            }
        };
        if place == self.shared.place {
            return Vec::new();
        }
        self.shared.place = place.clone();
        self.shared.names = None;
        let owner = Owner::Screen(self.top_id());
        let shared = &self.shared;
        let commands = match self.stack.last_mut().map(|open| &mut open.screen) {
            Some(Screen::Settings(settings)) => {
                settings.target_changed(shared);
                vec![Command::Connect(place)]
            }
            Some(Screen::Library(library)) => {
                let mut commands = vec![Command::Connect(place)];
                commands.extend(library.open(shared));
                commands
            }
            // on Home nothing needs an account yet
            _ => {
                self.shared.connection = Connection::Unasked;
                Vec::new()
            }
        };
        self.carry_out(owner, commands)
    }
}
