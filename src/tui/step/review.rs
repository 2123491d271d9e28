//! Step 3: the plan in numbers, what it costs, and what has to be accepted before a byte leaves the machine. What is
//! started is exactly what was shown, in the account and Region that were shown.

use std::time::Duration;

use crate::{
    model::cost,
    tui::{
        action::{Action, Command, Way},
        backend::{Account, AccountRegion, Order, Place, Question, Target},
        chosen::{Planned, Totals},
        keymap::Table,
        shared::{Connection, Shared, account_words},
        widget::page::Scroll,
    },
};

/// Uplink assumed before one was measured, bytes a second (20 Mbit/s).
const UPLINK: u64 = 2_500_000;

pub(in crate::tui) struct Review {
    /// In the order in which they are published.
    pub(in crate::tui) planned: Vec<Planned>,
    pub(in crate::tui) totals: Totals,
    /// The account that is shown.
    pub(in crate::tui) account: Option<Account>,
    /// What the person has acknowledged here.
    acknowledged: Option<Question>,
    pub(in crate::tui) scroll: Scroll,
}

impl Review {
    pub(in crate::tui) fn new(mut planned: Vec<Planned>, shared: &Shared) -> Self {
        for Planned { order, .. } in &mut planned {
            order.cdn = false;
            order.relay = order.place.target == Target::Local || shared.relay();
        }
        Self {
            totals: Totals::of(planned.iter().map(|planned| &planned.effect)),
            account: shared.account().cloned(),
            acknowledged: None,
            planned,
            scroll: Scroll::default(),
        }
    }

    /// Of the account that is signed in now: once each.
    pub(in crate::tui) fn notice(shared: &Shared) -> Option<&Question> {
        shared.account()?.notice.as_ref()
    }

    /// What is acknowledged is this very notice, not one of another account.
    pub(in crate::tui) fn is_acknowledged(&self, shared: &Shared) -> bool {
        Self::notice(shared).is_none_or(|notice| self.acknowledged.as_ref() == Some(notice))
    }

    pub(in crate::tui) fn place(&self) -> Option<&Place> {
        self.planned.first().map(|planned| &planned.order.place)
    }

    pub(in crate::tui) fn is_local(&self) -> bool {
        self.place().is_some_and(Place::is_local)
    }

    /// Where the plan that is shown would go.
    pub(in crate::tui) fn at(&self) -> Option<&AccountRegion> {
        self.planned.first().and_then(|planned| planned.order.expected.as_ref())
    }

    pub(in crate::tui) fn relay(&self) -> bool {
        self.planned.first().is_some_and(|planned| planned.order.relay)
    }

    /// A CDN is to be switched on with these.
    pub(in crate::tui) fn cdn(&self) -> bool {
        self.planned.first().is_some_and(|planned| planned.order.cdn)
    }

    /// Why this may not start: who is signed in, or where to, is not what the plan was made for.
    pub(in crate::tui) fn stale(&self, shared: &Shared) -> Option<String> {
        let leads = "leads back to the settings; go on from there to look at the plan again.";
        let again = shared.keys.says(Table::Review, &Action::Back, leads);
        let now = match &shared.connection {
            Connection::Ready(account) => account,
            Connection::Failed(fault) => return Some(format!("Nobody is signed in any more: {fault}. {again}")),
            Connection::Asking | Connection::Unasked => {
                return Some("It is being asked again who is signed in: wait for the answer.".to_owned());
            }
        };
        let (shown, place) = (self.at()?, self.place()?);
        if *place == shared.place && *shown == now.at {
            return None;
        }
        Some(format!(
            "The sign-in has changed: this plan was made for {}, and now it is {}. {again}",
            words(shown, place),
            words(&now.at, &shared.place)
        ))
    }

    /// The stand-in's relay costs nothing, and nothing is better than a CDN that is on already.
    pub(in crate::tui) fn relay_is_a_choice(&self, shared: &Shared) -> bool {
        !self.is_local() && !shared.cdn()
    }

    /// What browsers play by: nothing, then the relay, then the relay behind a CDN. A relay that is on already stays, since
    /// it serves other reels too.
    fn turn(&mut self, shared: &Shared) {
        let (relay, cdn) = match (self.relay(), self.cdn()) {
            (false, _) => (true, false),
            (true, false) => (true, true),
            (true, true) => (shared.relay(), false),
        };
        for Planned { order, .. } in &mut self.planned {
            (order.relay, order.cdn) = (relay, cdn);
        }
    }

    /// What is agreed to with what is switched on here.
    pub(in crate::tui) fn terms(&self, shared: &Shared) -> Option<String> {
        let at = self.at()?.clone();
        let (dollars_per_gb, flags) = (cost::egress_per_gb(&at.region), shared.place.flags());
        match (self.relay() && !shared.relay(), self.cdn()) {
            (_, true) => Question::Cdn { at, dollars_per_gb, flags }.terms(),
            (true, false) => Question::Relay { at, dollars_per_gb, flags }.terms(),
            (false, false) => None,
        }
    }

    /// Bytes left in the account after these reels; negative when they do not fit.
    pub(in crate::tui) fn storage_left(&self, account: &Account) -> Option<i128> {
        let storage = account.storage?;
        Some(i128::from(storage.limit) - i128::from(storage.used) - i128::from(self.totals.bytes))
    }

    pub(in crate::tui) fn warnings(&self, shared: &Shared) -> Vec<String> {
        let is_one = self.planned.len() == 1;
        let named = |planned: &Planned, warning: &String| {
            if is_one { warning.clone() } else { format!("{}: {warning}", planned.order.reel) }
        };
        let mut warnings = Vec::new();
        for planned in &self.planned {
            warnings.extend(planned.probe.warnings.iter().map(|warning| named(planned, warning)));
        }
        if shared.account().and_then(|account| self.storage_left(account)).is_some_and(|left| left < 0) {
            let (these, fit) = if is_one { ("this reel", "does") } else { ("these reels", "do") };
            warnings.push(format!("{these} {fit} not fit into what is left of the account's code storage"));
        }
        warnings
    }

    /// Seconds of sending, with the uplink measured last or an assumed one.
    pub(in crate::tui) fn sending(&self, shared: &Shared) -> Option<Duration> {
        if self.is_local() {
            return None;
        }
        let uplink = shared.memory.uplink.unwrap_or(UPLINK).max(1);
        Some(Duration::from_secs(self.totals.bytes / uplink))
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if self.scroll.moved(action) {
            return Vec::new();
        }
        match action {
            Action::Enter => return self.start(shared),
            Action::Acknowledge => {
                self.acknowledged = Self::notice(shared).cloned();
                // the plan takes the notice's place
                self.scroll.moved(&Action::First);
            }
            Action::Relay if self.relay_is_a_choice(shared) => {
                self.turn(shared);
                self.scroll.to_choice();
            }
            Action::Back => return vec![Command::Back],
            _ => {}
        }
        Vec::new()
    }

    fn start(&mut self, shared: &Shared) -> Vec<Command> {
        if let Some(stale) = self.stale(shared) {
            self.scroll.moved(&Action::First);
            return vec![Command::Say(stale)];
        }
        if !self.is_acknowledged(shared) {
            self.scroll.moved(&Action::First);
            let agrees = shared.keys.says(Table::Review, &Action::Acknowledge, "agrees to it");
            return vec![Command::Say(format!("read the notice first; {agrees}"))];
        }
        let orders: Vec<Order> = self.planned.iter().map(|planned| planned.order.clone()).collect();
        let notice = Self::notice(shared).cloned();
        vec![Command::Go(Box::new(Way::Publish(orders, notice)))]
    }
}

fn words(at: &AccountRegion, place: &Place) -> String {
    if place.is_local() {
        return "the stand-in on this computer".to_owned();
    }
    format!("account {}, Region {}", account_words(&at.account), at.region)
}
