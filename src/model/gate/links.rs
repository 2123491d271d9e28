//! Where a reel is found: people and browsers by the CDN, where there is one, players by the gate, since a redirect costs
//! least there. [`super::path`] reads these again.

use super::front::Front;
use crate::model::reel::name::{Generation, ReelName, RenditionId};

/// How a place's gate is reached: base URLs, with a slash at their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub gate: String,
    /// What stands before the gate there.
    pub front: Front,
    /// Before gate and relay, if it is on.
    pub cdn: Option<String>,
}

/// The addresses of one reel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The watch page, with a slash at its end: all that browsers load is below it.
    pub watch: String,
    /// The same at the gate.
    players: String,
}

impl Links {
    pub fn of(at: &Reached, reel: &ReelName) -> Self {
        let public = at.cdn.as_ref().unwrap_or(&at.gate);
        Self { watch: format!("{public}{reel}/"), players: format!("{}{reel}/", at.gate) }
    }

    fn below(&self, path: &str) -> String {
        format!("{}{path}", self.watch)
    }

    fn for_players(&self, path: &str) -> String {
        format!("{}{path}", self.players)
    }

    /// What players take.
    pub fn playlist(&self) -> String {
        self.for_players("index.m3u8")
    }

    /// The same with whole addresses in it, for players that resolve none.
    pub fn absolute_playlist(&self) -> String {
        self.for_players("index.abs.m3u8")
    }

    /// The same in pieces, for those who seek.
    pub fn seek_playlist(&self) -> String {
        self.for_players("index.seek.m3u8")
    }

    /// The same by way of the relay, for browsers.
    pub fn relay_playlist(&self) -> String {
        self.below("index.relay.m3u8")
    }

    /// The playlist of one rendition, which names its segments.
    pub fn media_playlist(&self, generation: Generation, rendition: &RenditionId) -> String {
        self.for_players(&format!("{generation}/{rendition}.m3u8"))
    }

    pub fn poster(&self) -> String {
        self.below("poster.jpg")
    }

    /// What pages ask that embed a link by themselves. A CDN passes no query on, and this one reads its query.
    pub fn oembed(&self) -> String {
        self.for_players("oembed.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gate::path::{Asked, Inside, What, gate};

    #[test]
    fn the_gate_knows_each_link() {
        let reel: ReelName = "harbour".parse().unwrap();
        let at = Reached { gate: "https://gate.example/".to_owned(), front: Front::Url, cdn: None };
        let links = Links::of(&at, &reel);
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

    #[test]
    fn people_are_sent_to_the_cdn_and_players_to_the_gate() {
        let cdn = Some("https://cdn.example/".to_owned());
        let at = Reached { gate: "https://gate.example/".to_owned(), front: Front::Url, cdn };
        let links = Links::of(&at, &"harbour".parse().unwrap());
        for link in [links.watch.clone(), links.relay_playlist(), links.poster()] {
            assert!(link.starts_with("https://cdn.example/harbour/"), "{link}");
        }
        for link in [links.playlist(), links.seek_playlist(), links.absolute_playlist()] {
            assert!(link.starts_with("https://gate.example/harbour/index."), "{link}");
        }
        assert_eq!(links.oembed(), "https://gate.example/harbour/oembed.json", "it reads a query, which the CDN drops");
    }
}
