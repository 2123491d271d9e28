//! Lines that are slow, and answers that are lost: what goes over the wire is counted where it arrives. A fast line
//! with a short life of signatures has the same proportions as a slow one with AWS's.

use std::{fmt::Write as _, path::Path, time::Duration};

use zipreel::{
    cloud::Cloud,
    local::{Operation::CreateFunction, StandIn},
    media::ffmpeg::Tools,
    model::{
        reel::{name::FunctionName, order::Order},
        report::{
            event::Published,
            fault::{FaultClass, Stopped},
        },
        retry::RetryPolicy,
    },
    remote::{self, Depth},
    running::{attempt::Retries, reporter::Control},
};

use super::{
    account::{connect, tell},
    engine::{BoardReporter, POLICY, REEL, order, publish, start},
};
use crate::{
    clips::{Clip, clip, scratch},
    split::until,
};

const MIB: u64 = 1024 * 1024;

/// A stand-in with one publishing to it.
struct Line {
    folder: tempfile::TempDir,
    stand_in: StandIn,
    cloud: Cloud,
    tools: Tools,
}

impl Line {
    async fn start(faults: &str) -> Self {
        let folder = scratch();
        let stand_in = start(folder.path().join("data")).await;
        let cloud = connect(stand_in.endpoint()).await;
        stand_in.faults().set(faults.parse().unwrap());
        Self { folder, stand_in, cloud, tools: Tools::find().await.unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn publish(&self, order: Order) -> Result<Published, Stopped> {
        publish(order, &self.cloud, &self.tools, &BoardReporter::default(), &Control::default()).await
    }

    /// Body bytes that arrived for chunks, whatever came of them, and of the lease's marker, which is tiny.
    fn carried(&self) -> u64 {
        let counts = self.stand_in.counts();
        counts.code_bytes() - counts.body_bytes(&format!("zipreel-{REEL}-index"))
    }

    /// Body bytes that arrived for each chunk that is there, by its number.
    async fn bodies(&self) -> Vec<(u16, u64)> {
        let (mut found, counts) = (Vec::new(), self.stand_in.counts());
        let page = |page: Vec<_>| found.extend(page);
        remote::each_function(&self.cloud, &format!("zipreel-{REEL}-"), &Retries::default(), page).await.unwrap();
        let numbers = found.into_iter().filter_map(|function: zipreel::cloud::functions::FunctionFacts| {
            let FunctionName::Chunk { number, .. } = FunctionName::parse(&function.name)? else { return None };
            Some((number.get(), counts.body_bytes(&function.name)))
        });
        let mut bodies: Vec<_> = numbers.collect();
        bodies.sort_unstable();
        bodies
    }

    async fn is_whole(&self) {
        let (reel, retries) = (REEL.parse().unwrap(), Retries::default());
        let report = remote::check(&self.cloud, &reel, Depth::Bytes, &retries, |_| ()).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
}

fn life(signature_life: Duration) -> RetryPolicy {
    RetryPolicy { signature_life, ..POLICY }
}

/// Of base64 in JSON, with a tenth for all that goes wrong.
fn wire(zips: u64) -> u64 {
    zips * 4 / 3 * 11 / 10
}

/// Four at a time need 11 s of the 9 that a signature lives, two need 6.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_carries_each_chunk_once() {
    let line = Line::start("uplink=4mbit,signature-age=9s").await;
    let order = Order { retry: life(Duration::from_secs(9)), ..order(line.path(), "one") };
    let published = line.publish(order).await.unwrap();
    let (bodies, carried) = (line.bodies().await, line.carried());
    tell(&format!("{carried} bytes for zips of {}: {bodies:?}", published.bytes));
    assert!(published.bytes > 4 * MIB && bodies.len() > 4, "{published:?}");
    assert!(carried <= wire(published.bytes), "{carried} bytes for zips of {}: {bodies:?}", published.bytes);
    line.stand_in.faults().clear();
    line.is_whole().await;
}

/// Half, 1, 2 and 4 MiB: at 8 Mbit/s the last takes 5.6 s of the 4 that a signature lives here. The stand-in would take
/// it all the same: what is refused is refused by what was measured. How many of the smaller ones are up by then
/// depends on how fast this computer cuts.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_fit_is_said_before_it_is_sent() {
    let line = Line::start("uplink=8mbit").await;
    let order = || {
        let mut order = order(line.path(), "one");
        (order.video, order.cut.chunk_limit) = (clip(Clip::LongTs), 4 * MIB);
        Order { retry: life(Duration::from_secs(4)), ..order }
    };
    let Err(Stopped::Failed(fault)) = line.publish(order()).await else { panic!("it did not stop") };
    let hint = fault.hint.clone().unwrap();
    tell(&format!("{fault}\n{hint}"));
    assert_eq!(fault.class, FaultClass::Permanent);
    assert!(fault.what.contains("the line is too slow for a chunk of"), "{fault}");
    // a busy machine is a slower line
    let named = hint.starts_with("Publish again with --chunk-mib ") || hint.starts_with("No chunk is small enough");
    assert!(named, "{hint}");
    assert!(hint.contains(&format!("zipreel resume {REEL}")), "{hint}");
    let before = line.bodies().await;
    let refused = fault.what.split('`').nth(1).unwrap();
    assert_eq!(line.stand_in.counts().body_bytes(refused), 0, "some of what cannot fit was sent: {fault}");
    assert!(!before.is_empty(), "nothing was measured: {fault}");
    // on a faster line
    line.stand_in.faults().clear();
    line.publish(order()).await.unwrap();
    assert_eq!(line.bodies().await[..before.len()], before, "what was up was sent again");
    line.is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_chunk_that_cannot_fit_is_sent_once() {
    let line = Line::start("uplink=1mbit,signature-age=2s").await;
    let order = Order { retry: life(Duration::from_secs(2)), ..order(line.path(), "one") };
    let Err(Stopped::Failed(fault)) = line.publish(order).await else { panic!("it did not stop") };
    tell(&format!("{fault}\n{}", fault.hint.clone().unwrap_or_default()));
    assert!(fault.what.contains("the line is too slow for a chunk of"), "{fault}");
    let counts = line.stand_in.counts();
    assert_eq!(counts.answers(CreateFunction, 403), 1, "one attempt");
    assert_eq!(counts.calls(CreateFunction), 2, "beside the lease's");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_upload_runs_until_the_first_is_answered_and_then_several_do() {
    // the first call is the lease's
    let line = Line::start("pause-before@CreateFunction=after:1").await;
    let (faults, seen) = (line.stand_in.faults(), BoardReporter::default());
    let (order, control) = (order(line.path(), "one"), Control::default());
    let publishing = publish(order, &line.cloud, &line.tools, &seen, &control);
    let packed = || seen.0.lock().unwrap().jobs.len() > 4;
    let watching = async {
        until("the first waits for its answer", || faults.paused() > 0 && packed()).await;
        // time in which others would come
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(faults.paused(), 1);
        faults.release();
        until("several wait", || faults.paused() > 1).await;
        faults.clear();
        loop {
            faults.release();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        published = publishing => drop(published.unwrap()),
        () = watching => unreachable!("it releases for ever"),
    }
    line.is_whole().await;
}

/// What is lost, and whether the chunk is to be sent again for it.
const LOST: [(&str, bool); 4] = [
    (
        "effect-no-answer@CreateFunction=at:3,effect-no-answer@CreateFunction=at:4,\
         effect-no-answer@CreateFunction=at:5,effect-no-answer@CreateFunction=at:6",
        false,
    ),
    // a page is no answer of AWS's: neither that it was done, nor that the chunk is not there
    ("effect-no-answer@CreateFunction=at:3,page-502@GetFunction=at:1", false),
    ("page-502@GetFunction=2x,effect-no-answer@CreateFunction=at:3,effect-no-answer@CreateFunction=at:4", false),
    ("reset-after@CreateFunction=at:3", true),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_whose_answer_was_lost_is_asked_after_and_sent_again_only_if_it_is_not_there() {
    let mut wrong = String::new();
    for (lost, again) in LOST {
        let line = Line::start(lost).await;
        let published = line.publish(order(line.path(), "one")).await.unwrap();
        assert!(line.stand_in.faults().struck() > 0, "{lost}");
        line.stand_in.faults().clear();
        let (carried, once) = (line.carried(), published.bytes * 4 / 3);
        // the smallest chunk is larger
        if (carried > once + 200_000) != again {
            writeln!(wrong, "{lost}: {carried} bytes of {once}: {:?}", line.bodies().await).unwrap();
        }
        line.is_whole().await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
