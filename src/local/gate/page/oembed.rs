//! What a page elsewhere, which was given a reel's link, needs to show its player there (oEmbed 1.0).

use std::io::Cursor;

use image::ImageReader;
use serde::Serialize;

use super::size;
use crate::model::{
    gate::{embed::ALLOWED, watch_page::escape},
    reel::index::Index,
};

#[derive(Debug, Serialize)]
struct Answer<'a> {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    width: u32,
    height: u32,
    html: String,
    #[serde(flatten)]
    thumbnail: Option<Thumbnail>,
}

#[derive(Debug, Serialize)]
struct Thumbnail {
    thumbnail_url: String,
    thumbnail_width: u32,
    thumbnail_height: u32,
}

/// As JSON; `page` is the URL of the watch page.
pub(in crate::local::gate) fn answer(page: &str, index: &Index, poster: Option<&[u8]>, query: Option<&str>) -> String {
    let (width, height) = fitted(size(index), query.unwrap_or_default());
    let html = format!(
        "<iframe src=\"{page}\" width=\"{width}\" height=\"{height}\" title=\"{}\" style=\"border: 0\" \
         allow=\"{ALLOWED}\" loading=\"lazy\"></iframe>",
        escape(&index.title)
    );
    let dimensions = |bytes| ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok();
    let thumbnail = poster.and_then(dimensions).map(|(thumbnail_width, thumbnail_height)| Thumbnail {
        thumbnail_url: format!("{page}poster.jpg"),
        thumbnail_width,
        thumbnail_height,
    });
    let kind = if index.current.is_sound_alone() { "rich" } else { "video" };
    let answer = Answer { version: "1.0", kind, title: &index.title, width, height, html, thumbnail };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// The size that a page has room for, of the same shape.
fn fitted((width, height): (u32, u32), query: &str) -> (u32, u32) {
    let share = [("maxwidth=", width), ("maxheight=", height)].into_iter().fold(1.0, |share, (name, size)| {
        let most = query.split('&').find_map(|pair| number(pair.strip_prefix(name)?));
        most.map_or(share, |most| f64::min(share, f64::from(most) / f64::from(size)))
    });
    [width, height].map(|size| ((f64::from(size) * share).floor() as u32).max(1)).into()
}

/// Of one to five digits.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deployed gate is held to the same sizes in gate.test.mjs.
    #[test]
    fn a_frame_has_the_shape_of_the_video_and_no_more_than_there_is_room_for() {
        let sizes = [
            ("", (1920, 1080)),
            ("maxwidth=640", (640, 360)),
            ("format=json&maxheight=100&maxwidth=640", (177, 100)),
            ("maxwidth=4000", (1920, 1080)),
            ("maxwidth=0", (1, 1)),
            ("maxwidth=-1&maxwidth=1e3&xmaxheight=3&maxheight=1234567", (1920, 1080)),
        ];
        for (query, expected) in sizes {
            assert_eq!(fitted((1920, 1080), query), expected, "{query}");
        }
    }
}
