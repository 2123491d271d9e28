//! Home: what can be done here and now.

use crate::{
    reel::name::ReelName,
    tui::{
        action::{Action, Command, Way},
        app::Screen,
        backend::Resumable,
        shared::Shared,
        widget::list::Cursor,
    },
};

/// Interrupted publishings shown here; more can be found by `zipreel resume`.
const RESUMABLE_SHOWN: usize = 5;

#[derive(Debug, Default)]
pub(in crate::tui) struct Home {
    pub(in crate::tui) cursor: Cursor,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Line {
    Publish,
    Resume(Resumable),
    Library,
}

impl Home {
    pub(in crate::tui) fn lines(shared: &Shared) -> Vec<Line> {
        let mut lines = vec![Line::Publish];
        lines.extend(shared.resumable.iter().take(RESUMABLE_SHOWN).cloned().map(Line::Resume));
        lines.push(Line::Library);
        lines
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        let lines = Self::lines(shared);
        if self.cursor.moved(action, lines.len()) {
            return Vec::new();
        }
        match action {
            Action::Pick(row) if *row == self.cursor.at => self.open(&lines),
            Action::Pick(row) => {
                self.cursor.at = *row;
                Vec::new()
            }
            Action::Enter => self.open(&lines),
            Action::Reload => vec![Command::FindResumable],
            Action::Target => vec![Command::ChooseTarget],
            _ => Vec::new(),
        }
    }

    fn open(&self, lines: &[Line]) -> Vec<Command> {
        let way = match lines.get(self.cursor.at) {
            Some(Line::Publish) => Way::To(Screen::Video),
            Some(Line::Library) => Way::To(Screen::Library),
            Some(Line::Resume(resumable)) if resumable.video_missing => {
                return vec![Command::Say(gone(&resumable.reel, resumable))];
            }
            Some(Line::Resume(resumable)) => Way::Resume(resumable.clone()),
            None => return Vec::new(),
        };
        vec![Command::Go(Box::new(way))]
    }
}

fn gone(reel: &ReelName, resumable: &Resumable) -> String {
    format!("{reel} can't go on: {} is gone; put it back", resumable.video.display())
}
