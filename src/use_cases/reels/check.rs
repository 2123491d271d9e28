//! Whether a reel is whole.

use crate::{
    model::{
        reel::{name::ReelName, order::Place},
        report::fault::{Fault, Stopped},
    },
    remote,
    use_cases::{Engine, Follow, unless_cancelled},
};

pub use crate::remote::{Checked, Dark, Depth, Finding, LibraryError, Report};

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
        let storage = engine.storage(place).await?;
        remote::check(&*storage, reel, depth, &follow.retries(), found).await.map_err(|error| match error {
            LibraryError::NotFound(_) => Stopped::Failed(super::not_found(engine, reel)),
            error => error.into(),
        })
    };
    unless_cancelled(&follow.cancel, work).await
}

/// What is wrong with a reel that is not whole or not served, and how it is mended; `None` if all is right.
pub fn damage(reel: &ReelName, report: &Report) -> Option<Fault> {
    if report.is_whole() {
        return None;
    }
    let Report { chunks, missing, differing, .. } = report;
    if let Some(dark) = report.dark.filter(|_| missing + differing == 0 && *chunks > 0) {
        let hint = match dark {
            Dark::NoGate => "`zipreel setup` makes it.".to_owned(),
            Dark::Others => "It may have been replaced a moment ago: check it again.".to_owned(),
            Dark::Answers(_) => format!(
                "Its index may be too large for the gate: zipreel check {reel} --repair VIDEO writes it anew. If that \
                 does not help, `zipreel doctor` looks at the gate."
            ),
        };
        return Some(
            Fault::permanent(format!("the reel `{reel}` is whole and nobody can watch it: {dark}")).hint(hint),
        );
    }
    let what =
        format!("the reel `{reel}` is not whole: of {chunks} chunks {missing} are missing and {differing} differ");
    let hint = format!("Deploy them again from the video it was made of: zipreel check {reel} --repair VIDEO.");
    Some(Fault::permanent(what).hint(hint))
}
