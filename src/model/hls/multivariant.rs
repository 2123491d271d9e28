//! The multivariant playlist by RFC 8216: which renditions there are, which of them go together, and what beside the
//! pictures.

use std::collections::{BTreeSet, HashMap};

use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, ClosedCaptionGroupId, InstreamId, MasterPlaylist, QuotedOrUnquoted,
    SessionData, SessionDataField, VariantStream,
};

use super::playlist::{Bandwidth, bandwidth, chapters_path, media_path, seek_path, subtitles_path, text};
use crate::model::reel::{
    index::{Alternative, Container, GenerationIndex, Grain, RenditionIndex},
    name::{Generation, RenditionId},
    tracks::{ChaptersIndex, SubtitlesIndex, TrackName},
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
    let number = index.generation;
    with(index, "", Grain::Segments, |id| media_path(number, id), |track| subtitles_path(number, track))
}

/// Of its pieces.
pub fn seek(index: &GenerationIndex) -> String {
    let number = index.generation;
    with(index, "", Grain::Pieces, |id| seek_path(number, id), |track| subtitles_path(number, track))
}

/// The same for one who keeps it elsewhere: `base` is the reel's own URL, with its slash.
pub fn absolute(index: &GenerationIndex, base: &str) -> String {
    let number = index.generation;
    let track = |track: &TrackName| format!("{base}{number}/{track}.abs.m3u8");
    with(index, base, Grain::Segments, |id| format!("{base}{number}/{id}.abs.m3u8"), track)
}

fn with(
    index: &GenerationIndex,
    base: &str,
    grain: Grain,
    uri: impl Fn(&RenditionId) -> String,
    subtitles: impl Fn(&TrackName) -> String,
) -> String {
    let groups = groups(index);
    let variants = index.variants().flat_map(|(id, rendition)| {
        let one = |sound| variant(uri(id), index, rendition, sound, grain);
        let is_own = |group: &&String| rendition.beside.as_ref().is_none_or(|told| told.groups.contains(group));
        let together = groups.iter().filter(is_own).map(|group| one(Some((group, members(index, group)))));
        let alone = groups.is_empty().then(|| one(None));
        together.chain(alone).collect::<Vec<_>>()
    });
    let sounds = groups.iter().flat_map(|group| {
        let own = index.alternatives().filter(|(_, _, told)| told.groups.contains(group));
        let mut own: Vec<_> = own.map(|(id, _, told)| sound(uri(id), group, told)).collect();
        // as in every other group
        own.sort_by_key(|own| index.alternatives().position(|(_, _, told)| told.name == own.name));
        own
    });
    let spoken = index.subtitles.iter().map(|told| spoken(subtitles(&told.track), told));
    let packed = index.renditions.values().map(|rendition| rendition.container);
    let playlist = MasterPlaylist {
        version: Some(if packed.into_iter().any(|container| container == Container::Mp4) { 6 } else { 4 }),
        variants: variants.collect(),
        alternatives: sounds.chain(spoken).chain(index.captions.then(captions)).collect(),
        session_data: index.chapters.iter().map(|chapters| session(base, index.generation, chapters)).collect(),
        independent_segments: index.is_independent(grain),
        ..MasterPlaylist::default()
    };
    let written = text(|out| playlist.write_to(out));
    three_decimals(&written)
}

/// In the order in which players are to prefer them: many take the first that they find.
fn groups(index: &GenerationIndex) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for group in index.alternatives().flat_map(|(_, _, told)| &told.groups) {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    groups
}

fn members<'a>(index: &'a GenerationIndex, group: &str) -> Vec<&'a RenditionIndex> {
    let all = index.alternatives().filter(|(_, _, told)| told.groups.iter().any(|own| own == group));
    all.map(|(_, rendition, _)| rendition).collect()
}

/// A picture, and whichever sound of a group is the largest; or that sound alone, of which the rendition is one (RFC 8216,
/// section 8.6).
fn variant(
    uri: String,
    index: &GenerationIndex,
    rendition: &RenditionIndex,
    sound: Option<(&String, Vec<&RenditionIndex>)>,
    grain: Grain,
) -> VariantStream {
    let (group, members) = sound.unzip();
    let members = members.unwrap_or_default();
    let peak = |rendition: &RenditionIndex| match grain {
        Grain::Segments => rendition.bandwidth,
        Grain::Pieces => {
            let Bandwidth { peak, .. } = bandwidth(&rendition.extents(grain).collect::<Vec<_>>());
            peak
        }
    };
    let of_sounds = |rate: &dyn Fn(&RenditionIndex) -> u64| members.iter().map(|sound| rate(sound)).max().unwrap_or(0);
    let own = Some(rendition).filter(|rendition| !rendition.is_beside());
    let codecs: BTreeSet<&str> = members.iter().map(|sound| sound.codecs.as_str()).collect();
    let codecs: Vec<&str> = own.map(|own| own.codecs.as_str()).into_iter().chain(codecs).collect();
    VariantStream {
        uri,
        bandwidth: own.map_or(0, peak) + of_sounds(&peak),
        average_bandwidth: Some(
            own.map_or(0, |own| own.average_bandwidth) + of_sounds(&|sound| sound.average_bandwidth),
        ),
        codecs: Some(codecs.join(",")),
        resolution: rendition
            .resolution
            .map(|(width, height)| m3u8_rs::Resolution { width: width.into(), height: height.into() }),
        frame_rate: rendition.frame_rate.map(|rate| (rate * 1000.0).round() / 1000.0),
        audio: group.cloned(),
        other_attributes: other_attributes(rendition),
        closed_captions: index.captions.then(|| ClosedCaptionGroupId::GroupId(CAPTIONS.to_owned())),
        subtitles: (!index.subtitles.is_empty()).then(|| SUBTITLES.to_owned()),
        ..VariantStream::default()
    }
}

fn sound(uri: String, group: &str, told: &Alternative) -> AlternativeMedia {
    AlternativeMedia {
        media_type: AlternativeMediaType::Audio,
        uri: Some(uri),
        group_id: group.to_owned(),
        language: told.language.clone(),
        name: told.name.clone(),
        default: told.default,
        autoselect: told.autoselect,
        characteristics: told.characteristics.clone(),
        channels: told.channels.map(|channels| channels.to_string()),
        ..AlternativeMedia::default()
    }
}

/// Those that m3u8-rs has no fields for.
fn other_attributes(rendition: &RenditionIndex) -> Option<HashMap<String, QuotedOrUnquoted>> {
    let range = rendition.video_range.map(|range| ("VIDEO-RANGE", QuotedOrUnquoted::Unquoted(range.word().to_owned())));
    let more =
        rendition.supplemental_codecs.clone().map(|more| ("SUPPLEMENTAL-CODECS", QuotedOrUnquoted::Quoted(more)));
    let all: HashMap<_, _> = range.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    (!all.is_empty()).then_some(all)
}

fn captions() -> AlternativeMedia {
    AlternativeMedia {
        media_type: AlternativeMediaType::ClosedCaptions,
        group_id: CAPTIONS.to_owned(),
        // which languages they are in, nothing says
        name: "CC1".to_owned(),
        autoselect: true,
        instream_id: Some(InstreamId::CC(1)),
        ..AlternativeMedia::default()
    }
}

fn spoken(uri: String, subtitles: &SubtitlesIndex) -> AlternativeMedia {
    AlternativeMedia {
        media_type: AlternativeMediaType::Subtitles,
        uri: Some(uri),
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

fn session(base: &str, generation: Generation, chapters: &ChaptersIndex) -> SessionData {
    SessionData {
        data_id: CHAPTERS.to_owned(),
        field: SessionDataField::Uri(format!("{base}{}", chapters_path(generation, &chapters.track, "json"))),
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
