//! The multivariant playlist by RFC 8216: which renditions there are, and which of them go together.

use std::collections::BTreeSet;

use m3u8_rs::{AlternativeMedia, AlternativeMediaType, MasterPlaylist, VariantStream};

use super::playlist::{media_path, text};
use crate::model::reel::{
    index::{Alternative, GenerationIndex, RenditionIndex},
    name::RenditionId,
};

/// The multivariant playlist of one generation.
pub fn multivariant(index: &GenerationIndex) -> String {
    with(index, |id| media_path(index.generation, id))
}

/// The same for one who keeps it elsewhere: `base` is the reel's own URL, with its slash.
pub fn absolute(index: &GenerationIndex, base: &str) -> String {
    with(index, |id| format!("{base}{}/{id}.abs.m3u8", index.generation))
}

fn with(index: &GenerationIndex, uri: impl Fn(&RenditionId) -> String) -> String {
    let groups = groups(index);
    let variants = index.variants().flat_map(|(id, rendition)| {
        let together = groups.iter().map(|group| variant(uri(id), rendition, Some((group, members(index, group)))));
        let alone = groups.is_empty().then(|| variant(uri(id), rendition, None));
        together.chain(alone).collect::<Vec<_>>()
    });
    let alternatives = groups.iter().flat_map(|group| {
        let own = index.alternatives().filter(|(_, _, told)| told.groups.contains(group));
        let mut own: Vec<_> = own.map(|(id, _, told)| alternative(uri(id), group, told)).collect();
        // as in every other group
        own.sort_by_key(|own| index.alternatives().position(|(_, _, told)| told.name == own.name));
        own
    });
    let playlist = MasterPlaylist {
        version: Some(4),
        variants: variants.collect(),
        alternatives: alternatives.collect(),
        independent_segments: index.is_independent(),
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

/// A picture, and whichever sound of a group is the largest.
fn variant(uri: String, rendition: &RenditionIndex, sound: Option<(&String, Vec<&RenditionIndex>)>) -> VariantStream {
    let (group, members) = sound.unzip();
    let members = members.unwrap_or_default();
    let largest = |rate: fn(&RenditionIndex) -> u64| members.iter().map(|sound| rate(sound)).max().unwrap_or(0);
    let codecs: BTreeSet<&str> = members.iter().map(|sound| sound.codecs.as_str()).collect();
    let codecs: Vec<&str> = [rendition.codecs.as_str()].into_iter().chain(codecs).collect();
    VariantStream {
        uri,
        bandwidth: rendition.bandwidth + largest(|sound| sound.bandwidth),
        average_bandwidth: Some(rendition.average_bandwidth + largest(|sound| sound.average_bandwidth)),
        codecs: Some(codecs.join(",")),
        resolution: rendition
            .resolution
            .map(|(width, height)| m3u8_rs::Resolution { width: width.into(), height: height.into() }),
        frame_rate: rendition.frame_rate.map(|rate| (rate * 1000.0).round() / 1000.0),
        audio: group.cloned(),
        ..VariantStream::default()
    }
}

fn alternative(uri: String, group: &str, told: &Alternative) -> AlternativeMedia {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::reel::{
        index::{Beside, Container},
        name::Generation,
    };

    fn rendition(codecs: &str, bandwidth: u64) -> RenditionIndex {
        RenditionIndex {
            container: Container::Ts,
            bandwidth,
            average_bandwidth: bandwidth / 2,
            codecs: codecs.into(),
            resolution: None,
            frame_rate: None,
            independent: Some(true),
            beside: None,
            chunks: Vec::new(),
        }
    }

    fn picture(codecs: &str) -> RenditionIndex {
        RenditionIndex {
            resolution: Some((1280, 720)),
            frame_rate: Some(30000.0 / 1001.0),
            ..rendition(codecs, 5_000_000)
        }
    }

    fn sound(codecs: &str, bandwidth: u64, name: &str, channels: u32, groups: &[&str]) -> RenditionIndex {
        let told = Alternative {
            kind: Beside::Audio,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            name: name.into(),
            language: (name == "German").then(|| "de".to_owned()),
            default: name == "German",
            autoselect: name == "German",
            characteristics: None,
            channels: Some(channels),
        };
        RenditionIndex { beside: Some(told), ..rendition(codecs, bandwidth) }
    }

    fn index(sounds: Vec<RenditionIndex>, codecs: &str) -> GenerationIndex {
        let sounds = (1..).zip(sounds).map(|(number, sound)| (RenditionId::sound(number), sound));
        GenerationIndex {
            generation: Generation::from_digest(&[0x4f; 32]),
            duration_ms: 14_512,
            segment_seconds: 6.0,
            source_sha256: None,
            damaged: Vec::new(),
            wanted: Default::default(),
            chunk_limit_bytes: 1,
            renditions: [(RenditionId::source(), picture(codecs))]
                .into_iter()
                .chain(sounds)
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn a_picture_with_its_sound_is_one_variant() {
        insta::assert_snapshot!(multivariant(&index(Vec::new(), "avc1.64001f,mp4a.40.2")), @r#"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-STREAM-INF:BANDWIDTH=5000000,AVERAGE-BANDWIDTH=2500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
        4f4f4f4f/src.m3u8
        "#);
    }

    #[test]
    fn each_group_is_a_variant_with_its_largest_sound() {
        let sounds = vec![
            sound("mp4a.40.2", 130_000, "German", 2, &["aac"]),
            sound("mp4a.40.5", 60_000, "Sound 2", 2, &["aac", "ac3"]),
            sound("ac-3", 400_000, "German", 6, &["ac3"]),
        ];
        let index = index(sounds, "avc1.64001f");
        insta::assert_snapshot!(multivariant(&index), @r#"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t01.m3u8",GROUP-ID="aac",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
        #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t02.m3u8",GROUP-ID="aac",NAME="Sound 2",CHANNELS="2"
        #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t03.m3u8",GROUP-ID="ac3",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="6"
        #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t02.m3u8",GROUP-ID="ac3",NAME="Sound 2",CHANNELS="2"
        #EXT-X-STREAM-INF:BANDWIDTH=5130000,AVERAGE-BANDWIDTH=2565000,CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="aac"
        4f4f4f4f/src.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=5400000,AVERAGE-BANDWIDTH=2700000,CODECS="avc1.64001f,ac-3,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="ac3"
        4f4f4f4f/src.m3u8
        "#);
        let elsewhere = absolute(&index, "https://gate.example/a/");
        let links = elsewhere.matches("https://gate.example/a/4f4f4f4f/").count();
        assert_eq!((links, elsewhere.matches(".abs.m3u8").count()), (6, 6), "{elsewhere}");
    }
}
