//! What the stand-in's functions are told of each other's addresses, as `zipreel setup` tells AWS's: from its first start,
//! and after every start at other ports.

use std::io;

use crate::{
    local::{context::Origins, store::Store},
    model::gate::{
        cdn::{CDN_URL, RELAY_PREFIX, RELAY_URL},
        front::GATE_URL,
        public::{FRONT, GATE, RELAY},
    },
};

/// Fills the addresses that are there; which there are, is up to who set the function up.
pub(super) fn tell(store: &Store, origins: &Origins) -> io::Result<()> {
    let change = store.change()?;
    let gate = origins.gate_at(change.function(GATE).map(|gate| gate.front()).unwrap_or_default());
    let [gate, relay, cdn] = [gate, &origins.relay, &origins.edge].map(|origin| format!("{}/", origin.url));
    let relay_by_cdn = format!("{cdn}{RELAY_PREFIX}");
    for mut function in [GATE, FRONT, RELAY].into_iter().filter_map(|name| change.function(name)) {
        let relay = if function.variable(CDN_URL).is_some() { &relay_by_cdn } else { &relay };
        let before = function.settings.clone();
        for (name, now) in [(GATE_URL, &gate), (RELAY_URL, relay), (CDN_URL, &cdn)] {
            function.set_variable(name, now);
        }
        if function.settings != before {
            change.put_function(function)?;
        }
    }
    Ok(())
}
