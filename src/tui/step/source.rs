//! Choosing the video that a damaged reel was made of: the picker once more, and then a question instead of settings.

use super::video::Video;
use crate::tui::{
    action::{Action, Command, Way},
    backend::{Place, Repair},
    overlay::confirm::Confirm,
    shared::Shared,
    work::answer::Answer,
};

pub(in crate::tui) struct Source {
    pub(in crate::tui) picker: Video,
    place: Place,
    pub(in crate::tui) reel: crate::model::reel::name::ReelName,
}

impl Source {
    pub(in crate::tui) fn new(place: Place, reel: crate::model::reel::name::ReelName, shared: &Shared) -> Self {
        let wanted = format!("Choose the original video of `{reel}`, the file that it was made of.");
        Self { picker: Video::wanted(wanted, shared), place, reel }
    }

    pub(in crate::tui) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.picker.open(shared)
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if *action == Action::Mark {
            return vec![Command::Say("a reel is repaired from one file: choose it".to_owned())];
        }
        let commands = self.picker.update(action, shared);
        self.repair(commands, shared)
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer, shared: &Shared) -> Vec<Command> {
        let commands = self.picker.answer(answer);
        self.repair(commands, shared)
    }

    /// A chosen video leads to the question.
    fn repair(&self, commands: Vec<Command>, shared: &Shared) -> Vec<Command> {
        let ask = |command| match command {
            Command::Go(way) => match *way {
                Way::Settings(chosen) => {
                    let video = chosen.into_iter().next().map(|chosen| chosen.video);
                    video.map(|video| self.ask(video, shared))
                }
                way => Some(Command::Go(Box::new(way))),
            },
            command => Some(command),
        };
        commands.into_iter().filter_map(ask).collect()
    }

    fn ask(&self, video: std::path::PathBuf, shared: &Shared) -> Command {
        let repair = Repair {
            place: self.place.clone(),
            reel: self.reel.clone(),
            video,
            parallel_uploads: shared.start.settings.parallel_uploads,
        };
        let at = shared.account_at(&self.place).map(|account| account.at.clone());
        Command::Ask(Confirm::Repair(Box::new(repair), at))
    }
}
