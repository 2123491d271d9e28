//! What the contract is held against: an account on the stand-in, and the servers that answer for it, which are the
//! stand-in's own gate (by its URL and behind its HTTP API) and relay, and the deployed functions in Node.js (streamed,
//! whole, and behind an HTTP API).

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use zipreel::{
    cloud::{Cloud, Connect, Keys, RoleWanted},
    local::{self, Clock, Config, Endpoint, StandIn},
    model::gate::{
        cdn::{CDN_URL, EDGE_SHA256, RELAY_PREFIX},
        ceiling::CEILING_GB,
        front::{FRONT, GATE_URL},
        libraries::LIBRARIES_URL,
        public::{Policy, Public, RELAY_POLICY, RELAY_ROLE},
    },
};

use super::{
    http::client,
    nginx::{self, Edge},
    row::Quirk,
    runtime::{Front, Function, Reserved, Spec},
};

const REGION: &str = "us-east-1";
/// Which client asks the stand-in's HTTP API: behind it is the same gate, which counts a client's guesses at both
/// addresses together.
const CLIENT_OF_API: u16 = 1000;
/// What HTTP APIs of AWS do, which the rows must allow for.
const OF_APIS: &[Quirk] = &[Quirk::ApiDecodesPaths];
/// What the deployed gate's zip holds.
pub(super) const GATE_FILES: &[&str] = &[
    "assets/gate/gate.mjs",
    "assets/gate/answers.mjs",
    "assets/gate/ceiling.mjs",
    "assets/gate/functions.mjs",
    "assets/gate/guesses.mjs",
    "assets/gate/gzip.mjs",
    "assets/gate/index.mjs",
    "assets/gate/libraries.mjs",
    "assets/gate/memory.mjs",
    "assets/gate/oembed.mjs",
    "assets/gate/page.mjs",
    "assets/gate/people.mjs",
    "assets/gate/reels.mjs",
    "assets/gate/sign.mjs",
    "assets/gate/watch.html",
    "assets/gate/libraries.js",
    "assets/gate/open-gops.js",
    "assets/gate/tracks.js",
    "assets/gate/player.js",
];

/// What the deployed relay's does.
pub(super) const RELAY_FILES: &[&str] =
    &["assets/gate/relay.mjs", "assets/gate/ceiling.mjs", "assets/gate/memory.mjs", "assets/gate/sign.mjs"];

pub(crate) struct Account {
    pub(crate) stand_in: StandIn,
    pub(crate) clock: Clock,
    pub(crate) cloud: Cloud,
    data: tempfile::TempDir,
    libraries: Option<&'static str>,
}

impl Account {
    pub(crate) async fn new(clock: Clock) -> Self {
        Self::with(clock, None).await
    }

    /// Whose gates fetch the page's libraries at this base URL.
    pub(crate) async fn taking_libraries_from(url: String) -> Self {
        Self::with(Clock::system(), Some(url.leak())).await
    }

    async fn with(clock: Clock, libraries: Option<&'static str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config { port: 0, clock: clock.clone(), log_requests: true, ..Config::new(data.path()) };
        let stand_in = local::start(config).await.unwrap();
        let cloud = connect(&stand_in).await;
        Self { stand_in, clock, cloud, data, libraries }
    }

    /// The functions that GetFunction was asked for, in order.
    pub(crate) fn asked_for(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.data.path().join("requests.jsonl")).unwrap();
        let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let asked = entries.filter(|entry| entry["operation"] == "GetFunction");
        asked.map(|entry| entry["target"].as_str().unwrap().to_owned()).collect()
    }

    /// The stand-in's own gate and relay.
    pub(crate) fn own(&self) -> Side {
        Side::of(self.stand_in.endpoint())
    }

    /// The stand-in's own gate behind its HTTP API. It is not told of that: where an answer names the gate, it names
    /// the address that [`Self::own`] has.
    pub(crate) async fn behind_an_api(&self) -> Side {
        self.cloud.ensure_public(Public::Front, &BTreeMap::new()).await.unwrap();
        let (_, url) = self.cloud.ensure_api().await.unwrap();
        let gate = url.trim_end_matches('/').to_owned();
        let client = client(CLIENT_OF_API);
        Side { name: "stand-in, HTTP API", gate, client, whole: true, quirks: OF_APIS, ..self.own() }
    }

    /// The same, and from now on the stand-in's gate names the API's address, whichever it is asked at: as
    /// `zipreel setup --front http-api` leaves it.
    pub(crate) async fn moved_behind_an_api(&self) -> Side {
        let side = self.behind_an_api().await;
        let side = Side { named: side.gate.clone(), ..side };
        for public in [Public::Gate, Public::Front] {
            let mut wanted = self.cloud.public(public).await.unwrap().unwrap().environment;
            wanted.insert(FRONT.to_owned(), "http-api".to_owned());
            wanted.insert(GATE_URL.to_owned(), format!("{}/", side.gate));
            self.cloud.ensure_environment(public, async |_| Ok(wanted)).await.unwrap();
        }
        side
    }

    /// The stand-in's own gate and relay with a CDN before them, and what they are behind it.
    pub(crate) async fn own_behind_an_edge(&self) -> (Side, Edge) {
        let port = nginx::free_port();
        switch_cdn_on(&self.cloud, &nginx::url(port)).await;
        if let Some(url) = self.libraries {
            take_libraries_from(&self.cloud, url).await;
        }
        let side = self.own();
        let edge = Edge::start(port, &side.gate, &side.relay).await;
        (side, edge)
    }

    /// The same of the deployed functions.
    pub(crate) async fn node_behind_an_edge(&self) -> (Side, Edge) {
        let port = nginx::free_port();
        let side = self.node(Options { edge: Some(port), at_once: 8, ..Options::default() }).await;
        let edge = Edge::start(port, &side.gate, &side.relay).await;
        (side, edge)
    }

    /// Every implementation that is told of a CDN, each behind one.
    pub(crate) async fn behind_edges(&self) -> [(Side, Edge); 2] {
        [self.own_behind_an_edge().await, self.node_behind_an_edge().await]
    }

    /// The deployed functions, asking this account.
    pub(crate) async fn node(&self, options: Options) -> Side {
        deployed(&self.stand_in, Options { libraries: self.libraries, ..options }).await
    }

    /// The deployed functions by each way in which the gate is called.
    pub(crate) async fn nodes(&self, options: Options) -> Vec<Side> {
        let mut sides = Vec::new();
        for front in [Front::Url, Front::BufferedUrl, Front::HttpApi] {
            sides.push(self.node(Options { front, ..options }).await);
        }
        sides
    }

    /// Every implementation, relay on.
    pub(crate) async fn sides(&self) -> Vec<Side> {
        // one after the other, since they are one gate: what it has just not found it need not look for again
        let mut sides = vec![self.own(), self.behind_an_api().await];
        sides.extend(self.nodes(Options::default()).await);
        sides
    }
}

/// The functions that are deployed, in Node.js, asking the stand-in.
pub(crate) async fn deployed(stand_in: &StandIn, options: Options) -> Side {
    let (gate, relay) = (Reserved::new().await, Reserved::new().await);
    let endpoint = stand_in.endpoint();
    let as_caller = || {
        BTreeMap::from([
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", endpoint.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", endpoint.secret_key.clone()),
            ("ZIPREEL_GATE_URL", gate.url.clone()),
        ])
    };
    let mut of_gate = as_caller();
    of_gate.insert("AWS_ENDPOINT_URL_LAMBDA", endpoint.api.clone());
    if options.relay {
        of_gate.insert("ZIPREEL_RELAY_URL", relay.url.clone());
    }
    if let Some(url) = options.libraries {
        of_gate.insert(LIBRARIES_URL, url.to_owned());
    }
    // without a ceiling the relay gets no keys: it has no rights on AWS either
    let mut of_relay = BTreeMap::from([("ZIPREEL_GATE_URL", gate.url.clone())]);
    if options.ceiling {
        of_relay = as_caller();
        of_relay.insert("AWS_ENDPOINT_URL_CLOUDWATCH", endpoint.api.clone());
        of_relay.insert(CEILING_GB, "1".to_owned());
        of_gate.insert(CEILING_GB, "1".to_owned());
    }
    if let Some(port) = options.edge {
        let cdn = nginx::url(port);
        of_gate.insert("ZIPREEL_RELAY_URL", format!("{cdn}{RELAY_PREFIX}"));
        of_gate.insert(CDN_URL, cdn.clone());
        of_relay.insert(CDN_URL, cdn);
        of_relay.insert(EDGE_SHA256, nginx::secret_sha256());
    }
    let (gate_url, relay_url) = (gate.url.clone(), relay.url.clone());
    let Options { at_once, front, .. } = options;
    // the relay has a function URL whatever stands before the gate
    let of_relay_front = if front == Front::HttpApi { Front::Url } else { front };
    let relays = Spec { files: RELAY_FILES, environment: of_relay, at_once, front: of_relay_front };
    let functions = vec![
        gate.start(&Spec { files: GATE_FILES, environment: of_gate, at_once, front }).await,
        relay.start(&relays).await,
    ];
    let name = match front {
        Front::Url => "Node.js, streamed",
        Front::BufferedUrl => "Node.js, whole",
        Front::HttpApi => "Node.js, HTTP API",
    };
    let (client, whole) = (Ipv4Addr::LOCALHOST.into(), front != Front::Url);
    let quirks = if front == Front::HttpApi { OF_APIS } else { &[] };
    Side { name, named: gate_url.clone(), gate: gate_url, relay: relay_url, client, whole, quirks, functions }
}

/// As `zipreel cdn on` leaves the environments of gate and relay.
pub(crate) async fn switch_cdn_on(cloud: &Cloud, cdn: &str) {
    for public in [Public::Gate, Public::Relay] {
        let mut wanted = cloud.public(public).await.unwrap().unwrap().environment;
        wanted.insert(CDN_URL.to_owned(), cdn.to_owned());
        match public {
            Public::Relay => wanted.insert(EDGE_SHA256.to_owned(), nginx::secret_sha256()),
            _ => wanted.insert("ZIPREEL_RELAY_URL".to_owned(), format!("{cdn}{RELAY_PREFIX}")),
        };
        cloud.ensure_environment(public, async |_| Ok(wanted)).await.unwrap();
    }
}

/// From then on the gate fetches the page's libraries at this base URL.
pub(crate) async fn take_libraries_from(cloud: &Cloud, url: &str) {
    let mut wanted = cloud.public(Public::Gate).await.unwrap().unwrap().environment;
    wanted.insert(LIBRARIES_URL.to_owned(), url.to_owned());
    cloud.ensure_environment(Public::Gate, async |_| Ok(wanted)).await.unwrap();
}

/// As `zipreel setup --ceiling-gb 1` leaves the environments of gate and relay.
pub(crate) async fn set_ceiling(cloud: &Cloud) {
    let role = RoleWanted {
        name: RELAY_ROLE.to_owned(),
        trust: Policy::Trust.text("aws", "123456789012"),
        policy: Some((RELAY_POLICY.to_owned(), Policy::RelayRole.text("aws", "123456789012"))),
    };
    cloud.ensure_role(&role).await.unwrap();
    for public in [Public::Gate, Public::Relay] {
        let mut wanted = cloud.public(public).await.unwrap().unwrap().environment;
        wanted.insert(CEILING_GB.to_owned(), "1".to_owned());
        cloud.ensure_environment(public, async |_| Ok(wanted)).await.unwrap();
    }
}

/// The stand-in's account, as the engine reaches it.
pub(crate) async fn connect(stand_in: &StandIn) -> Cloud {
    let endpoint = stand_in.endpoint();
    let keys = Keys { access_key: endpoint.access_key.clone(), secret_key: endpoint.secret_key.clone() };
    let connect = Connect {
        region: Some(REGION.into()),
        endpoint: Some(endpoint.api.clone()),
        keys: Some(keys),
        ..Connect::default()
    };
    Cloud::connect(&connect).await.unwrap()
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) relay: bool,
    pub(crate) at_once: usize,
    pub(crate) front: Front,
    /// Of 1 GB.
    pub(crate) ceiling: bool,
    /// The port of the edge before both.
    pub(crate) edge: Option<u16>,
    /// Where libraries are fetched, if that is not where they are published.
    pub(crate) libraries: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self { relay: true, at_once: 1, front: Front::Url, ceiling: false, edge: None, libraries: None }
    }
}

/// One implementation: base URLs without a slash at the end.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) gate: String,
    pub(crate) relay: String,
    /// Where its gate says that it is.
    pub(crate) named: String,
    /// Who sends the rows that name no client.
    pub(crate) client: IpAddr,
    /// Its gate's answers are handed over whole, which bounds them.
    pub(crate) whole: bool,
    /// What the rows must allow for.
    pub(crate) quirks: &'static [Quirk],
    functions: Vec<Function>,
}

impl Side {
    /// A stand-in's own gate and relay.
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        Self::at("stand-in", endpoint.gate.clone(), endpoint.relay.clone())
    }

    fn at(name: &'static str, gate: String, relay: String) -> Self {
        let client = Ipv4Addr::LOCALHOST.into();
        let named = gate.clone();
        Self { name, gate, relay, named, client, whole: false, quirks: &[], functions: Vec::new() }
    }

    /// The deployed gate behind an HTTP API, and the relay at its function URL, in an account of another make.
    pub(crate) fn of_another_make(gate: String, named: String, relay: String, quirks: &'static [Quirk]) -> Self {
        Self { whole: true, named, quirks, ..Self::at("another make", gate, relay) }
    }

    /// Both on the one host of an edge.
    pub(crate) fn on(edge: &Edge) -> Self {
        let (gate, relay) = (edge.origin(), format!("{}/_relay", edge.origin()));
        Self::at("edge", gate, relay)
    }

    /// The process of the deployed gate.
    pub(crate) fn gate_pid(&self) -> u32 {
        self.functions.first().expect("it is not the stand-in").pid()
    }

    /// What its functions logged; empty for the stand-in.
    pub(crate) fn log(&self) -> String {
        self.functions.iter().map(Function::log).collect()
    }
}
