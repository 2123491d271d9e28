//! What the first segment holds, for the multivariant playlist: by its own bytes, or by its init section.

use std::{
    io::{self, Read as _},
    path::Path,
};

use super::{cut::open::ClosedSegment, probe::ProbeError};
use crate::model::media::{
    decide::{Action, MediaPlan, StreamPlan},
    facts::Measured,
    input::InputError,
    segment::{fmp4::init::Init, transport},
};

/// Measures a closed segment by its own bytes; the plan adds what the transport stream does not tell (the audio's
/// profile, the frame rate's fraction).
pub async fn measure_segment(closed: &ClosedSegment, plan: &MediaPlan) -> Result<Measured, ProbeError> {
    let segment = &closed.path;
    if let Some(init) = &closed.init {
        return measure_init(init, plan).await;
    }
    let Some(video) = &plan.video else { return Ok(sound_alone(plan)) };
    let head = segment_head(segment).await.map_err(|error| InputError::io(segment, error))?;
    let parameters = head.as_ref().and_then(|head| head.video.parameters);
    let (Some(head), Some(parameters)) = (&head, parameters) else {
        return Err(ProbeError::Segment(segment.to_owned()));
    };
    let audio = plan.audio.as_ref().filter(|_| head.aac).map(audio_codec);
    Ok(Measured {
        codecs: [parameters.codec()].into_iter().chain(audio).collect::<Vec<_>>().join(","),
        resolution: parameters.size.map(|size| displayed(size, video)),
        ..of_video(video)
    })
}

/// What the video's own facts say, whatever it is packed in.
fn of_video(video: &StreamPlan) -> Measured {
    Measured {
        codecs: String::new(),
        resolution: None,
        frame_rate: video.stream.frame_rate.map(|rate| rate.get()),
        // what is converted has 8 bits
        video_range: video.stream.video_range().filter(|_| video.action == Action::Copy),
        supplemental_codecs: None,
        init: None,
    }
}

/// With the samples' aspect ratio.
fn displayed((width, height): (u32, u32), video: &StreamPlan) -> (u32, u32) {
    let stream = &video.stream;
    let aspect = stream.sample_aspect.map_or(1.0, |aspect| aspect.get());
    // a turned picture was converted upright, and its samples with it
    let aspect = if stream.rotation % 180 == 90 { 1.0 / aspect } else { aspect };
    ((f64::from(width) * aspect).round() as u32, height)
}

/// Of fragmented MP4, whose init section says it all.
async fn measure_init(path: &Path, plan: &MediaPlan) -> Result<Measured, ProbeError> {
    let bytes = tokio::fs::read(path).await.map_err(|error| InputError::io(path, error))?;
    let unknown = || ProbeError::Segment(path.to_owned());
    let init = Init::read(&bytes).map_err(|_| unknown())?;
    let mut tracks = Vec::new();
    for track in &init.tracks {
        match plan.audio.as_ref().filter(|audio| !track.is_video && (track.entry == *b"mp4a" && is_aac(audio))) {
            // the specific configuration may name the base layer alone
            Some(audio) => tracks.push(audio_codec(audio)),
            None if track.codec.is_empty() => return Err(unknown()),
            None => tracks.push(track.codec.clone()),
        }
    }
    let measured = plan.video.as_ref().map_or_else(|| sound_alone(plan), of_video);
    let picture = init.tracks.iter().find(|track| track.is_video);
    let size = picture.and_then(|track| track.size_of_picture);
    Ok(Measured {
        codecs: tracks.join(","),
        resolution: size.zip(plan.video.as_ref()).map(|(size, video)| displayed(size, video)),
        supplemental_codecs: picture.and_then(|track| track.supplemental.clone()),
        init: Some(bytes),
        ..measured
    })
}

fn is_aac(audio: &StreamPlan) -> bool {
    audio.action != Action::Copy || audio.stream.codec == "aac"
}

fn sound_alone(plan: &MediaPlan) -> Measured {
    let codecs = plan.audio.as_ref().map(audio_codec).unwrap_or_default();
    let (resolution, frame_rate, video_range, supplemental_codecs, init) = (None, None, None, None, None);
    Measured { codecs, resolution, frame_rate, video_range, supplemental_codecs, init }
}

/// With its explicit object type; the transport stream's header states the base layer's alone.
fn audio_codec(audio: &StreamPlan) -> String {
    let foreign = match audio.stream.codec.as_str() {
        "ac3" => Some("ac-3"),
        "eac3" => Some("ec-3"),
        "mp3" => Some("mp4a.40.34"),
        _ => None,
    };
    if let Some(codec) = foreign.filter(|_| audio.action == Action::Copy) {
        return codec.to_owned();
    }
    let object = match audio.stream.profile.as_deref() {
        Some("HE-AAC") if audio.action == Action::Copy => 5,
        Some("HE-AACv2") if audio.action == Action::Copy => 29,
        _ => 2,
    };
    format!("mp4a.40.{object}")
}

/// The tables and the first access unit of a segment; `None` if it begins with no H.264 stream.
pub(crate) async fn segment_head(segment: &Path) -> io::Result<Option<transport::Head>> {
    let path = segment.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(transport::HEAD_MAX as u64).read_to_end(&mut bytes)?;
        Ok(transport::head(&bytes))
    });
    read.await.map_err(io::Error::other)?
}
