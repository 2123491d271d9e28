//! Tracks of MP4 and QuickTime that stand beside others, by what their boxes say.

use crate::model::media::facts::{Aside, Kind, Media};

/// Tells tracks that stand beside others, which ffprobe shows as videos like any.
pub fn set_aside(media: &mut Media) {
    for stream in media.streams.iter_mut().filter(|stream| stream.kind == Kind::Video) {
        let Some(track) = media.structure.tracks.iter().find(|track| track.id.is_some() && track.id == stream.id)
        else {
            continue;
        };
        let refers = |kind: &[u8; 4]| track.references.contains(kind);
        stream.aside = match &track.handler {
            _ if refers(b"vdep") || refers(b"deps") => Some(Aside::Depth),
            _ if refers(b"thmb") => Some(Aside::Thumbnails),
            b"auxv" => Some(Aside::Auxiliary),
            b"pict" => Some(Aside::Stills),
            _ if refers(b"auxl") => Some(Aside::Auxiliary),
            _ => stream.aside,
        };
    }
}
