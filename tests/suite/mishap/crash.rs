//! The publishing process is killed from outside at chosen moments; then it goes on as a person would, and what comes
//! of it is compared with an uninterrupted run.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use tokio::{process::Child, time::sleep};
use zipreel::local::Operation;

use super::account::{Functions, bodies, chunks, client, functions, is_whole, processes_in, set_faults, tell, zipreel};
use crate::{
    clips::{Clip, clip},
    publish::sandbox::Sandbox,
    split::until,
};

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Window {
    BeforeBody,
    MidBody,
    AfterBody,
    EffectWithoutAnswer,
    AnswerBeforeRecord,
    AroundFsync,
    IndexBody,
    IndexEffect,
    FlipBody,
    FlipEffect,
    Describe,
    Delete,
}

const WINDOWS: [Window; 12] = [
    Window::BeforeBody,
    Window::MidBody,
    Window::AfterBody,
    Window::EffectWithoutAnswer,
    Window::AnswerBeforeRecord,
    Window::AroundFsync,
    Window::IndexBody,
    Window::IndexEffect,
    Window::FlipBody,
    Window::FlipEffect,
    Window::Describe,
    Window::Delete,
];

impl Window {
    fn words(self) -> &'static str {
        match self {
            Self::BeforeBody => "before a request's body",
            Self::MidBody => "within a request's body",
            Self::AfterBody => "after a request's body",
            Self::EffectWithoutAnswer => "after the effect, before the answer",
            Self::AnswerBeforeRecord => "between answer and journal record",
            Self::AroundFsync => "around an fsync of the journal",
            Self::IndexBody => "within the index's body",
            Self::IndexEffect => "index there, before the answer",
            Self::FlipBody => "within the body of the index's flip",
            Self::FlipEffect => "index flipped, before the answer",
            Self::Describe => "around the flipped index's description",
            Self::Delete => "in a delete",
        }
    }
}

/// From so many points on, each window must have been hit: some are narrow and are missed at times.
const ALL_HIT_FROM: usize = 5 * WINDOWS.len();

const REEL: &str = "crash";
const CUT: [&str; 6] = ["--name", REEL, "--segment-seconds", "2", "--chunk-mib", "1"];
/// Bytes that the lease's few bodies stay below.
const LEASES: u64 = 4096;
/// Points that run side by side.
const PARALLEL: usize = 3;

/// The functions after runs that nothing interrupted.
struct Reference {
    fresh: Functions,
    replaced: Functions,
}

async fn first(sandbox: &Sandbox) {
    sandbox.publish(&clip(Clip::Silent), &CUT).await.published();
}

fn second(replaces: bool) -> Vec<&'static str> {
    let replace: &[&str] = if replaces { &["--replace"] } else { &[] };
    [&CUT, replace].concat()
}

async fn reference() -> Reference {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Mp4), &second(false)).await.published();
    let fresh = chunks(&functions(&sandbox).await);
    let sandbox = Sandbox::start().await;
    first(&sandbox).await;
    sandbox.publish(&clip(Clip::Mp4), &second(true)).await.published();
    let replaced = chunks(&functions(&sandbox).await);
    assert!(fresh.len() >= 3 && fresh.len() < replaced.len(), "{fresh:?} {replaced:?}");
    Reference { fresh, replaced }
}

fn spawn(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.command("state");
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// One death and what followed; the window that was really hit.
struct Point<'a> {
    sandbox: Sandbox,
    window: Window,
    random: fastrand::Rng,
    reference: &'a Reference,
}

impl Point<'_> {
    async fn run(mut self) -> Window {
        let hit = match self.window {
            Window::Delete => return self.delete().await,
            _ => self.die().await,
        };
        self.sandbox.stand_in.faults().clear();
        let there = chunks(&functions(&self.sandbox).await);
        let before = bodies(&self.sandbox, &there);
        self.go_on().await;
        let context = format!("{:?}", self.window);
        is_whole(&self.sandbox, REEL).await;
        let wanted = if self.replaces() { &self.reference.replaced } else { &self.reference.fresh };
        assert_eq!(chunks(&functions(&self.sandbox).await), *wanted, "{context}: other chunks than uninterrupted");
        assert_eq!(bodies(&self.sandbox, &there), before, "{context}: a deployed chunk was sent again");
        // the lease's body is the same each time; a chunk is longer than all of those together
        let again = self.sandbox.stand_in.counts().repeated_bytes();
        assert!(again < LEASES, "{context}: a deployed chunk was sent again: {again} bytes");
        let folder = self.sandbox.path("");
        until("no ffmpeg is left", || processes_in(&folder).is_empty()).await;
        hit
    }

    fn replaces(&self) -> bool {
        matches!(self.window, Window::FlipBody | Window::FlipEffect | Window::Describe)
    }

    /// Publishes until the moment comes, and kills.
    async fn die(&mut self) -> Window {
        if self.replaces() {
            first(&self.sandbox).await;
        }
        let chunks = self.reference.fresh.len();
        // the first is the lease
        let one = self.random.usize(1..=chunks) + 1;
        let stall = |when: &str, operation: &str, at: usize| format!("{when}@{operation}=at:{at}");
        let faults = match self.window {
            Window::BeforeBody => stall("stall-before", "CreateFunction", one),
            Window::MidBody => stall("stall-mid", "CreateFunction", one),
            Window::AfterBody => stall("stall-after", "CreateFunction", one),
            Window::EffectWithoutAnswer => stall("stall", "CreateFunction", one),
            Window::IndexBody => stall("stall-mid", "CreateFunction", chunks + 2),
            Window::IndexEffect => stall("stall", "CreateFunction", chunks + 2),
            Window::FlipBody => stall("stall-mid", "UpdateFunctionCode", 1),
            // whichever has an effect: the first may meet a function that has not settled
            Window::FlipEffect => "stall@UpdateFunctionCode=1.0".to_owned(),
            Window::Describe => {
                let when = ["stall-before", "stall"][self.random.usize(0..2)];
                format!("{when}@UpdateFunctionConfiguration=1.0")
            }
            Window::AnswerBeforeRecord | Window::AroundFsync => String::new(),
            Window::Delete => unreachable!("has a run of its own"),
        };
        set_faults(&self.sandbox, &faults);
        let answered = self.sandbox.stand_in.counts().answers(Operation::CreateFunction, 201);
        let video = clip(Clip::Mp4);
        let args = second(self.replaces());
        let child = spawn(&self.sandbox, &[&["publish"], &args[..], &[video.to_str().unwrap()]].concat());
        match self.window {
            Window::AnswerBeforeRecord => {
                self.wait(|point| point.answered() >= answered + one as u64).await;
                self.kill(child).await;
                let recorded = self.recorded();
                if self.answered() - answered > recorded + 1 { Window::AnswerBeforeRecord } else { Window::AroundFsync }
            }
            Window::AroundFsync => {
                let bytes = self.random.u64(1..3000);
                self.wait(|point| point.journal_bytes() >= bytes).await;
                self.kill(child).await;
                Window::AroundFsync
            }
            window => {
                self.wait(|point| point.sandbox.stand_in.faults().stalled() > 0).await;
                self.kill(child).await;
                window
            }
        }
    }

    /// Looks without a pause: the windows are narrow.
    async fn wait(&self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(start.elapsed() < Duration::from_secs(120), "{:?} never came", self.window);
            sleep(Duration::from_micros(200)).await;
        }
    }

    async fn kill(&self, mut child: Child) {
        child.start_kill().unwrap();
        let status = child.wait().await.unwrap();
        assert_eq!(status.code(), None, "{:?}: it had ended by itself", self.window);
    }

    fn answered(&self) -> u64 {
        self.sandbox.stand_in.counts().answers(Operation::CreateFunction, 201)
    }

    fn journals(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.sandbox.path("state").join(REEL)).into_iter().flatten().flatten();
        folders.map(|folder| folder.path().join("journal")).filter(|path| path.exists()).collect()
    }

    fn journal_bytes(&self) -> u64 {
        self.journals().iter().filter_map(|path| fs::metadata(path).ok()).map(|journal| journal.len()).sum()
    }

    fn recorded(&self) -> u64 {
        let texts = self.journals().into_iter().map(|path| fs::read_to_string(path).unwrap());
        texts.map(|text| text.matches(r#""record":"deployed""#).count() as u64).sum()
    }

    /// By `resume`, by publishing again, or from another machine.
    async fn go_on(&mut self) {
        let video = clip(Clip::Mp4);
        let args = second(self.replaces());
        match self.random.usize(0..3) {
            0 if !self.journals().is_empty() && self.journal_bytes() > 0 => {
                let said = zipreel(&self.sandbox, &["resume", REEL]).await;
                // killed before its first record was whole, or after its last: there is nothing to resume
                if said.err.contains("nothing of that name was interrupted") {
                    self.sandbox.publish(&video, &args).await.published();
                } else {
                    said.ended(0);
                }
            }
            1 => {
                // as if the dead machine's lease had ended: another one waits for that
                let lease = format!("zipreel-{REEL}-00000000-lock-0000");
                let _ = client(&self.sandbox).delete_function().function_name(lease).send().await;
                drop(self.sandbox.publish_in("elsewhere", &video, &args).await.published().clone());
            }
            _ => drop(self.sandbox.publish(&video, &args).await.published().clone()),
        }
    }

    async fn delete(&mut self) -> Window {
        let video = clip(Clip::Mp4);
        self.sandbox.publish(&video, &second(false)).await.published();
        let all = self.reference.fresh.len() + 1;
        let when = ["stall-before", "stall"][self.random.usize(0..2)];
        let at = self.random.usize(1..=all);
        set_faults(&self.sandbox, &format!("{when}@DeleteFunction=at:{at}"));
        let child = spawn(&self.sandbox, &["delete", REEL, "--yes"]);
        self.wait(|point| point.sandbox.stand_in.faults().stalled() > 0).await;
        self.kill(child).await;
        self.sandbox.stand_in.faults().clear();
        let left = functions(&self.sandbox).await;
        let index = format!("zipreel-{REEL}-index");
        assert!(!left.contains_key(&index) || left.len() == all, "the index goes first: {left:?}");
        if !left.is_empty() {
            zipreel(&self.sandbox, &["delete", REEL, "--yes"]).await.ended(0);
        }
        assert!(functions(&self.sandbox).await.is_empty());
        Window::Delete
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_publishing_goes_on_and_loses_nothing() {
    let points: usize = std::env::var("ZIPREEL_CRASH_POINTS").map_or(WINDOWS.len(), |text| text.parse().unwrap());
    let start = Instant::now();
    let reference = reference().await;
    let runs = (0..points).map(|number| {
        let reference = &reference;
        async move {
            let (sandbox, random) = (Sandbox::start().await, fastrand::Rng::with_seed(number as u64));
            Point { sandbox, window: WINDOWS[number % WINDOWS.len()], random, reference }.run().await
        }
    });
    let hits: Vec<Window> = stream::iter(runs).buffer_unordered(PARALLEL).collect().await;
    let mut counts = BTreeMap::from(WINDOWS.map(|window| (window, 0)));
    hits.iter().for_each(|window| *counts.entry(*window).or_default() += 1);
    let lines = counts.iter().map(|(window, hits)| format!("\n{hits:>4}  {}", window.words()));
    tell(&format!("{points} deaths in {} s:{}", start.elapsed().as_secs(), lines.collect::<String>()));
    assert_eq!(hits.len(), points);
    let missed: Vec<_> = counts.iter().filter(|(_, hits)| **hits == 0).map(|(window, _)| window).collect();
    assert!(points < ALL_HIT_FROM || missed.is_empty(), "never hit: {missed:?}");
}
