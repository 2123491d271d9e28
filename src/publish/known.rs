//! Where the source is damaged itself, as far as that is known before the reel is visible. Its index says so, and a deep
//! check does not call it damage of the reel.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use super::{prove::Proof, samples};
use crate::{
    media::decode::READ_AHEAD,
    model::{media::damage::Places, reel::index::GenerationIndex, report::fault::Stopped},
    remote::served::Expected,
};

/// Stretches of the source that are decoded beside those whose segments were.
const LOOKED_AT_MAX: usize = 256;

/// Of all renditions. `proved`: what was proved of each, and what is wrong with those that were made in this run.
pub(super) async fn damaged_anywhere(
    proved: &[(Proof<'_>, Option<Vec<u32>>)],
    generation: &GenerationIndex,
) -> Result<Vec<(u64, u64)>, Stopped> {
    let mut all = Vec::new();
    for (proof, wrong) in proved {
        all.push(damaged(proof, generation, wrong.clone()).await?);
    }
    if let [one] = all.as_slice() {
        return Ok(one.clone());
    }
    let mut places = Places::default();
    for (from, to) in all.into_iter().flatten() {
        places.add(Duration::from_millis(from), Duration::from_millis(to));
    }
    Ok(in_millis(&places))
}

fn in_millis(places: &Places) -> Vec<(u64, u64)> {
    let millis = |time: Duration| time.as_millis() as u64;
    places.spans().iter().map(|span| (millis(span.start), millis(span.end))).collect()
}

/// As the index has it, milliseconds. `wrong`: segments that were made in this run, that do not decode, and neither does
/// the source there; `None` if none were made. Beside these it is looked how far the damage goes.
async fn damaged(
    proof: &Proof<'_>,
    generation: &GenerationIndex,
    wrong: Option<Vec<u32>>,
) -> Result<Vec<(u64, u64)>, Stopped> {
    let visible = proof.work.visible.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(visible) = visible.filter(|visible| wrong.is_none() || !visible.damaged.is_empty()) {
        return Ok(visible.damaged);
    }
    let all: Vec<Expected> = proof.expected(generation);
    let steady = all.iter().position(|expected| expected.segment.discontinuity).unwrap_or(all.len());
    let mut looks = Looks { proof, times: times(&all), steady, wrong: BTreeMap::new(), left: LOOKED_AT_MAX };
    let mut open = Vec::new();
    for place in wrong.iter().flatten().map(|number| *number as usize) {
        looks.wrong.insert(place, true);
        open.push(place);
    }
    if wrong.is_none() {
        for place in samples::places(&all).into_keys() {
            open.extend(looks.at(place).await?.then_some(place));
        }
    }
    while let Some(place) = open.pop() {
        for beside in [place.checked_sub(1), place.checked_add(1)].into_iter().flatten() {
            open.extend(looks.at(beside).await?.then_some(beside));
        }
    }
    let mut places = looks.places();
    proof.hears(&places);
    let damage = proof.work.damage(&proof.part.plan);
    [&damage.lost, &damage.corrupt].into_iter().for_each(|known| places.merge(known));
    Ok(in_millis(&places))
}

/// Start and length of each segment.
fn times(all: &[Expected]) -> Vec<(Duration, Duration)> {
    let lengths = all.iter().map(|expected| Duration::from_micros(expected.segment.duration_us));
    lengths
        .scan(Duration::ZERO, |reached, length| {
            let start = *reached;
            *reached += length;
            Some((start, length))
        })
        .collect()
}

struct Looks<'a> {
    proof: &'a Proof<'a>,
    times: Vec<(Duration, Duration)>,
    /// Segments before the first change: behind it, times of the source may be others.
    steady: usize,
    /// By the segments' numbers.
    wrong: BTreeMap<usize, bool>,
    left: usize,
}

impl Looks<'_> {
    /// Whether the source is found to be wrong where this segment is. False if that is known already, or no more is looked
    /// at.
    async fn at(&mut self, place: usize) -> Result<bool, Stopped> {
        let Some(&(start, length)) = self.times.get(place) else { return Ok(false) };
        if self.left == 0 || place >= self.steady || self.wrong.contains_key(&place) {
            return Ok(false);
        }
        self.left -= 1;
        // what is wrong behind its end is not its own
        let source = self.proof.source(start, length - READ_AHEAD.min(length / 3)).await?;
        let is_wrong = source.is_some_and(|source| !source.is_right());
        self.wrong.insert(place, is_wrong);
        Ok(is_wrong)
    }

    fn places(&self) -> Places {
        let mut places = Places::default();
        for place in self.wrong.iter().filter(|(_, is_wrong)| **is_wrong).map(|(place, _)| *place) {
            let Some((start, length)) = self.times.get(place) else { continue };
            places.add(*start, *start + *length);
        }
        places
    }
}
