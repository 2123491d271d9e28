//! Runs the engine under a face that is not the wizard: events go in order to lines or JSON, progress is sampled once a
//! second, and signals become a cancel.

use std::{
    convert::Infallible,
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use indicatif::HumanBytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{exit::INTERRUPTED, out};
use crate::{
    json,
    model::{
        reel::moment::rfc3339,
        report::{board::Board, event::Event, fault::Stopped, log_line},
    },
    plain::{self, Plain},
    running::{
        groups,
        reporter::{Control, Reporter},
    },
    settings::FaceSettings,
    use_cases::{Engine, Follow, Machine},
};

enum Face {
    Plain(Plain),
    Json,
}

impl Face {
    fn event(&mut self, event: &Event) {
        match self {
            Self::Plain(plain) => plain.event(event),
            // told by the command, which knows whether it is the last
            Self::Json if matches!(event, Event::Published(_)) => {}
            Self::Json => out::event(&json::line(event)),
        }
    }

    fn tick(&mut self, board: &Board) {
        match self {
            Self::Plain(plain) => plain.tick(board),
            Self::Json => json::progress(board).for_each(|line| out::event(&line)),
        }
    }

    /// On standard error, where people read.
    fn say(&self, line: &str) {
        match self {
            Self::Plain(plain) => plain.say(line),
            Self::Json => plain::say(line),
        }
    }

    fn end(&mut self) {
        if let Self::Plain(plain) = self {
            plain.end();
        }
    }
}

/// Runs `work` until it ends. The first signal cancels it, the second leaves at once.
pub async fn follow<T, W>(
    settings: &FaceSettings,
    control: &Control,
    work: impl FnOnce(Arc<dyn Reporter>) -> W,
) -> Result<T, Stopped>
where
    W: Future<Output = Result<T, Stopped>>,
{
    let (reporter, mut events) = unbounded_channel();
    let mut face = if settings.json { Face::Json } else { Face::Plain(Plain::default()) };
    let mut board = Board::default();
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    let mut work = std::pin::pin!(work(Arc::new(reporter)));
    let mut signals = std::pin::pin!(signals(&control.cancel));
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            Some(event) = events.recv() => take(settings, &mut face, &mut board, &event),
            _ = clock.tick() => face.tick(&board),
            () = &mut signals => leave(settings),
        }
    };
    drain(settings, &mut face, &mut board, &mut events);
    face.end();
    result
}

/// The end of those who can't wait for an orderly one.
fn leave(settings: &FaceSettings) -> ! {
    if settings.json {
        out::event(&json::last(json::cancelled(), INTERRUPTED));
    }
    std::process::exit(i32::from(INTERRUPTED))
}

fn take(settings: &FaceSettings, face: &mut Face, board: &mut Board, event: &Event) {
    board.apply(event);
    if settings.log.as_ref().is_some_and(|filter| filter.wants(event)) {
        log_line::stamped(event, SystemTime::now()).iter().for_each(|line| face.say(line));
    }
    face.event(event);
}

fn drain(settings: &FaceSettings, face: &mut Face, board: &mut Board, events: &mut UnboundedReceiver<Event>) {
    while let Ok(event) = events.try_recv() {
        take(settings, face, board, &event);
    }
}

/// Runs work that has no board, and says what it retries. The first signal cancels it, the second leaves at once.
pub async fn watch<T>(
    settings: &FaceSettings,
    work: impl AsyncFnOnce(&Follow) -> Result<T, Stopped>,
) -> Result<T, Stopped> {
    let timed = settings.log.is_some();
    let said = move |line: String| match timed {
        true => plain::say(&format!("{} {line}", rfc3339(SystemTime::now()))),
        false => plain::say(&line),
    };
    let follow = Follow { said: Arc::new(said), ..Follow::default() };
    let mut work = std::pin::pin!(work(&follow));
    tokio::select! {
        result = &mut work => result,
        () = signals(&follow.cancel) => leave(settings),
    }
}

/// Cancels at the first signal; returns at the second.
async fn signals(cancel: &CancellationToken) {
    signal().await;
    cancel.cancel();
    signal().await;
}

/// Ctrl-C, an end that was asked for, or a terminal that went away: from now on, whenever it is waited for.
#[cfg(unix)]
pub fn signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|_| ());
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let listening = kinds.map(listen);
    async move {
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)] = listening else {
            // a system that can't tell us ends us itself
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Does the work. Meanwhile all that runs for it stops and goes on with us as the shell wants it: by Ctrl-Z the terminal
/// stops our own group, and nothing that leads another.
pub(super) async fn under_job_control<T>(work: impl Future<Output = T>) -> T {
    tokio::select! {
        ended = work => ended,
        never = job_control() => match never {},
    }
}

#[cfg(unix)]
async fn job_control() -> Infallible {
    use rustix::process::Signal;
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |number: Signal| signal(SignalKind::from_raw(number.as_raw()));
    let (Ok(mut stop), Ok(mut go_on)) = (listen(Signal::TSTP), listen(Signal::CONT)) else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = stop.recv() => if groups::can_stop() { groups::stop() },
            _ = go_on.recv() => groups::go_on(),
        }
    }
}

#[cfg(not(unix))]
async fn job_control() -> Infallible {
    std::future::pending().await
}

/// Runs `work` on an engine that ends with it.
pub(super) async fn with_engine<T>(
    machine: Machine,
    work: impl AsyncFnOnce(&Engine) -> Result<T, Stopped>,
) -> Result<T, Stopped> {
    let engine = Engine::new(machine);
    // boxed: the futures of all commands, one in another, are deeper than the compiler looks
    let result = Box::pin(work(&engine)).await;
    let left = engine.left_on_disk().await;
    if left > 0 {
        let (bytes, folder) = (HumanBytes(left), engine.machine().folders.work.display());
        plain::say(&format!("{bytes} of segments in `{folder}` are of runs that ended: `zipreel gc` removes them"));
    }
    engine.close().await;
    result
}
