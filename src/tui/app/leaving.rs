//! Quitting: it names what runs and waits, stops in an orderly way, and leaves everything such that it can go on.

use super::{App, Errand};
use crate::{
    model::wording,
    tui::{
        job::{End, Job, Kind},
        overlay::{Overlay, confirm::Confirm},
    },
};

/// What a person who interrupts gets, as from any program.
const INTERRUPTED: u8 = 130;

impl App {
    pub(super) fn quit(&mut self) {
        if self.jobs.active().next().is_some() || self.links_end() {
            self.ask_to_quit();
        } else {
            self.exit = Some(self.exit_code());
        }
    }

    /// 1 if something failed and was not put right.
    fn exit_code(&self) -> u8 {
        u8::from(self.jobs.iter().any(|job| job.failed().is_some()))
    }

    /// Links that the person has seen end with this window: its stand-in serves them.
    fn links_end(&self) -> bool {
        let published = self.jobs.iter().any(|job| job.published().is_some() && job.run.place().is_local());
        (published || self.links_shown) && self.serves().is_some()
    }

    /// The command that serves the stand-in's links again, once it has ended with this window.
    pub(in crate::tui) fn serves(&self) -> Option<String> {
        self.shared.backend.afterwards()
    }

    /// What quitting now would mean.
    pub(in crate::tui) fn quitting_words(&self) -> String {
        let mut words = Vec::new();
        let (running, waiting) = (self.running_words(), self.waiting(Kind::Publishing));
        let undeleted = self.waiting(Kind::Deletion);
        if !running.is_empty() || waiting + undeleted > 0 {
            let mut parts = Vec::new();
            if !running.is_empty() {
                parts.push(format!("Under way: {running}."));
            }
            if waiting > 0 {
                parts.push(format!("{} for a turn.", waits(waiting)));
            }
            if undeleted > 0 {
                parts.push(format!("{}, not yet deleted.", stays(undeleted)));
            }
            let publishes = self.jobs.publishings().any(Job::is_active);
            let how = match publishes {
                true => "what is uploaded stays, and the first screen offers to go on next time",
                false => "what is gone stays gone",
            };
            parts.push(format!("All of it stops in an orderly way; {how}."));
            words.push(parts.join(" "));
        }
        if let Some(again) = self.serves().filter(|_| self.links_end()) {
            words.push(format!(
                "The links to reels on this computer stop working when you quit; `{again}` makes them work again."
            ));
        }
        if words.is_empty() {
            words.push("Ctrl-C once more quits too.".to_owned());
        }
        words.join(" ")
    }

    /// `2 publishings and 1 deletion`
    fn running_words(&self) -> String {
        let count =
            |kind: Kind| self.jobs.active().filter(|job| job.kind() == kind && job.is_under_way()).count() as u64;
        let kinds = [
            (Kind::Publishing, "upload"),
            (Kind::Deletion, "deletion"),
            (Kind::Discard, "clean-up"),
            (Kind::Check, "check"),
            (Kind::Retitle, "new title"),
        ];
        let parts: Vec<_> = kinds
            .into_iter()
            .map(|(kind, noun)| (count(kind), noun))
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| wording::count(count, noun))
            .collect();
        match parts.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => parts.concat(),
        }
    }

    fn waiting(&self, kind: Kind) -> u64 {
        self.jobs.of(kind).filter(|job| job.is_queued()).count() as u64
    }

    /// What the end waits for.
    pub(in crate::tui) fn leaving_words(&self) -> Option<String> {
        self.quitting?;
        let running = self.running_words();
        let what = if running.is_empty() { "the list of what waits".to_owned() } else { running };
        Some(format!("stopping in an orderly way: waiting for {what}; Ctrl-C leaves at once"))
    }

    /// Ends in an orderly way: at once if nothing runs. A second time it waits for nothing.
    pub(in crate::tui) fn stop(&mut self, code: Option<u8>) -> Vec<Errand> {
        self.overlay = None;
        if self.quitting.is_some() {
            self.exit = Some(code.unwrap_or(INTERRUPTED));
            return Vec::new();
        }
        self.quitting = Some(code.unwrap_or_else(|| self.exit_code()));
        self.jobs.close();
        let errands = self.advance();
        self.leave_if_at_rest();
        errands
    }

    pub(in crate::tui) fn terminated(&mut self) -> Vec<Errand> {
        self.stop(Some(INTERRUPTED))
    }

    /// The first asks, the second stops in an orderly way, a third waits for nothing.
    pub(super) fn interrupt(&mut self) -> Vec<Errand> {
        let asked = matches!(self.overlay, Some(Overlay::Ask(Confirm::Quit)));
        if asked || self.quitting.is_some() {
            return self.stop(Some(INTERRUPTED));
        }
        self.ask_to_quit();
        Vec::new()
    }

    pub(super) fn leave_if_at_rest(&mut self) {
        let at_rest = !self.jobs.active().any(Job::is_under_way) && self.jobs.is_kept();
        if let Some(code) = self.quitting.filter(|_| at_rest) {
            let failed = self.jobs.iter().any(|job| matches!(job.end(), Some(End::Failed(_))));
            self.exit = Some(if code == 0 && failed { 1 } else { code });
        }
    }

    /// The terminal is gone, or the wizard has a defect: nothing of ours runs on.
    pub(in crate::tui) fn cancel_all(&mut self) {
        self.jobs.close();
    }
}

fn stays(number: u64) -> String {
    if number == 1 { "1 reel stays".to_owned() } else { format!("{number} reels stay") }
}

fn waits(number: u64) -> String {
    if number == 1 { "1 video waits".to_owned() } else { format!("{number} videos wait") }
}
