//! `index.json`, and the playlists that are made of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::{
    hls::playlist::{self, Links},
    reel::index::Index,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = serde_json::from_slice::<Index>(bytes) else { return };
    let written = serde_json::to_vec(&index).expect("an index is plain data");
    let again: Index = serde_json::from_slice(&written).expect("what is written can be read");
    assert_eq!(again.current.generation, index.current.generation);
    let _ = playlist::multivariant(&index.current);
    for (id, rendition) in &index.current.renditions {
        let _ = playlist::media(id, rendition, Links::Chunks { prefix: "" });
        let _ = playlist::media(id, rendition, Links::Relay);
    }
});
