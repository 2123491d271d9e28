//! What an account needs around the reels, once a Region: set up, looked after, taken down. Knows the engine, no face.

mod addresses;
mod cdn;
mod concurrency;
mod doctor;
mod ensure;
mod kept_cdn;
mod live;
mod setup;
mod stack_cdn;
mod steps;
mod teardown;
mod template;
mod usage;

pub use addresses::CeilingWish;
pub use cdn::{CdnStanding, CdnState, standing as cdn_standing, switch_off as cdn_off, switch_on as cdn_on};
pub use doctor::{examine, preflight};
pub use ensure::{Need, ensure};
pub use live::{Observed, observe};
pub use setup::{Ready, RelayWish, Wish, setup, setup_roles};
pub use teardown::{Removed, Roles, teardown};
pub use template::{Stack, template};

use crate::{
    cloud::{Cloud, RoleWanted},
    model::gate::public::{CHUNK_ROLE, GATE_POLICY, GATE_ROLE, Policy, Public, RELAY_POLICY, RELAY_ROLE},
    storage::player::{Player, PlayerError},
};

/// A reel that is not there, asked for to probe gate and relay. A gate that may not call GetFunction answers 503.
const NO_REEL: &str = "zipreel-setup-probe";

fn chunk_role(cloud: &Cloud) -> RoleWanted {
    let trust = Policy::Trust.text(cloud.partition(), &cloud.identity().account);
    RoleWanted { name: CHUNK_ROLE.to_owned(), trust, policy: None }
}

fn gate_role(cloud: &Cloud) -> RoleWanted {
    with_rights(cloud, GATE_ROLE, GATE_POLICY, Policy::GateRole)
}

/// Of a relay with a ceiling.
fn relay_role(cloud: &Cloud) -> RoleWanted {
    with_rights(cloud, RELAY_ROLE, RELAY_POLICY, Policy::RelayRole)
}

fn with_rights(cloud: &Cloud, role: &str, name: &str, policy: Policy) -> RoleWanted {
    let text = |policy: Policy| policy.text(cloud.partition(), &cloud.identity().account);
    RoleWanted { name: role.to_owned(), trust: text(Policy::Trust), policy: Some((name.to_owned(), text(policy))) }
}

/// Whether what answers at a public URL is ours and works: it says 404 to what is not there, and lets all origins read.
async fn probe(player: &Player, public: Public, url: &str) -> Result<(), PlayerError> {
    let path = match public {
        Public::Gate | Public::Front => format!("{url}{NO_REEL}/index.m3u8"),
        Public::Relay => format!("{url}{NO_REEL}/00000000/src/0.ts"),
    };
    player.refused(&path).await
}
