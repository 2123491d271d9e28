//! Home: what is going on, what can be done here and now, what is unfinished.

use crate::{
    model::reel::name::{Generation, ReelName},
    tui::{
        action::{Action, Command, Way},
        backend::{Order, Place, Resumable},
        id::JobId,
        job::{Job, Jobs, Kind, Run},
        keymap::Table,
        overlay::confirm::{Confirm, Failed},
        shared::Shared,
        sight::Sight,
        widget::list::Cursor,
    },
};

#[derive(Debug, Default)]
pub(in crate::tui) struct Home {
    pub(in crate::tui) cursor: Cursor,
    /// The cursor stays with its line while others come and go above it.
    on: Key,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Line<'a> {
    Job(JobId),
    Publish,
    /// Goes on with everything that is unfinished.
    All(Vec<&'a Resumable>, Vec<&'a Order>),
    Begun(&'a Resumable),
    /// It waited for its turn when its process ended.
    Waiting(&'a Order),
    Library,
}

/// What makes a line the same line.
#[derive(Debug, Clone, Default, PartialEq)]
enum Key {
    Job(JobId),
    #[default]
    Publish,
    All,
    Begun(Place, ReelName, Generation),
    Waiting(Place, ReelName),
    Library,
}

impl Line<'_> {
    fn is(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Job(id), Key::Job(other)) => id == other,
            (Self::Begun(resumable), Key::Begun(place, reel, generation)) => {
                (&resumable.place, &resumable.reel, &resumable.generation) == (place, reel, generation)
            }
            (Self::Waiting(order), Key::Waiting(place, reel)) => (&order.place, &order.reel) == (place, reel),
            (Self::Publish, Key::Publish) | (Self::All(..), Key::All) | (Self::Library, Key::Library) => true,
            _ => false,
        }
    }

    fn key(&self) -> Key {
        match self {
            Self::Job(id) => Key::Job(*id),
            Self::Publish => Key::Publish,
            Self::All(..) => Key::All,
            Self::Begun(resumable) => Key::Begun(resumable.place.clone(), resumable.reel.clone(), resumable.generation),
            Self::Waiting(order) => Key::Waiting(order.place.clone(), order.reel.clone()),
            Self::Library => Key::Library,
        }
    }

    /// What has to be in sight before the line starts something; `None` if it starts nothing.
    pub(in crate::tui) fn sight(&self, jobs: &Jobs) -> Option<Sight> {
        match self {
            Self::Job(id) => jobs.get(*id).filter(|job| job.can_retry()).map(Job::retry_sight),
            Self::All(begun, waiting) => Some(Sight::of(&all(begun, waiting))),
            Self::Begun(resumable) => Some(Sight::of(&all(&[resumable], &[]))),
            Self::Waiting(order) => Some(Sight::of(&all(&[], &[order]))),
            Self::Publish | Self::Library => None,
        }
    }
}

fn all(begun: &[&Resumable], waiting: &[&Order]) -> Vec<Run> {
    let begun = begun.iter().map(|resumable| Run::Resume(Box::new(Resumable::clone(resumable))));
    begun.chain(waiting.iter().map(|order| Run::Publish(Box::new(Order::clone(order))))).collect()
}

impl Home {
    pub(in crate::tui) fn lines<'a>(shared: &'a Shared, jobs: &Jobs) -> Vec<Line<'a>> {
        let open = |job: &&Job| job.is_active() || job.failed().is_some();
        let mut lines: Vec<_> = jobs.iter().filter(open).map(|job| Line::Job(job.id)).collect();
        lines.push(Line::Publish);
        let (begun, waiting) = unfinished(shared, jobs);
        let can_go_on: Vec<_> = begun.iter().copied().filter(|resumable| cannot(resumable).is_none()).collect();
        if can_go_on.len() + waiting.len() > 1 {
            lines.push(Line::All(can_go_on, waiting.clone()));
        }
        lines.extend(begun.into_iter().map(Line::Begun));
        lines.extend(waiting.into_iter().map(Line::Waiting));
        lines.push(Line::Library);
        lines
    }

    /// The job under the cursor.
    pub(in crate::tui) fn job<'a>(&self, shared: &Shared, jobs: &'a Jobs) -> Option<&'a Job> {
        match Self::lines(shared, jobs).get(self.cursor.at) {
            Some(Line::Job(id)) => jobs.get(*id),
            _ => None,
        }
    }

    /// The line leads somewhere: what was interrupted may be at a stand.
    pub(in crate::tui) fn can_open(&self, shared: &Shared, jobs: &Jobs) -> bool {
        match Self::lines(shared, jobs).get(self.cursor.at) {
            Some(Line::Begun(resumable)) => cannot(resumable).is_none(),
            _ => true,
        }
    }

    /// To be called when lines may have come or gone.
    pub(in crate::tui) fn settle(&mut self, shared: &Shared, jobs: &Jobs) {
        let lines = Self::lines(shared, jobs);
        let at = lines.iter().position(|line| line.is(&self.on));
        let publish = || lines.iter().position(|line| *line == Line::Publish);
        self.cursor.at = at.or_else(publish).unwrap_or_default();
    }

    /// The cursor goes to a job's line: one has just come from it.
    pub(in crate::tui) fn point_at(&mut self, job: JobId) {
        self.on = Key::Job(job);
    }

    pub(in crate::tui) fn table(&self, shared: &Shared, jobs: &Jobs) -> Table {
        match Self::lines(shared, jobs).get(self.cursor.at) {
            Some(Line::Job(_)) => Table::HomeJob,
            Some(Line::All(..) | Line::Begun(_) | Line::Waiting(_)) => Table::HomeUnfinished,
            Some(Line::Publish | Line::Library) | None => Table::Home,
        }
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        let lines = Self::lines(shared, jobs);
        let moved = self.cursor.moved(action, lines.len());
        let again = matches!(action, Action::Pick(row) if *row == self.cursor.at);
        if let Action::Pick(row) = action {
            self.cursor.at = *row;
        }
        let Some(line) = lines.get(self.cursor.at) else { return Vec::new() };
        self.on = line.key();
        match action {
            _ if moved => Vec::new(),
            Action::Pick(_) if !again => Vec::new(),
            Action::Pick(_) | Action::Enter => open(line),
            Action::Retry => match line {
                Line::Job(id) if jobs.get(*id).is_some_and(Job::can_retry) => vec![Command::Retry(*id)],
                // where nothing has failed, it asks everything anew
                _ => vec![
                    Command::FindUnfinished,
                    Command::FindProfiles,
                    Command::Connect(shared.place.clone()),
                    Command::Say(
                        "asking again what is unfinished, which AWS sign-ins there are, and who is signed in"
                            .to_owned(),
                    ),
                ],
            },
            Action::Discard => discard(line, shared, jobs),
            Action::Target => vec![Command::ChooseTarget],
            _ => Vec::new(),
        }
    }
}

/// What earlier processes left, without what this one has taken up. What was begun counts, not that it waited before.
fn unfinished<'a>(shared: &'a Shared, jobs: &Jobs) -> (Vec<&'a Resumable>, Vec<&'a Order>) {
    let here = |place: &Place, reel: &_| {
        let job = |job: &Job| {
            let ours = match job.kind() {
                Kind::Publishing | Kind::Discard => job.is_active() || job.failed().is_some(),
                Kind::Deletion => job.is_active(),
                Kind::Check | Kind::Retitle => false,
            };
            ours && job.reel() == reel && job.run.place().target == place.target
        };
        jobs.iter().any(job)
    };
    let begun = shared.unfinished.begun.iter().filter(|resumable| !here(&resumable.place, &resumable.reel));
    let waiting = shared.unfinished.waiting.iter().filter(|order| {
        let begun = |resumable: &Resumable| {
            resumable.reel == order.reel && order.expected.as_ref().is_none_or(|at| *at == resumable.at)
        };
        !here(&order.place, &order.reel) && !shared.unfinished.begun.iter().any(begun)
    });
    (begun.collect(), waiting.collect())
}

/// Why an interrupted publishing can't go on now.
pub(in crate::tui) fn cannot(resumable: &Resumable) -> Option<String> {
    let what = obstacle(resumable)?;
    if resumable.holder.is_some() {
        return Some(what);
    }
    let video = &resumable.video;
    let file = video.file_name().unwrap_or_default().display();
    let folder = video.parent().unwrap_or(video).display();
    Some(format!(
        "{file} was not found. Put it back into {folder}, or choose it where it is now, by “Publish a video”: what is uploaded is not sent again"
    ))
}

/// The same without what to do.
pub(in crate::tui) fn obstacle(resumable: &Resumable) -> Option<String> {
    match &resumable.holder {
        Some(holder) => Some(format!("{holder} is working on it")),
        None => resumable.video_missing.then(|| "its file was not found".to_owned()),
    }
}

fn open(line: &Line) -> Vec<Command> {
    let go = |way| vec![Command::Go(Box::new(way))];
    match line {
        Line::Job(id) => go(Way::Job(*id)),
        Line::Publish => go(Way::Video),
        Line::Library => go(Way::Library),
        Line::Begun(resumable) => match cannot(resumable) {
            Some(why) => vec![Command::Say(format!("{} can't go on: {why}", resumable.reel))],
            None => vec![Command::Begin(all(&[resumable], &[]), Vec::new())],
        },
        Line::Waiting(order) => vec![Command::TakeUp(Vec::new(), vec![Order::clone(order)])],
        Line::All(begun, waiting) => {
            let begun = begun.iter().copied().cloned().collect();
            vec![Command::TakeUp(begun, waiting.iter().copied().cloned().collect())]
        }
    }
}

/// Gives up what the line stands for, after a question.
fn discard(line: &Line, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
    let begun = |resumable: &Resumable| match &resumable.holder {
        Some(holder) => vec![Command::Say(format!("{holder} is working on {}", resumable.reel))],
        None => vec![Command::Ask(Confirm::Discard(Box::new(Resumable::clone(resumable))))],
    };
    match line {
        Line::Begun(resumable) => begun(resumable),
        Line::Waiting(order) => vec![Command::Ask(Confirm::Forget(Box::new(Order::clone(order))))],
        Line::Job(id) => {
            let Some(job) = jobs.get(*id) else { return Vec::new() };
            if job.is_active() {
                return vec![Command::Ask(Confirm::Cancel(*id, job.stops()))];
            }
            let left = shared.unfinished.begun.iter().find(|left| {
                job.kind() == Kind::Publishing
                    && left.reel == *job.reel()
                    && left.place.target == job.run.place().target
            });
            let put_away = || vec![Command::Ask(Confirm::PutAway(*id, job.reel().clone(), failed(&job.run)))];
            left.map_or_else(put_away, begun)
        }
        _ => Vec::new(),
    }
}

fn failed(run: &Run) -> Failed {
    match run {
        Run::Publish(_) | Run::Resume(_) => Failed::Publishing,
        Run::Repair(..) => Failed::Repair,
        Run::Delete(..) => Failed::Deletion,
        Run::Discard(_) => Failed::Discard,
        Run::Check { .. } => Failed::Check,
        Run::Retitle(..) => Failed::Retitle,
    }
}
