//! Step 3: the plan in numbers, what it costs, and what has to be accepted before a byte leaves the machine.

use crate::tui::{
    action::{Action, Command, Way},
    backend::{Account, Order, Probe, Question, Target},
    effect::Effect,
    shared::Shared,
    widget::page::Scroll,
};

/// Uplink assumed before one was measured, bytes a second (20 Mbit/s).
const UPLINK: u64 = 2_500_000;

pub(in crate::tui) struct Review {
    pub(in crate::tui) order: Order,
    pub(in crate::tui) probe: Probe,
    pub(in crate::tui) effect: Effect,
    pub(in crate::tui) acknowledged: bool,
    pub(in crate::tui) scroll: Scroll,
}

impl Review {
    pub(in crate::tui) fn new(order: Order, probe: Probe, shared: &Shared) -> Self {
        let effect = Effect::of(&probe, order.cut.segment_length, order.cut.chunk_limit);
        let relay = order.place.target == Target::Local || shared.account().is_some_and(|account| account.relay);
        Self {
            acknowledged: Self::notice(shared).is_none(),
            order: Order { relay, ..order },
            probe,
            effect,
            scroll: Scroll::default(),
        }
    }

    /// For real accounts, once each.
    pub(in crate::tui) fn notice(shared: &Shared) -> Option<&Question> {
        shared.account()?.notice.as_ref()
    }

    /// The stand-in's relay costs nothing, and one that is on already serves other reels too.
    pub(in crate::tui) fn relay_is_a_choice(&self, shared: &Shared) -> bool {
        self.order.place.target != Target::Local && !shared.account().is_some_and(|account| account.relay)
    }

    /// Bytes left in the account after this reel; negative when it does not fit.
    pub(in crate::tui) fn storage_left(&self, account: &Account) -> Option<i128> {
        let storage = account.storage?;
        Some(i128::from(storage.limit) - i128::from(storage.used) - i128::from(self.effect.bytes))
    }

    pub(in crate::tui) fn warnings(&self, shared: &Shared) -> Vec<String> {
        let mut warnings = self.probe.warnings.clone();
        if shared.account().and_then(|account| self.storage_left(account)).is_some_and(|left| left < 0) {
            warnings.push("this reel does not fit into what is left of the account's code storage".to_owned());
        }
        warnings
    }

    /// Seconds of sending, with the uplink measured last or an assumed one.
    pub(in crate::tui) fn sending(&self, shared: &Shared) -> Option<std::time::Duration> {
        if self.order.place.target == Target::Local {
            return None;
        }
        let uplink = shared.memory.uplink.unwrap_or(UPLINK).max(1);
        Some(std::time::Duration::from_secs(self.effect.bytes / uplink))
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if self.scroll.moved(action) {
            return Vec::new();
        }
        match action {
            Action::Enter if self.acknowledged => {
                let agreed = Self::notice(shared).cloned();
                return vec![Command::Go(Box::new(Way::Publish(vec![self.order.clone()], agreed)))];
            }
            Action::Enter => {
                self.scroll.moved(&Action::Last);
                return vec![Command::Say("read the notice, then acknowledge it with a".to_owned())];
            }
            Action::Acknowledge => self.acknowledged = true,
            Action::Relay if self.relay_is_a_choice(shared) => self.order.relay = !self.order.relay,
            Action::Back => return vec![Command::Back],
            _ => {}
        }
        Vec::new()
    }
}
