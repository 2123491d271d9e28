//! Carries commands out in the background. Work of one kind ends earlier work of its kind; what is dropped is
//! cancelled. Nothing here blocks the loop or draws.

use std::{
    any::Any,
    collections::HashMap,
    io::{self, Write},
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use image::DynamicImage;
use ratatui::{
    crossterm::{
        QueueableCommand,
        clipboard::CopyToClipboard,
        event::{DisableMouseCapture, EnableMouseCapture},
    },
    layout::Size,
};
use ratatui_image::{Resize, picker::Picker};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

use super::{
    action::Command,
    answer::Answer,
    backend::{Backend, Place, Published, Work},
    folder::{self, Found, Print},
    look,
    memory::Memory,
};
use crate::reel::{event::Event, fault::Fault, name::ReelName};

/// The cursor has to rest this long before a video is looked into.
const REST: Duration = Duration::from_millis(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    List,
    Find,
    Look,
    Examine,
    Paint,
    Profiles,
    Connect,
    Names,
    Resumable,
    Reels,
    Reel,
    Check,
    Delete,
    Publish,
    Browse,
    Remember,
}

pub(super) struct Tasks {
    backend: Arc<dyn Backend>,
    answers: UnboundedSender<Answer>,
    running: HashMap<Kind, JoinHandle<()>>,
    picker: Picker,
    state_dir: PathBuf,
    /// Between looks at the highlighted file.
    pub(super) watch: Duration,
    /// The terminal, for the clipboard's escape sequence.
    terminal: Box<dyn Write + Send>,
}

impl Tasks {
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        answers: UnboundedSender<Answer>,
        picker: Picker,
        state_dir: PathBuf,
        terminal: Box<dyn Write + Send>,
    ) -> Self {
        Self { backend, answers, running: HashMap::new(), picker, state_dir, watch: look::WATCH, terminal }
    }

    /// `memory` is as it is now, for [`Command::Remember`].
    pub(super) fn carry_out(&mut self, command: Command, memory: &Memory) {
        match command {
            Command::ListFolder { folder, named } => self.list(folder, named),
            Command::Find { typed, paths } => self.find(typed, paths),
            Command::Look { video, known } => self.look(video, known),
            Command::StopLooking => self.stop(Kind::Look),
            Command::Examine(files) => self.examine(files),
            Command::StopExamining => self.stop(Kind::Examine),
            Command::Paint { video, frame, size } => self.paint(video, frame, size),
            Command::FindProfiles => self.ask(Kind::Profiles, self.backend.profiles(), Answer::Profiles),
            Command::Connect(place) => {
                let work = self.backend.connect(place.clone());
                self.ask(Kind::Connect, work, move |account| Answer::Connected { place, account });
            }
            Command::FindNames(place) => {
                let work = self.backend.names(place.clone());
                self.ask(Kind::Names, work, move |names| Answer::Names { place, names });
            }
            Command::FindResumable => self.ask(Kind::Resumable, self.backend.resumable(), Answer::Resumable),
            Command::FindReels(place) => self.reels(place),
            Command::OpenReel(place, name) => {
                let work = self.backend.reel(place, name.clone());
                self.ask(Kind::Reel, work, move |detail| Answer::ReelOpened { name, detail: detail.map(Box::new) });
            }
            Command::Check { place, reel, deep } => self.check(place, reel, deep),
            Command::StopChecking => self.stop(Kind::Check),
            Command::Delete(place, name) => self.delete(place, name),
            Command::Publish { run, order, control } => {
                let (events, news) = mpsc::unbounded_channel();
                let work = self.backend.publish(*order, events, control);
                self.publish(run, work, news);
            }
            Command::Resume { run, resumable, control } => {
                let (events, news) = mpsc::unbounded_channel();
                let work = self.backend.resume(*resumable, events, control);
                self.publish(run, work, news);
            }
            Command::Copy(text) => self.copy(text),
            Command::Browse(link) => self.browse(link),
            Command::Remember => self.remember(memory.clone()),
            // ways and words are the app's own
            Command::Say(_)
            | Command::Ask(_)
            | Command::ChooseTarget
            | Command::ChooseRegion { .. }
            | Command::ShowLog
            | Command::Go(_)
            | Command::Back
            | Command::Quit => {}
        }
    }

    /// Clicks come to the wizard, or stay with the terminal.
    pub(super) fn take_mouse(&mut self, take: bool) -> io::Result<()> {
        let terminal = &mut self.terminal;
        if take { terminal.queue(EnableMouseCapture)? } else { terminal.queue(DisableMouseCapture)? }.flush()
    }

    fn stop(&mut self, kind: Kind) {
        if let Some(running) = self.running.remove(&kind) {
            running.abort();
        }
    }

    /// Waits for publishing to come to rest, and no longer than this.
    pub(super) async fn settle(&mut self, longest: Duration) {
        for kind in [Kind::Publish, Kind::Remember] {
            if let Some(running) = self.running.get_mut(&kind)
                && tokio::time::timeout(longest, &mut *running).await.is_ok()
            {
                self.running.remove(&kind);
            }
        }
    }

    fn start(&mut self, kind: Kind, task: impl Future<Output = ()> + Send + 'static) {
        self.stop(kind);
        self.running.insert(kind, tokio::spawn(task));
    }

    fn ask<T: Send + 'static>(
        &mut self,
        kind: Kind,
        work: Work<T>,
        answer: impl FnOnce(Result<T, Fault>) -> Answer + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.start(kind, async move { send(&answers, answer(caught(work).await)) });
    }

    fn list(&mut self, folder: PathBuf, named: Option<PathBuf>) {
        let answers = self.answers.clone();
        self.start(Kind::List, async move {
            let listed = folder.clone();
            let list = move || {
                // first the folder: what is named and gone by then is told as gone
                let listing = folder::list(&listed).map_err(|error| error.to_string());
                (listing, named.map(folder::named))
            };
            let (listing, named) = blocking(list).await.unwrap_or_else(|fault| (Err(fault.to_string()), None));
            send(&answers, Answer::Listed { folder, listing, named });
        });
    }

    fn find(&mut self, typed: String, paths: Vec<PathBuf>) {
        let answers = self.answers.clone();
        self.start(Kind::Find, async move {
            let found = blocking(move || folder::find(&typed, &paths)).await;
            send(&answers, Answer::Found(found.unwrap_or_else(|fault| Found::Nothing(fault.to_string()))));
        });
    }

    fn look(&mut self, video: PathBuf, known: Option<Print>) {
        let answers = self.answers.clone();
        let backend = Arc::clone(&self.backend);
        let every = self.watch;
        self.start(Kind::Look, async move {
            tokio::time::sleep(REST).await;
            look::look(backend, &answers, video, known, every).await;
        });
    }

    fn examine(&mut self, files: Vec<(PathBuf, Option<Print>)>) {
        let answers = self.answers.clone();
        let backend = Arc::clone(&self.backend);
        self.start(Kind::Examine, async move {
            for (video, known) in files {
                let answer = look::examine(&*backend, video, known).await;
                send(&answers, answer);
            }
        });
    }

    fn paint(&mut self, video: PathBuf, frame: Arc<DynamicImage>, size: Size) {
        let answers = self.answers.clone();
        let picker = self.picker.clone();
        self.start(Kind::Paint, async move {
            let fit = Resize::Scale(None);
            // a picture that can't be drawn is a comfort less
            let painted = blocking(move || picker.new_protocol(DynamicImage::clone(&frame), size, fit)).await;
            if let Ok(Ok(picture)) = painted {
                send(&answers, Answer::Painted { video, size, picture: Arc::new(picture) });
            }
        });
    }

    fn reels(&mut self, place: Place) {
        let (found, mut news) = mpsc::unbounded_channel();
        let work = caught(self.backend.reels(place.clone(), found));
        let answers = self.answers.clone();
        self.start(Kind::Reels, async move {
            let to = answers.clone();
            let here = place.clone();
            let tell = move |reel| send(&to, Answer::ReelFound { place: here.clone(), reel });
            let result = alongside(work, &mut news, tell).await;
            send(&answers, Answer::ReelsEnded { place, result });
        });
    }

    fn check(&mut self, place: Place, name: ReelName, deep: bool) {
        let (found, mut news) = mpsc::unbounded_channel();
        let work = caught(self.backend.check(place, name.clone(), deep, found));
        let answers = self.answers.clone();
        self.start(Kind::Check, async move {
            let to = answers.clone();
            let reel = name.clone();
            let tell = move |checked| send(&to, Answer::Checked { name: reel.clone(), checked });
            let result = alongside(work, &mut news, tell).await;
            send(&answers, Answer::CheckEnded { name, result });
        });
    }

    fn delete(&mut self, place: Place, name: ReelName) {
        let (gone, mut news) = mpsc::unbounded_channel();
        let work = caught(self.backend.delete(place, name.clone(), gone));
        let answers = self.answers.clone();
        self.start(Kind::Delete, async move {
            let to = answers.clone();
            let reel = name.clone();
            let tell = move |gone| send(&to, Answer::Gone { name: reel.clone(), gone });
            let functions = alongside(work, &mut news, tell).await;
            send(&answers, Answer::Deleted { name, functions });
        });
    }

    fn publish(&mut self, run: u64, work: Work<Published>, mut news: UnboundedReceiver<Event>) {
        let answers = self.answers.clone();
        self.start(Kind::Publish, async move {
            let to = answers.clone();
            let tell = move |event| send(&to, Answer::Engine { run, event });
            let result = alongside(caught(work), &mut news, tell).await;
            send(&answers, Answer::PublishEnded { run, result: result.map(Box::new) });
        });
    }

    fn copy(&mut self, text: String) {
        let words = format!("copied {text}");
        let sent = self.terminal.queue(CopyToClipboard::to_clipboard_from(text)).and_then(|terminal| terminal.flush());
        send(&self.answers, Answer::Said(if sent.is_ok() { words } else { "could not copy".to_owned() }));
    }

    fn browse(&mut self, link: String) {
        let answers = self.answers.clone();
        self.start(Kind::Browse, async move {
            let words = format!("opening {link}");
            let opened = blocking(move || opener::open_browser(link)).await;
            let none = "no browser can be opened from here: y copies the link".to_owned();
            send(&answers, Answer::Said(if matches!(opened, Ok(Ok(()))) { words } else { none }));
        });
    }

    fn remember(&mut self, memory: Memory) {
        let folder = self.state_dir.clone();
        self.start(Kind::Remember, async move {
            // what can't be remembered is a comfort less
            let _ = blocking(move || memory.save(&folder)).await;
        });
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.abort();
        }
    }
}

pub(super) fn send(answers: &UnboundedSender<Answer>, answer: Answer) {
    // nobody listens any more: the wizard has ended
    let _ = answers.send(answer);
}

/// Passes news on while the work runs; all of it has been told before the result is given.
async fn alongside<T, N>(
    work: impl Future<Output = Result<T, Fault>>,
    news: &mut UnboundedReceiver<N>,
    tell: impl Fn(N),
) -> Result<T, Fault> {
    tokio::pin!(work);
    let result = loop {
        tokio::select! {
            Some(new) = news.recv() => tell(new),
            result = &mut work => break result,
        }
    };
    while let Ok(new) = news.try_recv() {
        tell(new);
    }
    result
}

/// A defect in the engine must not take the terminal with it.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(defect(&*panic)))
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => defect(&*panic),
        Err(_) => Fault::permanent("stopped without a result"),
    })
}

fn defect(panic: &(dyn Any + Send)) -> Fault {
    Fault::permanent("stopped by a defect in zipreel").because(panic_text(panic))
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Where the clipboard's sequence goes.
pub(super) fn standard_output() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}
