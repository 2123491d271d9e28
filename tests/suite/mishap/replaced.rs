//! Verifying right after a replacement, while a gate may still serve the generation before.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request as Asked, State},
    http::Response,
};
use tokio::{net::TcpListener, task::JoinHandle};
use zipreel::{
    cloud::{Cloud, Connect, Keys, Overrides},
    local::{self, Clock, Config, Endpoint, StandIn},
    media::ffmpeg::Tools,
    model::{
        gate::public::INDEX_CHECK_EVERY,
        reel::order::{IfTaken, Order},
        report::{
            event::{JobName, Published},
            fault::Stopped,
        },
    },
    running::reporter::Control,
};

use super::{
    account::connect,
    engine::{BoardReporter, REEL, config, order, publish},
};
use crate::{
    clips::{Clip, clip, scratch},
    publish::sandbox::{client, client_that_stays},
    split::until,
};

/// A short video, cut into segments of this length: another length makes another generation.
fn cut(folder: &Path, seconds: u64) -> Order {
    let mut order = order(folder, "one");
    order.cut.segment_length = Duration::from_secs(seconds);
    Order { video: clip(Clip::Tiny), if_taken: IfTaken::Replace, ..order }
}

/// A stand-in whose time does not pass, with a reel in it.
async fn published(folder: &Path) -> (StandIn, Tools, Published) {
    let clock = Clock::stopped();
    let stand_in = local::start(Config {
        clock: clock.clone(),
        index_check_every: INDEX_CHECK_EVERY,
        ..config(folder.join("data"))
    })
    .await
    .unwrap();
    let (cloud, tools) = (connect(stand_in.endpoint()).await, Tools::find().await.unwrap());
    let published =
        publish(cut(folder, 1), &cloud, &tools, &BoardReporter::default(), &Control::default()).await.unwrap();
    // calls are allowed again, and the gate still knows the index that it has read
    clock.advance(Duration::from_secs(3));
    (stand_in, tools, published)
}

/// A gate that names the generation before in so many answers more, as one of its instances may for some seconds.
struct Behind {
    url: String,
    shared: Arc<OldAnswers>,
    server: JoinHandle<()>,
}

struct OldAnswers {
    client: reqwest::Client,
    gate: String,
    /// The multivariant playlist that it still knows.
    before: String,
    answers: AtomicUsize,
    left: AtomicUsize,
}

impl Behind {
    async fn start(gate: &str, answers: usize) -> Self {
        let before = client().get(format!("{gate}/{REEL}/index.m3u8")).send().await.unwrap().text().await.unwrap();
        assert!(before.starts_with("#EXTM3U"), "{before}");
        let shared = Arc::new(OldAnswers {
            client: client_that_stays(),
            gate: gate.to_owned(),
            before,
            answers: AtomicUsize::new(0),
            left: AtomicUsize::new(answers),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, shared, server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    /// How often it was asked for the multivariant playlist.
    fn answers(&self) -> usize {
        self.shared.answers.load(Ordering::SeqCst)
    }

    /// A connection that takes this for the gate's URL.
    async fn connect(&self, endpoint: &Endpoint) -> Cloud {
        let connect = Connect {
            region: Some("us-east-1".into()),
            endpoint: Some(endpoint.api.clone()),
            keys: Some(Keys { access_key: endpoint.access_key.clone(), secret_key: endpoint.secret_key.clone() }),
            overrides: Overrides { function_urls: Some(self.url.clone()), ..Overrides::default() },
            ..Connect::default()
        };
        Cloud::connect(&connect).await.unwrap()
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(shared): State<Arc<OldAnswers>>, asked: Asked) -> Response<Body> {
    let path = asked.uri().path();
    if path.ends_with("/index.m3u8") {
        shared.answers.fetch_add(1, Ordering::SeqCst);
        let less = |left: usize| left.checked_sub(1);
        if shared.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Response::new(Body::from(shared.before.clone()));
        }
    }
    let answer = shared.client.get(format!("{}{path}", shared.gate)).send().await.unwrap();
    let mut passed = Response::builder().status(answer.status());
    if let Some(location) = answer.headers().get("location") {
        passed = passed.header("location", location);
    }
    passed.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// What the verifying said, and why attempts of anything failed.
fn told(seen: &BoardReporter) -> (Vec<String>, Vec<String>) {
    (seen.said(&JobName::Verify), seen.causes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_verified_without_a_retry_while_the_gate_knows_the_index_before() {
    let folder = scratch();
    let (stand_in, tools, before) = published(folder.path()).await;
    let (cloud, seen) = (connect(stand_in.endpoint()).await, BoardReporter::default());
    let after = publish(cut(folder.path(), 2), &cloud, &tools, &seen, &Control::default()).await.unwrap();
    assert_ne!(after.generation, before.generation);
    let (log, causes) = told(&seen);
    assert_eq!((after.retries, causes), (0, Vec::new()), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_the_gate_that_is_behind_is_waited_for_and_that_is_said_once() {
    let folder = scratch();
    let (stand_in, tools, _) = published(folder.path()).await;
    let behind = Behind::start(&stand_in.endpoint().gate, 2).await;
    let (cloud, seen) = (behind.connect(stand_in.endpoint()).await, BoardReporter::default());
    let after = publish(cut(folder.path(), 2), &cloud, &tools, &seen, &Control::default()).await.unwrap();
    let (log, causes) = told(&seen);
    assert_eq!((after.retries, causes, behind.answers()), (0, Vec::new(), 3), "{log:?}");
    let said = |line: &&String| line.contains(&format!("names version {}", after.generation));
    assert_eq!(log.iter().filter(said).count(), 1, "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_the_waiting_for_the_gate() {
    let folder = scratch();
    let (stand_in, tools, _) = published(folder.path()).await;
    let behind = Behind::start(&stand_in.endpoint().gate, usize::MAX).await;
    let cloud = behind.connect(stand_in.endpoint()).await;
    let (seen, control) = (BoardReporter::default(), Control::default());
    let run = publish(cut(folder.path(), 2), &cloud, &tools, &seen, &control);
    let cancel = async {
        until("it waits", || !told(&seen).0.is_empty()).await;
        control.cancel.cancel();
    };
    let (result, ()) = tokio::join!(run, cancel);
    assert!(matches!(result, Err(Stopped::Cancelled)), "{result:?}");
    assert!(told(&seen).1.is_empty(), "no attempt had failed: {:?}", told(&seen));
}
