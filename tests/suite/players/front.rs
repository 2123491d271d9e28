//! Stands between a player and the gate and lets an hour pass in the middle of playing: before it passes on the
//! request it was told to wait for, it puts the stand-in's clock forward, so that every link given out before is dead.
//! Redirects go to the player as they are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::Response,
};
use tokio::{net::TcpListener, task::JoinHandle};
use zipreel::local::Clock;

use crate::publish::desk::client_that_stays;

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) struct Front {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    client: reqwest::Client,
    gate: String,
    clock: Clock,
    after: usize,
    asked: AtomicUsize,
}

impl Front {
    /// The hour passes when `after` requests for chunks were answered.
    pub(crate) async fn start(gate: &str, clock: Clock, after: usize) -> Self {
        let shared =
            Shared { client: client_that_stays(), gate: gate.to_owned(), clock, after, asked: AtomicUsize::new(0) };
        let shared = Arc::new(shared);
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, shared, server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    /// Requests for chunks that came after the hour.
    pub(crate) fn asked_afterwards(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst).saturating_sub(self.shared.after)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    if path.ends_with(".ts") && shared.asked.fetch_add(1, Ordering::SeqCst) == shared.after {
        shared.clock.advance(HOUR);
    }
    let answer = shared.client.get(format!("{}{path}", shared.gate)).send().await.unwrap();
    let mut passed = Response::builder().status(answer.status());
    for name in ["content-type", "cache-control", "location", "access-control-allow-origin"] {
        if let Some(value) = answer.headers().get(name) {
            passed = passed.header(name, value);
        }
    }
    passed.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
