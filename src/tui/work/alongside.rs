//! Work, and the news that it tells on the way.

use tokio::sync::mpsc::UnboundedReceiver;

use crate::model::report::fault::Fault;

/// Passes news on while the work runs; all of it has been told before the result is given.
pub(in crate::tui) async fn alongside<T, N>(
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
