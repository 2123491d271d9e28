//! The wizard: a face over the engine's events, and the only folder that names ratatui and crossterm. Screens are
//! plain state that takes actions and answers and gives commands; work runs in the background; one loop joins them.

mod action;
mod app;
pub mod backend;
mod chosen;
mod effect;
mod id;
mod job;
mod keymap;
mod memory;
mod overlay;
mod pane;
mod screen;
mod session;
mod shared;
mod sight;
mod start;
mod step;
mod summary;
mod tasks;
mod terminal;
mod view;
mod widget;
mod words;
pub mod work;

#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;

use std::{io, mem::ManuallyDrop, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, stream};

use crate::tui::{
    app::{App, beside::Beside},
    backend::Backend,
    memory::Memory,
    session::Face,
    shared::Shared,
    tasks::Tasks,
    terminal::{input::Told, theme::Theme},
};
pub use crate::tui::{
    keymap::{Keymap, KeysError, markdown as key_table},
    start::Start,
    summary::Summary,
};

/// How long work may take to stop after the wizard has left the screen.
const GRACE: Duration = Duration::from_secs(10);

/// How the wizard ended. The summary is for the ordinary screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub exit_code: u8,
    pub summary: Summary,
}

/// Takes the terminal, runs the wizard, gives the terminal back.
///
/// # Errors
/// If the terminal can't be taken: there is none, or it is gone. Everything later ends up in [`Ended`].
pub async fn run(start: Start, backend: Arc<dyn Backend>) -> io::Result<Ended> {
    let memory = Memory::load(&start.settings.machine.folders.state);
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let outside = terminal::outside::Outside::detect(variable);
    let (guard, screen) = terminal::Guard::take(outside)?;
    // the guard shows the cursor again; the screen would, and complain where nobody listens if the terminal is gone
    let mut screen = ManuallyDrop::new(screen);
    let mut keyboard = terminal::input::open()?;
    let terminal::picture::Able { told, meanwhile } = terminal::picture::ask(&mut keyboard, variable).await;
    let ground = told.iter().find_map(|told| match told {
        Told::Ground(ground) => Some(*ground),
        _ => None,
    });
    let theme = Theme::detect(start.own.look, variable);
    let theme = ground.map_or(theme, |ground| theme.on(ground));
    let painter = terminal::picture::Painter::of(&told, variable);
    let state_dir = start.settings.machine.folders.state.clone();
    let mut app = App::new(Shared::new(start, Arc::clone(&backend), memory), theme);
    let (answers, news) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = Tasks::new(backend, answers, painter, state_dir, tasks::standard_output());
    let face = Face::new(&mut screen, &guard, Beside::new(outside), ground.is_some());
    let session = session::run(&mut app, face, stream::iter(meanwhile).chain(keyboard), &mut tasks, news);
    let result = AssertUnwindSafe(session).catch_unwind().await;
    drop(guard);
    // after a defect, a hang-up or an impatient Ctrl-C work may still run: no process of ours stays behind
    app.cancel_all();
    tasks.settle(GRACE).await;
    Ok(ended(&app, result, terminal::kept_panics()))
}

fn ended(app: &App, result: std::thread::Result<io::Result<()>>, panics: Vec<String>) -> Ended {
    let mut summary = Summary::of(app);
    let exit_code = match result {
        Ok(Ok(())) => app.exit.unwrap_or_default(),
        Ok(Err(error)) => {
            summary.failure(&format!("the terminal is gone: {error}"));
            1
        }
        Err(panic) => {
            let text = terminal::caught::panic_text(&*panic).to_owned();
            let told = panics.into_iter().next_back().unwrap_or(text);
            summary.failure(&format!("a defect in zipreel stopped the wizard: {told}"));
            1
        }
    };
    Ended { exit_code, summary }
}
