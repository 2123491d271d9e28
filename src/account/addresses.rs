//! What the public functions know of each other and of the CDN: their environments, set as a whole.

use std::collections::BTreeMap;

use crate::{
    cloud::{Cloud, CloudError, Done},
    model::gate::{
        cdn::{CDN_URL, EDGE_SHA256, RELAY_PREFIX, RELAY_URL},
        front::{FRONT, Front, GATE_URL},
        public::Public,
    },
};

/// The CDN as gate and relay know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// Base URL, with a slash at its end.
    pub(super) url: String,
    /// Of what it sends to be known by.
    pub(super) sha256: String,
}

/// What gate and relay are to know of the CDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EdgeWish {
    /// What they do, by what was just read of it.
    AsItIs(Option<Edge>),
    On(Edge),
    Off,
}

/// Where everything is: base URLs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses<'a> {
    pub(super) front: Front,
    pub(super) gate: Option<&'a str>,
    pub(super) relay: Option<&'a str>,
    pub(super) edge: Option<&'a Edge>,
}

/// A function's environment: the gate's address, and for the gate what that is of and where browsers find the relay.
pub(super) fn environment(public: Public, at: Addresses<'_>) -> BTreeMap<String, String> {
    let front = (at.front != Front::Url).then(|| at.front.word().to_owned());
    let relay = at.relay.map(|relay| match at.edge {
        Some(edge) => format!("{}{RELAY_PREFIX}", edge.url),
        None => relay.to_owned(),
    });
    let cdn = (CDN_URL, at.edge.map(|edge| edge.url.clone()));
    let gate = (GATE_URL, at.gate.map(str::to_owned));
    let all = match public {
        Public::Gate | Public::Front => vec![gate, cdn, (FRONT, front), (RELAY_URL, relay)],
        Public::Relay => vec![gate, cdn, (EDGE_SHA256, at.edge.map(|edge| edge.sha256.clone()))],
    };
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Tells these functions, one after the other, where everything is.
pub(super) async fn tell(
    cloud: &Cloud,
    publics: &[Public],
    (front, gate): (Front, &str),
    wish: &EdgeWish,
) -> Result<Done, CloudError> {
    // another process may switch relay or CDN on or off meanwhile, so that both are read anew
    let wanted = async |public: Public| {
        let relay = cloud.function_url(Public::Relay.name()).await?;
        let edge = match wish {
            EdgeWish::AsItIs(read) => as_it_is(cloud, read.as_ref()).await?,
            EdgeWish::On(edge) => Some(edge.clone()),
            EdgeWish::Off => None,
        };
        let at = Addresses { front, gate: Some(gate), relay: relay.as_deref(), edge: edge.as_ref() };
        Ok(environment(public, at))
    };
    let mut done = Done::Kept;
    for public in publics.iter().copied() {
        if cloud.ensure_environment(public, || wanted(public)).await? != Done::Kept {
            done = Done::Updated;
        }
    }
    Ok(done)
}

/// What the gate names now is what is so. Of another CDN than was read the relay knows, if it knows it.
async fn as_it_is(cloud: &Cloud, read: Option<&Edge>) -> Result<Option<Edge>, CloudError> {
    let Some(named) = cloud.named_cdn().await? else { return Ok(None) };
    match read {
        Some(edge) if edge.url == named => Ok(Some(edge.clone())),
        _ => Ok(known_to_relay(cloud).await?.filter(|edge| edge.url == named)),
    }
}

pub(super) async fn known_to_relay(cloud: &Cloud) -> Result<Option<Edge>, CloudError> {
    let environment = cloud.public(Public::Relay).await?.map(|relay| relay.environment).unwrap_or_default();
    let of = |name: &str| environment.get(name).cloned();
    Ok(of(CDN_URL).zip(of(EDGE_SHA256)).map(|(url, sha256)| Edge { url, sha256 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_cdn_the_gate_names_the_relay_by_it_and_the_relay_knows_whom_to_serve() {
        let edge = Edge { url: "https://d.example/".to_owned(), sha256: "ab".to_owned() };
        let at = |edge| Addresses { front: Front::Url, gate: Some("https://g/"), relay: Some("https://r/"), edge };
        let all =
            |public, edge| environment(public, at(edge)).into_iter().map(|(name, value)| format!("{name}={value}"));
        let all = |public, edge| all(public, edge).collect::<Vec<_>>().join(" ");
        assert_eq!(all(Public::Gate, None), "ZIPREEL_GATE_URL=https://g/ ZIPREEL_RELAY_URL=https://r/");
        assert_eq!(all(Public::Relay, None), "ZIPREEL_GATE_URL=https://g/");
        for public in [Public::Gate, Public::Front] {
            let by_cdn = "ZIPREEL_CDN_URL=https://d.example/ ZIPREEL_GATE_URL=https://g/ \
                          ZIPREEL_RELAY_URL=https://d.example/_relay/";
            assert_eq!(all(public, Some(&edge)), by_cdn);
        }
        let knows = "ZIPREEL_CDN_URL=https://d.example/ ZIPREEL_EDGE_SHA256=ab ZIPREEL_GATE_URL=https://g/";
        assert_eq!(all(Public::Relay, Some(&edge)), knows);
        let none = environment(Public::Gate, Addresses { relay: None, ..at(Some(&edge)) });
        assert_eq!(none.get("ZIPREEL_RELAY_URL"), None, "there is none to be found by it");
    }
}
