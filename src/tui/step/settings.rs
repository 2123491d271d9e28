//! Step 2: how reels are made and where they go: one set of settings for all that was chosen, and a name for each.
//! Every field is checked as it changes; what is wrong blocks the way to the review and says so.

mod names;
mod naming;
pub(in crate::tui) mod streams;

use std::{num::NonZeroUsize, time::Duration};

use tui_input::{Input, InputRequest};

use self::{naming::Naming, streams::Part};
use crate::{
    model::{
        chunk::pack,
        reel::{
            name::ReelName,
            order::{Cut, IfTaken, OnDamage, Robots, Wanted, WantedLoudness},
            title::{BlankTitle, title, title_of_file},
        },
        wording,
    },
    tui::{
        action::{Action, Command, Way},
        backend::{Order, Transcode},
        chosen::{Chosen, Planned},
        effect::Effect,
        keymap::Table,
        shared::{Connection, Shared},
        work::answer::Answer,
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
    /// Of the video with this number.
    Name(usize),
    /// Of the video with this number, where there is a choice.
    Part(usize, Part),
    /// Only where a name is taken.
    Replace,
    Unlisted,
    Target,
    Region,
    Transcode,
    More,
    /// Only of a single video: several are called after their files.
    Title,
    Robots,
    Loudness,
    Damage,
    Chunk,
    Parallel,
}

#[derive(Debug, Clone)]
pub(in crate::tui) struct Settings {
    /// In the order of marking.
    pub(in crate::tui) videos: Vec<Naming>,
    pub(in crate::tui) length: Duration,
    pub(in crate::tui) title: Input,
    pub(in crate::tui) replace: bool,
    pub(in crate::tui) unlisted: bool,
    /// The person decided, so the target doesn't any more.
    unlisted_decided: bool,
    pub(in crate::tui) transcode: Transcode,
    pub(in crate::tui) robots: Robots,
    pub(in crate::tui) loudness: WantedLoudness,
    pub(in crate::tui) on_damage: OnDamage,
    pub(in crate::tui) chunk_mib: u64,
    pub(in crate::tui) parallel: Option<NonZeroUsize>,
    pub(in crate::tui) more: bool,
    pub(in crate::tui) focus: Field,
}

impl Settings {
    pub(in crate::tui) fn new(chosen: Vec<Chosen>, shared: &Shared) -> Self {
        let start = &shared.start.settings;
        let is_one = chosen.len() == 1;
        // a name given at the start is one video's
        let given = start.name.as_ref().filter(|_| is_one);
        let title = chosen.first().map(Chosen::title).unwrap_or_default();
        let naming = |chosen: Chosen| {
            let slug = || ReelName::slug(&chosen.title()).map(|name| name.to_string());
            let name = given.map(ReelName::to_string).or_else(slug).unwrap_or_else(|| "video".to_owned());
            Naming {
                typed: Input::new(name),
                is_decided: is_one,
                has_gap: false,
                suffix: (shared.suffix)(),
                wanted: start.cut.wanted,
                read: Ok(start.cut.wanted),
                picked: chosen.clone(),
                chosen,
            }
        };
        Self {
            videos: chosen.into_iter().map(naming).collect(),
            length: start.cut.segment_length,
            title: Input::new(start.title.clone().unwrap_or(title)),
            replace: start.replace,
            unlisted: given.is_none() && !shared.is_local(),
            unlisted_decided: given.is_some(),
            transcode: start.cut.transcode,
            robots: start.robots,
            loudness: start.cut.wanted.loudness,
            on_damage: start.on_damage,
            chunk_mib: start.cut.chunk_limit >> 20,
            parallel: start.parallel_uploads,
            more: false,
            focus: Field::Length,
        }
    }

    /// Whether these are for just these videos, as they were probed.
    pub(in crate::tui) fn is_for(&self, chosen: &[Chosen]) -> bool {
        self.videos.iter().map(|video| &video.picked).eq(chosen)
    }

    /// The same for one of the videos alone, to be mended after a failure. It keeps the number that its name has beside
    /// those that are called alike.
    pub(in crate::tui) fn alone(&self, number: usize, title: &str, shared: &Shared) -> Option<Self> {
        let video = self.videos.get(number)?.clone();
        let name = self.names(shared).into_iter().nth(number)?.ok()?;
        let videos = vec![Naming { typed: Input::new(name.to_string()), is_decided: true, ..video }];
        Some(Self { videos, title: Input::new(title.to_owned()), focus: Field::Length, ..self.clone() })
    }

    pub(in crate::tui) fn needs_transcoding(&self) -> bool {
        self.videos.iter().any(Naming::needs_transcoding)
    }

    pub(in crate::tui) fn fields(&self, shared: &Shared) -> Vec<Field> {
        let mut fields = vec![Field::Length];
        for (number, video) in self.videos.iter().enumerate() {
            fields.push(Field::Name(number));
            let parts = streams::parts(&video.chosen.probe, video.wanted);
            fields.extend(parts.into_iter().map(|part| Field::Part(number, part)));
        }
        if self.reels(shared).iter().flatten().any(|reel| is_taken(reel, shared)) {
            fields.push(Field::Replace);
        }
        fields.extend([Field::Unlisted, Field::Target]);
        // the stand-in has none
        fields.extend((!shared.is_local()).then_some(Field::Region));
        if self.needs_transcoding() || self.videos.iter().any(Naming::may_gain) {
            fields.push(Field::Transcode);
        }
        fields.push(Field::More);
        if self.more {
            fields.extend((self.videos.len() == 1).then_some(Field::Title));
            fields.extend([Field::Robots, Field::Loudness, Field::Damage, Field::Chunk, Field::Parallel]);
        } else if self.focus == Field::Title || self.title_problem().is_some() {
            // what blocks the way is in sight until it is left
            fields.push(Field::Title);
        }
        fields
    }

    /// Several videos are called after their files.
    fn title_problem(&self) -> Option<BlankTitle> {
        (self.videos.len() == 1).then(|| title(self.title.value()))?.err()
    }

    pub(in crate::tui) fn table(&self) -> Table {
        match self.focus {
            Field::Name(_) | Field::Title => Table::SettingsText,
            Field::Region | Field::Target => Table::SettingsList,
            _ => Table::Settings,
        }
    }

    pub(in crate::tui) fn chunk_limit(&self) -> u64 {
        self.chunk_mib << 20
    }

    /// What the settings make of each video.
    pub(in crate::tui) fn effects(&self) -> Vec<Effect> {
        let of = |video: &Naming| Effect::of(&video.chosen.probe, &self.cut(video));
        self.videos.iter().map(of).collect()
    }

    fn cut(&self, video: &Naming) -> Cut {
        Cut {
            segment_length: self.length,
            grows: true,
            pes_lengths: true,
            chunk_limit: self.chunk_limit(),
            transcode: self.transcode,
            wanted: Wanted { loudness: self.loudness, ..video.wanted },
        }
    }

    /// What blocks the way, with the field that can change it; the first in the order of the screen.
    pub(in crate::tui) fn problems(&self, shared: &Shared) -> Vec<(Field, String)> {
        let mut problems: Vec<_> = self.too_big().map(|problem| (Field::Length, problem)).into_iter().collect();
        problems.extend(self.name_problems(shared));
        let unread = self.videos.iter().enumerate();
        problems.extend(unread.filter_map(|(number, video)| {
            let (part, words) = video.problem()?;
            Some((part.map_or(Field::Loudness, |part| Field::Part(number, part)), words))
        }));
        problems.extend(self.title_problem().map(|blank| (Field::Title, blank.to_string())));
        match &shared.connection {
            Connection::Failed(fault) => problems.push((Field::Target, fault.to_string())),
            Connection::Asking | Connection::Unasked => {
                problems.push((Field::Target, "still asking who is signed in".to_owned()));
            }
            Connection::Ready(_) => {}
        }
        let is_left = self.transcode == Transcode::Never && !self.videos.iter().any(Naming::has_to_be_converted);
        if self.needs_transcoding() && self.transcode != Transcode::Auto && !is_left {
            let these = self.videos.iter().filter(|video| video.has_to_be_converted());
            let these: Vec<_> = these.map(|video| format!("`{}`", video.chosen.file_name())).collect();
            let key = shared.keys.key(Table::Settings, &Action::Right);
            let convert = format!("press {key} to allow a converted copy; your file stays");
            let words = match (self.videos.len(), these.as_slice()) {
                (_, []) => format!("sound alone needs a still picture, which has to be made: {convert}"),
                (1, _) => format!("few players take all of this video as it is: {convert}"),
                (_, [one]) => format!("few players take {one} as it is: {convert}"),
                (_, [one, two]) => format!("few players take {one} and {two} as they are: {convert}"),
                (_, [one, others @ ..]) => {
                    format!("few players take {one} and {} others as they are: {convert}", others.len())
                }
            };
            problems.push((Field::Transcode, words));
        }
        problems
    }

    /// The first video whose segments outgrow the chunk.
    fn too_big(&self) -> Option<String> {
        let effects = self.effects();
        let at = effects.iter().position(|effect| effect.segment_bytes > self.chunk_limit())?;
        let chosen = &self.videos[at].chosen;
        let size = wording::bytes(effects[at].segment_bytes);
        let of = if self.videos.len() == 1 { String::new() } else { format!(" of `{}`", chosen.file_name()) };
        let remedy = match self.chunk_limit() < pack::CHUNK_LIMIT_MAX {
            true => "set a larger Chunk size, under More",
            false => "convert it with more keyframes first",
        };
        Some(format!(
            "between two places where the video{of} can be split are about {size}, more than a chunk may have: {remedy}"
        ))
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        match action {
            Action::Up => self.step(-1, shared),
            Action::Down => self.step(1, shared),
            Action::Scroll(lines) => self.step(lines.signum() as isize, shared),
            Action::Left => return self.change(-1),
            Action::Right => return self.change(1),
            Action::Pick(field) => return self.pick(*field, shared),
            Action::Toggle => return self.list(None, shared),
            Action::Edit(request) => return self.edit(*request, shared),
            Action::Paste(text) => {
                for character in text.trim().chars().filter(|character| !character.is_control()) {
                    self.edit(InputRequest::InsertChar(character), shared);
                }
            }
            Action::FreeName => self.take_free_name(shared),
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
            None => vec![Command::Go(Box::new(Way::Review(self.planned(shared))))],
            Some((field, _)) => {
                self.focus = field;
                // the whole fault stands on the screen until there is an answer
                if field == Field::Target && matches!(shared.connection, Connection::Failed(_)) {
                    let words = "signing in again".to_owned();
                    return vec![Command::Connect(shared.place.clone()), Command::Say(words)];
                }
                // what it is stands on the screen already
                vec![Command::Say("correct what is marked ✖ first".to_owned())]
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
            Field::Replace | Field::Unlisted | Field::Robots | Field::Loudness | Field::More | Field::Transcode => {
                self.change(1)
            }
            Field::Length | Field::Damage | Field::Chunk | Field::Parallel | Field::Part(..) if again => self.change(1),
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
            (Field::Name(number), request) => self.rename(number, request, shared),
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

    /// A video was read once more.
    pub(in crate::tui) fn answer(&mut self, answer: &Answer) {
        let Answer::Reread { video, wanted, probe } = answer else { return };
        self.videos.iter_mut().for_each(|naming| naming.reread(video, *wanted, probe));
    }

    fn change(&mut self, by: isize) -> Vec<Command> {
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
            Field::Loudness => {
                let ways = [WantedLoudness::Nothing, WantedLoudness::Measured, WantedLoudness::Normalized];
                let at = ways.iter().position(|way| *way == self.loudness).unwrap_or_default();
                self.loudness = ways[(at as isize + by).rem_euclid(ways.len() as isize) as usize];
                // what becomes of the sound follows
                return self.videos.iter_mut().flat_map(|video| video.ask_for_loudness(self.loudness)).collect();
            }
            Field::Robots => self.robots = if self.robots.is_noindex() { Robots::Index } else { Robots::Noindex },
            Field::Damage => {
                let ways = [OnDamage::Ask, OnDamage::Accept, OnDamage::Fail];
                let at = ways.iter().position(|way| *way == self.on_damage).unwrap_or_default();
                self.on_damage = ways[at.saturating_add_signed(by).min(ways.len() - 1)];
            }
            Field::Chunk => {
                self.chunk_mib = self.chunk_mib.saturating_add_signed(by as i64).clamp(CHUNK_LEAST, CHUNK_MOST);
            }
            Field::Parallel => {
                let number = self.parallel.map_or(0, NonZeroUsize::get).saturating_add_signed(by).min(PARALLEL_MOST);
                self.parallel = NonZeroUsize::new(number);
            }
            Field::Part(number, part) => {
                let Some(video) = self.videos.get_mut(number) else { return Vec::new() };
                return video.ask_for(part, by);
            }
            Field::Name(_) | Field::Title | Field::Target | Field::Region => {}
        }
        Vec::new()
    }

    /// An order for each video, in the order of marking; none while something blocks.
    pub(in crate::tui) fn planned(&self, shared: &Shared) -> Vec<Planned> {
        let (Some(account), true) = (shared.account(), self.problems(shared).is_empty()) else { return Vec::new() };
        let reels = self.reels(shared).into_iter().zip(&self.videos).zip(self.effects());
        let planned = reels.filter_map(|((reel, video), effect)| {
            let reel = reel.ok()?;
            let chosen = &video.chosen;
            let is_one = self.videos.len() == 1;
            // a blank one of a single video is a problem, and does not come this far
            let typed = if is_one { self.title.value().to_owned() } else { chosen.title() };
            let title = title_of_file(&typed, &reel);
            let order = Order {
                cut: self.cut(video),
                place: shared.place.clone(),
                expected: Some(account.at.clone()),
                parallel_uploads: self.parallel,
                robots: self.robots,
                on_damage: self.on_damage,
                if_taken: IfTaken::replace(self.replace && is_taken(&reel, shared)),
                ..shared.start.settings.order_as(&chosen.video, reel, title)
            };
            Some(Planned { order, probe: chosen.probe.clone(), effect })
        });
        planned.collect()
    }
}

pub(in crate::tui) fn is_taken(reel: &ReelName, shared: &Shared) -> bool {
    shared.names.as_ref().is_some_and(|names| names.contains(reel))
}

fn next_length(length: Duration, by: isize) -> Duration {
    let lengths = LENGTHS.map(Duration::from_secs);
    let next = if by > 0 { lengths.iter().find(|l| **l > length) } else { lengths.iter().rfind(|l| **l < length) };
    next.copied().unwrap_or(length)
}
