//! Between a player and the gate: at requests that a test chooses, the gate is busy, as AWS makes it or as it says at last.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode, Uri, header},
};
use tokio::task::JoinHandle;

use super::stage::Stage;
use crate::{contract::runtime::serve, publish::sandbox::client_that_stays};

/// What a player asks the gate for, of a reel with one rendition and four chunks or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    Multivariant,
    Media,
    FirstChunk,
    LaterChunk,
}

impl Asked {
    pub(crate) const ALL: [Self; 4] = [Self::Multivariant, Self::Media, Self::FirstChunk, Self::LaterChunk];

    fn of(path: &str) -> Option<Self> {
        match path.rsplit('/').next()? {
            "index.m3u8" => Some(Self::Multivariant),
            "0001.ts" => Some(Self::FirstChunk),
            "0004.ts" => Some(Self::LaterChunk),
            name => name.ends_with(".m3u8").then_some(Self::Media),
        }
    }

    pub(crate) fn is_playlist(self) -> bool {
        matches!(self, Self::Multivariant | Self::Media)
    }

    /// How often the gate sends a player to where it is.
    pub(crate) fn again(self) -> usize {
        if self.is_playlist() { 2 } else { 1 }
    }
}

/// A server in front of the gate. Dropping it ends it.
pub(crate) struct Way {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    server: JoinHandle<()>,
}

impl Way {
    async fn open<S: Clone + Send + Sync + 'static>(router: Router<S>, shared: S) -> Self {
        let (url, server) = serve(router.with_state(shared)).await;
        Self { url, server }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn passed_on(client: &reqwest::Client, gate: &str, place: &Uri) -> Response<Body> {
    let answer = client.get(format!("{gate}{place}")).send().await.unwrap();
    let mut passed = Response::builder().status(answer.status());
    for name in [header::CONTENT_TYPE, header::CACHE_CONTROL, header::LOCATION, header::RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            passed = passed.header(name.clone(), value);
        }
    }
    passed.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// AWS is busy when something is asked for the first time, and until the gate has sent the player to where it is for the
/// last time. Playlists meet a gate that has just started: no other has to ask AWS for what it serves.
pub(crate) struct BusySpells {
    client: reqwest::Client,
    /// None while the gate starts anew.
    stage: tokio::sync::Mutex<Option<Stage>>,
    met: Mutex<HashSet<Asked>>,
    sent_on: Mutex<Vec<Asked>>,
}

impl BusySpells {
    pub(crate) async fn open(stage: Stage) -> (Way, Arc<Self>) {
        let (met, sent_on) = (Mutex::default(), Mutex::default());
        let stage = tokio::sync::Mutex::new(Some(stage));
        let shared = Arc::new(Self { client: client_that_stays(), stage, met, sent_on });
        (Way::open(Router::new().fallback(Self::pass), Arc::clone(&shared)).await, shared)
    }

    /// What was being asked for, each time that the gate sent the player to where it was.
    pub(crate) fn sent_on(&self) -> Vec<Asked> {
        self.sent_on.lock().unwrap().clone()
    }

    async fn pass(State(shared): State<Arc<Self>>, place: Uri) -> Response<Body> {
        let asked = Asked::of(place.path());
        if let Some(asked) = asked.filter(|asked| shared.met.lock().unwrap().insert(*asked)) {
            let mut stage = shared.stage.lock().await;
            let mut found = stage.take().expect("it has started");
            if asked.is_playlist() {
                found.sandbox = found.sandbox.cut_off().await;
            }
            found.sandbox.stand_in.faults().set("429@GetFunction=1.0".parse().unwrap());
            *stage = Some(found);
        }
        let gate = shared.gate().await;
        let answer = passed_on(&shared.client, &gate, &place).await;
        let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        if let (Some(asked), Some((_, times))) = (asked, location.and_then(|place| place.split_once("?busy="))) {
            shared.sent_on.lock().unwrap().push(asked);
            if times == asked.again().to_string() {
                let stage = shared.stage.lock().await;
                stage.as_ref().expect("it has started").sandbox.stand_in.faults().clear();
            }
        }
        answer
    }

    async fn gate(&self) -> String {
        let stage = self.stage.lock().await;
        stage.as_ref().expect("it has started").sandbox.stand_in.endpoint().gate.clone()
    }
}

/// AWS is busy for so long that the gate says so in the end, to the first so many requests for one thing.
pub(crate) struct Refusals {
    client: reqwest::Client,
    gate: String,
    asked: Asked,
    left: AtomicUsize,
}

impl Refusals {
    pub(crate) async fn open(gate: &str, asked: Asked, times: usize) -> (Way, Arc<Self>) {
        let left = AtomicUsize::new(times);
        let shared = Arc::new(Self { client: client_that_stays(), gate: gate.to_owned(), asked, left });
        (Way::open(Router::new().fallback(Self::pass), Arc::clone(&shared)).await, shared)
    }

    /// Refusals that nobody came for.
    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    async fn pass(State(shared): State<Arc<Self>>, place: Uri) -> Response<Body> {
        if Asked::of(place.path()) != Some(shared.asked) || shared.left() == 0 {
            return passed_on(&shared.client, &shared.gate, &place).await;
        }
        // as the gate does, but at once
        let times = place.query().map_or(0, |query| query.strip_prefix("busy=").unwrap().parse().unwrap());
        let answer = if times < shared.asked.again() {
            let again = format!("{}?busy={}", place.path(), times + 1);
            Response::builder().status(StatusCode::FOUND).header(header::LOCATION, again)
        } else {
            shared.left.fetch_sub(1, Ordering::SeqCst);
            Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).header(header::RETRY_AFTER, 2)
        };
        answer.header(header::CACHE_CONTROL, "no-store").body(Body::empty()).unwrap()
    }
}
