//! The person as running work meets it: what was agreed to on the screens before is answered at once, everything else
//! is put to the person, and the work stands meanwhile. Nothing is agreed to that nobody saw.

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use crate::tui::backend::{Person, Question, Reply};

/// A question on its way to the screen, and where the answer goes.
#[derive(Debug)]
pub(in crate::tui) struct Asked {
    pub(in crate::tui) question: Question,
    pub(in crate::tui) reply: oneshot::Sender<Reply>,
}

pub(in crate::tui) struct AtScreen {
    pub(in crate::tui) agreed: Vec<Question>,
    pub(in crate::tui) asks: UnboundedSender<Asked>,
}

impl Person for AtScreen {
    fn asked<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Reply> {
        async move {
            if self.agreed.contains(question) {
                return Reply::Agreed;
            }
            let (reply, answer) = oneshot::channel();
            // a wizard that has ended answers nothing
            let asked = self.asks.send(Asked { question: question.clone(), reply });
            if asked.is_err() { Reply::Nobody } else { answer.await.unwrap_or(Reply::Nobody) }
        }
        .boxed()
    }
}
