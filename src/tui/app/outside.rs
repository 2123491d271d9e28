//! What is to be seen of the work from outside the screen: the window's title, the taskbar, a word to who looks elsewhere.

use std::time::Duration;

use super::App;
use crate::{
    model::wording,
    tui::{
        job::{Course, Job},
        terminal::outside::Progress,
    },
};

/// Work that took less is waited for.
const LONG: Duration = Duration::from_secs(60);

impl App {
    /// The title, and how the work in front stands.
    pub(in crate::tui) fn headline(&self) -> (String, Progress) {
        let Some(job) = self.jobs.active().find(|job| job.is_under_way()) else {
            return ("zipreel".to_owned(), Progress::None);
        };
        let percent = percent(job);
        if job.question().is_some() || job.problem().is_some() {
            return (format!("! {} waits for you - zipreel", job.reel()), Progress::Waits(percent.unwrap_or_default()));
        }
        let stands = if job.control.is_paused() { "paused, " } else { "" };
        let words = match percent {
            Some(percent) => format!("{stands}{percent} % {} - zipreel", job.reel()),
            None => format!("{stands}{} - zipreel", job.reel()),
        };
        let progress = match percent {
            Some(percent) if job.control.is_paused() => Progress::Waits(percent),
            percent => Progress::Runs(percent.unwrap_or_default()),
        };
        (words, progress)
    }

    /// It has ended after a while, and nobody looks: they are told.
    pub(super) fn call(&mut self, took: Duration, words: &str) {
        if !self.is_focused && took >= LONG {
            self.calls.push(format!("{words} ({})", wording::span(took)));
        }
    }
}

fn percent(job: &Job) -> Option<u8> {
    let (done, all) = match &job.course {
        Course::Publishing(publishing) => (publishing.bytes_through(), publishing.bytes_to_send()),
        Course::Removal(gone) => (u64::from(gone.functions), u64::from(gone.of)),
        Course::Check { .. } | Course::Retitle => return None,
    };
    u8::try_from((done.min(all) * 100).checked_div(all)?).ok()
}
