//! Step 1: a picker of videos. The highlighted one is probed and pictured in the background; moving on cancels that.
//! What the person named is shown, or a sentence says why not; nothing else is highlighted in its place.

mod chosen;
mod gathered;
mod named;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;
use tui_input::{Input, InputRequest};

use crate::{
    model::report::fault::Fault,
    tui::{
        action::{Action, Command},
        keymap::Table,
        shared::Shared,
        step::{
            choice::Choice,
            probes::Probes,
            rows::{self, Row, ToShow},
        },
        widget::list::{Cursor, Sort},
        work::{
            answer::Answer,
            folder::{Entry, Kind, Listing, Named},
        },
    },
};

pub(in crate::tui) use gathered::Gathered;

#[derive(Default)]
pub(in crate::tui) struct Video {
    pub(in crate::tui) folder: PathBuf,
    pub(in crate::tui) listing: Option<Result<Listing, String>>,
    pub(in crate::tui) rows: Vec<Row>,
    pub(in crate::tui) cursor: Cursor,
    /// A sentence about what the person named, until they name or open something else.
    pub(in crate::tui) word: Option<String>,
    /// Nothing is highlighted until the person moves the cursor.
    pub(in crate::tui) is_held: bool,
    pub(in crate::tui) hidden: bool,
    pub(in crate::tui) all_files: bool,
    pub(in crate::tui) filter: Input,
    pub(in crate::tui) filtering: bool,
    pub(in crate::tui) probes: Probes,
    /// The highlighted file is being written.
    pub(in crate::tui) is_changing: bool,
    pub(in crate::tui) frame: Option<(PathBuf, Result<Arc<DynamicImage>, Fault>)>,
    pub(in crate::tui) picture: Option<(PathBuf, Size, Arc<Protocol>)>,
    pub(in crate::tui) choice: Choice,
    /// What the file is wanted for, in a sentence, where it is not to be published.
    pub(in crate::tui) wanted: Option<String>,
    pub(in crate::tui) sort: Sort,
    /// Rows without the filter.
    pub(in crate::tui) all_rows: usize,
    /// Files of several folders, in place of the folder's.
    pub(in crate::tui) gathered: Option<Gathered>,
    /// Searches so far.
    searches: u64,
    home: Option<PathBuf>,
    recent: Vec<PathBuf>,
    /// Given at the start, not looked for yet.
    given: Option<PathBuf>,
    /// Chosen before the wizard opened, on their way to the settings.
    handed: Vec<PathBuf>,
    /// Of pasted lists, as long as it is not found.
    pasted: Vec<(String, Vec<PathBuf>)>,
    /// What the person named last, as long as it is not found.
    sought: Option<(String, Vec<PathBuf>)>,
    /// The file that the person named, and how it is shown: whatever its kind.
    named: Option<PathBuf>,
    named_entry: Option<Entry>,
    /// The folder one came from, to be highlighted once the one above is listed.
    came_from: Option<PathBuf>,
}

impl Video {
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        let start = &shared.start;
        let handed: Vec<_> = start.files.iter().map(|file| start.folder.join(file)).collect();
        let given = start.settings.video.as_ref().filter(|_| handed.is_empty()).map(|video| start.folder.join(video));
        let near = given.as_deref().or(handed.first().map(PathBuf::as_path));
        let folder = near.and_then(Path::parent).unwrap_or(&start.folder).to_owned();
        Self { folder, given, handed, home: shared.home.clone(), ..Self::default() }
    }

    pub(in crate::tui) fn table(&self) -> Table {
        match (self.is_searching(), self.filtering) {
            (true, _) => Table::Found,
            (false, true) => Table::Filter,
            (false, false) => Table::Video,
        }
    }

    /// It is on top again; a search that is under way has gone on meanwhile.
    pub(in crate::tui) fn come_back(&mut self, shared: &Shared) -> Vec<Command> {
        self.recent = shared.memory.recent().collect();
        self.choice.going = None;
        [self.list()].into_iter().chain(self.look()).collect()
    }

    /// The screen opens, maybe not for the first time.
    pub(in crate::tui) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.recent = shared.memory.recent().collect();
        self.choice.going = None;
        if let Some(given) = self.given.take() {
            let find = self.look_for(&given.display().to_string(), vec![given.clone()]);
            return [self.list()].into_iter().chain(find).collect();
        }
        let handed = std::mem::take(&mut self.handed);
        if !handed.is_empty() {
            let examine = self.hand_on(&handed);
            return [self.list()].into_iter().chain(examine).collect();
        }
        // a search that was left under way has ended with the screen
        let search = self.is_under_way().then(|| self.search()).into_iter().flatten();
        [self.list()].into_iter().chain(search).chain(self.look()).collect()
    }

    fn list(&self) -> Command {
        Command::ListFolder { folder: self.folder.clone(), named: self.named.clone() }
    }

    pub(in crate::tui) fn highlighted(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at).filter(|_| !self.is_held && self.pasted.is_empty())
    }

    /// The highlighted file that can be chosen, whatever its ending.
    pub(in crate::tui) fn highlighted_video(&self) -> Option<&Path> {
        self.highlighted().filter(|row| row.entry.kind.is_file()).map(|row| row.entry.path.as_path())
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        let before = self.highlighted_video().map(Path::to_owned);
        let mut commands = Vec::new();
        // every other key takes back what was chosen
        if *action != Action::Enter && self.choice.going.take().is_some() {
            commands.push(Command::StopExamining);
            if *action == Action::Back {
                return commands;
            }
        }
        commands.extend(self.act(action, shared));
        commands.extend(self.look_if_moved(before.as_deref()));
        commands
    }

    fn act(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        self.choice.is_leaving &= *action == Action::Back;
        if self.moved(action) {
            return Vec::new();
        }
        match action {
            // what was pasted is meant, and not yet marked
            Action::Enter | Action::Pick(_) if !self.pasted.is_empty() => {}
            Action::Enter => return self.choose(),
            Action::Pick(row) if *row == self.cursor.at && !self.is_held => return self.choose(),
            Action::Pick(row) => (self.cursor.at, self.is_held) = (*row, false),
            Action::Filter => self.filtering = true,
            Action::Edit(request) => self.edit(*request),
            Action::Hidden => {
                self.hidden = !self.hidden;
                self.refill();
            }
            Action::AllFiles => {
                self.all_files = !self.all_files;
                self.refill();
            }
            Action::Mark => return self.mark(),
            Action::UnmarkAll => self.unmark_all(),
            Action::Reload => return self.reload(),
            Action::Recent => return self.recent(),
            Action::SearchBelow => return self.search(),
            Action::Sort => {
                self.sort = self.sort.next();
                self.refill();
            }
            Action::ParentFolder => {
                return self.folder.parent().map(Path::to_owned).map(|above| self.enter(&above)).unwrap_or_default();
            }
            Action::HomeFolder => return shared.home.clone().map(|home| self.enter(&home)).unwrap_or_default(),
            Action::Paste(typed) => return self.paste(typed, shared.home.as_deref()),
            Action::Back if !self.is_searching() && (self.filtering || !self.filter.value().is_empty()) => {
                self.filtering = false;
                self.filter.reset();
                self.refill();
            }
            Action::Back if self.gathered.is_some() => return self.leave_gathered(),
            Action::Back => return self.leave(shared),
            _ => {}
        }
        Vec::new()
    }

    /// True if the action was about moving. The first move only shows the cursor where nothing was highlighted.
    fn moved(&mut self, action: &Action) -> bool {
        let (at, was_held) = (self.cursor.at, self.is_held);
        let moved = self.cursor.moved(action, self.rows.len());
        if moved && was_held && !self.rows.is_empty() {
            self.is_held = false;
            if !matches!(action, Action::First | Action::Last) {
                self.cursor.at = at;
            }
        }
        moved
    }

    fn edit(&mut self, request: InputRequest) {
        self.filter.handle(request);
        self.refill();
        self.cursor.at = 0;
        self.is_held = false;
    }

    fn reload(&mut self) -> Vec<Command> {
        if let Some(video) = self.highlighted_video().map(Path::to_owned) {
            self.probes.forget(&video);
        }
        self.is_changing = false;
        let mut commands: Vec<_> = [self.list()].into_iter().chain(self.look()).collect();
        commands.extend(self.gather_again());
        if let Some((typed, paths)) = self.sought.take().filter(|_| self.is_held) {
            commands.extend(self.look_for(&typed, paths));
        }
        commands
    }

    fn leave(&mut self, shared: &Shared) -> Vec<Command> {
        if !self.choice.marked.is_empty() && !self.choice.is_leaving {
            self.choice.is_leaving = true;
            return vec![Command::Say(shared.keys.says(
                Table::Video,
                &Action::Back,
                "once more leaves and forgets the marks",
            ))];
        }
        self.unmark_all();
        vec![Command::StopLooking, Command::Back]
    }

    fn enter(&mut self, folder: &Path) -> Vec<Command> {
        self.turn_to(folder);
        vec![self.list()]
    }

    fn turn_to(&mut self, folder: &Path) {
        // going up, the folder one came from is highlighted
        self.came_from = self.folder.starts_with(folder).then(|| self.folder.clone());
        self.folder = folder.to_owned();
        self.listing = None;
        self.gathered = None;
        (self.sought, self.named, self.named_entry) = (None, None, None);
        self.word = None;
        self.is_held = false;
        self.filtering = false;
        self.filter.reset();
        self.rows.clear();
    }

    fn look(&self) -> Option<Command> {
        let video = self.highlighted_video()?;
        Some(Command::Look { video: video.to_owned(), known: self.probes.known(video) })
    }

    fn look_if_moved(&mut self, before: Option<&Path>) -> Option<Command> {
        (self.highlighted_video() != before).then(|| {
            self.is_changing = false;
            self.forget_errors();
            self.look().unwrap_or(Command::StopLooking)
        })
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer) -> Vec<Command> {
        match answer {
            Answer::Listed { folder, listing, named } if *folder == self.folder => self.listed(listing, named.as_ref()),
            // somebody who has opened another folder meanwhile has changed their mind
            Answer::Found(found) if self.sought.is_some() => self.found(found),
            Answer::FoundAll(found) => {
                self.found_all(found);
                Vec::new()
            }
            Answer::Searched { number, batch } => self.searched(*number, batch),
            Answer::Recent(entries) => self.gathered_recent(entries),
            Answer::Probed { video, print, probe } => {
                self.is_changing &= Some(video.as_path()) != self.highlighted_video();
                self.probes.keep(video, *print, probe.clone());
                let is_awaited = self.choice.going.as_ref().is_some_and(|going| going.is_for(video));
                match self.probes.known(video) {
                    Some(_) if is_awaited => self.examine(),
                    None if is_awaited => self.choice.examined(video, &self.probes),
                    _ => Vec::new(),
                }
            }
            Answer::Changing { video } if Some(video.as_path()) == self.highlighted_video() => {
                self.probes.forget(video);
                self.is_changing = true;
                Vec::new()
            }
            Answer::Examined { video, print, probe } => {
                if let Some(probe) = probe {
                    self.probes.keep(video, *print, probe.clone());
                }
                let commands = self.choice.examined(video, &self.probes);
                if self.choice.going.is_none() {
                    self.forget_errors();
                }
                commands
            }
            Answer::Framed { video, frame } if Some(video.as_path()) == self.highlighted_video() => {
                self.frame = Some((video.clone(), frame.clone()));
                self.picture = self.picture.take().filter(|(of, _, _)| of != video);
                Vec::new()
            }
            Answer::Painted { video, size, picture } => {
                self.picture = Some((video.clone(), *size, Arc::clone(picture)));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn forget_errors(&mut self) {
        let highlighted = self.highlighted_video().map(Path::to_owned);
        self.probes.forget_errors(highlighted.as_deref());
    }

    fn listed(&mut self, listing: &Result<Listing, String>, named: Option<&Named>) -> Vec<Command> {
        let before = self.highlighted().map(|row| row.entry.clone());
        let is_first = self.listing.is_none();
        self.listing = Some(listing.clone());
        let was_shown = self.named_entry.is_some();
        let named = named.filter(|named| self.named.as_ref() == Some(&named.path)).map(|named| &named.entry);
        if let Some(entry) = named {
            self.named_entry = entry.clone().ok();
        }
        self.refill();
        if is_first && self.gathered.is_none() {
            self.highlight_first();
        }
        let is_there = |entry: &Entry| self.rows.iter().any(|row| row.entry.path == entry.path);
        let gone = before.as_ref().filter(|entry| entry.kind.is_file() && !is_there(entry));
        match named {
            Some(Ok(entry)) if !was_shown && self.gathered.is_none() => self.highlight(&entry.path),
            Some(Err(why)) if self.is_held => self.word = Some(why.clone()),
            _ => {
                if let Some(entry) = gone {
                    self.word = Some(format!("There is no file `{}` any more.", entry.path.display()));
                    self.is_held = true;
                }
            }
        }
        let before = before.as_ref().filter(|entry| entry.kind.is_file()).map(|entry| entry.path.as_path());
        self.look_if_moved(before).into_iter().collect()
    }

    fn highlight(&mut self, file: &Path) {
        let at = self.rows.iter().position(|row| !row.recent && row.entry.path == *file);
        self.is_held = at.is_none();
        self.word = None;
        self.cursor.at = at.unwrap_or_default();
    }

    /// The folder one came from, or the first video, or the first row.
    fn highlight_first(&mut self) {
        let at = self
            .came_from
            .take()
            .and_then(|from| self.rows.iter().position(|row| !row.recent && row.entry.path == from));
        let video = || self.rows.iter().position(|row| !row.recent && row.entry.kind == Kind::Video);
        self.cursor.at = at.or_else(video).unwrap_or_default();
    }

    /// Rows from the listing, the recent videos, the filter; the highlighted entry stays highlighted.
    fn refill(&mut self) {
        let highlighted = self.highlighted().map(|row| (row.recent, row.entry.path.clone()));
        let entries = self.to_show().entries();
        self.all_rows = entries.len();
        let beside = |path: &Path| {
            self.gathered.as_ref().map(|gathered| gathered.beside(path, self.home.as_deref())).unwrap_or_default()
        };
        self.rows = rows::of(entries, self.filter.value(), beside);
        let same = |row: &Row| {
            highlighted.as_ref().is_some_and(|(recent, path)| row.recent == *recent && row.entry.path == *path)
        };
        if let Some(at) = self.rows.iter().position(same) {
            self.cursor.at = at;
        }
        self.cursor.keep_within(self.rows.len());
    }

    fn to_show(&self) -> ToShow<'_> {
        let (listing, named, recent) = (self.listing.as_ref(), self.named_entry.as_ref(), &self.recent);
        let gathered = self.gathered.as_ref().map(|gathered| gathered.entries.as_slice());
        let Self { hidden, all_files, sort, .. } = *self;
        ToShow { listing, named, recent, hidden, all_files, sort, gathered }
    }
}
