//! The loop: input first, then news of the work, then the clock. Draws only what changed, a key's effect at once and
//! everything else at most 30 times a second.

use std::{
    io,
    time::{Duration, Instant, SystemTime},
};

use futures_util::{Stream, StreamExt};
use ratatui::{Terminal, backend::Backend as Drawn, crossterm::event::Event as Input, layout::Rect};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    app::{App, Errand, beside::Beside},
    id::Owner,
    tasks::Tasks,
    terminal::{
        Guard,
        input::{Heard, Told},
        picture::GROUND,
        signals::{Signal, Signals},
    },
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
/// A terminal that goes away ends its input first, and says so by a signal at once after it.
const HANG_UP: Duration = Duration::from_millis(300);

/// The terminal, as far as it can be lent to the shell.
pub(super) trait Lent {
    /// Until the shell lets us go on.
    fn stop(&self) -> io::Result<()>;
    /// The shell had it.
    fn go_on(&self) -> io::Result<()>;
}

impl Lent for Guard {
    fn stop(&self) -> io::Result<()> {
        Guard::stop(self)
    }

    fn go_on(&self) -> io::Result<()> {
        Guard::go_on(self)
    }
}

/// What is drawn on, and what is told beside it.
pub(super) struct Face<'a, D: Drawn> {
    pub(super) terminal: &'a mut Terminal<D>,
    pub(super) lent: &'a dyn Lent,
    pub(super) beside: Beside,
    /// The terminal answers what its ground is: it can have become another while nobody looked.
    pub(super) tells_ground: bool,
    /// Clicks come to us.
    mouse: bool,
    /// Nothing can be drawn any more.
    gone: bool,
}

impl<'a, D> Face<'a, D>
where
    D: Drawn,
    D::Error: std::error::Error + Send + Sync + 'static,
{
    pub(super) fn new(terminal: &'a mut Terminal<D>, lent: &'a dyn Lent, beside: Beside, tells_ground: bool) -> Self {
        Self { terminal, lent, beside, tells_ground, mouse: false, gone: false }
    }

    fn draw(&mut self, app: &mut App, tasks: &mut Tasks) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let size = self.terminal.draw(|frame| view::draw(app, frame)).map_err(io::Error::other)?.area.as_size();
        if app.takes_mouse() != self.mouse {
            self.mouse = app.takes_mouse();
            tasks.take_mouse(self.mouse)?;
        }
        tasks.tell(&self.beside.changes(app, size))?;
        let painting = app.drawn();
        carry_out(tasks, app, painting);
        Ok(())
    }

    /// Nothing of ours is on the screen any more.
    fn anew(&mut self) -> io::Result<()> {
        self.mouse = false;
        self.beside.forget();
        // `clear` would ask where the cursor is, and take the answer away from the keyboard
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.terminal.resize(Rect::from(size)).map_err(io::Error::other)
    }

    fn stop(&mut self) -> io::Result<()> {
        self.lent.stop()?;
        self.anew()
    }

    fn go_on(&mut self) -> io::Result<()> {
        self.lent.go_on()?;
        self.anew()
    }
}

pub(super) async fn run<D>(
    app: &mut App,
    mut face: Face<'_, D>,
    mut input: impl Stream<Item = io::Result<Heard>> + Unpin,
    tasks: &mut Tasks,
    mut news: UnboundedReceiver<(Owner, Answer)>,
) -> io::Result<()>
where
    D: Drawn,
    D::Error: std::error::Error + Send + Sync + 'static,
{
    let mut signals = Signals::listen()?;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let commands = app.begin();
    carry_out(tasks, app, commands);
    let (mut due, mut drawn) = (Some(Instant::now()), Instant::now());
    while app.exit.is_none() {
        app.at(Instant::now(), SystemTime::now());
        if due.is_some_and(|due| due <= app.shared.now) {
            if let Err(error) = face.draw(app, tasks) {
                lost(error, app, &mut face, &mut signals, tasks).await?;
            }
            (due, drawn) = (None, Instant::now());
        }
        let asked = tokio::select! {
            biased;
            signal = signals.next() => {
                match signalled(signal, app, &mut face, tasks) {
                    Ok(true) => Instant::now(),
                    Ok(false) => drawn,
                    Err(error) => {
                        lost(error, app, &mut face, &mut signals, tasks).await?;
                        drawn
                    }
                }
            }
            heard = input.next(), if !face.gone => {
                match heard.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())) {
                    Ok(heard) => hear(heard, app, &mut face, tasks)?,
                    Err(error) => lost(error, app, &mut face, &mut signals, tasks).await?,
                }
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
        };
        due = Some(due.map_or(asked, |due| due.min(asked)));
    }
    Ok(())
}

fn hear<D>(heard: Heard, app: &mut App, face: &mut Face<'_, D>, tasks: &mut Tasks) -> io::Result<()>
where
    D: Drawn,
    D::Error: std::error::Error + Send + Sync + 'static,
{
    app.at(Instant::now(), SystemTime::now());
    match heard {
        Heard::Told(Told::Ground(ground)) => app.theme = app.theme.on(ground),
        Heard::Told(_) => {}
        Heard::Input(input) => {
            if input == Input::FocusGained && face.tells_ground {
                tasks.tell(GROUND)?;
            }
            let errands = app.input(&input);
            carry_out(tasks, app, errands);
            if std::mem::take(&mut app.stops) {
                face.stop()?;
            }
        }
    }
    Ok(())
}

/// Whether all has to be drawn anew, at once.
fn signalled<D>(signal: Signal, app: &mut App, face: &mut Face<'_, D>, tasks: &mut Tasks) -> io::Result<bool>
where
    D: Drawn,
    D::Error: std::error::Error + Send + Sync + 'static,
{
    app.at(Instant::now(), SystemTime::now());
    match signal {
        Signal::Stop | Signal::GoOn if face.gone => return Ok(false),
        Signal::Stop => face.stop()?,
        Signal::GoOn => face.go_on()?,
        Signal::Terminate | Signal::HangUp => {
            face.gone |= signal == Signal::HangUp;
            let errands = app.terminated();
            carry_out(tasks, app, errands);
            return Ok(false);
        }
    }
    Ok(true)
}

/// The terminal can't be read or written any more. If it has gone away, the end is the one of that signal.
async fn lost<D: Drawn>(
    error: io::Error,
    app: &mut App,
    face: &mut Face<'_, D>,
    signals: &mut Signals,
    tasks: &mut Tasks,
) -> io::Result<()> {
    if !signals.hangs_up(HANG_UP).await {
        return Err(error);
    }
    face.gone = true;
    let errands = app.terminated();
    carry_out(tasks, app, errands);
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
