//! The stand-in: an AWS-shaped server on loopback, so that everything runs with no account. Five ports, five
//! origins: the API with the downloads, the gate, the relay, the gate's HTTP API, the CDN's edge. The engine reaches it through the SDK alone, with
//! [`Endpoint`]'s address and keys.

use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};

use crate::model::gate::public::INDEX_CHECK_EVERY;

mod api;
mod apis;
mod cdn;
mod clock;
mod context;
pub mod counts;
mod download;
mod error;
mod faults;
mod form;
mod gate;
pub mod http;
mod join;
mod lambda;
mod limits;
mod logs;
mod metrics;
mod operation;
pub mod process;
mod query;
pub mod signature;
mod store;
mod traffic;

pub use clock::Clock;
pub use counts::Counts;
pub use faults::{Amount, FaultError, Faults, How, Kind, LiveFaults, Moment, Rule, Strike};
pub use http::seats::Seating;
pub use join::{Joined, join_or_start};
pub use operation::Operation;
pub use process::keep::{Kept, keep};
pub use process::problem::LocalError;
pub use process::server::{StandIn, start};
pub use store::Keep;

/// The API's port where none is asked for; gate, relay, HTTP API and edge take the four after it.
pub const DEFAULT_PORT: u16 = 8720;

#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept; made if it is not there.
    pub data: PathBuf,
    /// The API's port; those of the gate, the relay, the HTTP API and the edge follow. 0 takes any five that are free.
    pub port: u16,
    /// Loopback unless told otherwise.
    pub listen: IpAddr,
    /// An address of this computer where other machines may watch: gate, relay and downloads are served there too, and
    /// links name it. The API never is.
    pub host: Option<IpAddr>,
    /// Further names (without a port) that the server may be called by; the first is used in its URLs.
    pub names: Vec<String>,
    pub faults: Faults,
    pub clock: Clock,
    /// Code storage of the account.
    pub quota_bytes: u64,
    /// How long a new function is Pending, and an update in progress.
    pub settle: Duration,
    /// How long the gate serves an index before it looks for a newer one.
    pub index_check_every: Duration,
    pub keep: Keep,
    /// Keeps `requests.jsonl` in the data folder: a line a request, bounded.
    pub log_requests: bool,
    pub seating: Seating,
}

impl Config {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            port: DEFAULT_PORT,
            listen: IpAddr::from([127, 0, 0, 1]),
            host: None,
            names: Vec::new(),
            faults: Faults::default(),
            clock: Clock::system(),
            quota_bytes: limits::QUOTA_BYTES,
            settle: Duration::from_millis(300),
            index_check_every: INDEX_CHECK_EVERY,
            keep: Keep::All,
            log_requests: false,
            seating: Seating::default(),
        }
    }
}

/// Where a running stand-in is, and the keys of its own that it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Base URLs without a slash at the end.
    pub api: String,
    pub gate: String,
    pub relay: String,
    /// The gate's HTTP API, once one is made; empty if the process that serves was started by an older program.
    pub front: String,
    /// The CDN before gate and relay, once one is made; empty as well then.
    pub edge: String,
    pub access_key: String,
    pub secret_key: String,
    pub account: String,
}

impl Endpoint {
    /// Whether players on other machines reach it at this address.
    pub fn is_at(&self, address: IpAddr) -> bool {
        host(&self.gate) == Some(address)
    }

    /// Whether it was opened to other machines: the gate is not where the API is, which stays on loopback.
    pub fn is_open(&self) -> bool {
        host(&self.gate) != host(&self.api)
    }
}

fn host(origin: &str) -> Option<IpAddr> {
    let (host, _) = origin.strip_prefix("http://")?.rsplit_once(':')?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("api", &self.api)
            .field("gate", &self.gate)
            .field("relay", &self.relay)
            .field("front", &self.front)
            .field("edge", &self.edge)
            .field("access_key", &self.access_key)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
