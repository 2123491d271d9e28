//! What all parts of a running stand-in share: its place, keys, clock, store, limits, faults and counts.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;

use super::{
    clock::Clock,
    counts::Counts,
    faults::LiveFaults,
    limits::Rates,
    metrics::Metrics,
    signature::{auth::SKEW, keys::Keys},
    store::{Store, record::Function},
};
use crate::model::gate::{front::Front, public::GATE};

#[derive(Debug)]
pub(super) struct Context {
    pub(super) origins: Origins,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) store: Arc<Store>,
    pub(super) rates: Rates,
    pub(super) faults: LiveFaults,
    pub(super) counts: Counts,
    pub(super) metrics: Metrics,
    pub(super) quota_bytes: u64,
    pub(super) settle: Duration,
    pub(super) index_check_every: Duration,
}

/// The origins, and the names they may be called by.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    pub(super) api: Origin,
    pub(super) gate: Origin,
    pub(super) relay: Origin,
    /// The gate's HTTP API.
    pub(super) front: Origin,
    /// The CDN before gate and relay.
    pub(super) edge: Origin,
    /// The API's, unless other machines may watch.
    pub(super) downloads: Origin,
}

#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// `http://host:port`, without a slash at the end.
    pub(super) url: String,
    /// Values of `Host` that are meant for us: anything else is another site's name pointed at this computer.
    pub(super) hosts: Vec<String>,
}

impl Origin {
    pub(super) fn new(names: &[String], port: u16) -> Self {
        let hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        let url = hosts.first().map(|host| format!("http://{host}")).unwrap_or_default();
        Self { url, hosts }
    }

    /// `host:port` of the origin.
    pub(super) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap_or_default()
    }

    pub(super) fn answers_to(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

impl Origins {
    /// Where the gate is, by what stands before it.
    pub(super) fn gate_at(&self, front: Front) -> &Origin {
        match front {
            Front::Url => &self.gate,
            Front::HttpApi => &self.front,
        }
    }
}

impl Context {
    /// The server's time, faults included.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now() + self.faults.clock_skew()
    }

    /// How old a signature may be when the body ends.
    pub(super) fn signature_age(&self) -> time::Duration {
        self.faults.signature_age().unwrap_or(SKEW)
    }

    pub(super) fn quota_bytes(&self) -> u64 {
        self.faults.quota_bytes().unwrap_or(self.quota_bytes)
    }

    /// How long a new or changed function takes to settle.
    pub(super) fn settle(&self) -> Duration {
        self.faults.pending().unwrap_or(self.settle)
    }

    /// The gate's base URL, without a slash at the end: its environment says which of the two.
    pub(super) fn gate_base(&self) -> &str {
        let state = self.store.read();
        let front = state.functions.get(GATE).map(Function::front).unwrap_or_default();
        &self.origins.gate_at(front).url
    }

    /// The function, if it has a URL that asks for no signature.
    pub(super) fn served(&self, name: &str) -> Option<Function> {
        let state = self.store.read();
        let is_open = |function: &&Function| function.url.as_ref().is_some_and(|url| url.auth_type == "NONE");
        state.functions.get(name).filter(is_open).cloned()
    }
}
