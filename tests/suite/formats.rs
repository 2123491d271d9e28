//! What a version wrote is read for ever: a journal and an index of each are kept in `tests/formats`, as they were.

use std::{fs, path::PathBuf};

use zipreel::{
    model::{
        hls::playlist::{self, Links},
        reel::{
            generation::FORMAT,
            index::{Grain, Index},
            name::ReelName,
        },
    },
    state::{
        journal::{Began, Journal, Record},
        lock::{Purpose, ReelLock},
    },
};

const VERSIONS: [&str; 3] = ["0.1", "0.2", "0.3"];

fn kept(version: &str, file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(version).join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn index(version: &str) -> Index {
    serde_json::from_slice(&kept(version, "index.json")).unwrap()
}

#[test]
fn journals_of_all_versions_are_read() {
    for version in VERSIONS {
        let (state, reel) = (tempfile::tempdir().unwrap(), "sample".parse::<ReelName>().unwrap());
        let held = ReelLock::take(state.path(), &reel, Purpose::Publish).unwrap();
        let generation = index(version).current.generation;
        let folder = held.folder().join(generation.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("journal"), kept(version, "journal")).unwrap();
        let (journal, damage) = Journal::open(&held, generation).unwrap();
        assert_eq!(damage, None, "{version}");
        let [Record::Began(began), Record::Splitting { .. }, deployed, packed, Record::Published { .. }] =
            journal.records()
        else {
            panic!("{version}: {:?}", journal.records())
        };
        let Began { order, place, chunks, .. } = &**began;
        assert_eq!((order.video.to_str(), order.title.as_str(), *chunks), (Some("/videos/sample.mp4"), "Sample", 1));
        assert_eq!((order.relay, order.target.as_str()), (false, "local"), "{version}");
        assert_eq!((place.account.as_str(), place.region.as_str()), ("123456789012", "us-east-1"), "{version}");
        let Record::Deployed { chunk, .. } = deployed else { panic!("{version}: {deployed:?}") };
        let listed = index(version).current.renditions.into_values().next().unwrap().chunks.remove(0);
        assert_eq!(*chunk, listed, "{version}: the journal and the index agree");
        let Record::Packed { chunks, traits, source_sha256, .. } = packed else { panic!("{version}: {packed:?}") };
        assert!(*chunks == 1 && traits.as_ref().is_some_and(|traits| traits.independent), "{version}");
        assert_eq!(source_sha256.is_some(), version != "0.1", "{version}");
    }
}

#[test]
fn indexes_of_all_versions_are_read_and_written_as_they_were() {
    for version in VERSIONS {
        let index = index(version);
        let format = if version < "0.3" { FORMAT } else { 2 };
        assert_eq!((index.format, index.title.as_str()), (format, "Sample"), "{version}");
        assert_eq!(Index::format_of(index.generations()), format, "{version}: the lowest that says all of it");
        let (id, rendition) = index.current.renditions.iter().next().unwrap();
        assert_eq!(index.current.source_sha256.is_some(), version != "0.1");
        assert_eq!(rendition.independent, (version != "0.1").then_some(true), "the playlists of 0.1 say it");
        let text = playlist::media(id, rendition, Grain::Segments, Links::Chunks { prefix: "" });
        let segments: usize = rendition.chunks.iter().map(|chunk| chunk.segments.len()).sum();
        assert_eq!(text.matches("#EXTINF").count(), segments, "{version}");
        assert_eq!(index.retired.len(), usize::from(version != "0.1"));
        let written = serde_json::to_string(&index).unwrap() + "\n";
        assert_eq!(written.as_bytes(), kept(version, "index.json"), "{version}: nothing of it is lost");
    }
}
