//! Which form of a file a client wants, by its Accept-Encoding (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// Whether it would rather have gzip than the file as it is. What it does not name it may do without.
pub(super) fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut gzip, mut any, mut identity) = (None, None, 0);
    for item in lists.flat_map(|list| list.split(',')) {
        let (coding, parameters) = item.split_once(';').map_or((item, None), |(coding, rest)| (coding, Some(rest)));
        let weight = parameters.map_or(1000, |text| thousandths(text).unwrap_or(0));
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = Some(weight),
            "identity" => identity = weight,
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity
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
