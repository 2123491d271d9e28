//! A cache between a player and the gate, such as a proxy or the player's own: it keeps redirects for as long as their
//! headers allow, by the stand-in's clock. In the middle of playing it lets an hour pass, and the links end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode},
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, task::JoinHandle};
use zipreel::local::Clock;

use crate::publish::sandbox::client_that_stays;

const HOUR: Duration = Duration::from_secs(3600);

/// Where the player is when the hour passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hour {
    /// Between two segments, paused: the links that it used have ended.
    Paused,
    /// It has just been told where the next segment lies: that link has ended before it asks there.
    Redirected,
}

pub(crate) struct Front {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    shared: Arc<Edge>,
    server: JoinHandle<()>,
}

struct Edge {
    client: reqwest::Client,
    gate: String,
    clock: Clock,
    hour: Hour,
    /// The hour passes at the request for a chunk that comes after so many.
    after: usize,
    asked: AtomicUsize,
    from_cache: AtomicUsize,
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    since: OffsetDateTime,
    until: OffsetDateTime,
}

impl Front {
    pub(crate) async fn start(gate: &str, clock: Clock, hour: Hour, after: usize) -> Self {
        let shared = Arc::new(Edge {
            client: client_that_stays(),
            gate: gate.to_owned(),
            clock,
            hour,
            after,
            asked: AtomicUsize::new(0),
            from_cache: AtomicUsize::new(0),
            kept: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, shared, server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    /// Requests for chunks that came after the hour.
    pub(crate) fn asked_afterwards(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst).saturating_sub(self.shared.after)
    }

    /// Requests that the gate never saw.
    pub(crate) fn answered_from_cache(&self) -> usize {
        self.shared.from_cache.load(Ordering::SeqCst)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(shared): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let strikes = path.ends_with(".ts") && shared.asked.fetch_add(1, Ordering::SeqCst) == shared.after;
    if strikes && shared.hour == Hour::Paused {
        shared.clock.advance(HOUR);
    }
    let fresh = request.headers().get("cache-control").is_some_and(|value| value == "no-cache");
    let answer = match shared.kept(path).filter(|_| !fresh) {
        Some(kept) => kept,
        None => shared.ask(path, request.headers()).await,
    };
    let age = (shared.clock.now() - answer.since).whole_seconds();
    if strikes && shared.hour == Hour::Redirected {
        shared.clock.advance(HOUR);
    }
    let mut passed = Response::builder().status(answer.status).header("age", age);
    for name in ["content-type", "cache-control", "location", "access-control-allow-origin"] {
        if let Some(value) = answer.headers.get(name) {
            passed = passed.header(name, value);
        }
    }
    passed.body(Body::from(answer.body)).unwrap()
}

impl Edge {
    fn kept(&self, path: &str) -> Option<Kept> {
        let kept = self.kept.lock().unwrap().get(path).filter(|kept| kept.until > self.clock.now()).cloned()?;
        self.from_cache.fetch_add(1, Ordering::SeqCst);
        Some(kept)
    }

    async fn ask(&self, path: &str, headers: &HeaderMap) -> Kept {
        let mut request = self.client.get(format!("{}{path}", self.gate));
        if let Some(value) = headers.get("cache-control") {
            request = request.header("cache-control", value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let said = headers.get("cache-control").and_then(|value| value.to_str().ok()?.split_once("max-age="));
        let seconds = said.and_then(|(_, seconds)| seconds.split(',').next()?.parse().ok()).unwrap_or(0);
        let since = self.clock.now();
        let until = since + Duration::from_secs(seconds);
        let kept = Kept { status, headers, body: answer.bytes().await.unwrap(), since, until };
        if status == StatusCode::FOUND {
            self.kept.lock().unwrap().insert(path.to_owned(), kept.clone());
        }
        kept
    }
}
