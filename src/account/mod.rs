//! What an account needs around the reels, once a Region: set up, looked after, taken down. Knows the engine, no face.

mod doctor;
mod live;
mod setup;
mod teardown;
mod template;

use std::collections::BTreeMap;

pub use doctor::{examine, preflight};
pub use live::{Observed, observe};
pub use setup::{Need, Ready, RelayWish, ensure, setup, setup_roles};
pub use teardown::{Removed, Roles, teardown};
pub use template::{Stack, template};

use crate::{
    cloud::{Cloud, RoleWanted},
    model::gate::public::{CHUNK_ROLE, GATE_POLICY, GATE_ROLE, Policy, Public},
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

fn log_group(public: Public) -> String {
    format!("/aws/lambda/{}", public.name())
}

/// A function's environment: the gate's address, and for the gate the relay's, where there are such.
fn environment(public: Public, gate: Option<&str>, relay: Option<&str>) -> BTreeMap<String, String> {
    let relay = relay.filter(|_| public == Public::Gate);
    let both = [("ZIPREEL_GATE_URL", gate), ("ZIPREEL_RELAY_URL", relay)];
    both.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?.to_owned()))).collect()
}

/// Whether what answers at a public URL is ours and works: it says 404 to what is not there, and lets all origins read.
async fn probe(player: &Player, public: Public, url: &str) -> Result<(), PlayerError> {
    let path = match public {
        Public::Gate => format!("{url}{NO_REEL}/index.m3u8"),
        Public::Relay => format!("{url}{NO_REEL}/00000000/src/0.ts"),
    };
    player.refused(&path).await
}
