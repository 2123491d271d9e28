//! The multivariant playlist: which renditions there are, and what beside the pictures.

use std::collections::HashMap;

use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, ClosedCaptionGroupId, InstreamId, MasterPlaylist, QuotedOrUnquoted,
    SessionData, SessionDataField, VariantStream,
};

use super::playlist::{chapters_path, media_path, subtitles_path, text};
use crate::model::reel::{
    index::{Container, GenerationIndex, RenditionIndex},
    name::Generation,
    tracks::{ChaptersIndex, SubtitlesIndex},
};

/// GROUP-ID of all subtitles.
const SUBTITLES: &str = "subs";
/// GROUP-ID of captions in the pictures.
const CAPTIONS: &str = "cc";
/// What Apple's players read chapters from.
const CHAPTERS: &str = "com.apple.hls.chapters";
/// CHARACTERISTICS of subtitles for those who do not hear (RFC 8216, section 4.3.4.1).
const FOR_THE_DEAF: &str =
    "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

/// The multivariant playlist of one generation.
pub fn multivariant(index: &GenerationIndex) -> String {
    let variants = index.renditions.iter().map(|(id, rendition)| VariantStream {
        uri: media_path(index.generation, id),
        bandwidth: rendition.bandwidth,
        average_bandwidth: Some(rendition.average_bandwidth),
        codecs: Some(rendition.codecs.clone()),
        resolution: rendition
            .resolution
            .map(|(width, height)| m3u8_rs::Resolution { width: width.into(), height: height.into() }),
        frame_rate: rendition.frame_rate.map(|rate| (rate * 1000.0).round() / 1000.0),
        other_attributes: other_attributes(rendition),
        closed_captions: index.captions.then(|| ClosedCaptionGroupId::GroupId(CAPTIONS.to_owned())),
        subtitles: (!index.subtitles.is_empty()).then(|| SUBTITLES.to_owned()),
        ..VariantStream::default()
    });
    let packed = index.renditions.values().map(|rendition| rendition.container);
    let playlist = MasterPlaylist {
        version: Some(if packed.into_iter().any(|container| container == Container::Mp4) { 6 } else { 4 }),
        variants: variants.collect(),
        alternatives: alternatives(index),
        session_data: index.chapters.iter().map(|chapters| session(index.generation, chapters)).collect(),
        independent_segments: index.is_independent(),
        ..MasterPlaylist::default()
    };
    let written = text(|out| playlist.write_to(out));
    three_decimals(&written)
}

/// Those that m3u8-rs has no fields for.
fn other_attributes(rendition: &RenditionIndex) -> Option<HashMap<String, QuotedOrUnquoted>> {
    let range = rendition.video_range.map(|range| ("VIDEO-RANGE", QuotedOrUnquoted::Unquoted(range.word().to_owned())));
    let more =
        rendition.supplemental_codecs.clone().map(|more| ("SUPPLEMENTAL-CODECS", QuotedOrUnquoted::Quoted(more)));
    let all: HashMap<_, _> = range.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    (!all.is_empty()).then_some(all)
}

fn alternatives(index: &GenerationIndex) -> Vec<AlternativeMedia> {
    let subtitles = index.subtitles.iter().map(|subtitles| alternative(index.generation, subtitles));
    let captions = index.captions.then(|| AlternativeMedia {
        media_type: AlternativeMediaType::ClosedCaptions,
        group_id: CAPTIONS.to_owned(),
        // which languages they are in, nothing says
        name: "CC1".to_owned(),
        autoselect: true,
        instream_id: Some(InstreamId::CC(1)),
        ..AlternativeMedia::default()
    });
    subtitles.chain(captions).collect()
}

fn alternative(generation: Generation, subtitles: &SubtitlesIndex) -> AlternativeMedia {
    AlternativeMedia {
        media_type: AlternativeMediaType::Subtitles,
        uri: Some(subtitles_path(generation, &subtitles.track)),
        group_id: SUBTITLES.to_owned(),
        language: subtitles.language.clone(),
        name: subtitles.name.clone(),
        default: subtitles.default,
        // players may choose any by the language of whoever watches
        autoselect: true,
        forced: subtitles.forced,
        characteristics: subtitles.hearing_impaired.then(|| FOR_THE_DEAF.to_owned()),
        ..AlternativeMedia::default()
    }
}

fn session(generation: Generation, chapters: &ChaptersIndex) -> SessionData {
    SessionData {
        data_id: CHAPTERS.to_owned(),
        field: SessionDataField::Uri(chapters_path(generation, &chapters.track, "json")),
        language: None,
        other_attributes: None,
    }
}

/// FRAME-RATE is a decimal with three places (RFC 8216 section 4.3.4.2); m3u8-rs writes as few as it can.
fn three_decimals(playlist: &str) -> String {
    const KEY: &str = "FRAME-RATE=";
    let mut out = String::with_capacity(playlist.len() + 8);
    let mut rest = playlist;
    while let Some(at) = rest.find(KEY) {
        let (before, after) = rest.split_at(at + KEY.len());
        let end = after.find([',', '\n']).unwrap_or(after.len());
        out.push_str(before);
        match after[..end].parse::<f64>() {
            Ok(rate) => out.push_str(&format!("{rate:.3}")),
            Err(_) => out.push_str(&after[..end]),
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}
