//! Step 1: a picker of videos. The highlighted one is probed and pictured in the background; moving on cancels that.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;
use tui_input::{Input, InputRequest};

use crate::{
    reel::fault::Fault,
    tui::{
        action::{Action, Command, Way},
        answer::Answer,
        backend::Probe,
        chosen::Chosen,
        folder::{self, Entry, Kind, Listing},
        keymap::Table,
        shared::Shared,
        widget::list::{Cursor, Fuzzy},
    },
};

/// Recent videos shown above the folder.
const RECENT_SHOWN: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Row {
    pub(in crate::tui) entry: Entry,
    pub(in crate::tui) recent: bool,
    /// Characters that the filter matched.
    pub(in crate::tui) matched: Vec<u32>,
}

#[derive(Default)]
pub(in crate::tui) struct Video {
    pub(in crate::tui) folder: PathBuf,
    pub(in crate::tui) listing: Option<Result<Listing, String>>,
    pub(in crate::tui) rows: Vec<Row>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) hidden: bool,
    pub(in crate::tui) filter: Input,
    pub(in crate::tui) filtering: bool,
    pub(in crate::tui) probes: BTreeMap<PathBuf, Result<Probe, Fault>>,
    pub(in crate::tui) frame: Option<(PathBuf, Result<Arc<DynamicImage>, Fault>)>,
    pub(in crate::tui) picture: Option<(PathBuf, Size, Arc<Protocol>)>,
    /// Chosen while its probe runs: goes on when it ends well.
    pub(in crate::tui) going: Option<PathBuf>,
    recent: Vec<PathBuf>,
    /// To be highlighted once its folder is listed.
    wanted: Option<PathBuf>,
}

impl Video {
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        let start = &shared.start;
        let video = &start.settings.video;
        let folder = video.as_deref().and_then(Path::parent).map_or_else(|| start.folder.clone(), Path::to_owned);
        Self { folder: start.folder.join(folder), wanted: video.clone(), ..Self::default() }
    }

    pub(in crate::tui) fn table(&self) -> Table {
        if self.filtering { Table::Filter } else { Table::Video }
    }

    /// Called whenever the screen opens.
    pub(in crate::tui) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.recent = shared.memory.recent().collect();
        self.going = None;
        vec![Command::ListFolder(self.folder.clone())]
    }

    pub(in crate::tui) fn highlighted(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at)
    }

    pub(in crate::tui) fn highlighted_video(&self) -> Option<&Path> {
        self.highlighted().filter(|row| row.entry.kind == Kind::Video).map(|row| row.entry.path.as_path())
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        let before = self.highlighted_video().map(Path::to_owned);
        let mut commands = self.act(action, shared);
        commands.extend(self.look_if_moved(before.as_deref()));
        commands
    }

    fn act(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if self.cursor.moved(action, self.rows.len()) {
            self.going = None;
            return Vec::new();
        }
        match action {
            Action::Enter => return self.choose(),
            Action::Pick(row) if *row == self.cursor.at => return self.choose(),
            Action::Pick(row) => self.cursor.at = *row,
            Action::Filter => self.filtering = true,
            Action::Edit(request) => self.edit(*request),
            Action::Hidden => {
                self.hidden = !self.hidden;
                self.refill();
            }
            Action::Recent => self.jump(),
            Action::ParentFolder => {
                return self.folder.parent().map(Path::to_owned).map(|above| self.enter(&above)).unwrap_or_default();
            }
            Action::HomeFolder => return shared.home.clone().map(|home| self.enter(&home)).unwrap_or_default(),
            Action::Paste(typed) => {
                let paths = folder::typed_paths(typed, &self.folder, shared.home.as_deref());
                return vec![Command::Find { typed: typed.clone(), paths }];
            }
            Action::Back if self.filtering || !self.filter.value().is_empty() => {
                self.filtering = false;
                self.filter.reset();
                self.refill();
            }
            Action::Back => return vec![Command::StopLooking, Command::Back],
            _ => {}
        }
        Vec::new()
    }

    fn edit(&mut self, request: InputRequest) {
        self.filter.handle(request);
        self.refill();
        self.cursor.at = 0;
    }

    /// Between the recent videos and the folder's first.
    fn jump(&mut self) {
        let recent = self.rows.iter().take_while(|row| row.recent).count();
        let videos = self.rows.iter().position(|row| !row.recent && row.entry.kind == Kind::Video).unwrap_or(recent);
        self.cursor.at = if self.cursor.at < recent { videos } else { 0 };
        self.cursor.keep_within(self.rows.len());
    }

    fn enter(&mut self, folder: &Path) -> Vec<Command> {
        // going up, the folder one came from is highlighted
        self.wanted = self.folder.starts_with(folder).then(|| self.folder.clone());
        self.folder = folder.to_owned();
        self.listing = None;
        self.filtering = false;
        self.filter.reset();
        self.rows.clear();
        vec![Command::ListFolder(folder.to_owned())]
    }

    fn choose(&mut self) -> Vec<Command> {
        let Some(row) = self.highlighted() else { return Vec::new() };
        let path = row.entry.path.clone();
        if row.entry.kind != Kind::Video {
            return self.enter(&path);
        }
        match self.probes.get(&path) {
            None => {
                self.going = Some(path);
                Vec::new()
            }
            Some(Err(fault)) => vec![Command::Say(fault.to_string())],
            Some(Ok(Probe { refused: Some(fault), .. })) => vec![Command::Say(fault.to_string())],
            Some(Ok(probe)) => vec![self.go_on(path, probe.clone())],
        }
    }

    fn go_on(&self, video: PathBuf, probe: Probe) -> Command {
        Command::Go(Box::new(Way::Settings(vec![Chosen { video, probe }])))
    }

    fn look_if_moved(&mut self, before: Option<&Path>) -> Option<Command> {
        let now = self.highlighted_video();
        if now == before {
            return None;
        }
        match now {
            Some(video) => Some(Command::Look { video: video.to_owned(), probed: self.probes.contains_key(video) }),
            None => Some(Command::StopLooking),
        }
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer) -> Vec<Command> {
        match answer {
            Answer::Listed { folder, listing } if *folder == self.folder => {
                let before = self.highlighted_video().map(Path::to_owned);
                let first = self.listing.is_none();
                self.listing = Some(listing.clone());
                self.refill();
                if first {
                    self.highlight();
                }
                self.look_if_moved(before.as_deref()).into_iter().collect()
            }
            Answer::Found { path: None, typed, .. } => {
                vec![Command::Say(format!("no file or folder `{}`", typed.trim()))]
            }
            Answer::Found { path: Some(path), folder: true, .. } => self.enter(path),
            Answer::Found { path: Some(path), folder: false, .. } => {
                let commands = path.parent().map(|parent| self.enter(parent)).unwrap_or_default();
                self.wanted = Some(path.clone());
                commands
            }
            Answer::Probed { video, probe } => {
                self.probes.insert(video.clone(), probe.clone());
                let going = self.going.take_if(|going| going == video).is_some();
                if going { self.choose() } else { Vec::new() }
            }
            Answer::Framed { video, frame } if Some(video.as_path()) == self.highlighted_video() => {
                self.frame = Some((video.clone(), frame.clone()));
                Vec::new()
            }
            Answer::Painted { video, size, picture } => {
                self.picture = Some((video.clone(), *size, Arc::clone(picture)));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The wanted entry, or the first video, or the first row.
    fn highlight(&mut self) {
        let wanted = self.wanted.take();
        let at = wanted.and_then(|wanted| self.rows.iter().position(|row| !row.recent && row.entry.path == wanted));
        let video = || self.rows.iter().position(|row| !row.recent && row.entry.kind == Kind::Video);
        self.cursor.at = at.or_else(video).unwrap_or_default();
    }

    /// Rows from the listing, the recent videos, the filter; the highlighted entry stays highlighted.
    fn refill(&mut self) {
        let highlighted = self.highlighted().map(|row| (row.recent, row.entry.path.clone()));
        let Some(Ok(listing)) = &self.listing else {
            self.rows.clear();
            return;
        };
        let wanted = self.wanted.as_deref();
        let typed = self.filter.value();
        let recent = self.recent.iter().take(RECENT_SHOWN).map(|path| (recent_entry(path), true));
        let folder =
            listing.entries.iter().filter(|entry| self.hidden || !entry.hidden || Some(entry.path.as_path()) == wanted);
        let all: Vec<_> = recent.chain(folder.cloned().map(|entry| (entry, false))).collect();
        self.rows = if typed.is_empty() {
            all.into_iter().map(|(entry, recent)| Row { entry, recent, matched: Vec::new() }).collect()
        } else {
            let matches = Fuzzy::new(typed).matches(all.iter().map(|(entry, _)| entry.name.as_str()));
            let found = matches.into_iter().filter_map(|found| {
                let (entry, _) = all.get(found.row)?;
                Some(Row { entry: entry.clone(), recent: false, matched: found.characters })
            });
            found.filter(|row| row.entry.kind != Kind::Above).collect()
        };
        let same = |row: &Row| {
            highlighted.as_ref().is_some_and(|(recent, path)| row.recent == *recent && row.entry.path == *path)
        };
        if let Some(at) = self.rows.iter().position(same) {
            self.cursor.at = at;
        }
        self.cursor.keep_within(self.rows.len());
    }
}

fn recent_entry(path: &Path) -> Entry {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Entry { path: path.to_owned(), name, kind: Kind::Video, bytes: 0, hidden: false }
}
