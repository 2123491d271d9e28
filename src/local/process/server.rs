//! Starts and stops the stand-in: data folder, first functions and roles, five listeners on loopback, and where other
//! machines may watch five more, none of them the API's.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    addresses,
    lock::{self, Running},
    seed,
};
use crate::{
    local::{
        Config, Endpoint, LocalError, api, cdn,
        context::{Context, Origin, Origins},
        counts::Counts,
        faults::LiveFaults,
        gate::{self, Gate},
        http::{
            connection::{Cut, Cuttable, Peer, seated},
            seats::{Seating, Seats},
        },
        limits::Rates,
        metrics::Metrics,
        signature::keys::{ACCOUNT, Keys},
        store::Store,
    },
    state::file_lock::FileLock,
};

/// How long requests under way may take to end once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);

/// The ports of the API, of the gate, the relay, the gate's HTTP API, and the CDN's edge.
pub(in crate::local) type Ports = [u16; 5];

/// How far behind the first port that of the downloads is, which other machines alone use.
const DOWNLOADS_AFTER: u16 = 5;

/// At these ports.
pub(in crate::local) type Listeners = [TcpListener; 5];

/// Of the gate, the relay, the HTTP API, the edge and the downloads, at an address that other machines reach.
pub(in crate::local) struct Network {
    address: IpAddr,
    listeners: Listeners,
}

/// A running stand-in. Dropping it stops it at once.
#[derive(Debug)]
pub struct StandIn {
    endpoint: Endpoint,
    shared: Arc<Context>,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
    /// Ends connections that outlast the grace.
    connections: Cut,
    /// Held as long as the data folder is ours: what is under way is done or refused before.
    _lock: FileLock,
}

/// Starts a stand-in on a data folder that no other process has.
pub async fn start(config: Config) -> Result<StandIn, LocalError> {
    let held = lock::take(&config.data)?.ok_or_else(|| lock::held_error(&config.data))?;
    start_holding(config, held).await
}

/// Starts under a lock that was taken before.
pub(in crate::local) async fn start_holding(config: Config, held: FileLock) -> Result<StandIn, LocalError> {
    let opened = open(&config).await?;
    let ports = wanted_ports(config.port, config.host.is_some())?;
    let listeners = listen(config.listen, ports).await?;
    let network = match config.host {
        Some(address) => Some(listen_for_others(address, config.port, &listeners).await?),
        None => None,
    };
    serve(config, held, opened, (listeners, network))
}

/// What a data folder holds; to be opened under its lock.
pub(in crate::local) struct Opened {
    keys: Keys,
    store: Store,
    counts: Counts,
}

pub(in crate::local) async fn open(config: &Config) -> Result<Opened, LocalError> {
    let folder = config.data.clone();
    let config = config.clone();
    let open = tokio::task::spawn_blocking(move || prepare(&config));
    let opened = open.await.map_err(io::Error::other).and_then(|done| done);
    opened.map_err(|source| LocalError::Data { folder, source })
}

pub(in crate::local) fn serve(
    config: Config,
    held: FileLock,
    Opened { keys, store, counts }: Opened,
    (listeners, network): (Listeners, Option<Network>),
) -> Result<StandIn, LocalError> {
    let folder = config.data.clone();
    let data = |source| LocalError::Data { folder: folder.clone(), source };
    let others = network.as_ref().map(|network| Ok((network.address, network.listeners[4].local_addr()?.port())));
    let others = others.transpose().map_err(data)?;
    let origins = origins(&config, ports(&listeners).map_err(data)?, others);
    let endpoint = endpoint(&origins, &keys);
    cdn::move_to(&store, &origins).map_err(data)?;
    addresses::tell(&store, &origins).map_err(data)?;
    let stop = CancellationToken::new();
    let shared = Arc::new(Context {
        origins,
        keys,
        rates: Rates::new(config.clock.now()),
        clock: config.clock,
        store: Arc::new(store),
        faults: LiveFaults::new(config.faults, stop.clone()),
        counts,
        metrics: Metrics::open(&folder),
        quota_bytes: config.quota_bytes,
        settle: config.settle,
        index_check_every: config.index_check_every,
    });
    let (seats, others_seats) = seats(config.seating, network.is_some());
    let mut servers = Servers { running: JoinSet::new(), stop: stop.clone(), connections: Cut::default(), seats };
    let [api, gate, relay, front, edge] = listeners;
    let instance = Arc::new(Gate::new(&shared));
    let gates = Router::new().fallback(gate::handle).with_state(Arc::clone(&instance));
    let fronts = Router::new().fallback(gate::handle_front).with_state(Arc::clone(&instance));
    let relays = Router::new().fallback(gate::handle_relay).with_state(Arc::clone(&instance));
    let edges = Router::new().fallback(cdn::edge::handle).with_state(instance);
    if let Some(Network { listeners: [gate, relay, front, edge, downloads], .. }) = network {
        let own = std::mem::replace(&mut servers.seats, others_seats);
        servers.serve(gate, gates.clone());
        servers.serve(relay, relays.clone());
        servers.serve(front, fronts.clone());
        servers.serve(edge, edges.clone());
        servers.serve(downloads, Router::new().fallback(api::handle_download).with_state(Arc::clone(&shared)));
        servers.seats = own;
    }
    servers.serve(api, Router::new().fallback(api::handle).with_state(Arc::clone(&shared)));
    servers.serve(gate, gates);
    servers.serve(relay, relays);
    servers.serve(front, fronts);
    servers.serve(edge, edges);
    lock::announce(&folder, &Running::new(&endpoint)).map_err(data)?;
    let Servers { running: servers, connections, .. } = servers;
    Ok(StandIn { endpoint, shared, stop, servers, connections, _lock: held })
}

impl StandIn {
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The running faults, to be changed at any time.
    pub fn faults(&self) -> &LiveFaults {
        &self.shared.faults
    }

    /// What it was asked for so far.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// Lets requests under way end, for two seconds at most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let ended = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            self.servers.shutdown().await;
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.cancel();
        self.connections.cut();
        self.shared.store.give_up();
        self.shared.metrics.give_up();
    }
}

fn prepare(config: &Config) -> io::Result<Opened> {
    let keys = Keys::load_or_make(&config.data)?;
    let (store, empty) = Store::open(&config.data, config.keep, config.clock.clone())?;
    if empty {
        seed::fill(&store, config.clock.now())?;
    }
    let counts = if config.log_requests { Counts::with_log(&config.data)? } else { Counts::default() };
    Ok(Opened { keys, store, counts })
}

/// Five in a row, with room for the one after them where other machines may watch; or any that are free.
fn wanted_ports(first: u16, has_others: bool) -> Result<Ports, LocalError> {
    let last = u16::MAX - if has_others { DOWNLOADS_AFTER } else { DOWNLOADS_AFTER - 1 };
    match first {
        0 => Ok([0; 5]),
        first if first <= last => Ok([first, first + 1, first + 2, first + 3, first + 4]),
        port => Err(LocalError::PortRange { port, last }),
    }
}

pub(in crate::local) async fn listen(address: IpAddr, ports: Ports) -> Result<Listeners, LocalError> {
    let bind = async |port| {
        let bound = TcpListener::bind(SocketAddr::new(address, port)).await;
        bound.map_err(|source| LocalError::Port { port, source })
    };
    let [api, gate, relay, front, edge] = ports;
    Ok([bind(api).await?, bind(gate).await?, bind(relay).await?, bind(front).await?, bind(edge).await?])
}

/// Of loopback, and of the network: who watches from elsewhere keeps nobody here from a connection.
fn seats(seating: Seating, has_others: bool) -> (Seats, Seats) {
    let each = if has_others { (seating.connections / 2).max(1) } else { seating.connections };
    let seating = Seating { connections: each, ..seating };
    (Seats::new(seating), Seats::new(seating))
}

/// At the ports of gate, relay, HTTP API and edge, and at the one after them, or any that is free.
async fn listen_for_others(address: IpAddr, first: u16, listeners: &Listeners) -> Result<Network, LocalError> {
    let bind = async |port| {
        let bound = TcpListener::bind(SocketAddr::new(address, port)).await;
        bound.map_err(|source| LocalError::Host { address, port, source })
    };
    let at = |source| LocalError::Host { address, port: first, source };
    let [_, gate, relay, front, edge] = ports(listeners).map_err(at)?;
    // that there is room for it was seen before
    let downloads = if first == 0 { 0 } else { first.saturating_add(DOWNLOADS_AFTER) };
    let listeners =
        [bind(gate).await?, bind(relay).await?, bind(front).await?, bind(edge).await?, bind(downloads).await?];
    Ok(Network { address, listeners })
}

fn ports(listeners: &Listeners) -> io::Result<Ports> {
    let mut ports = [0; 5];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// `others`: the address that other machines reach, and the port of the downloads there.
fn origins(config: &Config, [api, gate, relay, front, edge]: Ports, others: Option<(IpAddr, u16)>) -> Origins {
    let name = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let own = (!config.listen.is_unspecified()).then(|| name(config.listen));
    let loopback = ["127.0.0.1", "localhost", "[::1]"].map(String::from);
    let names: Vec<String> = config.names.iter().cloned().chain(own).chain(loopback).collect();
    let api = Origin::new(&names, api);
    // links name the address that all can open
    let called: Vec<String> = others.map(|(address, _)| name(address)).into_iter().chain(names).collect();
    let downloads = others.map_or_else(|| api.clone(), |(address, port)| Origin::new(&[name(address)], port));
    let [gate, relay, front, edge] = [gate, relay, front, edge].map(|port| Origin::new(&called, port));
    Origins { api, gate, relay, front, edge, downloads }
}

fn endpoint(origins: &Origins, keys: &Keys) -> Endpoint {
    Endpoint {
        api: origins.api.url.clone(),
        gate: origins.gate.url.clone(),
        relay: origins.relay.url.clone(),
        front: origins.front.url.clone(),
        edge: origins.edge.url.clone(),
        access_key: keys.caller.id.clone(),
        secret_key: keys.caller.secret.clone(),
        account: ACCOUNT.to_owned(),
    }
}

/// The listeners' tasks, and what ends them.
struct Servers {
    running: JoinSet<io::Result<()>>,
    stop: CancellationToken,
    connections: Cut,
    seats: Seats,
}

impl Servers {
    fn serve(&mut self, listener: TcpListener, router: Router) {
        let service = router.layer(middleware::from_fn(seated)).into_make_service_with_connect_info::<Peer>();
        let listener = Cuttable { listener, all: self.connections.clone(), seats: self.seats.clone() };
        let stopped = self.stop.clone().cancelled_owned();
        self.running.spawn(async move { axum::serve(listener, service).with_graceful_shutdown(stopped).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request may outlive its stand-in, at work on a zip: the next one must not find what it did not read.
    #[tokio::test]
    async fn once_the_lock_is_gone_nothing_reaches_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let start = || start(Config { port: 0, ..Config::new(folder.path()) });
        let dropped = start().await.unwrap();
        let outlives = Arc::clone(&dropped.shared);
        assert!(outlives.store.change().is_ok());
        drop(dropped);
        assert!(outlives.store.change().is_err());
        let stopped = start().await.unwrap();
        let outlives = Arc::clone(&stopped.shared);
        stopped.stop().await;
        assert!(outlives.store.change().is_err());
    }
}
