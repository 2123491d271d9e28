//! The watch page: the one file that both gates fill, and the policy it is sent with; what it takes from others, and how
//! pages elsewhere embed it.

use std::{sync::LazyLock, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::places::Places;
use crate::model::{
    gate::{
        libraries::libraries,
        watch_page::{between, escape, html},
    },
    hls::playlist,
    reel::{
        index::{GenerationIndex, Index, Largest},
        order::Robots,
        tracks::ChaptersIndex,
    },
    wording,
};

pub(super) mod libraries;
pub(super) mod oembed;

/// Of a video whose size is not known.
const SIZE: (u32, u32) = (1280, 720);
/// Of sound alone, which is shown as its controls and a cover.
const SIZE_OF_SOUND: (u32, u32) = (640, 360);

/// What the page tells of a reel.
#[derive(Debug)]
pub(super) struct Values<'a> {
    pub(super) index: &'a Index,
    pub(super) places: &'a Places,
}

/// The page as search engines read it, which is data to browsers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Linked<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@type")]
    kind: &'static str,
    name: &'a str,
    description: String,
    thumbnail_url: String,
    upload_date: String,
    duration: String,
    content_url: String,
    embed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl Values<'_> {
    pub(super) fn page(&self) -> String {
        fill(html(), self)
    }

    fn of_name(&self, name: &str) -> String {
        let Self { index, places } = self;
        let current = &index.current;
        let (width, height) = size(index);
        match name {
            "title" => escape(&index.title),
            "reel" => index.reel.to_string(),
            "base" => places.public().to_owned(),
            "gate" => places.gate.clone(),
            "cdn" => places.cdn.clone().unwrap_or_default(),
            "relay" => places.relay.clone().unwrap_or_default(),
            "generation" => current.generation.to_string(),
            "kind" => if current.is_sound_alone() { "sound" } else { "video" }.to_owned(),
            "chapters" => chapters(current),
            "jumps" => current.largest.as_ref().map(jumps).unwrap_or_default(),
            "duration" => seconds(index).to_string(),
            "width" => width.to_string(),
            "height" => height.to_string(),
            "description" => description(index),
            "robots" => match index.robots {
                Robots::Index => "all",
                Robots::Noindex => "noindex",
            }
            .to_owned(),
            // `<` can't end the script element that it stands in
            "jsonld" => serde_json::to_string(&self.linked()).unwrap_or_default().replace('<', "\\u003c"),
            _ => String::new(),
        }
    }

    fn linked(&self) -> Linked<'_> {
        let index = self.index;
        let page = format!("{}{}/", self.places.public(), index.reel);
        let is_sound = index.current.is_sound_alone();
        let (width, height) = size(index);
        Linked {
            context: "https://schema.org",
            kind: if is_sound { "AudioObject" } else { "VideoObject" },
            name: &index.title,
            description: description(index),
            thumbnail_url: format!("{page}poster.jpg"),
            upload_date: index.published.to_string(),
            duration: iso_duration(seconds(index)),
            content_url: format!("{}{}/index.m3u8", self.places.gate, index.reel),
            embed_url: page,
            width: (!is_sound).then_some(width),
            height: (!is_sound).then_some(height),
        }
    }
}

/// Seconds that a jump takes at most by each of the two playlists, at 20 Mbit/s.
fn jumps(largest: &Largest) -> String {
    let tenths = |bytes: u64| bytes.div_ceil(250_000);
    let one = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
    [largest.segment, largest.piece].map(|bytes| one(tenths(bytes))).join(" ")
}

/// Where they lie, below the page; nothing if there are none.
fn chapters(current: &GenerationIndex) -> String {
    let path = |chapters: &ChaptersIndex| playlist::chapters_path(current.generation, &chapters.track, "vtt");
    current.chapters.as_ref().map(path).unwrap_or_default()
}

/// Width and height of a player that shows the reel.
pub(super) fn size(index: &Index) -> (u32, u32) {
    index.current.size().unwrap_or(if index.current.is_sound_alone() { SIZE_OF_SOUND } else { SIZE })
}

fn seconds(index: &Index) -> u64 {
    index.current.duration_ms.saturating_add(500) / 1000
}

/// As a preview of the link shows it: `Video, 1:02, 1080p`.
fn description(index: &Index) -> String {
    let kind = if index.current.is_sound_alone() { "Sound" } else { "Video" };
    let clock = wording::clock(Duration::from_secs(seconds(index)));
    let lines = index.current.size().map(|(width, height)| format!(", {}p", width.min(height)));
    format!("{kind}, {clock}{}", lines.unwrap_or_default())
}

/// In ISO 8601: `PT1M2S`.
fn iso_duration(seconds: u64) -> String {
    let parts = [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M'), (seconds % 60, 'S')];
    let parts: String =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect();
    if parts.is_empty() { "PT0S".to_owned() } else { format!("PT{parts}") }
}

/// In one pass: a title that reads like a placeholder stays text.
fn fill(template: &str, values: &Values<'_>) -> String {
    let mut page = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            page.push_str("{{");
            rest = after;
            continue;
        };
        page.push_str(&values.of_name(name));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// The `Content-Security-Policy`; `relay` is the relay's base URL, if it is on.
pub(super) fn policy(relay: Option<&str>) -> String {
    static START: LazyLock<String> = LazyLock::new(|| {
        let libraries: String = libraries().iter().map(|library| format!(" {}", library.address)).collect();
        let script = STANDARD.encode(Sha256::digest(between("<script>", "</script>")));
        // styles: the controls are elements that carry theirs in their own markup, which no hash can name
        format!("default-src 'none'; script-src 'sha256-{script}'{libraries} 'self'; style-src 'unsafe-inline'")
    });
    let relay = relay.map(|url| format!(" {}", origin(url))).unwrap_or_default();
    format!(
        "{}; connect-src 'self'{relay}; img-src 'self' data:; media-src * blob: data:; worker-src blob:; \
         base-uri 'none'; form-action 'none'; frame-ancestors *",
        *START
    )
}

/// `scheme://host:port` of a URL.
fn origin(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    url[after..].find('/').map_or(url, |end| &url[..after + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a template shows it: a reel of one generation and one rendition, whose text is `rendition`.
    fn filled(template: &str, title: &str, duration_ms: u64, rendition: &str) -> String {
        let json = format!(
            r#"{{"format":1,"reel":"clip","title":{},"published":"2026-11-22T10:00:00Z","robots":"index","current":{{
            "generation":"0123abcd","duration_ms":{duration_ms},"segment_seconds":6.0,"chunk_limit_bytes":1,"renditions":
            {{"src":{{"container":"ts","bandwidth":1,"average_bandwidth":1,{rendition},"chunks":[]}}}}}}}}"#,
            serde_json::to_string(title).unwrap()
        );
        let index: Index = serde_json::from_str(&json).unwrap();
        let relay = Some("http://127.0.0.1:2/".to_owned());
        let places = Places { gate: "http://127.0.0.1:1/".to_owned(), cdn: None, relay };
        fill(template, &Values { index: &index, places: &places })
    }

    const TALL: &str = r#""codecs":"avc1.64001f,mp4a.40.2","resolution":[1080,1920]"#;
    const SOUND: &str = r#""codecs":"mp4a.40.2""#;
    const PLACES: &str = "{{width}}x{{height}} {{description}} {{robots}}";

    #[test]
    fn every_placeholder_is_filled_and_titles_stay_text() {
        let filled = filled(html(), "<script>{{relay}}</script>", 60_000, TALL);
        assert!(filled.contains("<title>&#60;script&#62;{{relay}}&#60;/script&#62;</title>"));
        assert_eq!(
            filled.matches("{{").count(),
            filled.matches("{{relay}}").count(),
            "only the title's own braces stay"
        );
        assert!(filled.contains("http://127.0.0.1:1/clip/poster.jpg"));
    }

    /// The deployed gate is held to the same words in gate.test.mjs.
    #[test]
    fn a_shared_link_tells_length_and_size() {
        let told = filled(PLACES, "x", 3_661_400, TALL);
        assert_eq!(told, "1080x1920 Video, 1:01:01, 1080p all");
        let told = filled(PLACES, "x", 62_000, r#""codecs":"avc1.64001f""#);
        assert_eq!(told, "1280x720 Video, 1:02 all");
        let told = filled(PLACES, "x", 400, SOUND);
        assert_eq!(told, "640x360 Sound, 0:00 all");
    }

    #[test]
    fn a_title_does_not_end_the_data_that_search_engines_read() {
        let video = filled("{{jsonld}}", "</script><b>\u{1}\"{{title}}", 62_000, TALL);
        assert_eq!(
            video,
            r#"{"@context":"https://schema.org","@type":"VideoObject","name":"\u003c/script>\u003cb>\u0001\"{{title}}","description":"Video, 1:02, 1080p","thumbnailUrl":"http://127.0.0.1:1/clip/poster.jpg","uploadDate":"2026-11-22T10:00:00Z","duration":"PT1M2S","contentUrl":"http://127.0.0.1:1/clip/index.m3u8","embedUrl":"http://127.0.0.1:1/clip/","width":1080,"height":1920}"#
        );
        let sound = filled("{{jsonld}}", "x", 62_000, SOUND);
        assert!(sound.contains("\"AudioObject\"") && !sound.contains("width"), "{sound}");
    }

    #[test]
    fn script_and_style_are_the_same_for_every_reel() {
        for tag in ["script", "style"] {
            let inside = between(&format!("<{tag}>"), &format!("</{tag}>"));
            let page = filled(html(), "a title", 60_000, TALL);
            assert!(inside.len() > 100 && !inside.contains("{{") && page.contains(inside), "{tag}");
        }
        let off = policy(None);
        assert!(off.contains("script-src 'sha256-") && off.contains("connect-src 'self';"), "{off}");
        assert!(off.contains(" https://") && off.contains(" 'self'; style-src"), "{off}");
        assert!(policy(Some("http://127.0.0.1:2/")).contains("connect-src 'self' http://127.0.0.1:2;"));
        assert!(policy(Some("https://cdn.example/_relay/")).contains("connect-src 'self' https://cdn.example;"));
    }
}
