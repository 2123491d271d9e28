//! What lies in the zip of an index, and whether that is as small as the gate wants it.

use std::collections::BTreeMap;

use crate::{
    model::{
        chunk::{gzip, limits::LimitError, zip},
        hls::{
            multivariant::{multivariant, seek},
            playlist::{self, Links},
        },
        reel::{
            index::{Grain, INDEX_ENTRY, Index, MULTIVARIANT_ENTRY, POSTER_ENTRY, SEEK_ENTRY},
            name::Generation,
            tracks::TrackName,
        },
    },
    publish::made::Inits,
    remote::deployed::Existing,
    storage::CodeZip,
};

/// `text`: the entries of subtitles and chapters.
pub(super) fn package(
    index: &Index,
    inits: &Inits,
    existing: Option<&Existing>,
    poster: Option<&[u8]>,
    text: &[(String, Vec<u8>)],
) -> Entries {
    let mut files: Vec<(String, Vec<u8>)> = vec![
        (INDEX_ENTRY.to_owned(), serde_json::to_vec(index).expect("an index is plain data")),
        (MULTIVARIANT_ENTRY.to_owned(), multivariant(&index.current).into_bytes()),
    ];
    let generation = index.current.generation;
    let has_pieces = index.current.has_pieces();
    files.extend(has_pieces.then(|| (SEEK_ENTRY.to_owned(), seek(&index.current).into_bytes())));
    for (id, rendition) in &index.current.renditions {
        let media = |grain, links| playlist::media_of(&index.current, id, rendition, grain, links).into_bytes();
        let chunks = Links::Chunks { prefix: "" };
        files.push((playlist::media_path(generation, id), media(Grain::Segments, chunks)));
        files.push((playlist::relay_path(generation, id), media(Grain::Segments, Links::Relay)));
        if has_pieces {
            files.push((playlist::seek_path(generation, id), media(Grain::Pieces, chunks)));
            files.push((playlist::pieces_path(generation, id), media(Grain::Pieces, Links::Relay)));
        }
        files.extend(inits.get(id).map(|init| (playlist::init_path(generation, id), init.clone())));
    }
    files.extend(text.iter().cloned());
    for retired in &index.retired {
        let entries = existing.into_iter().flat_map(|existing| entries_of(existing, retired.generation.generation));
        files.extend(entries.map(|(name, bytes)| (name.clone(), bytes.clone())));
    }
    let existing = existing.map(|existing| &existing.entries);
    files.extend(existing.into_iter().flat_map(|entries| former(index, entries)));
    files.extend(poster.map(|bytes| (POSTER_ENTRY.to_owned(), bytes.to_owned())));
    files
}

type Entries = Vec<(String, Vec<u8>)>;

/// The zip of these entries, with those of former subtitles and chapters if there is room: new viewers do without. A reel that
/// is not compressed plays as well, and so does one without a picture.
pub(super) fn fitting<'a>(
    most: u64,
    poster: Option<&'a [u8]>,
    entries: impl Fn(Option<&'a [u8]>, bool) -> Entries,
) -> Result<CodeZip, LimitError> {
    let compressed = |has_former| readable(most, zipped(&gzip::beside(entries(poster, has_former))));
    let plain = |poster, has_former| readable(most, zipped(&gzip::without(entries(poster, has_former))));
    compressed(true)
        .or_else(|_| plain(poster, true))
        .or_else(|_| compressed(false))
        .or_else(|_| plain(poster, false))
        .or_else(|_| plain(None, false))
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    zip::whole(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// What the names, languages and lines of subtitles take in `index.json` and the multivariant playlist, and more.
const TEXT_TOLD: u64 = 64 * 1024;

/// How many bytes there are for subtitles and chapters in this index.
pub(super) fn room(most: u64, index: &Index, inits: &Inits, existing: Option<&Existing>) -> u64 {
    let entries = package(index, inits, existing, None, &[]);
    most.saturating_sub(zipped(&entries).len() as u64).saturating_sub(TEXT_TOLD)
}

/// The playlists and init sections of one generation. What is compressed beside them, and text that it had before, is there
/// only if there is room.
pub(super) fn entries_of(existing: &Existing, generation: Generation) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    let prefix = format!("{generation}/");
    let former = existing.index.generation(generation).map(|index| index.former.as_slice()).unwrap_or_default();
    let is_former = move |name: &str| former.iter().any(|former| is_of(name, generation, &former.track));
    let own = existing.entries.iter().filter(move |(name, _)| name.starts_with(&prefix) && !gzip::is_beside(name));
    own.filter(move |(name, _)| !is_former(name))
}

/// What of these is of the tracks that the index still has from before.
fn former(index: &Index, entries: &BTreeMap<String, Vec<u8>>) -> Entries {
    let tracks = || index.generations().flat_map(|index| index.former.iter().map(|one| (index.generation, &one.track)));
    let is_former = |name: &str| tracks().any(|(generation, track)| is_of(name, generation, track));
    let kept = entries.iter().filter(|(name, _)| !gzip::is_beside(name) && is_former(name));
    kept.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

/// Whether an entry is this track's playlist, or a part of it.
fn is_of(name: &str, generation: Generation, track: &TrackName) -> bool {
    let rest = name.strip_prefix(&format!("{generation}/{track}"));
    rest.is_some_and(|rest| rest.starts_with(['.', '/']))
}

/// An index that the gate reads, or why it would not.
pub(super) fn readable(most: u64, zip: Vec<u8>) -> Result<CodeZip, LimitError> {
    if zip.len() as u64 > most {
        return Err(LimitError::Index { most, fitting_seconds: None });
    }
    Ok(CodeZip::in_memory(zip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_goes_first_then_text_of_before_then_the_picture_where_there_is_no_room() {
        let playlist = "#EXTINF:6,\nsrc/0001.ts\n".repeat(500).into_bytes();
        let entries = |poster: Option<&[u8]>, has_former: bool| -> Entries {
            let poster = poster.map(|bytes| (POSTER_ENTRY.to_owned(), bytes.to_owned()));
            let former = has_former.then(|| ("4f4f4f4f/s1-89abcdef/0.vtt".to_owned(), vec![7; 5000]));
            [(MULTIVARIANT_ENTRY.to_owned(), playlist.clone())].into_iter().chain(former).chain(poster).collect()
        };
        let poster: Option<&[u8]> = Some(&[7; 5000]);
        let bytes = |most| fitting(most, poster, entries).map(|code| code.bytes());
        let all = bytes(u64::MAX).unwrap();
        let sizes = [
            gzip::beside(entries(poster, true)),
            entries(poster, true),
            gzip::beside(entries(poster, false)),
            entries(poster, false),
            entries(None, false),
        ];
        let sizes = sizes.map(|all| zipped(&all).len() as u64);
        assert_eq!(all, sizes[0]);
        assert!(sizes.is_sorted_by(|one, next| one > next), "{sizes:?}");
        assert_eq!(sizes.map(|most| bytes(most).unwrap()), sizes);
        assert_eq!(sizes[..4].iter().map(|size| bytes(size - 1).unwrap()).collect::<Vec<_>>(), sizes[1..]);
        assert!(bytes(sizes[4] - 1).is_err());
    }
}
