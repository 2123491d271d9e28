//! Where gate, relay and CDN are, as their answers name them: base URLs with a slash at their end.

use crate::{
    local::context::Context,
    model::gate::{
        cdn::{CDN_URL, RELAY_PREFIX},
        public::{GATE, RELAY},
    },
};

#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) gate: String,
    /// Before gate and relay, if there is one.
    pub(super) cdn: Option<String>,
    /// If it is on: behind the CDN, if there is one.
    pub(super) relay: Option<String>,
}

impl Places {
    pub(super) fn of(shared: &Context) -> Self {
        let with_slash = |url: &str| format!("{url}/");
        let cdn = shared.store.read().functions.get(GATE).and_then(|gate| gate.variable(CDN_URL).map(str::to_owned));
        let relay = shared.served(RELAY).map(|_| match &cdn {
            Some(cdn) => format!("{cdn}{RELAY_PREFIX}"),
            None => with_slash(&shared.origins.relay.url),
        });
        Self { gate: with_slash(shared.gate_base()), cdn, relay }
    }

    /// Where people are sent. Players are sent to the gate itself, where a redirect costs least.
    pub(super) fn public(&self) -> &str {
        self.cdn.as_deref().unwrap_or(&self.gate)
    }
}
