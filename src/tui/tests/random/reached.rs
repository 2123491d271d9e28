//! What is counted: screens, what lies over them, jobs in their states.

use std::collections::HashMap;

use super::World;
use crate::tui::{
    id::JobId,
    job::{End, Job, Run, Stage},
    keymap::Table,
    overlay::{
        Overlay, Purpose,
        confirm::{Confirm, Stops},
    },
    tests::{At, Player},
};

/// What has to be reached: a screen, a question over it, a job in a state.
pub(super) const WANTED: &[&str] = &[
    "screen Home",
    "screen Video",
    "screen Settings",
    "screen Review",
    "screen Publishing",
    "screen Done",
    "screen Failed",
    "screen Stopped",
    "screen Waiting",
    "screen JobAsks",
    "screen JobAsksForName",
    "screen Queue",
    "screen Deletions",
    "screen ConfirmSeveral",
    "screen Title",
    "screen Removal",
    "screen Library",
    "screen Reel",
    "screen Confirm",
    "screen Source",
    "over Quit",
    "over Cancel Publishing",
    "over Cancel Unbegun",
    "over Cancel Waiting",
    "over Cancel Removal",
    "over Cancel Check",
    "over Discard",
    "over Forget",
    "over Repair",
    "over Target",
    "over Region",
    "over Copy",
    "over Log",
    "over Palette",
    "job New Queued",
    "job New Running",
    "job New Asking",
    "job New Well",
    "job New Failed",
    "job New Cancelled",
    "job Resumed Queued",
    "job Resumed Running",
    "job Resumed Asking",
    "job Resumed Well",
    "job Resumed Failed",
    "job Resumed Cancelled",
    "job Repair Running",
    "job Repair Asking",
    "job Repair Well",
    "job Repair Failed",
    "job Repair Cancelled",
    "job Deletion Queued",
    "job Deletion Running",
    "job Deletion Asking",
    "job Deletion Well",
    "job Deletion Failed",
    "job Deletion Cancelled",
    "job Discard Running",
    "job Discard Asking",
    "job Discard Well",
    "job Discard Failed",
    "job Discard Cancelled",
    "job Retitle Running",
    "job Retitle Well",
    "job Retitle Failed",
    "job Check Running",
    "job Check Well",
    "job Check Failed",
    "job Check Cancelled",
];

/// Where the wizard was when it was looked at last.
#[derive(Default)]
pub(super) struct Before {
    screen: &'static str,
    over: &'static str,
    jobs: HashMap<JobId, (u32, &'static str)>,
}

impl World {
    /// What was come to since the last time.
    pub(super) fn count(&mut self) {
        let app = &self.player.app;
        let (screen, over) = (screen(&self.player), app.overlay.as_ref().map_or("", over));
        let mut reached = Vec::new();
        if self.before.screen != screen {
            reached.push(format!("screen {screen}"));
        }
        if self.before.over != over && !over.is_empty() {
            reached.push(format!("over {over}"));
        }
        (self.before.screen, self.before.over) = (screen, over);
        for job in app.jobs.iter() {
            let now = (job.attempt, state(&job.state));
            if self.before.jobs.insert(job.id, now) != Some(now) {
                reached.push(format!("job {} {}", what(&job.run), now.1));
            }
        }
        for name in reached {
            *self.counts.entry(name).or_default() += 1;
        }
    }
}

fn screen(player: &Player) -> &'static str {
    let app = &player.app;
    match (player.at(), app.top().table(&app.shared, &app.jobs)) {
        (_, Table::JobAsks) => "JobAsks",
        (_, Table::JobAsksForName) => "JobAsksForName",
        (At::Publishing, Table::Done) => "Done",
        (At::Publishing, Table::PublishFailed) if app.shown_job().is_some_and(|job| job.failed().is_some()) => "Failed",
        (At::Publishing, Table::PublishFailed) => "Stopped",
        (At::Publishing, _) if app.shown_job().is_some_and(Job::is_queued) => "Waiting",
        (At::Reel, Table::Confirm) => "Confirm",
        (At::Reel, Table::Title) => "Title",
        (At::Library, Table::Confirm) => "ConfirmSeveral",
        (At::Queue, Table::Deletions) => "Deletions",
        (At::Home, _) => "Home",
        (At::Video, _) => "Video",
        (At::Settings, _) => "Settings",
        (At::Review, _) => "Review",
        (At::Publishing, _) => "Publishing",
        (At::Queue, _) => "Queue",
        (At::Removal, _) => "Removal",
        (At::Library, _) => "Library",
        (At::Reel, _) => "Reel",
        (At::Source, _) => "Source",
    }
}

fn over(overlay: &Overlay) -> &'static str {
    match overlay {
        Overlay::Ask(Confirm::Quit) => "Quit",
        Overlay::Ask(Confirm::Cancel(_, Stops::Publishing)) => "Cancel Publishing",
        Overlay::Ask(Confirm::Cancel(_, Stops::Unbegun)) => "Cancel Unbegun",
        Overlay::Ask(Confirm::Cancel(_, Stops::Cdn)) => "Cancel Cdn",
        Overlay::Ask(Confirm::Cancel(_, Stops::Waiting)) => "Cancel Waiting",
        Overlay::Ask(Confirm::Cancel(_, Stops::WaitingRemoval)) => "Cancel WaitingRemoval",
        Overlay::Ask(Confirm::Cancel(_, Stops::Removal)) => "Cancel Removal",
        Overlay::Ask(Confirm::Cancel(_, Stops::Retitle)) => "Cancel Retitle",
        Overlay::Ask(Confirm::Cancel(_, Stops::Check)) => "Cancel Check",
        Overlay::Ask(Confirm::Discard(_)) => "Discard",
        Overlay::Ask(Confirm::PutAway(..)) => "PutAway",
        Overlay::Ask(Confirm::Forget(_)) => "Forget",
        Overlay::Ask(Confirm::Repair(..)) => "Repair",
        Overlay::Choose(chooser) if chooser.purpose == Purpose::Target => "Target",
        Overlay::Choose(chooser) if chooser.purpose == Purpose::Region => "Region",
        Overlay::Choose(_) => "Copy",
        Overlay::Log { .. } => "Log",
        Overlay::Palette(_) => "Palette",
    }
}

fn what(run: &Run) -> &'static str {
    match run {
        Run::Publish(_) => "New",
        Run::Resume(_) => "Resumed",
        Run::Repair(..) => "Repair",
        Run::Delete(..) => "Deletion",
        Run::Discard(_) => "Discard",
        Run::Check { .. } => "Check",
        Run::Retitle(..) => "Retitle",
    }
}

fn state(state: &Stage) -> &'static str {
    match state {
        Stage::Queued => "Queued",
        Stage::Running => "Running",
        Stage::Asking(..) => "Asking",
        Stage::Ended(End::Failed(_)) => "Failed",
        Stage::Ended(End::Cancelled) => "Cancelled",
        Stage::Ended(_) => "Well",
    }
}
