//! Two machines at one reel of one account: two engines in this process, with folders of their own, and what the
//! stand-in's store says afterwards. No list, no check and no gate is believed.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use base64::Engine as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::process::Command;
use zipreel::{
    local::{self, Clock, Config, StandIn},
    model::{
        reel::{
            index::{GenerationIndex, INDEX_ENTRY, Index},
            name::FunctionName,
            order::{Cut, Folders, IfTaken, OnDamage, Order, Place, Target, Transcode},
        },
        report::{event::Event, fault::Stopped},
    },
    running::reporter::{Control, Reporter},
    use_cases::{
        Engine, Follow, Machine, Overrides, Person, Question, Reply,
        account::{RelayWish, setup},
        reels::{self, gc::Found, repair::Repair},
    },
};

use super::engine::{POLICY, REEL, config, told};
use crate::{
    clips::{Clip, clip, scratch},
    publish::sandbox::command_in,
    split::until,
    stand_in::clients::lambda,
};

pub(crate) const MACHINES: usize = 2;

/// What a person does at one of the machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Publish,
    /// With another video.
    Replace,
    Resume,
    /// `gc NAME`.
    Collect,
    Delete,
    Check,
    Repair,
    Setup,
}

impl Deed {
    pub(crate) const ALL: [Self; 8] = [
        Self::Publish,
        Self::Replace,
        Self::Resume,
        Self::Collect,
        Self::Delete,
        Self::Check,
        Self::Repair,
        Self::Setup,
    ];

    /// Whether it makes chunks.
    pub(crate) fn makes(self) -> bool {
        matches!(self, Self::Publish | Self::Replace | Self::Resume | Self::Repair)
    }
}

pub(crate) struct World {
    pub(crate) stand_in: StandIn,
    pub(crate) clock: Clock,
    machines: [Engine; MACHINES],
    means: Means,
    folder: tempfile::TempDir,
}

/// What a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// An engine of this process.
    Engine,
    /// The built binary, a process a deed.
    Process,
}

/// Agrees to everything.
struct Yes;

impl Person for Yes {
    fn asked<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Reply> {
        Box::pin(async { Reply::Agreed })
    }
}

struct Quiet;

impl Reporter for Quiet {
    fn report(&self, _: Event) {}
}

fn place() -> Place {
    Place { target: Target::Local, region: None }
}

fn folders(folder: &Path, machine: usize) -> Folders {
    let here = folder.join(format!("machine-{machine}"));
    Folders { state: here.join("state"), work: here.join("work"), backlog_bytes: 1 << 30 }
}

/// A chunk a second.
fn order(folders: Folders, video: Clip, if_taken: IfTaken) -> Order {
    Order {
        video: clip(video),
        reel: REEL.parse().unwrap(),
        title: "two machines".into(),
        cut: Cut {
            grows: true,
            pes_lengths: true,
            segment_length: std::time::Duration::from_secs(1),
            chunk_limit: 100_000,
            transcode: Transcode::Never,
            wanted: Default::default(),
        },
        place: place(),
        expected: None,
        parallel_uploads: std::num::NonZeroUsize::new(1),
        if_taken,
        relay: false,
        cdn: false,
        on_damage: OnDamage::Accept,
        robots: Default::default(),
        interrupted: None,
        retry: POLICY,
        folders,
    }
}

pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Runs a test on stacks as large as a program's first thread has: a debug build's futures of whole deeds are deep.
pub(crate) fn on_large_stacks(test: impl Future<Output = ()> + Send + 'static) {
    const STACK: usize = 8 << 20;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().thread_stack_size(STACK).build().unwrap();
    if let Err(panic) = runtime.block_on(runtime.spawn(test)) {
        std::panic::resume_unwind(panic.into_panic());
    }
}

impl World {
    /// With the folders that another world ended with, if one is given.
    pub(crate) async fn start(means: Means, ground: Option<&Path>) -> Self {
        let (folder, clock) = (scratch(), Clock::system());
        if let Some(ground) = ground {
            copy(ground, folder.path()).unwrap();
        }
        let data = folder.path().join("data");
        let stand_in = local::start(Config { clock: clock.clone(), ..config(data.clone()) }).await.unwrap();
        let machine = |number| Machine {
            folders: folders(folder.path(), number),
            data: data.clone(),
            port: 0,
            host: None,
            faults: None,
            overrides: Overrides::default(),
        };
        let machines = [0, 1].map(|number| Engine::new(machine(number)));
        Self { stand_in, clock, machines, means, folder }
    }

    /// Ends both machines and the stand-in; the folders stay as long as what is returned.
    pub(crate) async fn end(self) -> tempfile::TempDir {
        for machine in &self.machines {
            machine.close().await;
        }
        self.stand_in.stop().await;
        self.folder
    }

    pub(crate) fn set_faults(&self, spec: &str) {
        self.stand_in.faults().set(spec.parse().unwrap());
    }

    /// Does it at that machine; what it failed with in one line. Dropped, the machine is dead.
    pub(crate) fn deed(&self, machine: usize, deed: Deed) -> BoxFuture<'static, Result<(), String>> {
        if self.means == Means::Process {
            return Box::pin(run(self.command(machine, deed)));
        }
        let engine = self.machines[machine].clone();
        Box::pin(async move { act(&engine, deed).await })
    }

    fn command(&self, machine: usize, deed: Deed) -> Command {
        let video = |of| clip(of).to_str().unwrap().to_owned();
        let cut = ["--segment-seconds", "2", "--chunk-mib", "2", "--parallel", "1"].map(str::to_owned);
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let arguments = match deed {
            Deed::Publish => [words(&["publish", "--name", REEL]), cut.to_vec(), vec![video(Clip::Mp4)]].concat(),
            Deed::Replace => {
                [words(&["publish", "--replace", "--name", REEL]), cut.to_vec(), vec![video(Clip::Silent)]].concat()
            }
            Deed::Resume => words(&["resume", REEL]),
            Deed::Collect => words(&["gc", REEL, "--yes"]),
            Deed::Delete => words(&["delete", REEL, "--yes"]),
            Deed::Check => words(&["check", REEL]),
            Deed::Repair => words(&["check", REEL, "--repair", &video(Clip::Mp4)]),
            Deed::Setup => words(&["setup", "--target", "local"]),
        };
        let Folders { work, .. } = folders(self.folder.path(), machine);
        let mut command = command_in(self.folder.path(), &format!("machine-{machine}/state"));
        command.env("ZIPREEL_WORK_DIR", work).args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Publishes that video, which the deeds know or not.
    pub(crate) async fn publish(&self, machine: usize, video: Clip) -> Result<(), String> {
        Box::pin(publish(&self.machines[machine], video, IfTaken::Replace)).await
    }

    /// Takes a function away, as no zipreel would.
    pub(crate) async fn lose(&self, function: &str) {
        lambda(self.stand_in.endpoint()).delete_function().function_name(function).send().await.unwrap();
    }

    /// Begins a deed, and has the machine die when the stand-in holds the call that is meant.
    pub(crate) async fn die(&self, machine: usize, deed: Deed, pause: &str) {
        self.set_faults(pause);
        let dying = tokio::spawn(self.deed(machine, deed));
        until("a call is held", || self.stand_in.faults().paused() > 0 || dying.is_finished()).await;
        assert!(!dying.is_finished(), "{deed:?} ended before {pause}: {:?}", dying.await);
        dying.abort();
        let _ = dying.await;
        self.set_faults("");
        self.stand_in.faults().release();
    }

    /// Whether the machine went away in the middle of a publishing that it can go on with.
    pub(crate) async fn may_resume(&self, machine: usize) -> bool {
        !reels::resume::resumables(&self.machines[machine]).await.is_empty()
    }

    /// All that the store holds of the reel, from the disk.
    pub(crate) fn store(&self) -> Store {
        Store::read(&self.folder.path().join("data"))
    }

    /// What is wrong with what is visible now, by the stand-in's clock.
    pub(crate) fn damage(&self) -> Option<String> {
        self.store().damage(self.clock.now())
    }
}

async fn run(mut command: Command) -> Result<(), String> {
    // dropped, it is killed
    let output = command.kill_on_drop(true).output().await.unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() && !err.contains("is left alone") { Ok(()) } else { Err(err) }
}

/// How a deed ended; `None` in a way that no person could make sense of.
pub(crate) fn word(said: &Result<(), String>) -> Option<&'static str> {
    let Err(error) = said else { return Some("done") };
    let known = [
        ("another machine is working on", "refused"),
        // one that was killed has its lock until the system has buried it
        ("another zipreel", "refused"),
        ("another job of this zipreel", "refused"),
        ("could not find the reel", "none"),
        ("nothing of that name was interrupted", "none"),
        ("someone else", "taken"),
        ("is taken", "taken"),
        ("does not make the generation", "taken"),
        ("is another video than it was made of", "taken"),
        ("could not find the gate", "none"),
        // set up half-way: it is there, and not open to all yet
        ("the answer was 403 Forbidden", "none"),
        // both machines have one gate: what holds its own call keeps it from seeing a flip
        ("it does not name generation", "late"),
        ("not whole", "broken"),
    ];
    known.iter().find(|(words, _)| error.contains(words)).map(|(_, word)| *word)
}

async fn publish(engine: &Engine, video: Clip, if_taken: IfTaken) -> Result<(), String> {
    let order = order(engine.machine().folders.clone(), video, if_taken);
    let published = reels::publish::publish(engine, order, &Yes, Arc::new(Quiet), &Control::default()).await;
    published.map(drop).map_err(|stopped| told(&stopped))
}

// in a box each: together they are more than a thread's stack has room for in a debug build
async fn act(engine: &Engine, deed: Deed) -> Result<(), String> {
    let (reel, control) = (REEL.parse().unwrap(), Control::default());
    let (follow, reporter) = (Follow::default(), Arc::new(Quiet));
    let folders = engine.machine().folders.clone();
    let said = |stopped: Stopped| told(&stopped);
    match deed {
        Deed::Publish => Box::pin(publish(engine, Clip::Tiny, IfTaken::Refuse)).await,
        Deed::Replace => Box::pin(publish(engine, Clip::TinyMkv, IfTaken::Replace)).await,
        Deed::Resume => {
            let found = reels::resume::find(engine, &reel, None).await.map_err(said)?;
            let order = Order { retry: POLICY, ..found.order(folders) };
            Box::pin(reels::publish::publish(engine, order, &Yes, reporter, &control)).await.map(drop).map_err(said)
        }
        Deed::Collect => {
            let mut left_alone = Vec::new();
            let found = |found: Found<'_>| {
                if let Found::LeftAlone { fault, .. } = found {
                    left_alone.push(fault.to_string());
                }
            };
            Box::pin(reels::gc::collect(engine, &place(), Some(&reel), &Yes, &follow, found)).await.map_err(said)?;
            // what another works on is left alone, which is no failure
            match left_alone.pop() {
                Some(why) => Err(format!("left alone: {why}")),
                None => Ok(()),
            }
        }
        Deed::Delete => {
            let deleted = Box::pin(reels::delete::delete(engine, &place(), &reel, &Yes, &follow, |_, _| ())).await;
            deleted.map(drop).map_err(said)
        }
        Deed::Check => {
            let report = reels::check::check(engine, &place(), &reel, false, &follow, |_| ()).await;
            match report.map_err(said)? {
                report if report.is_whole() => Ok(()),
                report => Err(format!("the reel is not whole: {report:?}")),
            }
        }
        Deed::Repair => {
            let parallel_uploads = std::num::NonZeroUsize::new(1);
            let repair = Repair { place: place(), reel, video: clip(Clip::Tiny), parallel_uploads };
            Box::pin(reels::repair::repair(engine, &repair, &Yes, reporter, &control)).await.map(drop).map_err(said)
        }
        Deed::Setup => {
            let wish = RelayWish::AsItIs;
            Box::pin(setup::setup(engine, &place(), wish, &Yes, reporter, &control)).await.map(drop).map_err(said)
        }
    }
}

/// What the stand-in's folder says of the reel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    data: PathBuf,
    /// Chunks by function name: hexadecimal SHA-256 and revision.
    pub(crate) chunks: BTreeMap<String, (String, String)>,
    /// SHA-256 of the index.
    pub(crate) index: Option<String>,
    /// What the lease says of its holding.
    pub(crate) lease: Option<String>,
}

impl Store {
    fn read(data: &Path) -> Self {
        let mut store = Self { data: data.to_owned(), chunks: BTreeMap::new(), index: None, lease: None };
        for entry in fs::read_dir(data.join("functions")).unwrap() {
            let path = entry.unwrap().path();
            // a file is written beside its place first, and gone when its function is
            let is_whole = path.extension().is_some_and(|extension| extension == "json");
            let Some(bytes) = is_whole.then(|| fs::read(&path).ok()).flatten() else { continue };
            let function: Value = serde_json::from_slice(&bytes).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (name, sha256) = (text(&function["name"]), text(&function["code"]["sha256"]));
            match FunctionName::parse(&name) {
                Some(FunctionName::Index { .. }) => store.index = Some(sha256),
                Some(FunctionName::Chunk { .. }) => {
                    drop(store.chunks.insert(name, (sha256, text(&function["revision"]))));
                }
                None => {
                    if name.ends_with("-lock-0000") {
                        store.lease = Some(text(&function["settings"]["description"]));
                    }
                }
            }
        }
        store
    }

    pub(crate) fn visible(&self) -> Option<Index> {
        let zip = fs::read(self.data.join("blobs").join(self.index.as_ref()?)).expect("the index's code is there");
        let mut archive = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap();
        Some(serde_json::from_reader(archive.by_name(INDEX_ENTRY).unwrap()).unwrap())
    }

    /// What is promised at that hour and is not there.
    fn damage(&self, now: OffsetDateTime) -> Option<String> {
        let index = self.visible()?;
        let due = index
            .retired
            .iter()
            .filter(|retired| OffsetDateTime::from(std::time::SystemTime::from(retired.until)) > now);
        let missing: Vec<String> = due
            .map(|retired| &retired.generation)
            .chain([&index.current])
            .flat_map(|generation| self.missing(&index, generation))
            .collect();
        (!missing.is_empty()).then(|| format!("visible and not whole: {} lack(s)", missing.join(", ")))
    }

    fn missing(&self, index: &Index, generation: &GenerationIndex) -> Vec<String> {
        let stands = |name: &str, promised: &str| {
            let sha256 = base64::engine::general_purpose::STANDARD.decode(promised).unwrap();
            let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            self.chunks.get(name).is_some_and(|(sha256, _)| *sha256 == hex)
                && self.data.join("blobs").join(hex).exists()
        };
        let functions = generation.functions(&index.reel).map(|(name, chunk)| (name.to_string(), &chunk.sha256));
        functions.filter(|(name, promised)| !stands(name, promised)).map(|(name, _)| name).collect()
    }
}
