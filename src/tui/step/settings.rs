//! Step 2: how the reel is made and where it goes. Every field is checked as it changes; what is wrong blocks the way
//! to the review and says so.

use std::{num::NonZeroUsize, time::Duration};

use tui_input::{Input, InputRequest};

use crate::{
    reel::{
        name::{NameError, ReelName},
        order::{Cut, IfTaken},
        pack,
    },
    tui::{
        action::{Action, Command, Way},
        backend::{Fate, Order, Transcode},
        chosen::{Chosen, Planned},
        effect::{self, Effect},
        keymap::Table,
        shared::{Connection, Shared},
        widget::amount,
    },
};

/// Seconds offered; others come from flags or the config file.
const LENGTHS: [u64; 9] = [2, 3, 4, 6, 8, 10, 15, 20, 30];

/// Mebibytes; smaller chunks would only mean more of them.
const CHUNK_LEAST: u64 = 4;
const CHUNK_MOST: u64 = pack::CHUNK_LIMIT_MAX / pack::MIB;
const PARALLEL_MOST: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tui) enum Field {
    Length,
    Name,
    /// Only where the name is taken.
    Replace,
    Unlisted,
    Target,
    Region,
    Transcode,
    More,
    Title,
    Chunk,
    Parallel,
}

#[derive(Debug, Clone)]
pub(in crate::tui) struct Settings {
    pub(in crate::tui) chosen: Chosen,
    pub(in crate::tui) length: Duration,
    pub(in crate::tui) name: Input,
    pub(in crate::tui) title: Input,
    pub(in crate::tui) replace: bool,
    pub(in crate::tui) unlisted: bool,
    /// The person decided, so the target doesn't any more.
    unlisted_decided: bool,
    suffix: String,
    pub(in crate::tui) transcode: Transcode,
    pub(in crate::tui) chunk_mib: u64,
    pub(in crate::tui) parallel: Option<NonZeroUsize>,
    pub(in crate::tui) more: bool,
    pub(in crate::tui) focus: Field,
}

impl Settings {
    pub(in crate::tui) fn new(chosen: Chosen, shared: &Shared) -> Self {
        let start = &shared.start.settings;
        let stem = effect::title(&chosen);
        let name = match &start.name {
            Some(name) => name.to_string(),
            None => ReelName::slug(&stem).map_or_else(|| "video".to_owned(), |name| name.to_string()),
        };
        Self {
            length: start.cut.segment_length,
            name: Input::new(name),
            title: Input::new(start.title.clone().unwrap_or(stem)),
            replace: start.replace,
            unlisted: start.name.is_none() && !shared.is_local(),
            unlisted_decided: start.name.is_some(),
            suffix: (shared.suffix)(),
            transcode: start.cut.transcode,
            chunk_mib: start.cut.chunk_limit >> 20,
            parallel: start.parallel_uploads,
            more: false,
            focus: Field::Length,
            chosen,
        }
    }

    pub(in crate::tui) fn needs_transcoding(&self) -> bool {
        self.chosen.probe.streams.iter().any(|stream| matches!(stream.fate, Fate::Transcode(_)))
    }

    pub(in crate::tui) fn fields(&self, shared: &Shared) -> Vec<Field> {
        let mut fields = vec![Field::Length, Field::Name];
        if self.is_taken(shared) {
            fields.push(Field::Replace);
        }
        fields.extend([Field::Unlisted, Field::Target, Field::Region]);
        if self.needs_transcoding() {
            fields.push(Field::Transcode);
        }
        fields.push(Field::More);
        if self.more {
            fields.extend([Field::Title, Field::Chunk, Field::Parallel]);
        }
        fields
    }

    pub(in crate::tui) fn table(&self) -> Table {
        match self.focus {
            Field::Name | Field::Title => Table::SettingsText,
            Field::Region | Field::Target => Table::SettingsList,
            _ => Table::Settings,
        }
    }

    pub(in crate::tui) fn chunk_limit(&self) -> u64 {
        self.chunk_mib << 20
    }

    pub(in crate::tui) fn effect(&self) -> Effect {
        Effect::of(&self.chosen.probe, self.length, self.chunk_limit())
    }

    /// The name with its suffix, if unlisted.
    pub(in crate::tui) fn reel(&self) -> Result<ReelName, String> {
        let name: ReelName = self.name.value().parse().map_err(|error: NameError| error.to_string())?;
        if self.unlisted { name.with_suffix(&self.suffix).map_err(|error| error.to_string()) } else { Ok(name) }
    }

    pub(in crate::tui) fn is_taken(&self, shared: &Shared) -> bool {
        self.reel().is_ok_and(|reel| shared.names.as_ref().is_some_and(|names| names.contains(&reel)))
    }

    /// What blocks the way, with the field that can change it; the first in the order of the screen.
    pub(in crate::tui) fn problems(&self, shared: &Shared) -> Vec<(Field, String)> {
        let mut problems = Vec::new();
        let effect = self.effect();
        if effect.segment_bytes > self.chunk_limit() {
            let size = amount::bytes(effect.segment_bytes);
            let fits = match effect::longest_that_fits(&self.chosen.probe, self.chunk_limit()) {
                Some(seconds) => format!("at most {seconds} s fits"),
                None => "its bit rate is too high for this chunk size".to_owned(),
            };
            problems.push((Field::Length, format!("a segment would be about {size}, over the chunk: {fits}")));
        }
        match self.reel() {
            Err(problem) => problems.push((Field::Name, problem)),
            Ok(_) if self.is_taken(shared) && !self.replace => {
                problems.push((Field::Name, "taken: choose another, or replace what is there".to_owned()));
            }
            Ok(_) => {}
        }
        match &shared.connection {
            Connection::Failed(fault) => problems.push((Field::Target, fault.to_string())),
            Connection::Asking | Connection::Unasked => {
                problems.push((Field::Target, "still asking who is signed in".to_owned()));
            }
            Connection::Ready(_) => {}
        }
        if self.needs_transcoding() && self.transcode != Transcode::Auto {
            problems
                .push((Field::Transcode, "this video plays nowhere without re-encoding: allow it with →".to_owned()));
        }
        problems
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        match action {
            Action::Up => self.step(-1, shared),
            Action::Down => self.step(1, shared),
            Action::Scroll(lines) => self.step(lines.signum() as isize, shared),
            Action::Left => self.change(-1),
            Action::Right => self.change(1),
            Action::Pick(field) => return self.pick(*field, shared),
            Action::Toggle => return self.list(None, shared),
            Action::Edit(request) => return self.edit(*request, shared),
            Action::Paste(text) => {
                for character in text.trim().chars().filter(|character| !character.is_control()) {
                    self.edit(InputRequest::InsertChar(character), shared);
                }
            }
            Action::Enter => return self.review(shared),
            Action::Back => return vec![Command::Back],
            _ => {}
        }
        Vec::new()
    }

    /// The target changed: what it decides follows, unless the person decided.
    pub(in crate::tui) fn target_changed(&mut self, shared: &Shared) {
        if !self.unlisted_decided {
            self.unlisted = !shared.is_local();
        }
    }

    fn review(&mut self, shared: &Shared) -> Vec<Command> {
        match self.problems(shared).into_iter().next() {
            None => {
                let planned = self.order(shared).map(|order| Planned { order, probe: self.chosen.probe.clone() });
                vec![Command::Go(Box::new(Way::Review(planned.into_iter().collect())))]
            }
            Some((field, problem)) => {
                self.focus = field;
                let retry = (field == Field::Target && matches!(shared.connection, Connection::Failed(_)))
                    .then(|| Command::Connect(shared.place.clone()));
                retry.into_iter().chain([Command::Say(problem)]).collect()
            }
        }
    }

    fn step(&mut self, by: isize, shared: &Shared) {
        let fields = self.fields(shared);
        let at = fields.iter().position(|field| *field == self.focus).unwrap_or_default();
        let at = at.saturating_add_signed(by).min(fields.len() - 1);
        self.focus = fields[at];
    }

    fn pick(&mut self, field: usize, shared: &Shared) -> Vec<Command> {
        let Some(field) = self.fields(shared).get(field).copied() else { return Vec::new() };
        let again = self.focus == field;
        self.focus = field;
        match field {
            Field::Region | Field::Target if again => self.list(None, shared),
            Field::Replace | Field::Unlisted | Field::More | Field::Transcode => {
                self.change(1);
                Vec::new()
            }
            Field::Length | Field::Chunk | Field::Parallel if again => {
                self.change(1);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn list(&self, typed: Option<char>, shared: &Shared) -> Vec<Command> {
        match self.focus {
            Field::Region => vec![Command::ChooseRegion { current: shared.region().to_owned(), typed }],
            Field::Target => vec![Command::ChooseTarget],
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, request: InputRequest, shared: &Shared) -> Vec<Command> {
        match (self.focus, request) {
            (Field::Name, request) => {
                self.name.handle(request);
            }
            (Field::Title, request) => {
                self.title.handle(request);
            }
            (Field::Region | Field::Target, InputRequest::InsertChar(character)) => {
                return self.list(Some(character), shared);
            }
            _ => {}
        }
        Vec::new()
    }

    fn change(&mut self, by: isize) {
        match self.focus {
            Field::Length => self.length = next_length(self.length, by),
            Field::Replace => self.replace = !self.replace,
            Field::Unlisted => {
                self.unlisted = !self.unlisted;
                self.unlisted_decided = true;
            }
            Field::Transcode => {
                self.transcode = if self.transcode == Transcode::Auto { Transcode::Ask } else { Transcode::Auto };
            }
            Field::More => self.more = !self.more,
            Field::Chunk => {
                self.chunk_mib = self.chunk_mib.saturating_add_signed(by as i64).clamp(CHUNK_LEAST, CHUNK_MOST);
            }
            Field::Parallel => {
                let number = self.parallel.map_or(0, NonZeroUsize::get).saturating_add_signed(by).min(PARALLEL_MOST);
                self.parallel = NonZeroUsize::new(number);
            }
            Field::Name | Field::Title | Field::Target | Field::Region => {}
        }
    }

    /// `None` while something blocks.
    pub(in crate::tui) fn order(&self, shared: &Shared) -> Option<Order> {
        if !self.problems(shared).is_empty() {
            return None;
        }
        let (reel, title) = (self.reel().ok()?, self.title.value().trim().to_owned());
        let account = shared.account()?;
        Some(Order {
            cut: Cut { segment_length: self.length, chunk_limit: self.chunk_limit(), transcode: self.transcode },
            place: shared.place.clone(),
            expected: Some(account.at.clone()),
            parallel_uploads: self.parallel,
            if_taken: IfTaken::replace(self.replace && self.is_taken(shared)),
            ..shared.start.settings.order_as(&self.chosen.video, reel, title)
        })
    }
}

fn next_length(length: Duration, by: isize) -> Duration {
    let lengths = LENGTHS.map(Duration::from_secs);
    let next = if by > 0 { lengths.iter().find(|l| **l > length) } else { lengths.iter().rfind(|l| **l < length) };
    next.copied().unwrap_or(length)
}
