//! What lies in the zip of an index, and whether that is as small as the gate wants it.

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
    files.extend(poster.map(|bytes| (POSTER_ENTRY.to_owned(), bytes.to_owned())));
    files
}

type Entries = Vec<(String, Vec<u8>)>;

/// The zip of these entries. A reel that is not compressed plays as well, and so does one without a picture.
pub(super) fn fitting<'a>(
    most: u64,
    poster: Option<&'a [u8]>,
    entries: impl Fn(Option<&'a [u8]>) -> Entries,
) -> Result<CodeZip, LimitError> {
    readable(most, zipped(&gzip::beside(entries(poster))))
        .or_else(|_| readable(most, zipped(&gzip::without(entries(poster)))))
        .or_else(|_| readable(most, zipped(&gzip::without(entries(None)))))
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

/// The playlists and init sections of one generation. What is compressed beside them is there only if there is room.
pub(super) fn entries_of(existing: &Existing, generation: Generation) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    let prefix = format!("{generation}/");
    existing.entries.iter().filter(move |(name, _)| name.starts_with(&prefix) && !gzip::is_beside(name))
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
    fn what_is_compressed_goes_before_the_picture_where_there_is_no_room_for_both() {
        let playlist = "#EXTINF:6,\nsrc/0001.ts\n".repeat(500).into_bytes();
        let entries = |poster: Option<&[u8]>| -> Entries {
            let poster = poster.map(|bytes| (POSTER_ENTRY.to_owned(), bytes.to_owned()));
            [(MULTIVARIANT_ENTRY.to_owned(), playlist.clone())].into_iter().chain(poster).collect()
        };
        let poster: Option<&[u8]> = Some(&[7; 5000]);
        let bytes = |most| fitting(most, poster, entries).map(|code| code.bytes());
        let all = bytes(u64::MAX).unwrap();
        let sizes =
            [gzip::beside(entries(poster)), entries(poster), entries(None)].map(|all| zipped(&all).len() as u64);
        assert_eq!(all, sizes[0]);
        assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
        assert_eq!(sizes.map(|most| bytes(most).unwrap()), sizes);
        assert_eq!(sizes[..2].iter().map(|size| bytes(size - 1).unwrap()).collect::<Vec<_>>(), sizes[1..]);
        assert!(bytes(sizes[2] - 1).is_err());
    }
}
