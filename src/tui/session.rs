//! The loop: input first, then news of the work, then the clock. Draws only what changed, a key's effect at once and
//! everything else at most 30 times a second.

use std::{
    io,
    time::{Duration, Instant, SystemTime},
};

use futures_util::{Stream, StreamExt};
use ratatui::{Terminal, backend::Backend as Drawn, crossterm::event::Event as Input};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    app::{App, Errand},
    id::Owner,
    tasks::Tasks,
    view,
    work::answer::Answer,
};

/// Between frames that no key asked for.
const FRAME: Duration = Duration::from_millis(33);
/// Between frames while keys pour in: a held key repeats slower than this.
const KEY_FRAME: Duration = Duration::from_millis(4);
/// The clock of everything that moves: counts are sampled at this rate.
const TICK: Duration = Duration::from_millis(100);
/// Answers folded in before the next look at the keyboard.
const NEWS: usize = 512;

pub(super) async fn run<D>(
    app: &mut App,
    terminal: &mut Terminal<D>,
    mut input: impl Stream<Item = io::Result<Input>> + Unpin,
    tasks: &mut Tasks,
    mut news: UnboundedReceiver<(Owner, Answer)>,
) -> io::Result<()>
where
    D: Drawn,
    D::Error: std::error::Error + Send + Sync + 'static,
{
    let mut stop = std::pin::pin!(stop_signal());
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let commands = app.begin();
    carry_out(tasks, app, commands);
    let (mut due, mut drawn, mut mouse) = (Some(Instant::now()), Instant::now(), false);
    while app.exit.is_none() {
        app.at(Instant::now(), SystemTime::now());
        if due.is_some_and(|due| due <= app.shared.now) {
            terminal.draw(|frame| view::draw(app, frame)).map_err(io::Error::other)?;
            (due, drawn) = (None, Instant::now());
            if app.takes_mouse() != mouse {
                mouse = app.takes_mouse();
                tasks.take_mouse(mouse)?;
            }
            let painting = app.drawn();
            carry_out(tasks, app, painting);
        }
        let asked = tokio::select! {
            biased;
            event = input.next() => {
                let Some(event) = event else { return Err(io::ErrorKind::UnexpectedEof.into()) };
                app.at(Instant::now(), SystemTime::now());
                let errands = app.input(&event?);
                carry_out(tasks, app, errands);
                drawn + KEY_FRAME
            }
            Some(answer) = news.recv() => {
                app.at(Instant::now(), SystemTime::now());
                fold(app, tasks, &mut news, answer);
                drawn + FRAME
            }
            _ = tick.tick(), if app.animates() => {
                app.at(Instant::now(), SystemTime::now());
                app.tick();
                drawn + FRAME
            }
            () = sleep_until(due.unwrap_or(drawn).into()), if due.is_some() => continue,
            () = &mut stop => {
                let errands = app.terminated();
                carry_out(tasks, app, errands);
                stop.set(stop_signal());
                drawn
            }
        };
        due = Some(due.map_or(asked, |due| due.min(asked)));
    }
    Ok(())
}

fn carry_out(tasks: &mut Tasks, app: &App, errands: impl IntoIterator<Item = Errand>) {
    for errand in errands {
        tasks.carry_out(errand, &app.shared.memory);
    }
    tasks.keep_for(|owner| app.is_wanted(owner));
}

/// This answer and what else has come; the rest waits until keys were looked at.
fn fold(app: &mut App, tasks: &mut Tasks, news: &mut UnboundedReceiver<(Owner, Answer)>, first: (Owner, Answer)) {
    let mut next = Some(first);
    for _ in 0..NEWS {
        let Some((owner, answer)) = next else { break };
        let commands = app.answer(owner, answer);
        carry_out(tasks, app, commands);
        next = news.try_recv().ok();
    }
    if let Some((owner, answer)) = next {
        let commands = app.answer(owner, answer);
        carry_out(tasks, app, commands);
    }
}

/// SIGTERM, and SIGHUP when the terminal goes away.
#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    std::future::pending().await
}
