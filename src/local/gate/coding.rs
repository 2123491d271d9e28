//! Which form of a file a client wants, by its Accept-Encoding (RFC 9110, 12.5.3).

use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

use crate::model::gate::cdn::EDGE_HEADER;

/// What is longer is not compressed with Brotli, which takes its time.
const BROTLI_MOST: usize = 1 << 20;
const BROTLI_QUALITY: i32 = 5;
/// Of the window, in bits: that of the encoder's own choice would take more memory than most files are long.
const BROTLI_WINDOW: i32 = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The codings that it would rather have than the file as it is, the best first. What it does not name it may do
/// without. Brotli is for a CDN, which asks once for many: all else was compressed with gzip before.
pub(super) fn taken(asked: &HeaderMap) -> Vec<Coding> {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut brotli, mut gzip, mut any, mut identity) = (None, None, None, 0);
    for item in lists.flat_map(|list| list.split(',')) {
        let (coding, parameters) = item.split_once(';').map_or((item, None), |(coding, rest)| (coding, Some(rest)));
        let weight = parameters.map_or(1000, |text| thousandths(text).unwrap_or(0));
        match coding.trim().to_ascii_lowercase().as_str() {
            "br" => brotli = Some(weight),
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = Some(weight),
            "identity" => identity = weight,
            _ => {}
        }
    }
    let brotli = brotli.or(any).filter(|_| asked.contains_key(EDGE_HEADER)).unwrap_or(0);
    let mut weights = vec![(Coding::Brotli, brotli), (Coding::Gzip, gzip.or(any).unwrap_or(0))];
    weights.retain(|(_, weight)| *weight > 0 && *weight >= identity);
    weights.sort_by_key(|(_, weight)| Reverse(*weight));
    weights.into_iter().map(|(coding, _)| coding).collect()
}

/// `None` if it is too long for that.
pub(super) fn brotli(text: &[u8]) -> Option<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: text.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    let made = text.len() <= BROTLI_MOST && brotli::BrotliCompress(&mut &*text, &mut compressed, &parameters).is_ok();
    made.then_some(compressed)
}

/// `q=0.5` as 500; nothing if it is no weight.
fn thousandths(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.trim().split_once('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_weight = name.eq_ignore_ascii_case("q")
        && matches!(whole, "0" | "1")
        && fraction.len() <= 3
        && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let weight = format!("{whole}{fraction:0<3}").parse().ok().filter(|weight| *weight <= 1000);
    weight.filter(|_| is_weight)
}
