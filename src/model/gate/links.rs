//! Where a reel is found below its gate. [`super::path`] reads these again.

use crate::model::reel::name::{Generation, ReelName, RenditionId};

/// The addresses of one reel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The watch page, with a slash at its end: everything else is below it.
    pub watch: String,
}

impl Links {
    /// `gate`: its URL, with a slash at its end.
    pub fn of(gate: &str, reel: &ReelName) -> Self {
        Self { watch: format!("{gate}{reel}/") }
    }

    fn below(&self, path: &str) -> String {
        format!("{}{path}", self.watch)
    }

    /// What players take.
    pub fn playlist(&self) -> String {
        self.below("index.m3u8")
    }

    /// The same with whole addresses in it, for players that resolve none.
    pub fn absolute_playlist(&self) -> String {
        self.below("index.abs.m3u8")
    }

    /// The same in pieces, for those who seek.
    pub fn seek_playlist(&self) -> String {
        self.below("index.seek.m3u8")
    }

    /// The same by way of the relay, for browsers.
    pub fn relay_playlist(&self) -> String {
        self.below("index.relay.m3u8")
    }

    /// The playlist of one rendition, which names its segments.
    pub fn media_playlist(&self, generation: Generation, rendition: &RenditionId) -> String {
        self.below(&format!("{generation}/{rendition}.m3u8"))
    }

    pub fn poster(&self) -> String {
        self.below("poster.jpg")
    }

    /// What pages ask that embed a link by themselves.
    pub fn oembed(&self) -> String {
        self.below("oembed.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gate::path::{Asked, Inside, What, gate};

    #[test]
    fn the_gate_knows_each_link() {
        let reel: ReelName = "harbour".parse().unwrap();
        let links = Links::of("https://gate.example/", &reel);
        let (generation, rendition) = (Generation::from_digest(&[1; 32]), RenditionId::source());
        let media = What::Inside(generation, rendition.clone(), Inside::Media);
        for (link, what) in [
            (links.watch.clone(), What::Page),
            (links.playlist(), What::Multivariant),
            (links.absolute_playlist(), What::AbsMultivariant),
            (links.seek_playlist(), What::SeekMultivariant),
            (links.relay_playlist(), What::RelayMultivariant),
            (links.media_playlist(generation, &rendition), media),
            (links.poster(), What::Poster),
            (links.oembed(), What::Embedding),
        ] {
            let path = link.strip_prefix("https://gate.example").unwrap();
            assert_eq!(gate(path), Some(Asked::Reel(reel.clone(), what)), "{path}");
        }
    }
}
