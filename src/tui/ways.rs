//! The ways between screens: what each takes along, remembers and asks for.

use super::{
    action::{Command, Way},
    app::{App, Screen},
    backend::{Order, Place, Published},
    choices,
    overlay::Purpose,
    reel_view::ReelView,
    shared::Connection,
    step::{
        done::Done,
        publish::{Publish, Task},
        review::Review,
        settings::Settings,
    },
};

impl App {
    fn open(&mut self, screen: Screen) {
        if self.screen != screen {
            self.stack.push(self.screen);
        }
        self.screen = screen;
    }

    /// A screen that `Esc` leads home from.
    fn open_from_home(&mut self, screen: Screen) {
        self.stack = vec![Screen::Home];
        self.screen = screen;
    }

    pub(super) fn go(&mut self, way: Way) -> Vec<Command> {
        match way {
            Way::To(Screen::Home) => self.go_home(),
            Way::To(Screen::Video) => {
                self.open_from_home(Screen::Video);
                let mut commands = self.connect();
                commands.extend(self.video.open(&self.shared));
                commands
            }
            Way::To(Screen::Library) => {
                self.open_from_home(Screen::Library);
                let mut commands = self.connect();
                commands.extend(self.library.open(&self.shared));
                commands
            }
            Way::To(screen) => {
                self.open(screen);
                Vec::new()
            }
            Way::Settings(chosen) => {
                // coming back to the same video, what was set stays
                if self.settings.as_ref().is_none_or(|settings| !settings.is_for(&chosen)) {
                    self.settings = Some(Settings::new(chosen, &self.shared));
                }
                self.open(Screen::Settings);
                self.connect()
            }
            Way::Review(planned) => {
                self.review = Some(Review::new(planned, &self.shared));
                self.open(Screen::Review);
                Vec::new()
            }
            Way::Publish(orders, notice) => self.go_publish(orders, notice.is_some()),
            Way::Resume(resumable) => {
                self.shared.place = resumable.place.clone();
                self.shared.connection = Connection::Unasked;
                self.run(Task::Resumed(Box::new(resumable)))
            }
            Way::Again => {
                let task = self.publish.take().map(|publish| publish.task);
                task.map(|task| self.run(task)).unwrap_or_default()
            }
            Way::Done(published) => self.go_done(published),
            Way::Stopped => self.go_stopped(),
            Way::Reel(name) => self.go_reel(ReelView::new(self.shared.place.clone(), name, false)),
            Way::CheckedReel(name) => self.go_reel(ReelView::new(self.shared.place.clone(), name, true)),
        }
    }

    fn go_home(&mut self) -> Vec<Command> {
        self.stack.clear();
        self.screen = Screen::Home;
        vec![Command::FindResumable]
    }

    fn go_reel(&mut self, reel: ReelView) -> Vec<Command> {
        self.open(Screen::Reel);
        let mut commands = self.connect();
        commands.extend(reel.open());
        self.reel = Some(reel);
        commands
    }

    fn go_publish(&mut self, orders: Vec<Order>, is_acknowledged: bool) -> Vec<Command> {
        orders.iter().for_each(|order| self.shared.memory.used(&order.video));
        self.video.unmark_all();
        // acknowledged now: the engine keeps that
        if let (Connection::Ready(account), true) = (&mut self.shared.connection, is_acknowledged) {
            account.notice = None;
        }
        // the queue of the others comes with the jobs
        let Some(order) = orders.into_iter().next() else { return Vec::new() };
        let mut commands = vec![Command::Remember];
        commands.extend(self.run(Task::New(Box::new(order))));
        commands
    }

    fn run(&mut self, task: Task) -> Vec<Command> {
        self.runs += 1;
        let publish = Publish::new(self.runs, task, self.shared.now);
        let begin = publish.begin();
        self.publish = Some(publish);
        self.open_from_home(Screen::Publish);
        vec![begin]
    }

    fn go_done(&mut self, published: Published) -> Vec<Command> {
        if let (Some(publish), false) = (&self.publish, self.shared.is_local()) {
            self.shared.memory.uplink = publish.throughput().map(|rate| rate as u64).or(self.shared.memory.uplink);
        }
        self.done = Some(Done::new(published));
        // the next video starts afresh, and this name is taken now
        self.settings = None;
        self.shared.names = None;
        self.overlay = None;
        self.open_from_home(Screen::Done);
        if let Some(code) = self.quitting {
            self.exit = Some(code);
        }
        vec![Command::Remember, Command::FindNames(self.shared.place.clone())]
    }

    fn go_stopped(&mut self) -> Vec<Command> {
        self.overlay = None;
        if let Some(code) = self.quitting {
            self.exit = Some(code);
            return Vec::new();
        }
        let mut commands = self.go_home();
        commands.push(Command::Say("stopped; nothing is lost, Resume picks up where it was".to_owned()));
        commands
    }

    pub(super) fn back(&mut self) -> Vec<Command> {
        let Some(screen) = self.stack.pop() else { return vec![Command::Quit] };
        if screen == Screen::Home {
            return self.go_home();
        }
        self.screen = screen;
        match screen {
            Screen::Video => self.video.open(&self.shared),
            _ => Vec::new(),
        }
    }

    /// Asks who is signed in, unless that is known or being asked.
    fn connect(&mut self) -> Vec<Command> {
        match self.shared.connection {
            Connection::Unasked | Connection::Failed(_) => vec![Command::Connect(self.shared.place.clone())],
            Connection::Asking | Connection::Ready(_) => Vec::new(),
        }
    }

    pub(super) fn chosen(&mut self, purpose: Purpose, value: &str) -> Vec<Command> {
        let place = match purpose {
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
        if let Some(settings) = &mut self.settings {
            settings.target_changed(&self.shared);
        }
        // on Home nothing needs an account yet
        let mut commands = match self.screen {
            Screen::Home => {
                self.shared.connection = Connection::Unasked;
                Vec::new()
            }
            _ => vec![Command::Connect(place)],
        };
        if self.screen == Screen::Library {
            commands.extend(self.library.open(&self.shared));
        }
        commands
    }
}
