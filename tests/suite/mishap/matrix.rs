//! Faults × operations: each ends whole, or paused with the right message, and never with half a reel visible. One row
//! a fault; the retry policy is injected, so that waits are short, and so is the stand-in's clock.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use zipreel::{
    cloud::Cloud,
    local::{self, Clock, Config, Operation as Call, StandIn},
    media::ffmpeg::Tools,
    model::report::fault::{Explain, Stopped},
    remote::{self, Depth, LibraryError, removal::Removal},
    running::{attempt::Retries, reporter::Control},
    storage::{Storage, lease::Lease},
};

use super::{
    account::{connect, tell},
    engine::{BoardReporter, POLICY, REEL, config, order, publish, told},
    world::copy,
};
use crate::clips::scratch;

/// Cases that run side by side: most of them wait.
const PARALLEL: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// Of a reel that is not there yet.
    Upload,
    /// Of a deployed reel, with another title.
    Index,
    /// Of a deployed reel.
    Verify,
    Check,
    Delete,
}

const OPERATIONS: [Operation; 5] =
    [Operation::Upload, Operation::Index, Operation::Verify, Operation::Check, Operation::Delete];

impl Operation {
    /// The calls that the fault strikes.
    fn calls(self) -> &'static [&'static str] {
        match self {
            Self::Upload => &["CreateFunction"],
            Self::Index => &["UpdateFunctionCode"],
            Self::Verify => &["Gate"],
            Self::Check => &["ListFunctions", "Gate"],
            Self::Delete => &["DeleteFunction"],
        }
    }
}

/// How a case is to end.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Whole,
    /// Stopped with these words, and whole once the fault is gone.
    Paused(&'static str),
    /// The fault can't meet this operation.
    Not,
}

use Ends::{Not, Paused, Whole};

struct Row {
    fault: &'static str,
    /// As the stand-in takes it. `@=`: for each of the operation's calls. Behind a bar: for those that read.
    spec: &'static str,
    ends: [Ends; 5],
}

const fn row(fault: &'static str, spec: &'static str, ends: [Ends; 5]) -> Row {
    Row { fault, spec, ends }
}

const TRIED: Ends = Paused("(tried 4 times)");
const RATE: Ends = Paused("Rate exceeded");
const GATE_BUSY: Ends = Paused("the answer was 429 Too Many Requests Check that this computer reaches");
const SIGN_IN: Ends = Paused("The security token included in the request is expired");
const ROLE: Ends = Paused("(tried 4 times): The role defined for the function cannot be assumed");
const QUOTA: Ends = Paused("another Region");
const PENDING: Ends = Paused("(tried 4 times): The operation cannot be performed at this time");

/// Columns: upload, index, verify, check, delete. Downloads of a deployed reel: its index first, then segments.
const MATRIX: [Row; 21] = [
    row("429, twice", "429@=2x", [Whole, Whole, Whole, Whole, Whole]),
    row("429, without end", "429@=1.0", [RATE, RATE, TRIED, RATE, RATE]),
    row("429, after the first call", "429@=after:1", [RATE, Not, TRIED, GATE_BUSY, RATE]),
    row("500, twice", "500@=2x", [Whole, Whole, Whole, Whole, Whole]),
    row("503, twice", "503@=2x", [Whole, Whole, Whole, Whole, Whole]),
    row("reset before the body", "reset-before@=2x", [Whole, Whole, Whole, Whole, Whole]),
    row("reset in the middle of the body", "reset-mid@=2x|reset-mid@Download=at:2", [Whole, Whole, Whole, Whole, Not]),
    row("reset after the body", "reset-after@=2x", [Whole, Whole, Not, Not, Not]),
    row("effect without answer", "effect-no-answer@=2x", [Whole, Whole, Not, Not, Whole]),
    row("stalled reads", "|stall@Download=at:2", [Not, Not, Whole, Whole, Not]),
    // four chunks at a time are too many by a quarter, one has three times the time it needs
    row("slow uplink, age enforced", "uplink=6mbit,signature-age=5s", [Whole, Not, Not, Not, Not]),
    row("wrong-size answers", "|wrong-size@Download=at:1,wrong-size@Download=at:3", [Not, Not, Whole, Whole, Not]),
    row("expired credentials", "expired-credentials@=1.0", [SIGN_IN, SIGN_IN, Not, SIGN_IN, SIGN_IN]),
    row("credentials expire half-way", "expired-credentials@=after:1", [SIGN_IN, Not, Not, Not, SIGN_IN]),
    row("role not assumable at first", "role-not-assumable=50ms", [Whole, Not, Not, Not, Not]),
    row("role not assumable", "role-not-assumable=1h", [ROLE, Not, Not, Not, Not]),
    row("quota reached", "quota=1KiB", [QUOTA, QUOTA, Not, Not, Not]),
    row("clock 10 minutes behind AWS's", "clock-skew=10m", [Whole, Whole, Whole, Whole, Whole]),
    row("clock 10 minutes ahead of AWS's", "clock-skew=-10m", [Whole, Whole, Whole, Whole, Whole]),
    row("Pending for long", "pending=5m", [Whole, PENDING, Not, Not, Not]),
    row("412 at the flip", "412@UpdateFunctionCode=1x", [Not, Whole, Not, Not, Not]),
];

impl Row {
    fn spec(&self, operation: Operation) -> String {
        let (calls, reads) = self.spec.split_once('|').unwrap_or((self.spec, self.spec));
        let reading = matches!(operation, Operation::Verify | Operation::Check);
        let spec = if reading { reads } else { calls };
        let struck = operation.calls().iter().map(|call| spec.replace("@=", &format!("@{call}=")));
        let struck: Vec<String> = if spec.contains("@=") { struck.collect() } else { vec![spec.to_owned()] };
        struck.join(",")
    }

    /// Other cases beside it would take the time that a signature lives.
    fn runs_alone(&self) -> bool {
        self.spec.contains("signature-age")
    }
}

/// What the operations need that is made once.
struct Ground {
    tools: Tools,
    /// The stand-in's data with one reel.
    data: PathBuf,
    _folder: tempfile::TempDir,
}

impl Ground {
    async fn make() -> Self {
        let folder = scratch();
        let tools = Tools::find().await.unwrap();
        let data = folder.path().join("data");
        // long ago, so that all has settled for a case whose server's clock is behind
        let clock = Clock::system();
        clock.rewind(Duration::from_secs(20 * 60));
        let stand_in = local::start(Config { clock, ..config(data.clone()) }).await.unwrap();
        let cloud = connect(stand_in.endpoint()).await;
        let order = order(folder.path(), "one");
        publish(order, &cloud, &tools, &BoardReporter::default(), &Control::default()).await.unwrap();
        stand_in.stop().await;
        Self { tools, data, _folder: folder }
    }
}

/// A stand-in and folders for one case.
struct Case<'a> {
    ground: &'a Ground,
    row: &'a Row,
    operation: Operation,
    clock: Clock,
    stand_in: StandIn,
    cloud: Cloud,
    folder: tempfile::TempDir,
}

impl<'a> Case<'a> {
    async fn start(ground: &'a Ground, row: &'a Row, operation: Operation) -> Self {
        let (folder, clock) = (scratch(), Clock::system());
        let data = folder.path().join("data");
        if operation != Operation::Upload {
            copy(&ground.data, &data).unwrap();
        }
        let stand_in = local::start(Config { clock: clock.clone(), ..config(data) }).await.unwrap();
        let cloud = connect(stand_in.endpoint()).await;
        Self { ground, row, operation, clock, stand_in, cloud, folder }
    }

    /// Does what the operation is; what it fails with in one line.
    async fn operate(&self) -> Result<(), String> {
        let title = if self.operation == Operation::Index { "another title" } else { "one" };
        let retries = Retries { policy: POLICY, ..Retries::default() };
        let reel = REEL.parse().unwrap();
        match self.operation {
            Operation::Upload | Operation::Index | Operation::Verify => {
                let order = order(self.folder.path(), title);
                let (seen, control) = (BoardReporter::default(), Control::default());
                let result = publish(order, &self.cloud, &self.ground.tools, &seen, &control).await;
                result.map(drop).map_err(|stopped| told(&stopped))
            }
            Operation::Check => match remote::check(&self.cloud, &reel, Depth::Bytes, &retries, |_| ()).await {
                Ok(report) if report.is_whole() => Ok(()),
                Ok(report) => Err(format!("{report:?}")),
                Err(error) => Err(told(&Stopped::Failed(error.fault()))),
            },
            Operation::Delete => {
                let storage: Arc<dyn Storage> = Arc::new(self.cloud.clone());
                let lease = Lease::take(&storage, &reel, "this-machine", "delete").await.unwrap();
                let removal = Removal { storage: &self.cloud, lease: &lease, reel: &reel, retries: &retries };
                let inventory = remote::inventory(&self.cloud, &reel, BTreeSet::new(), &retries).await.unwrap();
                let deleted = remote::delete(&removal, inventory, |_, _| ()).await;
                lease.release().await;
                deleted.map(drop).map_err(|error| told(&Stopped::Failed(error.fault())))
            }
        }
    }

    /// Whether there is a reel: an index stands for all it promises.
    async fn is_visible(&self) -> Result<bool, String> {
        let reel = REEL.parse().unwrap();
        match remote::check(&self.cloud, &reel, Depth::Quick, &Retries::default(), |_| ()).await {
            Ok(report) if report.is_whole() => Ok(true),
            Ok(report) => Err(format!("half a reel is visible: {report:?}")),
            Err(LibraryError::NotFound(_)) => Ok(false),
            Err(error) => Err(format!("afterwards: {}", error.fault())),
        }
    }

    /// A whole reel, or after a delete no function of it.
    async fn is_done(&self) -> Result<(), String> {
        let deletes = self.operation == Operation::Delete;
        let visible = self.is_visible().await?;
        let mut left = 0;
        let count = |page: Vec<_>| left += page.len();
        remote::each_function(&self.cloud, &format!("zipreel-{REEL}-"), &Retries::default(), count).await.unwrap();
        let done = visible != deletes && (left == 0) == deletes;
        if done { Ok(()) } else { Err(format!("visible: {visible}, {left} functions")) }
    }

    /// Whether the fault had a say. Rules count their strikes; a state of the whole account shows in the answers that
    /// it gives.
    fn was_struck(&self) -> bool {
        use Call::{CreateFunction, GetFunction, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration};
        let counts = self.stand_in.counts();
        let answered = |status, calls: &[Call]| calls.iter().any(|call| counts.answers(*call, status) > 0);
        match self.row.spec.split_once('=').map(|(fault, _)| fault) {
            Some("uplink") => answered(403, &[CreateFunction]),
            // the first call is refused, whichever it is
            Some("clock-skew") => answered(403, &[ListFunctions, GetFunction, CreateFunction]),
            Some("role-not-assumable") => answered(400, &[CreateFunction]),
            Some("quota") => answered(400, &[CreateFunction, UpdateFunctionCode]),
            // what is new is Pending; what is changed takes no further change
            Some("pending") => answered(201, &[CreateFunction]) || answered(409, &[UpdateFunctionConfiguration]),
            _ => self.stand_in.faults().struck() > 0,
        }
    }

    /// What came of it, in a word for the table.
    async fn run(self, ends: Ends) -> Result<&'static str, String> {
        let spec = self.row.spec(self.operation);
        self.stand_in.faults().set(spec.parse().unwrap());
        let result = self.operate().await;
        if !self.was_struck() {
            return Err("nothing was struck".into());
        }
        self.stand_in.faults().clear();
        if spec.starts_with("pending") {
            self.clock.advance(Duration::from_secs(5 * 60));
        }
        match (ends, result) {
            (Paused(_), Ok(())) => Err("it did not stop".into()),
            (Paused(words), Err(error)) if error.contains(words) => {
                if self.is_visible().await? && self.operation == Operation::Upload {
                    return Err("a reel is visible that is not done".into());
                }
                self.operate().await.map_err(|error| format!("once the fault was gone: {error}"))?;
                self.is_done().await.map(|()| "paused")
            }
            (_, Err(error)) => Err(error),
            (_, Ok(())) => self.is_done().await.map(|()| "whole"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_ends_whole_or_paused() {
    let ground = &Ground::make().await;
    let cells = MATRIX.iter().flat_map(|row| OPERATIONS.iter().zip(row.ends).map(move |(op, ends)| (row, *op, ends)));
    let (alone, together): (Vec<_>, Vec<_>) = cells.enumerate().partition(|(_, (row, ..))| row.runs_alone());
    let run = |(place, (row, operation, ends))| async move {
        match ends {
            Not => (place, Ok("·")),
            _ => (place, Case::start(ground, row, operation).await.run(ends).await),
        }
    };
    let mut results: Vec<_> = stream::iter(together).map(run).buffer_unordered(PARALLEL).collect().await;
    results.extend(stream::iter(alone).then(run).collect::<Vec<_>>().await);
    results.sort_by_key(|(place, _)| *place);
    let mut table =
        format!("{:33}{}", "", OPERATIONS.map(|operation| format!("{:<9}", format!("{operation:?}"))).concat());
    let mut wrong = String::new();
    for (row, results) in MATRIX.iter().zip(results.chunks(OPERATIONS.len())) {
        let cells = results.iter().map(|(_, word)| format!("{:<9}", word.as_deref().unwrap_or("WRONG")));
        write!(table, "\n{:33}{}", row.fault, cells.collect::<String>().trim_end()).unwrap();
        for (operation, (_, result)) in OPERATIONS.iter().zip(results) {
            if let Err(error) = result {
                writeln!(wrong, "{} × {operation:?}: {error}", row.fault).unwrap();
            }
        }
    }
    tell(&format!("{table}\npaused: stopped with what to do, and whole on the next run; ·: can't meet"));
    assert!(wrong.is_empty(), "\n{wrong}");
}
