//! The person at the terminal: asked line by line, or answered for by `--yes` on this very command line.

use std::io::{self, BufRead, IsTerminal};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;

use crate::{
    plain,
    settings::FaceSettings,
    use_cases::{Person, Question, Reply},
};

pub(super) struct AtTerminal {
    yes: bool,
    /// Lines for programs have no room for a question.
    may_ask: bool,
}

impl AtTerminal {
    pub(super) fn new(face: &FaceSettings) -> Self {
        Self { yes: face.yes, may_ask: !face.json }
    }
}

impl Person for AtTerminal {
    fn asked<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Reply> {
        async move {
            // nobody agrees on a command line to what is found out later
            if self.yes && !question.is_foreseen() {
                return Reply::Nobody;
            }
            match (self.yes, self.may_ask && io::stdin().is_terminal()) {
                (true, _) => Reply::Agreed,
                (false, false) => Reply::Nobody,
                (false, true) => type_it(question).await,
            }
        }
        .boxed()
    }
}

async fn type_it(question: &Question) -> Reply {
    let wanted = question.wanted();
    let text = format!("{} Type {wanted} to go on:", question.text());
    text.lines().for_each(plain::say);
    let (typed, answer) = oneshot::channel();
    // a thread of its own: unlike the runtime's, it keeps nobody from leaving while it waits for a line
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // nobody waits any more after a signal
        let _ = typed.send(read.map(|_| line).unwrap_or_default());
    });
    let line = answer.await.unwrap_or_default();
    if line.trim().eq_ignore_ascii_case(wanted) { Reply::Agreed } else { Reply::Declined }
}
