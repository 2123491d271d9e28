//! Which keys would do something now. The footer leaves out the others, and who presses one of them is told why nothing
//! happens.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::App;
use crate::tui::{action::Action, job::Job, screen::Screen, step::review::Review, widget::page::Scroll};

impl App {
    /// Whether a key would do something now.
    pub(in crate::tui) fn applies(&self, action: &Action) -> bool {
        match (action, self.top()) {
            (Action::Up, _) if self.overlay.is_none() => self.page().is_none_or(Scroll::is_needed),
            // it has a sentence of its own, and leads to what has to be read
            (Action::Enter, Screen::Review(review)) => {
                review.stale(&self.shared).is_none() && review.is_acknowledged(&self.shared)
            }
            (Action::Acknowledge | Action::Relay, Screen::Review(review)) if review.stale(&self.shared).is_some() => {
                false
            }
            (Action::Acknowledge, Screen::Review(review)) if review.is_acknowledged(&self.shared) => false,
            (Action::Enter, Screen::Home(home)) => home.can_open(&self.shared, &self.jobs),
            // on Home it asks everything anew, which the footer has no room for
            (Action::Retry, _) => self.shown_job().is_none_or(Job::can_retry),
            _ => self.hindrance(action).is_none(),
        }
    }

    /// How far the page in sight is scrolled, if it is one.
    fn page(&self) -> Option<&Scroll> {
        let job = self.shown_job();
        let asks = job.is_some_and(|job| job.question().is_some());
        match self.top() {
            Screen::Review(review) => Some(&review.scroll),
            Screen::Publishing(publishing) if asks => Some(&publishing.asking.scroll),
            Screen::Publishing(publishing) => job?.published().map(|_| &publishing.scroll),
            Screen::Removal(removal) if asks => Some(&removal.asking.scroll),
            Screen::Reel(reel) => Some(&reel.scroll),
            Screen::Library(library) => library.deletion.as_ref().map(|deletion| &deletion.scroll),
            _ => None,
        }
    }

    /// Why an action would do nothing now, in a sentence.
    pub(super) fn hindrance(&self, action: &Action) -> Option<String> {
        if let Screen::Reel(reel) = self.top() {
            return reel.hindrance(action, &self.shared, &self.jobs);
        }
        let job = self.shown_job();
        let why = match (action, self.top()) {
            (Action::Acknowledge, _) if Review::notice(&self.shared).is_none() => "there is no notice to agree to here",
            (Action::Relay, Screen::Review(review)) if review.is_local() => "on this computer, browsers need no relay",
            (Action::Relay, Screen::Review(review)) if !review.relay_is_a_choice(&self.shared) => {
                "the CDN is on in this account already; `zipreel cdn off` with the same --target ends that"
            }
            (Action::Pause | Action::Cancel, _) if job.is_none_or(|job| !job.is_active()) => {
                "nothing is under way here that could be stopped"
            }
            (Action::Pause | Action::Cancel, _) if job.is_some_and(Job::is_stopping) => "it is being stopped already",
            (Action::Pause, _) if !job.is_some_and(Job::is_under_way) => "it has not begun yet: it waits for its turn",
            (Action::Retry, Screen::Home(_)) => return None,
            (Action::Retry, _) if !job.is_none_or(Job::can_retry) => "nothing here has failed or waits for you",
            (Action::EditSettings, _)
                if !job.is_some_and(|job| job.failed().is_some() && self.drafts.contains_key(&job.id)) =>
            {
                "there are no settings to go back to: only what failed in this window has them"
            }
            (Action::Queue, _) if self.jobs.publishings().count() < 2 => "this is the only upload in this window",
            // a filter is typed in the library too
            (Action::SearchBelow, _) if self.picker().is_none() => "folders are searched where a video is chosen",
            (
                Action::Enter
                | Action::Filter
                | Action::Sort
                | Action::Mark
                | Action::UnmarkAll
                | Action::CopyMenu
                | Action::Delete,
                Screen::Library(library),
            ) if library.has_nothing() => "no reel is listed here",
            (Action::FreeName, Screen::Settings(settings)) if !settings.offers_free_name(&self.shared) => {
                "no name here is taken"
            }
            _ => return None,
        };
        Some(why.to_owned())
    }

    /// What is said of a letter that no key of the screen is.
    pub(super) fn without_meaning(&self, key: &KeyEvent) -> Option<String> {
        let KeyCode::Char(letter) = key.code else { return None };
        let is_plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty() && !letter.is_control();
        if !is_plain || self.overlay.is_some() || self.quitting.is_some() {
            return None;
        }
        let help = self.shared.keys.key(self.table(), &Action::Help);
        Some(format!("{letter} does nothing here; {help} shows all keys"))
    }

    /// Whether this moment waits for this key: however narrow the footer is, it keeps it.
    pub(in crate::tui) fn needs(&self, action: &Action) -> bool {
        let job = self.shown_job();
        match (action, self.top()) {
            _ if self.overlay.is_some() => false,
            (Action::Acknowledge, Screen::Review(review)) => {
                !review.is_acknowledged(&self.shared) && review.stale(&self.shared).is_none()
            }
            (Action::Back, Screen::Review(review)) => review.stale(&self.shared).is_some(),
            (Action::FreeName, _) => self.applies(action),
            (Action::Pause, _) => job.is_some_and(|job| job.control.is_paused()),
            (Action::Retry, _) => job.is_some_and(|job| job.problem().is_some()),
            (Action::Delete, Screen::Library(library)) => !library.marked.is_empty(),
            (Action::Reload | Action::Target, Screen::Library(library)) => library.fault.is_some(),
            (Action::Repair, Screen::Reel(reel)) => reel.is_damaged(&self.jobs),
            (Action::Cancel, Screen::Reel(_)) => job.is_some_and(Job::is_active),
            (Action::Yes | Action::No, _) => true,
            _ => false,
        }
    }
}
