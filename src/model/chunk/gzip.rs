//! What an index holds compressed beside what players are served as it is: the gate sends it to who takes gzip, and
//! spends nothing on it.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::model::reel::index::INDEX_ENTRY;

/// Of the name of an entry that holds another one compressed.
pub const ENDING: &str = ".gz";

/// The same bytes on every run: no time, no name and no system stand in it.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).expect("memory takes all that is written")
}

pub fn is_beside(name: &str) -> bool {
    name.ends_with(ENDING)
}

/// Whether players are served this entry as it is, and it is text. Playlists of the relay are made whole only when
/// they are asked for: the relay's address stands before each link.
fn is_served_text(name: &str) -> bool {
    let is_text = [".m3u8", ".vtt", ".json"].iter().any(|ending| name.ends_with(ending));
    let is_relayed = [".relay.m3u8", ".pieces.m3u8"].iter().any(|ending| name.ends_with(ending));
    is_text && name != INDEX_ENTRY && !is_relayed
}

/// The entries of an index, with those compressed that are smaller for it; what was compressed before is made anew.
pub fn beside(entries: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut entries = without(entries);
    let text = entries.iter().filter(|(name, _)| is_served_text(name));
    let compressed: Vec<_> = text
        .map(|(name, bytes)| (format!("{name}{ENDING}"), gzip(bytes), bytes.len()))
        .filter(|(_, compressed, plain)| compressed.len() < *plain)
        .map(|(name, compressed, _)| (name, compressed))
        .collect();
    entries.extend(compressed);
    entries
}

/// The entries of an index that has no room for more.
pub fn without(entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    entries.into_iter().filter(|(name, _)| !is_beside(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read as _};

    use super::*;

    fn entries() -> Vec<(String, Vec<u8>)> {
        let playlist = "#EXTINF:6,\nsrc/0001.ts\n".repeat(200).into_bytes();
        let names = ["index.json", "a/src.m3u8", "a/src.relay.m3u8", "a/src-init.mp4", "a/s1/0.vtt", "poster.jpg"];
        let mut entries: Vec<_> = names.map(|name| (name.to_owned(), playlist.clone())).into();
        entries.push(("a/s1/1.vtt".into(), b"WEBVTT\n".to_vec()));
        entries
    }

    #[test]
    fn what_players_are_served_is_beside_it_compressed_if_that_is_smaller() {
        let all: BTreeMap<_, _> = beside(entries()).into_iter().collect();
        let compressed: Vec<_> = all.keys().filter(|name| name.ends_with(ENDING)).collect();
        assert_eq!(compressed, ["a/s1/0.vtt.gz", "a/src.m3u8.gz"]);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(all["a/src.m3u8.gz"].as_slice()).read_to_end(&mut read).unwrap();
        assert_eq!(read, all["a/src.m3u8"]);
        assert_eq!(without(beside(entries())), entries());
        assert_eq!(beside(beside(entries())), beside(entries()));
    }

    #[test]
    fn the_same_text_is_the_same_bytes_on_every_machine() {
        assert_eq!(gzip(b"text")[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255], "no name, no time, no system");
    }
}
