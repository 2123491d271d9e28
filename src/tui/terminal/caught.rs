//! Work whose defects must not take the terminal with them: a panic becomes a fault like others.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use crate::model::report::fault::{Fault, Stopped};

/// A defect in the engine must not take the terminal with it.
pub(in crate::tui) async fn caught<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(defect(&*panic)))
}

/// The same for a job.
pub(in crate::tui) async fn caught_job<T>(work: impl Future<Output = Result<T, Stopped>>) -> Result<T, Stopped> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.unwrap_or_else(|panic| Err(Stopped::Failed(defect(&*panic))))
}

pub(in crate::tui) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => defect(&*panic),
        Err(_) => Fault::permanent("stopped without a result"),
    })
}

fn defect(panic: &(dyn Any + Send)) -> Fault {
    Fault::permanent("stopped by a defect in zipreel").because(panic_text(panic))
}

pub(in crate::tui) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
