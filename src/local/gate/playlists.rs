//! Playlists of an index as they are sent: naming other playlists, or whole addresses.

use bytes::Bytes;

/// A multivariant playlist that names other media playlists: `ending` instead of `.m3u8`.
pub(super) fn naming(text: &Bytes, ending: &str) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let mut named = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (content, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        let content = content.replace(".m3u8\"", &format!("{ending}\""));
        match content.strip_suffix(".m3u8") {
            Some(stem) => named.extend([stem, ending]),
            None => named.push_str(&content),
        }
        named.push_str(end);
    }
    Some(named)
}

/// A multivariant playlist of pieces, as it is for the relay: what is not cut into pieces comes from the gate.
pub(super) fn naming_pieces(text: &Bytes) -> Option<String> {
    Some(std::str::from_utf8(text).ok()?.replace(".seek.m3u8", ".pieces.m3u8"))
}

/// With `base` before the URI of each line and of each attribute.
pub(super) fn absolute(text: &str, base: &str) -> Option<Bytes> {
    let attributes = text.replace("URI=\"", &format!("URI=\"{base}"));
    with_base(&attributes.into(), base)
}

/// With `base` before the URI of each line.
pub(super) fn with_base(text: &Bytes, base: &str) -> Option<Bytes> {
    let text = std::str::from_utf8(text).ok()?;
    let is_uri = |line: &str| !line.starts_with('#') && !line.trim().is_empty();
    let placed: String = text
        .split_inclusive('\n')
        .map(|line| if is_uri(line) { format!("{base}{line}") } else { line.to_owned() })
        .collect();
    Some(Bytes::from(placed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deployed gate is held to the same in gate.test.mjs.
    #[test]
    fn every_uri_of_an_absolute_playlist_is_whole_and_its_lines_stay_as_they_are() {
        let text = "#EXTM3U\r\n#EXT-X-MAP:URI=\"src-init.mp4\",BYTERANGE=\"1@2\"\r\n\n#EXTINF:6,\nsrc/0001.ts";
        assert_eq!(
            absolute(text, "http://gate.example/a/").unwrap(),
            "#EXTM3U\r\n#EXT-X-MAP:URI=\"http://gate.example/a/src-init.mp4\",BYTERANGE=\"1@2\"\r\n\n#EXTINF:6,\n\
             http://gate.example/a/src/0001.ts"
        );
    }
}
