//! What the public functions know of each other and of the CDN: their environments, set as a whole.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    cloud::{Cloud, CloudError, Done},
    model::{
        gate::{
            cdn::{CDN_URL, EDGE_SHA256, RELAY_PREFIX, RELAY_URL},
            ceiling::{CDN_ID, CEILING_GB, Ceiling, CountedCdns},
            front::{FRONT, Front, GATE_URL},
            public::Public,
        },
        report::usage::Month,
    },
};

/// The CDN as gate and relay know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// Base URL, with a slash at its end.
    pub(super) url: String,
    /// Of what it sends to be known by; not known where these credentials may not look and the relay does not know it.
    pub(super) sha256: Option<String>,
    /// AWS's id of the distribution, by which its bytes are counted; not known where these credentials may not look.
    pub(super) id: Option<String>,
}

/// What gate and relay are to know of the CDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EdgeWish {
    /// What they do, by what was just read of it.
    AsItIs(Option<Edge>),
    On(Edge),
    Off,
}

impl EdgeWish {
    pub(super) fn cdn(&self) -> Option<&Edge> {
        match self {
            Self::AsItIs(cdn) => cdn.as_ref(),
            Self::On(cdn) => Some(cdn),
            Self::Off => None,
        }
    }
}

/// What is to become of the monthly ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CeilingWish {
    #[default]
    AsItIs,
    Off,
    At(Ceiling),
}

impl CeilingWish {
    /// The ceiling that there is to be, by what the gate knows now.
    pub(super) async fn wanted(self, cloud: &Cloud) -> Result<Option<Ceiling>, CloudError> {
        match self {
            Self::AsItIs => cloud.ceiling().await,
            Self::Off => Ok(None),
            Self::At(ceiling) => Ok(Some(ceiling)),
        }
    }
}

/// Where everything is: base URLs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses<'a> {
    pub(super) front: Front,
    pub(super) gate: Option<&'a str>,
    pub(super) relay: Option<&'a str>,
    pub(super) edge: Option<&'a Edge>,
    pub(super) ceiling: Option<Ceiling>,
    /// Whose bytes count against it besides the relay's own.
    pub(super) counted: &'a CountedCdns,
}

/// A function's environment: the gate's address, and for the gate what that is of and where browsers find the relay.
/// The gate knows of a ceiling even where there is no relay: there it is kept.
pub(super) fn environment(public: Public, at: Addresses<'_>) -> BTreeMap<String, String> {
    let front = (at.front != Front::Url).then(|| at.front.word().to_owned());
    let relay = at.relay.map(|relay| match at.edge {
        Some(edge) => format!("{}{RELAY_PREFIX}", edge.url),
        None => relay.to_owned(),
    });
    let ceiling = (CEILING_GB, at.ceiling.map(|ceiling| ceiling.to_string()));
    let cdn_of = |edge: Option<&Edge>| (CDN_URL, edge.map(|edge| edge.url.clone()));
    let gate = (GATE_URL, at.gate.map(str::to_owned));
    let all = match public {
        Public::Gate | Public::Front => vec![gate, cdn_of(at.edge), ceiling, (FRONT, front), (RELAY_URL, relay)],
        Public::Relay => {
            let counted = at.ceiling.map(|_| at.counted.to_string()).filter(|ids| !ids.is_empty());
            // without it the relay can't tell the CDN from others, and serves all
            let known = at.edge.filter(|edge| edge.sha256.is_some());
            let sha256 = known.and_then(|edge| edge.sha256.clone());
            vec![gate, cdn_of(known), ceiling, (CDN_ID, counted), (EDGE_SHA256, sha256)]
        }
    };
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Tells these functions, one after the other, where everything is.
pub(super) async fn tell(
    cloud: &Cloud,
    publics: &[Public],
    (front, gate): (Front, &str),
    wish: &EdgeWish,
    ceiling: CeilingWish,
) -> Result<Done, CloudError> {
    // another process may change relay, CDN or ceiling meanwhile, so that they are read anew
    let wanted = async |public: Public, before: BTreeMap<String, String>| {
        let relay = cloud.function_url(Public::Relay.name()).await?;
        let edge = match wish {
            EdgeWish::AsItIs(read) => as_it_is(cloud, read.as_ref()).await?,
            EdgeWish::On(edge) => Some(edge.clone()),
            EdgeWish::Off => None,
        };
        let ceiling = ceiling.wanted(cloud).await?;
        let (edge, counted) = (edge.as_ref(), counted(&before, edge.as_ref()));
        let at = Addresses { front, gate: Some(gate), relay: relay.as_deref(), edge, ceiling, counted: &counted };
        Ok(environment(public, at))
    };
    let mut done = Done::Kept;
    for public in publics.iter().copied() {
        if cloud.ensure_environment(public, |before| wanted(public, before)).await? != Done::Kept {
            done = Done::Updated;
        }
    }
    Ok(done)
}

/// What the gate names now is what is so. Of another CDN than was read the relay knows, if it knows it; named it stays
/// in any case.
async fn as_it_is(cloud: &Cloud, read: Option<&Edge>) -> Result<Option<Edge>, CloudError> {
    let Some(named) = cloud.named_cdn().await? else { return Ok(None) };
    match read {
        Some(edge) if edge.url == named => Ok(Some(edge.clone())),
        _ => named_edge(cloud, named).await.map(Some),
    }
}

/// The CDN with this base URL, as far as it is known without looking at it.
pub(super) async fn named_edge(cloud: &Cloud, named: String) -> Result<Edge, CloudError> {
    let known = known_to_relay(cloud).await?.filter(|edge| edge.url == named);
    Ok(known.unwrap_or(Edge { url: named, sha256: None, id: None }))
}

/// The distributions in a relay's environment.
pub(super) fn counted_by(environment: &BTreeMap<String, String>) -> CountedCdns {
    environment.get(CDN_ID).map(|ids| CountedCdns::read(ids)).unwrap_or_default()
}

/// The same, once the CDN is this one.
pub(super) fn counted(before: &BTreeMap<String, String>, edge: Option<&Edge>) -> CountedCdns {
    let month = Month::of(SystemTime::now()).digits();
    counted_by(before).replaced(edge.and_then(|edge| edge.id.clone()), &month)
}

async fn known_to_relay(cloud: &Cloud) -> Result<Option<Edge>, CloudError> {
    let environment = cloud.public(Public::Relay).await?.map(|relay| relay.environment).unwrap_or_default();
    let of = |name: &str| environment.get(name).cloned();
    Ok(of(CDN_URL).zip(of(EDGE_SHA256)).map(|(url, sha256)| Edge {
        url,
        sha256: Some(sha256),
        id: counted_by(&environment).now().map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_cdn_the_gate_names_the_relay_by_it_and_the_relay_knows_whom_to_serve() {
        let edge =
            Edge { url: "https://d.example/".to_owned(), sha256: Some("ab".to_owned()), id: Some("E1".to_owned()) };
        let none = CountedCdns::default();
        let at = |edge| Addresses {
            front: Front::Url,
            gate: Some("https://g/"),
            relay: Some("https://r/"),
            edge,
            ceiling: None,
            counted: &none,
        };
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
        let unseen = Edge { sha256: None, id: None, ..edge.clone() };
        assert_eq!(all(Public::Gate, Some(&unseen)), all(Public::Gate, Some(&edge)), "it stays named");
        assert_eq!(all(Public::Relay, Some(&unseen)), all(Public::Relay, None), "whom to serve is not known");
        let none = environment(Public::Gate, Addresses { relay: None, ..at(Some(&edge)) });
        assert_eq!(none.get("ZIPREEL_RELAY_URL"), None, "there is none to be found by it");
    }

    #[test]
    fn a_relay_with_a_ceiling_knows_it_and_whose_bytes_count_too() {
        let edge =
            |id: Option<&str>| Edge { url: "https://d/".into(), sha256: Some("ab".into()), id: id.map(str::to_owned) };
        let of = |public, edge: Option<&Edge>, ceiling: Option<&str>| {
            let ceiling = ceiling.map(|text| text.parse().unwrap());
            let counted = counted(&BTreeMap::new(), edge);
            let at = Addresses { front: Front::Url, gate: None, relay: None, edge, ceiling, counted: &counted };
            environment(public, at)
        };
        for public in [Public::Gate, Public::Front, Public::Relay] {
            let with = of(public, None, Some("250"));
            assert_eq!(with.into_iter().collect::<Vec<_>>(), [("ZIPREEL_CEILING_GB".to_owned(), "250".to_owned())]);
            assert_eq!(of(public, None, None).len(), 0);
        }
        let relay = |id, ceiling| of(Public::Relay, Some(&edge(id)), ceiling).remove("ZIPREEL_CDN_ID");
        assert_eq!(relay(Some("E1"), Some("250")).as_deref(), Some("E1"));
        assert_eq!([relay(Some("E1"), None), relay(None, Some("250"))], [None, None]);
    }
}
