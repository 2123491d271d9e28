//! Carries commands out in the background. Work of one kind ends earlier work of its kind for the same screen; every job
//! is work of its own, and ends no other. Nothing here blocks the loop or draws.

mod picker;

use std::{
    collections::HashMap,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

use super::{
    action::Command,
    app::Errand,
    backend::{self, AccountRegion, Backend, Follow, JobWork, Place, Question, Work},
    id::Owner,
    job::{Asked, AtScreen, End, Run},
    memory::Memory,
    terminal::{
        LEAVE_MOUSE, TAKE_MOUSE,
        caught::{blocking, caught, caught_job},
        clipboard,
        picture::Painter,
    },
    work::{alongside::alongside, answer::Answer, look},
};
use crate::{
    model::{reel::name::ReelName, report::fault::Fault},
    running::reporter::Control,
};

/// Answers, and whom they are for.
pub(super) type Answers = UnboundedSender<(Owner, Answer)>;

/// Work of one kind for one owner: the newest replaces what is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    List,
    Find,
    FindAll,
    Recent,
    Search,
    Look,
    Examine,
    Reread(PathBuf),
    Paint,
    Profiles,
    Connect(Place),
    Names(Place),
    Unfinished,
    Reels,
    Reel,
    Run,
    Keep,
    Forget(ReelName, AccountRegion),
    Browse,
    Copy,
    Remember,
}

pub(super) struct Tasks {
    backend: Arc<dyn Backend>,
    answers: Answers,
    running: HashMap<(Owner, Kind), JoinHandle<()>>,
    painter: Painter,
    state_dir: PathBuf,
    /// Between looks at the highlighted file.
    pub(super) watch: Duration,
    /// The terminal, for what is not drawn.
    terminal: Box<dyn Write + Send>,
}

impl Tasks {
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        answers: Answers,
        painter: Painter,
        state_dir: PathBuf,
        terminal: Box<dyn Write + Send>,
    ) -> Self {
        Self { backend, answers, running: HashMap::new(), painter, state_dir, watch: look::WATCH, terminal }
    }

    /// `memory` is as it is now, for [`Command::Remember`].
    pub(super) fn carry_out(&mut self, Errand { owner, command }: Errand, memory: &Memory) {
        let Some(command) = self.of_picker(owner, command) else { return };
        match command {
            Command::FindProfiles => self.ask(owner, Kind::Profiles, self.backend.profiles(), Answer::Profiles),
            Command::Connect(place) | Command::LookAgain(place) => {
                let work = self.backend.connect(place.clone());
                let kind = Kind::Connect(place.clone());
                self.ask(owner, kind, work, move |account| Answer::Connected { place, account });
            }
            Command::FindNames(place) => {
                let work = self.backend.names(place.clone());
                self.ask(owner, Kind::Names(place.clone()), work, move |names| Answer::Names { place, names });
            }
            Command::FindUnfinished => self.ask(owner, Kind::Unfinished, self.backend.unfinished(), Answer::Unfinished),
            Command::FindReels(place) => self.reels(owner, place),
            Command::OpenReel(place, name) => {
                let work = self.backend.reel(place, name.clone());
                let opened = move |detail: Result<_, _>| Answer::ReelOpened { name, detail: detail.map(Box::new) };
                self.ask(owner, Kind::Reel, work, opened);
            }
            Command::Run { run, agreed, control } => self.run(owner, run, agreed, control),
            Command::Keep(orders) => self.ask(owner, Kind::Keep, self.backend.keep(orders), Answer::Kept),
            Command::Forget(reel, at) => {
                let work = self.backend.forget(reel.clone(), at.clone());
                self.ask(owner, Kind::Forget(reel, at), work, Answer::Forgotten);
            }
            Command::Copy(text) => self.copy(owner, text),
            Command::Browse(link) => self.browse(owner, link),
            Command::Remember => self.remember(owner, memory.clone()),
            // the picker's are done; ways, words and what becomes of jobs are the app's own
            Command::ListFolder { .. }
            | Command::Find { .. }
            | Command::FindAll(_)
            | Command::ListRecent(_)
            | Command::Search { .. }
            | Command::StopSearching
            | Command::Look { .. }
            | Command::StopLooking
            | Command::Examine(_)
            | Command::StopExamining
            | Command::Reread { .. }
            | Command::Paint { .. }
            | Command::Say(_)
            | Command::Ask(_)
            | Command::ChooseTarget
            | Command::ChooseRegion { .. }
            | Command::ChooseCopy(..)
            | Command::ShowLog(..)
            | Command::Begin(..)
            | Command::TakeUp(..)
            | Command::Retry(_)
            | Command::Reply(..)
            | Command::Go(_)
            | Command::Back
            | Command::Quit => {}
        }
    }

    /// Ends what was done for screens that are closed; `is_open` knows which are not.
    pub(super) fn keep_for(&mut self, is_open: impl Fn(Owner) -> bool) {
        self.running.retain(|(owner, _), running| {
            let wanted = is_open(*owner) && !running.is_finished();
            if !is_open(*owner) {
                running.abort();
            }
            wanted
        });
    }

    /// Clicks come to the wizard, or stay with the terminal.
    pub(super) fn take_mouse(&mut self, take: bool) -> io::Result<()> {
        self.tell(if take { TAKE_MOUSE } else { LEAVE_MOUSE })
    }

    /// A sequence for the terminal, after the frame that was drawn.
    pub(super) fn tell(&mut self, sequence: &str) -> io::Result<()> {
        if sequence.is_empty() {
            return Ok(());
        }
        self.terminal.write_all(sequence.as_bytes())?;
        self.terminal.flush()
    }

    fn stop(&mut self, owner: Owner, kind: Kind) {
        if let Some(running) = self.running.remove(&(owner, kind)) {
            running.abort();
        }
    }

    /// Waits for jobs, and for what is being written, to come to rest; in all no longer than this.
    pub(super) async fn settle(&mut self, longest: Duration) {
        let lasting = |(owner, kind): &(Owner, Kind)| {
            matches!(owner, Owner::Job(..)) || matches!(kind, Kind::Remember | Kind::Keep | Kind::Forget(..))
        };
        let waited = self.running.iter_mut().filter(|(key, _)| lasting(key)).map(|(_, running)| running);
        // the rest is aborted when this is dropped
        let _ = tokio::time::timeout(longest, futures_util::future::join_all(waited)).await;
        self.running.retain(|_, running| !running.is_finished());
    }

    fn start(&mut self, owner: Owner, kind: Kind, task: impl Future<Output = ()> + Send + 'static) {
        self.stop(owner, kind.clone());
        self.running.insert((owner, kind), tokio::spawn(task));
    }

    fn ask<T: Send + 'static>(
        &mut self,
        owner: Owner,
        kind: Kind,
        work: Work<T>,
        answer: impl FnOnce(Result<T, Fault>) -> Answer + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.start(owner, kind, async move { send(&answers, owner, answer(caught(work).await)) });
    }

    fn reels(&mut self, owner: Owner, place: Place) {
        let (found, mut news) = mpsc::unbounded_channel();
        let work = caught(self.backend.reels(place.clone(), found));
        let answers = self.answers.clone();
        self.start(owner, Kind::Reels, async move {
            let to = answers.clone();
            let here = place.clone();
            let tell = move |reel| send(&to, owner, Answer::ReelFound { place: here.clone(), reel });
            let result = alongside(work, &mut news, tell).await;
            send(&answers, owner, Answer::ReelsEnded { place, result });
        });
    }

    /// A job. Its news, its questions and its end come in the order in which they were given.
    fn run(&mut self, owner: Owner, run: Run, agreed: Vec<Question>, control: Control) {
        let (asks, questions) = mpsc::unbounded_channel();
        let person = Arc::new(AtScreen { agreed, asks });
        let answers = self.answers.clone();
        let said = self.answers.clone();
        let said = Arc::new(move |words| send(&said, owner, Answer::Retried(words)));
        let follow = Follow { said, cancel: control.cancel.clone() };
        let backend = Arc::clone(&self.backend);
        let job = Job { owner, answers, questions };
        let publishing = |person, control| {
            let (events, news) = mpsc::unbounded_channel();
            (backend::Publishing { person, events, control }, news)
        };
        let removal = |person, follow| {
            let (gone, news) = mpsc::unbounded_channel();
            (backend::Removal { person, gone, follow }, news)
        };
        let task = match run {
            Run::Publish(order) => {
                let (publishing, news) = publishing(person, control);
                job.follow(backend.publish(*order, publishing), news, Answer::Engine, published)
            }
            Run::Resume(resumable) => {
                let (publishing, news) = publishing(person, control);
                job.follow(backend.resume(*resumable, publishing), news, Answer::Engine, published)
            }
            Run::Repair(repair, _) => {
                let (publishing, news) = publishing(person, control);
                let mended = |(published, report)| End::Published(Box::new(published), Some(report));
                job.follow(backend.repair(*repair, publishing), news, Answer::Engine, mended)
            }
            Run::Delete(place, _, reel) => {
                let (removal, news) = removal(person, follow);
                job.follow(backend.delete(place, reel, removal), news, Answer::Gone, End::Removed)
            }
            Run::Discard(resumable) => {
                let (removal, news) = removal(person, follow);
                job.follow(backend.discard(*resumable, removal), news, Answer::Gone, End::Removed)
            }
            Run::Retitle(place, _, reel, title) => {
                let (_, news) = mpsc::unbounded_channel();
                let work = backend.retitle(place, reel, title.clone(), follow);
                job.follow(work, news, Answer::Gone, |()| End::Retitled(title))
            }
            Run::Check { place, reel, deep, .. } => {
                let (found, news) = mpsc::unbounded_channel();
                job.follow(backend.check(place, reel, deep, found, follow), news, Answer::Checked, End::Checked)
            }
        };
        self.start(owner, Kind::Run, task);
    }

    fn copy(&mut self, owner: Owner, text: String) {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let sent = clipboard::sequence(variable, &text).is_some_and(|sequence| self.tell(&sequence).is_ok());
        let programs = clipboard::programs(variable);
        let answers = self.answers.clone();
        self.start(owner, Kind::Copy, async move {
            let given = blocking(move || {
                let confirmed = clipboard::give(&programs, &text);
                clipboard::words(&text, confirmed, sent)
            });
            let words = given.await.unwrap_or_else(|fault| fault.to_string());
            send(&answers, owner, Answer::Said(words));
        });
    }

    fn browse(&mut self, owner: Owner, link: String) {
        let answers = self.answers.clone();
        self.start(owner, Kind::Browse, async move {
            let words = format!("opening {link}");
            let opened = blocking(move || opener::open_browser(link)).await;
            let none = "no browser can be opened from here: copy the link instead".to_owned();
            send(&answers, owner, Answer::Said(if matches!(opened, Ok(Ok(()))) { words } else { none }));
        });
    }

    fn remember(&mut self, owner: Owner, memory: Memory) {
        let folder = self.state_dir.clone();
        self.start(owner, Kind::Remember, async move {
            // what can't be remembered is a comfort less
            let _ = blocking(move || memory.save(&folder)).await;
        });
    }
}

/// Where the news of a job go.
struct Job {
    owner: Owner,
    answers: Answers,
    questions: UnboundedReceiver<Asked>,
}

impl Job {
    fn follow<T: Send + 'static, N: Send + 'static>(
        self,
        work: JobWork<T>,
        mut news: UnboundedReceiver<N>,
        new: fn(N) -> Answer,
        well: impl FnOnce(T) -> End + Send + 'static,
    ) -> BoxFuture<'static, ()> {
        let Self { owner, answers, mut questions } = self;
        async move {
            let work = caught_job(work);
            tokio::pin!(work);
            let result = loop {
                tokio::select! {
                    Some(new_one) = news.recv() => send(&answers, owner, new(new_one)),
                    Some(asked) = questions.recv() => send(&answers, owner, Answer::Asks(asked)),
                    result = &mut work => break result,
                }
            };
            while let Ok(new_one) = news.try_recv() {
                send(&answers, owner, new(new_one));
            }
            send(&answers, owner, Answer::Ended(End::of(result, well)));
        }
        .boxed()
    }
}

fn published(published: backend::Published) -> End {
    End::Published(Box::new(published), None)
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.abort();
        }
    }
}

fn send(answers: &Answers, owner: Owner, answer: Answer) {
    // nobody listens any more: the wizard has ended
    let _ = answers.send((owner, answer));
}

/// Where sequences go.
pub(super) fn standard_output() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}
