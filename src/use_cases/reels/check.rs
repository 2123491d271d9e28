//! Whether a reel is whole.

use crate::{
    library,
    reel::{
        fault::{Fault, Stopped},
        name::ReelName,
        order::Place,
    },
    use_cases::{Engine, Follow, failed, unless_cancelled},
};

pub use crate::library::{Checked, Depth, Finding, LibraryError, Report};

/// Checks the generation that is served. `found` hears of each chunk, and in a deep check of each block read.
pub async fn check(
    engine: &Engine,
    place: &Place,
    reel: &ReelName,
    depth: Depth,
    follow: &Follow,
    found: impl Fn(Checked) + Sync,
) -> Result<Report, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        library::check(&cloud, reel, depth, &follow.patience(), found).await.map_err(|error| match error {
            LibraryError::NotFound(_) => Stopped::Failed(super::not_found(engine, reel)),
            error => failed(error),
        })
    };
    unless_cancelled(&follow.cancel, work).await
}

/// What is wrong with a reel that is not whole, and how it is mended; `None` if it is whole.
pub fn damage(reel: &ReelName, report: &Report) -> Option<Fault> {
    if report.is_whole() {
        return None;
    }
    let Report { chunks, missing, differing, .. } = report;
    let what =
        format!("the reel `{reel}` is not whole: of {chunks} chunks {missing} are missing and {differing} differ");
    let hint = format!("Deploy them again from the video it was made of: zipreel check {reel} --repair VIDEO.");
    Some(Fault::permanent(what).hint(hint))
}
