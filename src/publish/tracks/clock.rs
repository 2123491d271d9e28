//! Where the source's times stand in the segments that were made of it: read off the first of them, not computed, since
//! what ffmpeg adds depends on its version, the container and what comes before the first picture.

use std::{io::Read as _, path::Path};

use crate::{
    model::{
        media::{
            decide::{Action, MediaPlan},
            segment::{
                fmp4::{
                    boxes::boxes,
                    fragment::Fragment,
                    init::{Init, rescale},
                },
                meter::{CLOCK, Meter},
                transport::PACKET,
            },
        },
        reel::{
            index::ChunkIndex,
            name::{ChunkId, ChunkNumber},
        },
        report::fault::Stopped,
        subtitles::webvtt::Anchor,
    },
    publish::{made::Made, work::Work},
    remote::deployed::RemoteError,
    running::attempt::Retries,
};

/// Of a segment: picture and sound begin well within.
const HEAD: usize = 8 << 20;
/// The whole zip of a chunk.
const CHUNK_MAX: u64 = 64 << 20;

/// The segments' clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clock {
    pub anchor: Anchor,
    /// When the first picture or sound of the first segment is due: 90 kHz.
    pub begins: i64,
}

pub(super) async fn clock(work: &Work, made: &Made) -> Result<Clock, Stopped> {
    // the picture's, or the first of sound alone
    let part = &work.renditions[0];
    let plan = &part.plan;
    let rendition = &made.generation.renditions[&part.id];
    let init = made.inits.get(&part.id).and_then(|init| Init::read(init).ok());
    let times = |segment: &[u8]| init.as_ref().map_or_else(|| times(segment), |init| fragment_times(segment, init));
    if let Some(file) = part.samples.first() {
        let head = tokio::task::spawn_blocking(move || head_of(&file)).await.ok().and_then(Result::ok);
        if let Some(head) = head {
            return Ok(of(plan, times(&head)));
        }
    }
    // what an earlier run made is read where it lies
    let first = ChunkId { rendition: part.id.clone(), number: ChunkNumber::FIRST };
    let name = work.chunk_function(&first).to_string();
    let read = async || work.storage.read(&name, CHUNK_MAX).await.map_err(RemoteError::from);
    let zip = Retries::default().again(read).await?.map(|(_, zip)| zip).unwrap_or_default();
    let segment = rendition.chunks.first().and_then(|chunk| first_segment(chunk, &zip)).unwrap_or_default();
    Ok(of(plan, times(&segment[..segment.len().min(HEAD)])))
}

fn first_segment<'a>(chunk: &ChunkIndex, zip: &'a [u8]) -> Option<&'a [u8]> {
    let segment = chunk.segments.first()?;
    let offset = usize::try_from(segment.offset).ok()?;
    zip.get(offset..offset + usize::try_from(segment.bytes).ok()?)
}

fn head_of(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    std::fs::File::open(file)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// When the first picture and the first sound are due: 90 kHz.
type First = (Option<i64>, Option<i64>);

fn times(segment: &[u8]) -> First {
    let mut meter = Meter::default();
    for packet in segment.chunks_exact(PACKET) {
        if let Ok(packet) = packet.try_into() {
            meter.packet(packet);
        }
    }
    let times = meter.end_of_piece();
    (times.video.map(|video| video.first), times.sound.map(|sound| sound.first))
}

fn fragment_times(segment: &[u8], init: &Init) -> First {
    let moofs = boxes(segment).filter(|one| one.kind == *b"moof");
    let read: Vec<Fragment> = moofs.filter_map(|moof| Fragment::read(moof.body, 0, (0, 0), init).ok()).collect();
    let first = |is_video| {
        let tracks = read.iter().flat_map(|fragment| &fragment.tracks);
        let mut shown = tracks.filter_map(|one| {
            let track = init.track(one.track).filter(|track| track.is_video == is_video)?;
            let (shown, _) = one.shown().next()?;
            Some(rescale(shown.max(0).unsigned_abs(), track.timescale, CLOCK as u32))
        });
        shown.next()
    };
    (first(true), first(false))
}

/// By the first picture; by the sound where pictures of ours may stand before it, or there are none.
fn of(plan: &MediaPlan, first: First) -> Clock {
    let picture = plan.video.as_ref().filter(|_| !plan.fills).and_then(|video| video.stream.start);
    let sound = plan.audio.as_ref().and_then(|audio| match audio.action {
        Action::Copy => audio.stream.start,
        // silence fills what is before it
        _ => Some(plan.begins),
    });
    let anchor = match (picture.zip(first.0), sound.zip(first.1)) {
        (Some((seconds, ticks)), _) | (None, Some((seconds, ticks))) => Anchor { ticks, seconds },
        (None, None) => Anchor { ticks: first.0.or(first.1).unwrap_or(0), seconds: plan.begins },
    };
    let begins = [first.0, first.1].into_iter().flatten().min().unwrap_or(anchor.ticks);
    Clock { anchor, begins }
}
