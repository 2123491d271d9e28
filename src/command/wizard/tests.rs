//! The wizard's side of the engine asks for itself: whatever the screens asked before, nothing is done that the person
//! did not agree to in the place where it would be done.

use std::{path::Path, process::Command, sync::Mutex};

use futures_util::{FutureExt, future::BoxFuture};
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::{
    model::{
        media::facts::Transcode,
        reel::order::{Cut, Folders, IfTaken, OnDamage, Target},
        report::event::Event,
        retry::RetryPolicy,
    },
    running::reporter::Control,
    tui::backend::{Person, Question, Reply},
    use_cases::{Machine, Overrides},
};

const PLACE: Place = Place { target: Target::Local, region: None };

/// Declines, and keeps what it was asked.
#[derive(Default)]
struct Declines(Mutex<Vec<Question>>);

impl Person for Declines {
    fn asked<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Reply> {
        self.0.lock().unwrap().push(question.clone());
        async { Reply::Declined }.boxed()
    }
}

impl Declines {
    fn removal(self: &Arc<Self>) -> Removal {
        Removal { person: self.clone(), gone: unbounded_channel().0, follow: Follow::default() }
    }

    #[track_caller]
    fn was_asked(&self, question: &Question) {
        assert_eq!(*self.0.lock().unwrap(), std::slice::from_ref(question));
    }
}

struct Sandbox {
    wizard: Wizard,
    folder: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let below = |name| folder.path().join(name);
        let machine = Machine {
            folders: Folders { state: below("state"), work: below("work"), backlog_bytes: 1 << 30 },
            data: below("data"),
            port: 0,
            host: None,
            faults: None,
            overrides: Overrides::default(),
        };
        Self {
            wizard: Wizard { engine: Engine::new(machine), wanted: Wanted::default(), faces: Arc::default() },
            folder,
        }
    }

    fn order(&self, reel: &str) -> Order {
        let video = self.folder.path().join("video.mp4");
        if !video.exists() {
            film(&video);
        }
        Order {
            video,
            reel: reel.parse().unwrap(),
            title: reel.to_owned(),
            cut: Cut {
                segment_length: Duration::from_secs(6),
                grows: true,
                pes_lengths: true,
                chunk_limit: 1 << 20,
                transcode: Transcode::Never,
                wanted: Default::default(),
            },
            place: PLACE,
            expected: None,
            parallel_uploads: None,
            if_taken: IfTaken::Refuse,
            relay: false,
            cdn: false,
            on_damage: OnDamage::Accept,
            robots: Default::default(),
            interrupted: None,
            retry: RetryPolicy::default(),
            folders: self.wizard.engine.machine().folders.clone(),
        }
    }

    /// Publishes, and ends it as soon as its journal knows it if that is wanted.
    async fn publish(&self, reel: &str, cancelled: bool) -> Result<Published, Stopped> {
        let (events, mut heard) = unbounded_channel();
        let control = Control::default();
        let publishing = Publishing { person: Arc::new(Declines::default()), events, control: control.clone() };
        let cancel = async move {
            while let Some(event) = heard.recv().await {
                if cancelled && matches!(event, Event::Planned(_)) {
                    control.cancel.cancel();
                }
            }
        };
        tokio::join!(self.wizard.publish(self.order(reel), publishing), cancel).0
    }

    async fn at(&self) -> AccountRegion {
        self.wizard.connect(PLACE).await.unwrap().at
    }
}

fn film(video: &Path) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=duration=2:size=160x120:rate=25"]);
    assert!(ffmpeg.args(["-c:v", "libx264", "-pix_fmt", "yuv420p"]).arg(video).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_declined_deletes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.publish("talk", false).await.unwrap();
    let person = Arc::new(Declines::default());
    let reel: ReelName = "talk".parse().unwrap();
    let declined = sandbox.wizard.delete(PLACE, reel.clone(), person.removal()).await.unwrap_err();
    assert!(matches!(declined, Stopped::Failed(fault) if fault.to_string().contains("could not delete `talk`")));
    person.was_asked(&Question::Delete { reel: reel.clone(), at: sandbox.at().await, is_local: true });
    assert_eq!(sandbox.wizard.names(PLACE).await.unwrap(), std::slice::from_ref(&reel));
    let (checked, follow) = (unbounded_channel().0, Follow::default());
    let report = sandbox.wizard.check(PLACE, reel, true, checked, follow).await.unwrap();
    assert!(report.is_whole());
    sandbox.wizard.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarding_that_is_declined_leaves_the_publishing_to_be_resumed() {
    let sandbox = Sandbox::new();
    assert!(matches!(sandbox.publish("talk", true).await, Err(Stopped::Cancelled)));
    let begun = async || sandbox.wizard.unfinished().await.begun;
    let resumable = begun().await.remove(0);
    let person = Arc::new(Declines::default());
    let declined = sandbox.wizard.discard(resumable.clone(), person.removal()).await.unwrap_err();
    assert!(matches!(declined, Stopped::Failed(fault) if fault.to_string().contains("could not discard")));
    let (reel, generation) = (resumable.reel.clone(), resumable.generation);
    person.was_asked(&Question::Discard { reel, generation, at: sandbox.at().await, is_local: true });
    assert_eq!(begun().await.len(), 1, "it can still go on");
    sandbox.wizard.engine.close().await;
}
