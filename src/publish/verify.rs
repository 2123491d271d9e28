//! The verifying: asks the gate for the playlists as a player would, follows its redirects and compares what the byte
//! ranges give with what was packed. A sample of segments, and it says how many of how many. What never changes comes
//! first: the multivariant playlist may be that of the generation before for some seconds.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{sync::OnceCell, time::Instant};

use super::work::Work;
use crate::{
    model::{
        chunk::pack::MIB,
        reel::index::GenerationIndex,
        report::{event::Count, fault::Stopped},
    },
    remote::served::{self, Expected, SEEN_WITHIN, check_playlists, expected_of},
    running::{attempt::attempts, reporter::JobHandle},
    storage::player::{Player, PlayerError},
};

/// Segments looked at after publishing: as many as these bytes allow, so that a slow line is not kept busy for long,
/// but both ends at least.
const SAMPLE: RangeInclusive<u64> = 2..=12;
const SAMPLE_BYTES: u64 = 64 * MIB;
/// Segments read side by side.
const PARALLEL: usize = 4;

/// Returns how many segments were checked. Does not end the job.
pub(super) async fn verify(work: &Arc<Work>, generation: &GenerationIndex, job: &JobHandle) -> Result<u32, Stopped> {
    let expected = expected(generation);
    let sample = sample(expected.len(), affordable(&expected));
    job.sized(sample.len() as u64);
    let seen_by = Instant::now() + SEEN_WITHIN;
    let player = Player::new()?;
    // what was right once is not read again while the gate is waited for
    let read = OnceCell::new();
    let attempt = async |_| {
        read.get_or_try_init(|| check(work, &player, generation, &expected, &sample, job.count())).await?;
        job.count().set(sample.len() as u64);
        seen(work, &player, generation, seen_by, job).await
    };
    attempts(job, &work.control, &work.retry, attempt, |_| ()).await?;
    Ok(sample.len() as u32)
}

fn expected(generation: &GenerationIndex) -> Vec<Expected> {
    generation.renditions.iter().flat_map(|(id, rendition)| expected_of(id, rendition)).collect()
}

/// How many segments of usual size make a sample.
fn affordable(expected: &[Expected]) -> usize {
    let bytes: u64 = expected.iter().map(|expected| expected.segment.bytes).sum();
    let usual = (bytes / expected.len().max(1) as u64).max(1);
    (SAMPLE_BYTES / usual).clamp(*SAMPLE.start(), *SAMPLE.end()) as usize
}

/// Places of a sample: the first, the last, and evenly between.
fn sample(all: usize, wanted: usize) -> BTreeSet<usize> {
    let last = all.saturating_sub(1);
    let steps = wanted.min(all).saturating_sub(1).max(1);
    (0..=steps).map(|step| last * step / steps).filter(|place| *place < all).collect()
}

/// What belongs to this generation alone. The gate looks for a newer index at once if it does not know it.
async fn check(
    work: &Work,
    player: &Player,
    generation: &GenerationIndex,
    expected: &[Expected],
    sample: &BTreeSet<usize>,
    checked: &Count,
) -> Result<(), PlayerError> {
    let base = format!("{}{}/", work.reached.gate, work.order.reel);
    check_playlists(player, &base, generation).await?;
    if work.gate_is_current {
        served::check_pieces(player, &base, generation).await?;
    }
    let base = format!("{base}{}/", generation.generation);
    // collected: a closure kept across an await would not be `Send` for every life time
    let reads: Vec<_> =
        sample.iter().map(|place| check_segment(player, &base, *place, &expected[*place], checked)).collect();
    stream::iter(reads).buffer_unordered(PARALLEL).try_collect().await
}

async fn check_segment(
    player: &Player,
    base: &str,
    place: usize,
    Expected { uri, segment }: &Expected,
    checked: &Count,
) -> Result<(), PlayerError> {
    let url = format!("{base}{uri}");
    let read = player.range(&url, segment.offset, segment.bytes, |_| ()).await?;
    if (read.bytes, read.crc32) != (segment.bytes, segment.crc32) {
        let why = format!("segment {place} has {} bytes with another hash than was packed", read.bytes);
        return Err(PlayerError::content(&url, why));
    }
    checked.add(1);
    Ok(())
}

/// The multivariant playlist must name this generation. That it still names the one before is no failure, and no
/// attempt is used up by it, until `seen_by`.
async fn seen(
    work: &Work,
    player: &Player,
    generation: &GenerationIndex,
    seen_by: Instant,
    job: &JobHandle,
) -> Result<(), PlayerError> {
    let url = format!("{}{}/index.m3u8", work.reached.gate, work.order.reel);
    let number = generation.generation;
    let waits = || {
        let seconds = SEEN_WITHIN.as_secs();
        job.log(format!("waits up to {seconds} s until `{url}` names version {number}: a gate keeps what it read"));
    };
    if served::names_by(seen_by, player, &url, generation, waits).await? {
        let base = format!("{}{}/", work.reached.gate, work.order.reel);
        return served::check_subtitles(player, &base, generation).await;
    }
    Err(PlayerError::content(&url, format!("it does not name version {number} yet")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reel::index::SegmentIndex;

    #[test]
    fn large_segments_make_small_samples() {
        let segment = |bytes| SegmentIndex { offset: 0, bytes, duration_us: 0, crc32: 0, discontinuity: false };
        for (mib, wanted) in [(0, 12), (4, 12), (8, 8), (23, 2), (49, 2)] {
            let expected: Vec<_> =
                (0..20).map(|_| Expected { uri: String::new(), segment: segment(mib * MIB) }).collect();
            assert_eq!(affordable(&expected), wanted, "{mib} MiB");
        }
    }

    #[test]
    fn samples_have_both_ends_and_no_place_twice() {
        for (all, wanted, length) in [(0, 12, 0), (1, 12, 1), (2, 12, 2), (12, 12, 12), (107, 12, 12), (5, 2, 2)] {
            let sample = sample(all, wanted);
            assert_eq!(sample.len(), length, "{all} {wanted}");
            assert!(all == 0 || (sample.contains(&0) && sample.contains(&(all - 1))), "{all} {wanted}");
        }
    }
}
