//! What is open: a stack of screens, each with its number and its own state. The topmost one is drawn and gets the keys;
//! those below are as they were left.

use super::{
    action::{Action, Command},
    id::ScreenId,
    job::Jobs,
    keymap::Table,
    shared::Shared,
    step::{
        home::Home, library::Library, publishing::Publishing, queue::Queue, reel::Reel, removal::Removal,
        review::Review, settings::Settings, source::Source, video::Video,
    },
    work::answer::Answer,
};

pub(super) struct Open {
    pub(super) id: ScreenId,
    pub(super) screen: Screen,
}

pub(super) enum Screen {
    Home(Home),
    Video(Box<Video>),
    Settings(Box<Settings>),
    Review(Box<Review>),
    /// Once it has ended well it says what was done.
    Publishing(Box<Publishing>),
    Queue(Queue),
    Removal(Removal),
    Library(Box<Library>),
    Reel(Box<Reel>),
    /// The video of a repair.
    Source(Box<Source>),
}

impl Screen {
    pub(super) fn table(&self, shared: &Shared, jobs: &Jobs) -> Table {
        match self {
            Self::Home(home) => home.table(shared, jobs),
            Self::Video(video) => video.table(),
            Self::Source(source) => source.picker.table(),
            Self::Settings(settings) => settings.table(),
            Self::Review(_) => Table::Review,
            Self::Publishing(publishing) => publishing.table(jobs),
            Self::Queue(queue) => queue.table(),
            Self::Removal(removal) => removal.table(jobs),
            Self::Library(library) => library.table(),
            Self::Reel(reel) => reel.table(),
        }
    }

    pub(super) fn update(&mut self, action: &Action, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        match self {
            Self::Home(home) => home.update(action, shared, jobs),
            Self::Video(video) => video.update(action, shared),
            Self::Source(source) => source.update(action, shared),
            Self::Settings(settings) => settings.update(action, shared),
            Self::Review(review) => review.update(action, shared),
            Self::Publishing(publishing) => publishing.update(action, jobs),
            Self::Queue(queue) => queue.update(action, jobs),
            Self::Removal(removal) => removal.update(action, jobs),
            Self::Library(library) => library.update(action, shared, jobs),
            Self::Reel(reel) => reel.update(action, shared, jobs),
        }
    }

    /// An answer to what this screen asked for.
    pub(super) fn answer(&mut self, answer: &Answer, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        match self {
            Self::Video(video) => video.answer(answer),
            Self::Settings(settings) => {
                settings.answer(answer);
                Vec::new()
            }
            Self::Source(source) => source.answer(answer, shared),
            Self::Library(library) => {
                library.answer(answer, shared);
                Vec::new()
            }
            Self::Reel(reel) => reel.answer(answer, jobs),
            _ => Vec::new(),
        }
    }

    /// It is on top again: what it shows may be old by now.
    pub(super) fn come_back(&mut self, shared: &Shared) -> Vec<Command> {
        match self {
            Self::Home(_) => vec![Command::FindUnfinished],
            Self::Video(video) => video.come_back(shared),
            _ => Vec::new(),
        }
    }
}
