//! The engine in this process, on a stand-in of its own: retry policy and control are the test's.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use zipreel::{
    local::{self, Config, StandIn},
    media::ffmpeg::Tools,
    model::{
        reel::order::{Cut, Folders, IfTaken, OnDamage, Order, Place, Target, Transcode},
        report::{
            board::{Board, JobState},
            event::{Event, JobName, Published},
            fault::Stopped,
        },
        retry::RetryPolicy,
    },
    publish,
    running::reporter::{Control, Reporter},
    state::lock::{Purpose, ReelLock},
    storage::Storage,
};

use crate::clips::{Clip, clip};

/// Waits are short; attempts few, since refused calls slow all calls down.
pub(crate) const POLICY: RetryPolicy = RetryPolicy {
    attempts: 4,
    base: Duration::from_millis(20),
    cap: Duration::from_millis(300),
    offline: Duration::from_secs(2),
    asks: [Duration::from_millis(5), Duration::from_millis(20), Duration::from_millis(100)],
    ..RetryPolicy::ORDINARY
};

pub(crate) const REEL: &str = "m";

/// Seven chunks of two segments.
pub(crate) fn order(folder: &Path, title: &str) -> Order {
    Order {
        video: clip(Clip::Mp4),
        reel: REEL.parse().unwrap(),
        title: title.into(),
        cut: Cut {
            grows: true,
            pes_lengths: true,
            segment_length: Duration::from_secs(2),
            chunk_limit: 1024 * 1024,
            transcode: Transcode::Never,
            wanted: Default::default(),
        },
        place: Place { target: Target::Local, region: None },
        expected: None,
        parallel_uploads: None,
        if_taken: IfTaken::Refuse,
        relay: false,
        cdn: false,
        on_damage: OnDamage::Accept,
        robots: Default::default(),
        interrupted: None,
        retry: POLICY,
        folders: Folders { state: folder.join("state"), work: folder.join("work"), backlog_bytes: 1 << 30 },
    }
}

pub(crate) fn config(data: PathBuf) -> Config {
    Config { port: 0, settle: Duration::ZERO, index_check_every: Duration::from_secs(1), ..Config::new(data) }
}

pub(crate) async fn start(data: PathBuf) -> StandIn {
    local::start(config(data)).await.unwrap()
}

/// The board as a face would have it.
#[derive(Clone, Default)]
pub(crate) struct BoardReporter(pub(crate) Arc<Mutex<Board>>, Arc<Mutex<Vec<(JobName, String)>>>);

impl Reporter for BoardReporter {
    fn report(&self, event: Event) {
        self.0.lock().unwrap().apply(&event);
        if let Event::Log { job, line } = event {
            self.1.lock().unwrap().push((job, line));
        }
    }
}

impl BoardReporter {
    /// What a job's log says.
    pub(crate) fn said(&self, of: &JobName) -> Vec<String> {
        let said = self.1.lock().unwrap();
        said.iter().filter(|(job, _)| job == of).map(|(_, line)| line.clone()).collect()
    }

    /// Jobs that wait for the person: what each waits for, with the hint.
    pub(crate) fn waiting(&self) -> Vec<(JobName, String)> {
        let board = self.0.lock().unwrap();
        let waiting = board.jobs.iter().filter_map(|(name, job)| match &job.state {
            JobState::Waiting(fault) => {
                Some((name.clone(), format!("{fault} {}", fault.hint.clone().unwrap_or_default())))
            }
            _ => None,
        });
        waiting.collect()
    }

    pub(crate) fn causes(&self) -> Vec<String> {
        self.0.lock().unwrap().jobs.values().flat_map(|job| job.causes.clone()).collect()
    }
}

pub(crate) async fn publish(
    order: Order,
    storage: &(impl Storage + Clone + 'static),
    tools: &Tools,
    seen: &BoardReporter,
    control: &Control,
) -> Result<Published, Stopped> {
    let held = ReelLock::take(&order.folders.state, &order.reel, Purpose::Publish).unwrap();
    publish::publish(order, &held, Arc::new(storage.clone()), tools, Arc::new(seen.clone()), control, async |_| None)
        .await
}

/// What it failed with, as a face says it: in one line with the hint.
pub(crate) fn told(stopped: &Stopped) -> String {
    match stopped {
        Stopped::Failed(fault) => format!("{fault} {}", fault.hint.clone().unwrap_or_default()),
        Stopped::Cancelled => "cancelled".into(),
    }
}
