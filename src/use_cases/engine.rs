//! What all use cases of one process share: this computer's folders, the places that were signed in to, the stand-in if
//! it is ours, and ffmpeg.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as AsyncMutex, OnceCell};

use super::Overrides;
use crate::{
    account::{self, Need, RelayWish},
    cloud::{Cloud, Connect, Keys},
    local::{self, Endpoint, Faults, Kept},
    media::ffmpeg::Tools,
    model::{
        reel::{
            name::ReelName,
            order::{AccountRegion, Folders, Order, Place, Target},
        },
        report::fault::{Explain, Fault, Stopped},
        retry::RetryPolicy,
    },
    running::{
        attempt::Retries,
        reporter::{Control, Reporter},
    },
    state::{log, queue::Queue, work_folder},
    storage::Storage,
};

/// The stand-in's Region where none is chosen.
pub const LOCAL_REGION: &str = "us-east-1";

/// The SDK tries three times itself. A missing network is said at once: nothing has begun yet.
const SIGN_IN: RetryPolicy = RetryPolicy {
    attempts: 3,
    base: Duration::from_millis(500),
    cap: Duration::from_secs(5),
    offline: Duration::ZERO,
    ..RetryPolicy::ORDINARY
};

/// Folders and ports of this computer, and what is not usual about its accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    pub folders: Folders,
    /// The stand-in's data.
    pub data: PathBuf,
    /// The first of the stand-in's five ports; 0 takes free ones.
    pub port: u16,
    /// The address of this computer at which others may watch what the stand-in serves; `None` is loopback alone.
    pub host: Option<IpAddr>,
    /// How the stand-in misbehaves, if it is ours.
    pub faults: Option<String>,
    pub overrides: Overrides,
}

/// Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    machine: Machine,
    tools: OnceCell<Tools>,
    /// Signed in already. A cell of its own for each place: a place that does not answer holds up no other.
    clouds: Mutex<HashMap<Place, Arc<OnceCell<Cloud>>>>,
    /// Served by us, or by another process until that ends.
    stand_in: AsyncMutex<Option<Kept>>,
    /// Two jobs must not make the same roles and functions at the same time.
    setting_up: AsyncMutex<()>,
    queue: Queue,
}

impl Engine {
    pub fn new(machine: Machine) -> Self {
        let queue = Queue::new(machine.folders.state.clone());
        Self(Arc::new(Inner {
            machine,
            tools: OnceCell::new(),
            clouds: Mutex::default(),
            stand_in: AsyncMutex::default(),
            setting_up: AsyncMutex::default(),
            queue,
        }))
    }

    pub fn machine(&self) -> &Machine {
        &self.0.machine
    }

    /// Where the log of a reel's runs is.
    pub fn log_of(&self, reel: &ReelName) -> PathBuf {
        log::path(&self.machine().folders.state, reel)
    }

    /// Bytes of segments that dead runs left on this computer's disk.
    pub async fn left_on_disk(&self) -> u64 {
        let work = self.machine().folders.work.clone();
        tokio::task::spawn_blocking(move || work_folder::left(&work)).await.expect("looking at files does not panic")
    }

    /// Ends a stand-in that is ours.
    pub async fn close(&self) {
        if let Some(stand_in) = self.0.stand_in.lock().await.take() {
            stand_in.stop().await;
        }
    }

    /// Whether the stand-in's links end with this process.
    pub fn serves(&self) -> bool {
        // held only while it is being joined, or ends
        self.0.stand_in.try_lock().is_ok_and(|stand_in| stand_in.as_ref().is_some_and(Kept::is_ours))
    }

    /// Whether other machines reach the stand-in's links, whoever serves them; known once it was joined.
    pub fn is_open(&self) -> bool {
        self.0.stand_in.try_lock().is_ok_and(|stand_in| stand_in.as_ref().is_some_and(|kept| kept.endpoint().is_open()))
    }

    /// What serves its links again, once this process has ended.
    pub fn serves_again(&self) -> &'static str {
        if self.machine().host.is_some() { "zipreel local --host" } else { "zipreel local" }
    }

    /// Signs in anew at the next need: the person may have done something about it. Work under way keeps its sign-in.
    pub fn forget_sign_ins(&self) {
        self.clouds().retain(|place, _| place.is_local());
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Looks for ffmpeg until it is found once.
    pub(super) async fn tools(&self) -> Result<&Tools, Stopped> {
        self.0.tools.get_or_try_init(Tools::find).await.map_err(Stopped::from)
    }

    /// Signs in, once for each place; makes nothing there.
    pub(super) async fn connect(&self, place: &Place) -> Result<Cloud, Stopped> {
        let cell = self.clouds().entry(place.clone()).or_default().clone();
        cell.get_or_try_init(|| self.sign_in(place)).await.cloned()
    }

    /// Where the reels of a place lie.
    pub(super) async fn storage(&self, place: &Place) -> Result<Arc<dyn Storage>, Stopped> {
        Ok(Arc::new(self.connect(place).await?))
    }

    /// Signs in to where an order goes, if that is still where it was meant to go.
    pub(super) async fn connect_for(&self, order: &Order) -> Result<Cloud, Stopped> {
        let cloud = self.connect(&order.place).await?;
        let now = cloud.at();
        match &order.expected {
            Some(meant) if *meant != now => Err(Stopped::Failed(elsewhere(order, meant, &now))),
            _ => Ok(cloud),
        }
    }

    /// Sets the account up where that is needed and worthwhile; one job at a time.
    pub(super) async fn ensure(
        &self,
        cloud: &Cloud,
        wish: RelayWish,
        need: Need<impl Future<Output = Result<(), Stopped>>, impl Future<Output = Result<bool, Stopped>>>,
        reporter: Arc<dyn Reporter>,
        control: &Control,
    ) -> Result<(), Stopped> {
        let _alone = self.alone().await;
        account::ensure(cloud, wish, need, reporter, control).await
    }

    /// Nobody else of this process sets an account up, or takes it down, meanwhile.
    pub(super) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.setting_up.lock().await
    }

    fn clouds(&self) -> std::sync::MutexGuard<'_, HashMap<Place, Arc<OnceCell<Cloud>>>> {
        self.0.clouds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sign_in(&self, place: &Place) -> Result<Cloud, Stopped> {
        let machine = &self.0.machine;
        let overrides = machine.overrides.clone();
        let connect = match &place.target {
            Target::Local => {
                let Endpoint { api, access_key, secret_key, .. } = self.stand_in().await?;
                Connect {
                    region: Some(place.region.clone().unwrap_or_else(|| LOCAL_REGION.to_owned())),
                    profile: None,
                    endpoint: Some(api),
                    keys: Some(Keys { access_key, secret_key }),
                    overrides,
                }
            }
            Target::Aws { profile } => {
                Connect { region: place.region.clone(), profile: profile.clone(), overrides, ..Connect::default() }
            }
        };
        let retries = Retries { policy: SIGN_IN, ..Retries::default() };
        retries.again(|| Cloud::connect(&connect)).await.map_err(Stopped::from)
    }

    /// Joins the stand-in of the data folder and takes it over should its process end, or starts one. What is ours ends
    /// with us.
    async fn stand_in(&self) -> Result<Endpoint, Stopped> {
        let mut ours = self.0.stand_in.lock().await;
        if let Some(kept) = &*ours {
            return Ok(kept.endpoint().clone());
        }
        let kept = local::keep(self.0.machine.stand_in()?).await?;
        let endpoint = kept.endpoint().clone();
        if let Some(address) = self.0.machine.host
            && !endpoint.is_at(address)
        {
            kept.stop().await;
            return Err(Stopped::Failed(not_open(address, &endpoint)));
        }
        *ours = Some(kept);
        Ok(endpoint)
    }
}

impl Machine {
    /// What other machines can do once its stand-in is opened to them: said before.
    pub fn opens(&self) -> Option<String> {
        let address = self.host?;
        let ports = match self.port {
            0 => "five free ports".to_owned(),
            port => format!("ports {} to {}", u32::from(port) + 1, u32::from(port) + 5),
        };
        Some(format!(
            "opening {ports} of {address}: every machine that reaches it can watch each reel of this stand-in whose \
             name it knows, and change nothing: this computer alone publishes and deletes"
        ))
    }

    /// How its stand-in is started.
    pub fn stand_in(&self) -> Result<local::Config, Stopped> {
        let mut config = local::Config::new(self.data.clone());
        config.port = self.port;
        config.host = self.host;
        if let Some(spec) = &self.faults {
            config.faults = faults(spec)?;
        }
        Ok(config)
    }
}

/// What serves is another process's, which opened nothing.
fn not_open(address: IpAddr, endpoint: &Endpoint) -> Fault {
    Fault::permanent(format!("could not open the stand-in at {address}"))
        .because(format!("another zipreel serves it already, at {}/ and not there", endpoint.gate))
        .hint("End that one, or leave --host out.")
}

fn faults(spec: &str) -> Result<Faults, Stopped> {
    spec.parse().map_err(|error: local::FaultError| {
        let own = error.hint().map(|hint| format!("{hint} ")).unwrap_or_default();
        let fault = Fault::permanent(format!("could not use the faults `{spec}`")).because(error);
        Stopped::Failed(fault.hint(format!("{own}`zipreel local --help` shows an example.")))
    })
}

/// The profile, the environment or the config file now leads to another account or Region than was meant.
fn elsewhere(order: &Order, meant: &AccountRegion, now: &AccountRegion) -> Fault {
    let reel = &order.reel;
    let place = match &order.place.target {
        Target::Local => "the stand-in".to_owned(),
        Target::Aws { profile: Some(profile) } => format!("profile `{profile}`"),
        Target::Aws { profile: None } => "the sign-in of this shell".to_owned(),
    };
    let what = match &order.interrupted {
        Some(_) => format!("could not resume `{reel}`: it was begun in"),
        None => format!("could not publish `{reel}`: it was meant for"),
    };
    Fault::permanent(format!(
        "{what} account {}, Region {}, and {place} is now account {}, Region {}",
        meant.account, meant.region, now.account, now.region
    ))
    .hint(format!(
        "Sign in to account {} again to go on, or publish the video there as a new reel: zipreel publish{}.",
        meant.account,
        order.place.flags()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_fault_that_there_is_not_is_told_which_there_are() {
        for (spec, words) in [
            ("foo=1", "Known: latency, uplink, 403,"),
            ("latency", "Faults are separated by commas: `latency=60ms,"),
            ("429@Create=1x", "Operations have AWS's names, such as CreateFunction"),
            ("429=x", "`zipreel local --help` shows an example."),
        ] {
            let Err(Stopped::Failed(fault)) = faults(spec) else { panic!("{spec} is one") };
            let hint = fault.hint.unwrap();
            assert!(hint.starts_with(words) && hint.ends_with("`zipreel local --help` shows an example."), "{hint}");
        }
    }
}
