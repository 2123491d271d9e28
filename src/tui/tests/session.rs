//! The loop with its background work, over a script and a terminal in memory.

use std::{
    fs, io,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, stream};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers},
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::text;
use crate::tui::{
    Ended,
    action::Command,
    app::{App, Errand, beside::Beside},
    backend::{Backend, Order},
    ended,
    id::Owner,
    memory::Memory,
    script::{self, Script},
    session::{self, Face, Lent},
    shared::Shared,
    tasks::Tasks,
    terminal::{input::Heard, outside::Outside, picture::Painter, theme::Theme},
    work::answer::Answer,
};

struct Keys(UnboundedSender<io::Result<Heard>>);

/// No shell waits here.
impl Lent for () {
    fn stop(&self) -> io::Result<()> {
        Ok(())
    }

    fn go_on(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Keys {
    fn press(&self, code: KeyCode) {
        self.with(code, KeyModifiers::NONE);
    }

    fn with(&self, code: KeyCode, modifiers: KeyModifiers) {
        // the wizard may have ended meanwhile
        let _ = self.0.send(Ok(Heard::Input(Input::Key(KeyEvent::new(code, modifiers)))));
    }

    /// Enter, again and again, until something holds or the wizard is gone.
    async fn enter_until(&self, holds: impl Fn() -> bool) {
        for _ in 0..1000 {
            if holds() || self.0.is_closed() {
                return;
            }
            self.press(KeyCode::Enter);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain");
    }

    /// Out of whatever is open, until the wizard is gone.
    async fn leave(&self) {
        while !self.0.is_closed() {
            self.press(KeyCode::Esc);
            self.press(KeyCode::Char('q'));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ctrl-C twice, until the wizard is gone.
    async fn interrupt(&self) {
        self.with(KeyCode::Char('c'), KeyModifiers::CONTROL);
        self.with(KeyCode::Char('c'), KeyModifiers::CONTROL);
        self.0.closed().await;
    }
}

/// Runs the wizard in a folder with one video while `person` presses keys; how it ended, and its last screen.
async fn run<P: Future<Output = ()>>(
    script: Script,
    person: impl FnOnce(Keys, Arc<Mutex<Vec<Order>>>) -> P,
) -> (Ended, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("harbour-night.mp4"), "not looked at by the script").unwrap();
    let state_dir = folder.path().join("state");
    let mut start = script::start();
    start.folder = folder.path().into();
    start.settings.machine.folders.state = state_dir.clone();
    let orders = Arc::clone(&script.orders);
    let backend: Arc<dyn Backend> = Arc::new(script);
    let mut app = App::new(Shared::new(start, Arc::clone(&backend), Memory::default()), Theme::DARK);
    let (answers, news) = unbounded_channel();
    let mut tasks = Tasks::new(backend, answers, Painter::HalfBlocks, state_dir, Box::new(io::sink()));
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let (sender, receiver) = unbounded_channel();
    let input = Box::pin(stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))));
    let face = Face::new(&mut terminal, &(), Beside::new(Outside::NOTHING), false);
    let session = session::run(&mut app, face, input, &mut tasks, news);
    let (result, ()) = tokio::join!(AssertUnwindSafe(session).catch_unwind(), person(Keys(sender), orders));
    let ended = ended(&app, result, Vec::new());
    (ended, text(terminal.backend().buffer()))
}

#[tokio::test]
async fn a_person_publishes_and_the_links_stay() {
    let script = Script { events: script::under_way(), result: Some(Ok(script::published())), ..Script::default() };
    let (ended, screen) = run(script, async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        // whatever lies over the last screen by now
        keys.press(KeyCode::Esc);
        while !keys.0.is_closed() {
            keys.press(KeyCode::Char('q'));
            keys.press(KeyCode::Char('y'));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(ended.exit_code, 0, "{screen}");
    let lines = ended.summary.lines.join("\n");
    assert!(lines.contains("watch: http://127.0.0.1:8721/harbour-night/\n"), "{lines}");
    assert!(lines.contains("playlist: http://127.0.0.1:8721/harbour-night/index.m3u8"), "{lines}");
}

#[tokio::test]
async fn an_interrupted_publishing_is_told_with_the_way_to_go_on() {
    let script = Script { events: script::under_way(), ..Script::default() };
    let (ended, _) = run(script, async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        keys.interrupt().await;
    })
    .await;
    assert_eq!(ended.exit_code, 130);
    let lines = ended.summary.lines.join("\n");
    assert!(lines.contains("harbour-night is not published yet: 11 of 23 chunks uploaded"), "{lines}");
    assert!(lines.contains("zipreel resume harbour-night") && lines.contains("publish.log"), "{lines}");
}

#[tokio::test]
async fn what_no_journal_knows_yet_waits_for_the_next_wizard() {
    let (ended, _) = run(Script::default(), async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        keys.interrupt().await;
    })
    .await;
    let lines = ended.summary.lines.join("\n");
    assert!(lines.contains("harbour-night was not begun; the wizard's first screen offers it again"), "{lines}");
    assert!(!lines.contains("zipreel resume"), "{lines}");
}

#[tokio::test]
async fn what_failed_before_it_was_begun_is_not_to_be_resumed() {
    let script = Script { result: Some(Err(script::full())), ..Script::default() };
    let (ended, _) = run(script, async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        keys.leave().await;
    })
    .await;
    let lines = ended.summary.lines.join("\n");
    assert!(lines.contains("harbour-night is not published\n"), "{lines}");
    assert!(!lines.contains("zipreel resume") && !lines.contains("publish.log"), "{lines}");
}

#[tokio::test]
async fn a_failure_goes_last_with_its_hint() {
    let script = Script { events: script::under_way(), result: Some(Err(script::full())), ..Script::default() };
    let (ended, _) = run(script, async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        keys.leave().await;
    })
    .await;
    assert_eq!(ended.exit_code, 1);
    let last = &ended.summary.lines[ended.summary.lines.len() - 2..];
    assert!(last[0].contains("Code storage limit exceeded"), "{last:?}");
    assert!(last[1].contains("Delete reels or functions"), "{last:?}");
}

#[tokio::test]
async fn a_defect_of_the_engine_is_a_fault_on_the_screen() {
    let script = Script { publish_panics: true, ..Script::default() };
    let (ended, screen) = run(script, async |keys, orders| {
        keys.enter_until(|| !orders.lock().unwrap().is_empty()).await;
        keys.leave().await;
    })
    .await;
    assert_eq!(ended.exit_code, 1, "{screen}");
    let last = ended.summary.lines.last().unwrap();
    assert!(last.contains("stopped by a defect in zipreel: the engine has a defect"), "{last}");
}

#[tokio::test]
async fn a_defect_of_the_probe_is_an_answer_like_others() {
    let script = Script { probe_panics: true, ..Script::default() };
    let (answers, mut news) = unbounded_channel();
    let mut tasks = Tasks::new(Arc::new(script), answers, Painter::HalfBlocks, "/".into(), Box::new(io::sink()));
    let command = Command::Look { video: "/v.mp4".into(), known: None };
    tasks.carry_out(Errand { owner: Owner::App, command }, &Memory::default());
    let Some((_, Answer::Probed { probe: Err(fault), .. })) = news.recv().await else { panic!("no answer") };
    assert!(fault.to_string().contains("the probe has a defect"), "{fault}");
}

#[tokio::test]
async fn a_defect_of_the_wizard_ends_it_with_a_word() {
    let script = Script { connect_panics: true, ..Script::default() };
    let (ended, _) = run(script, async |keys, _| keys.enter_until(|| false).await).await;
    assert_eq!(ended.exit_code, 1);
    let last = ended.summary.lines.last().unwrap();
    assert!(last.contains("a defect in zipreel stopped the wizard: signing in has a defect"), "{last}");
}

#[tokio::test]
async fn input_that_ends_ends_the_wizard() {
    let (ended, _) = run(Script::default(), async |keys, _| drop(keys)).await;
    assert_eq!(ended.exit_code, 1);
    assert!(ended.summary.lines.last().unwrap().contains("the terminal is gone"));
}
