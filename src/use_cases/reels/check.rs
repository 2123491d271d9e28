//! Whether a reel is whole.

use crate::{
    model::{
        reel::{name::ReelName, order::Place},
        report::fault::{Fault, Stopped},
        wording,
    },
    remote::{self, Decoder, Depth},
    use_cases::{Engine, Follow, unless_cancelled},
};

pub use crate::remote::{Checked, Dark, Decoding, Finding, LibraryError, Report, Trouble};

/// Checks the generation that is served. Deep also reads every byte as a player does and decodes it; without ffmpeg it
/// reads. `found` hears of each chunk, and of each block read.
pub async fn check(
    engine: &Engine,
    place: &Place,
    reel: &ReelName,
    deep: bool,
    follow: &Follow,
    found: impl Fn(Checked) + Sync,
) -> Result<Report, Stopped> {
    let work = async {
        let storage = engine.storage(place).await?;
        let retries = follow.retries();
        let check = async |depth| remote::check(&*storage, reel, depth, &retries, &found).await;
        let report = match deep.then_some(engine.tools()) {
            None => check(Depth::Quick).await,
            Some(tools) => match tools.await {
                Ok(tools) => {
                    let (work, cancel) = (&engine.machine().folders.work, &follow.cancel);
                    check(Depth::Decoded(&Decoder { tools, work, cancel })).await
                }
                Err(Stopped::Failed(fault)) => check(Depth::Bytes).await.map(|report| {
                    let hint = fault.hint.as_deref().map(|hint| format!(". {hint}")).unwrap_or_default();
                    Report { decoding: Some(Decoding::none(format!("{fault}{hint}"))), ..report }
                }),
                Err(stopped) => return Err(stopped),
            },
        };
        report.map_err(|error| match error {
            LibraryError::NotFound(_) => Stopped::Failed(super::not_found(engine, reel)),
            error => error.into(),
        })
    };
    unless_cancelled(&follow.cancel, work).await
}

/// What is wrong with a reel that is not whole, not served or not decodable, and how it is mended; `None` if all is
/// right.
pub fn damage(reel: &ReelName, report: &Report) -> Option<Fault> {
    if report.is_right() {
        return None;
    }
    if report.is_whole() {
        let places = report.decoding.as_ref().map(Decoding::undecodable).unwrap_or_default();
        let what = format!("the reel `{reel}` is as it was published, and nothing of it can be played {places}");
        let hint = "Uploading it again changes nothing: publish the video anew (--replace), converted by another program \
                    or from another copy, if it plays there itself.";
        return Some(Fault::permanent(what).hint(hint));
    }
    let Report { chunks, missing, differing, .. } = report;
    if let Some(dark) = report.dark.filter(|_| missing + differing == 0 && *chunks > 0) {
        let hint = match dark {
            Dark::NoGate => "`zipreel setup` makes it, with the same --target.".to_owned(),
            Dark::Others => "It may have been replaced a moment ago: check it again.".to_owned(),
            Dark::Answers(_) => format!(
                "Its index may be too large for the gate: zipreel check {reel} --repair VIDEO, with the same --target, \
                 writes it anew. If that does not help, `zipreel doctor` looks at the gate, with the same --target, too."
            ),
        };
        return Some(
            Fault::permanent(format!("the reel `{reel}` is whole and nobody can watch it: {dark}")).hint(hint),
        );
    }
    let (chunks, are) = (wording::count(*chunks, "chunk"), wording::verb(*missing, ["is", "are"]));
    let have = wording::verb(*differing, ["has", "have"]);
    let what =
        format!("the reel `{reel}` is not whole: of {chunks} {missing} {are} missing and {differing} {have} changed");
    let hint = format!(
        "Upload them again from the video it was made of: zipreel check {reel} --repair VIDEO, with the same \
         --target."
    );
    Some(Fault::permanent(what).hint(hint))
}
