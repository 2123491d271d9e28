//! What an account needs around the reels, once a Region: set up, looked after, taken down. Knows the engine, no face.

mod doctor;
mod live;
mod setup;
mod teardown;
mod template;

use std::collections::BTreeMap;

pub use doctor::{examine, preflight};
pub use live::{Observed, observe};
pub use setup::{Need, Ready, RelayWish, Wish, ensure, setup, setup_roles};
pub use teardown::{Removed, Roles, teardown};
pub use template::{Stack, template};

use crate::{
    cloud::{Cloud, RoleWanted},
    model::gate::{
        front::{FRONT, Front, GATE_URL},
        public::{CHUNK_ROLE, GATE_POLICY, GATE_ROLE, Policy, Public},
    },
    storage::player::{Player, PlayerError},
};

/// A reel that is not there, asked for to probe gate and relay. A gate that may not call GetFunction answers 503.
const NO_REEL: &str = "zipreel-setup-probe";

fn chunk_role(cloud: &Cloud) -> RoleWanted {
    let trust = Policy::Trust.text(cloud.partition(), &cloud.identity().account);
    RoleWanted { name: CHUNK_ROLE.to_owned(), trust, policy: None }
}

fn gate_role(cloud: &Cloud) -> RoleWanted {
    let text = |policy: Policy| policy.text(cloud.partition(), &cloud.identity().account);
    let policy = Some((GATE_POLICY.to_owned(), text(Policy::GateRole)));
    RoleWanted { name: GATE_ROLE.to_owned(), trust: text(Policy::Trust), policy }
}

/// A function's environment: the gate's address, and for the gate what that is of and the relay's, where there are such.
fn environment(public: Public, (front, gate): (Front, Option<&str>), relay: Option<&str>) -> BTreeMap<String, String> {
    let of_gate = public != Public::Relay;
    let front = (of_gate && front != Front::Url).then(|| front.word());
    let all = [(GATE_URL, gate), (FRONT, front), ("ZIPREEL_RELAY_URL", relay.filter(|_| of_gate))];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// Whether what answers at a public URL is ours and works: it says 404 to what is not there, and lets all origins read.
async fn probe(player: &Player, public: Public, url: &str) -> Result<(), PlayerError> {
    let path = match public {
        Public::Gate | Public::Front => format!("{url}{NO_REEL}/index.m3u8"),
        Public::Relay => format!("{url}{NO_REEL}/00000000/src/0.ts"),
    };
    player.refused(&path).await
}
