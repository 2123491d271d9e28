//! All refused rows side by side: a sentence is said for one cause alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Right, Row, alone, changes, choice, damage, locked, times};

/// Rows that are the same fault in several files: what it is, and what their names begin with or are.
const ONE_CAUSE: [(&str, &[&str]); 10] = [
    ("no bytes", &["empty", "a file of no bytes", "empty M4A"]),
    ("not media at all", &["a text", "a name that quotes ffmpeg"]),
    ("cut off before the table", &["cut off before its table", "M4A cut off before its table"]),
    (
        "cut off, and nobody knows how much is missing",
        &[
            "cut off, from a pipe",
            "cut off in a fragment",
            "cut off, NUT",
            "cut off, Ogg",
            "cut off, Ogg, after a page",
        ],
    ),
    (
        "CENC of the picture",
        &[
            "cenc",
            "cenc, allowed to convert",
            "cenc in fragments",
            "cenc with avc1 put back",
            "cenc in fragments with avc1 put back",
            "a lead in clear before cenc",
            "ffprobe fails on senc",
        ],
    ),
    ("CENC of the sound", &["encrypted sound beside clear video", "encrypted M4A"]),
    ("ContentEncryption", &["Matroska with ContentEncryption", "WebM with ContentEncryption"]),
    ("cut off, by as much: part of an FLV", &["cut off, FLV", "cut off, FLV, between tags"]),
    (
        "cut off, by as much: half of the file",
        &[
            "MP3 cut off",
            "WAV cut off",
            "cut off, AVI",
            "cut off, IVF",
            "cut off, RealMedia",
            "cut off, TTA",
            "cut off, WMV",
            "cut off, WavPack",
        ],
    ),
    ("cut off, by as much: more than half of the sound", &["M4A cut off behind its table", "cut off, FLAC"]),
];

fn all() -> Vec<Row> {
    let rows = [alone::rows(), changes::all(), choice::all(), damage::all(), locked::all(), times::all()];
    rows.into_iter().flatten().collect()
}

#[test]
fn two_causes_never_share_a_sentence() {
    let mut said: BTreeMap<(String, Option<String>), BTreeSet<&str>> = BTreeMap::new();
    for row in all() {
        for right in row.right {
            let Right::Refused(refusal) = right else { continue };
            said.entry((refusal.what, refusal.cause)).or_default().insert(row.name);
        }
    }
    assert!(said.len() > 25, "{said:#?}");
    for (sentence, rows) in said.into_iter().filter(|(_, rows)| rows.len() > 1) {
        let is_one = |names: &&[&str]| rows.iter().all(|row| names.contains(row));
        assert!(ONE_CAUSE.iter().any(|(_, names)| is_one(names)), "{rows:?} all say {sentence:?}");
    }
}
