//! For a process that needs the stand-in to be there: it joins the one that runs, and takes it over at the same
//! addresses when the process that serves it ends, however that ended. Who has the folder's lock serves.

use std::{
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    lock,
    server::{self, Listeners, Ports},
};
use crate::local::{
    Config, Endpoint, LocalError, StandIn,
    join::{Joined, join_or_start},
    signature::keys::Keys,
};

/// How often a joined stand-in's lock is tried: one small file is opened for it, and one read.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// After a take-over that failed: others may succeed meanwhile.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How long the ports may take to be free. Shorter than the retries of a process that would join: the lock is held.
const FREE_WITHIN: Duration = Duration::from_secs(3);
const LISTEN_EVERY: Duration = Duration::from_millis(50);

/// A stand-in that is there until it is stopped. Dropping it stops at once what is ours.
#[derive(Debug)]
pub struct Kept {
    endpoint: Endpoint,
    state: Arc<Mutex<ServedBy>>,
    stop: CancellationToken,
    watching: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum ServedBy {
    /// Another process serves it, or nobody does just now, with why we could not.
    Another(Option<Arc<LocalError>>),
    Ours(Box<StandIn>),
    Over,
}

/// Joins the stand-in that has the data folder, and takes it over when it ends; or starts one. The config's faults and
/// clock belong to the one that we serve.
pub async fn keep(config: Config) -> Result<Kept, LocalError> {
    let joined = join_or_start(config.clone()).await?;
    let endpoint = joined.endpoint().clone();
    let (state, is_ours) = match joined {
        Joined::Started(stand_in) => (ServedBy::Ours(Box::new(stand_in)), true),
        Joined::Running(_) => (ServedBy::Another(None), false),
    };
    let (state, stop) = (Arc::new(Mutex::new(state)), CancellationToken::new());
    let watch = Watch { config, endpoint: endpoint.clone(), state: Arc::clone(&state), stop: stop.clone() };
    let watching = (!is_ours).then(|| tokio::spawn(watch.run()));
    Ok(Kept { endpoint, state, stop, watching })
}

impl Kept {
    /// The same for all its life, whichever process serves.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether we serve it: from the start, or since we took it over.
    pub fn is_ours(&self) -> bool {
        matches!(*lock_state(&self.state), ServedBy::Ours(_))
    }

    /// Why nobody serves it at this endpoint, as far as that was seen. It is tried again until it is stopped.
    pub fn error(&self) -> Option<Arc<LocalError>> {
        match &*lock_state(&self.state) {
            ServedBy::Another(error) => error.clone(),
            ServedBy::Ours(_) | ServedBy::Over => None,
        }
    }

    /// Ends the watching and, if it is ours, the stand-in: requests under way may end, for two seconds at most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(watching) = self.watching.take() {
            // a take-over under way comes to its end, so that two never have the folder
            let _ = watching.await;
        }
        let state = mem::replace(&mut *lock_state(&self.state), ServedBy::Over);
        if let ServedBy::Ours(stand_in) = state {
            stand_in.stop().await;
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.stop.cancel();
        drop(mem::replace(&mut *lock_state(&self.state), ServedBy::Over));
    }
}

fn lock_state(state: &Mutex<ServedBy>) -> MutexGuard<'_, ServedBy> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits for another process's end.
struct Watch {
    config: Config,
    endpoint: Endpoint,
    state: Arc<Mutex<ServedBy>>,
    stop: CancellationToken,
}

impl Watch {
    async fn run(self) {
        let mut pause = LOOK_EVERY;
        while self.stop.run_until_cancelled(sleep(pause)).await.is_some() {
            let taken = self.take_over().await;
            pause = if taken.is_ok() { LOOK_EVERY } else { AFTER_FAILURE };
            let mut state = lock_state(&self.state);
            match (&*state, taken) {
                // dropped meanwhile, and with it what was just taken over
                (ServedBy::Ours(_) | ServedBy::Over, _) => return,
                (ServedBy::Another(_), Ok(Some(stand_in))) => {
                    *state = ServedBy::Ours(Box::new(stand_in));
                    return;
                }
                (ServedBy::Another(_), Ok(None)) => *state = ServedBy::Another(None),
                (ServedBy::Another(_), Err(error)) => *state = ServedBy::Another(Some(Arc::new(error))),
            }
        }
    }

    /// `None` as long as another process serves it.
    async fn take_over(&self) -> Result<Option<StandIn>, LocalError> {
        let folder = &self.config.data;
        let moved = || LocalError::Moved { folder: folder.clone() };
        let Some(held) = lock::take_again(folder)? else {
            return if lock::is_elsewhere(folder, &self.endpoint) { Err(moved()) } else { Ok(None) };
        };
        let keys = Keys::load(folder).map_err(|source| LocalError::Data { folder: folder.clone(), source })?;
        if keys.caller.id != self.endpoint.access_key || keys.caller.secret != self.endpoint.secret_key {
            return Err(moved());
        }
        let (host, ports) = parts(&self.endpoint).ok_or_else(moved)?;
        let listeners = self.listen(ports).await?;
        let names = [host].into_iter().chain(self.config.names.clone()).collect();
        let config = Config { names, ..self.config.clone() };
        let opened = server::open(&config).await?;
        // who let other machines watch has ended: that is asked for anew
        server::serve(config, held, opened, (listeners, None)).map(Some)
    }

    /// The sockets of a process that has just ended may take a moment to be gone.
    async fn listen(&self, ports: Ports) -> Result<Listeners, LocalError> {
        let until = Instant::now() + FREE_WITHIN;
        loop {
            match server::listen(self.config.listen, ports).await {
                Err(LocalError::Port { port, source }) => {
                    let is_used = source.kind() == io::ErrorKind::AddrInUse;
                    if !is_used || Instant::now() >= until || self.stop.is_cancelled() {
                        return Err(LocalError::TakeOver { port, source });
                    }
                }
                other => return other,
            }
            sleep(LISTEN_EVERY).await;
        }
    }
}

/// The name that the stand-in is called by, and its five ports; any for the last two, of which older programs know nothing.
fn parts(endpoint: &Endpoint) -> Option<(String, Ports)> {
    let split = |origin: &str| {
        let (host, port) = origin.strip_prefix("http://")?.rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    };
    let ((host, api), (_, gate), (_, relay)) = (split(&endpoint.api)?, split(&endpoint.gate)?, split(&endpoint.relay)?);
    let [front, edge] = [&endpoint.front, &endpoint.edge].map(|origin| split(origin).map_or(0, |(_, port)| port));
    Some((host, [api, gate, relay, front, edge]))
}
