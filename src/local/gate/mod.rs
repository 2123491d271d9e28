//! The gate and the relay in Rust, to the contract of `assets/gate/README.md`, which the deployed functions keep too.
//! Serves reels; knows nothing of how they come to be.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    api::{Trail, misdirected, record},
    context::{Context, Origin},
    http::{
        connection::{Cut, Peer},
        proxy,
    },
    operation::Operation,
    store::record::uuid,
    traffic,
};
use crate::model::{
    gate::{
        cdn::EDGE_HEADER,
        ceiling::CEILING_GB,
        path::{self, Asked, Inside, Text, What},
        players,
        public::GATE,
    },
    hex::hex,
    hls::playlist::seek_path,
    reel::{
        index::{MULTIVARIANT_ENTRY, POSTER_ENTRY, SEEK_ENTRY},
        name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        tracks::TrackName,
    },
};
use functions::{Busy, Deadline, Haste};
use guesses::{Asker, Client};
use links::{Kept, Links};
use page::{Values, libraries::Libraries, oembed};
use people::Told;
use places::Places;
use reels::{Reel, Reels};
use reply::{IMMUTABLE, Reply, SHORT, other_method};

mod bounded;
mod coding;
mod front;
mod functions;
mod guesses;
mod links;
mod page;
mod people;
mod places;
mod playlists;
mod reels;
mod relay;
mod reply;

pub(super) use front::handle as handle_front;
pub(super) use relay::handle as handle_relay;

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const CUES: &str = "text/vtt; charset=utf-8";
const PLAIN_QUERY_MAX: usize = 100;

/// What the gate keeps between requests, as one instance of the function would.
#[derive(Debug)]
pub(super) struct Gate {
    shared: Arc<Context>,
    reels: Reels,
    links: Links,
    libraries: Libraries,
}

/// An answer, or `None` for the one 404.
type Answer = Result<Option<Reply>, Busy>;

pub(super) async fn handle(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let (shared, operation) = (&gate.shared, Operation::Gate);
    let refused = || unless_open(shared, GATE);
    if let Some(refusal) = before(shared, &shared.origins.gate, refused, operation, &parts, &peer.cut).await {
        return refusal;
    }
    traffic::called(shared, GATE);
    let response = gate.respond(&parts, parts.uri.path(), peer.address.into()).await;
    note(shared, operation, response.status().as_u16());
    response
}

/// What comes before the contract: the host's name, faults, and whether what the public calls is there and open.
async fn before(
    shared: &Context,
    place: &Origin,
    refused: impl FnOnce() -> Option<Response<Body>>,
    operation: Operation,
    parts: &Parts,
    cut: &Cut,
) -> Option<Response<Body>> {
    if let Some(refusal) = misdirected(place, &parts.headers) {
        return Some(refusal);
    }
    let plan = shared.faults.draw(operation);
    plan.delay().await;
    let is_cut = match plan.strike {
        Some(strike) => shared.faults.strikes(&plan, strike.moment).await,
        None => false,
    };
    let refused = if is_cut {
        cut.cut();
        Response::new(Body::empty())
    } else if let Some(status) = plan.page {
        proxy::page(status)
    } else if let Some(status) = plan.status {
        Reply::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
            .shaped(&parts.method, &parts.headers)
    } else {
        refused()?
    };
    note(shared, operation, if is_cut { 0 } else { refused.status().as_u16() });
    Some(refused)
}

fn note(shared: &Context, operation: Operation, status: u16) {
    record(shared, &Trail { operation: Some(operation), ..Trail::default() }, status, None, status == 0);
}

fn unless_open(shared: &Context, function: &str) -> Option<Response<Body>> {
    (!shared.served(function).is_some_and(|function| function.is_public())).then(forbidden)
}

/// As AWS answers for a function URL that is not there or lacks one of its two permissions.
fn forbidden() -> Response<Body> {
    let body = "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: \
                https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}";
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static("AccessDeniedException"));
    if let Ok(id) = HeaderValue::from_str(&uuid()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

impl Gate {
    pub(super) fn new(shared: &Arc<Context>) -> Self {
        let (reels, links, libraries) = (Reels::new(shared), Links::new(shared), Libraries::new(shared));
        Self { shared: Arc::clone(shared), reels, links, libraries }
    }

    pub(super) fn shared(&self) -> &Arc<Context> {
        &self.shared
    }

    /// `path` as the function gets it: what calls it may have decoded that.
    async fn respond(&self, parts: &Parts, path: &str, client: Client) -> Response<Body> {
        let reply = match other_method(&parts.method) {
            Some(reply) => reply,
            None => self.answer(parts, path, client).await,
        };
        let told = if is_edge(parts) { Told::Path(path) } else { Told::Headers(&parts.headers) };
        people::page(reply, told).shaped(&parts.method, &parts.headers)
    }

    async fn answer(&self, parts: &Parts, path: &str, client: Client) -> Reply {
        let (reel, what) = match path::gate(path) {
            None => return Reply::not_found(),
            Some(Asked::Player(name)) => return player(&name).unwrap_or_else(Reply::not_found),
            Some(Asked::Library(name)) => return self.library(&name, is_edge(parts)).await,
            Some(Asked::Reel(reel, what)) => (reel, what),
        };
        // a CDN keeps an answer for all who ask for that path, if only for a second: no query counts behind it, and nobody is
        // sent to where they are, since they would meet the same answer there
        let (query, again) = if is_edge(parts) { (None, 0) } else { (parts.uri.query(), what.again()) };
        let times = times(query).min(again);
        let asker = Asker { client, deadline: Deadline::of(times, again) };
        match self.of_reel(reel, what, query, &parts.headers, asker).await {
            Ok(found) => found.unwrap_or_else(Reply::not_found),
            Err(Busy::Again) if times < again => Reply::again(path, times + 1),
            Err(why) => Reply::busy(why),
        }
    }

    async fn of_reel(
        &self,
        reel: ReelName,
        what: What,
        query: Option<&str>,
        headers: &HeaderMap,
        asker: Asker,
    ) -> Answer {
        match what {
            What::Bare => Ok(Some(bare(&reel, query))),
            What::Page => Ok(self.reels.current(&reel, asker).await?.map(|found| self.page(&found))),
            What::RelayMultivariant if self.places().relay.is_none() => Ok(None),
            What::Multivariant | What::RelayMultivariant | What::SeekMultivariant | What::AbsMultivariant => {
                let found = self.reels.current(&reel, asker).await?;
                let reply = found.and_then(|found| self.multivariant(&found, &what));
                Ok(if what == What::RelayMultivariant { self.below_ceiling(reply) } else { reply })
            }
            What::Poster => {
                let found = self.reels.current(&reel, asker).await?;
                Ok(found.and_then(|found| {
                    Some(Reply::file(found.file(POSTER_ENTRY)?, "image/jpeg", "public, max-age=300"))
                }))
            }
            What::Embedding => {
                let found = self.reels.current(&reel, asker).await?;
                Ok(found.map(|found| self.embedding(&found, query)))
            }
            What::Inside(generation, rendition, inside) => {
                self.inside(&reel, generation, rendition, inside, headers, asker).await
            }
            What::Track(generation, track, text) => {
                let Some(known) = self.reels.having(&reel, generation, asker).await? else { return Ok(None) };
                if let Some(reply) = self.track(&known, generation, &track, text) {
                    return Ok(Some(reply));
                }
                // a generation may get others: what is not in the index that is known may be in a newer one
                let newer = self.reels.current(&reel, asker).await?;
                Ok(newer.and_then(|newer| self.track(&newer, generation, &track, text)))
            }
        }
    }

    fn multivariant(&self, found: &Reel, what: &What) -> Option<Reply> {
        let long = || found.file(MULTIVARIANT_ENTRY);
        match what {
            What::RelayMultivariant => playlist(Some(Bytes::from(match found.file(SEEK_ENTRY) {
                Some(pieces) => playlists::naming_pieces(&pieces)?,
                None => playlists::naming(&long()?, ".relay.m3u8")?,
            }))),
            What::AbsMultivariant => {
                let base = format!("{}{}/", self.places().gate, found.index.reel);
                playlist(playlists::absolute(&playlists::naming(&long()?, ".abs.m3u8")?, &base))
            }
            // where every segment is one piece, there is one playlist for both
            What::SeekMultivariant if found.file(SEEK_ENTRY).is_some() => found.served(SEEK_ENTRY, PLAYLIST, SHORT),
            _ => found.served(MULTIVARIANT_ENTRY, PLAYLIST, SHORT),
        }
    }

    async fn inside(
        &self,
        reel: &ReelName,
        generation: Generation,
        rendition: RenditionId,
        inside: Inside,
        headers: &HeaderMap,
        asker: Asker,
    ) -> Answer {
        let Places { gate, relay, .. } = self.places();
        if matches!(inside, Inside::RelayMedia | Inside::PiecesMedia) && relay.is_none() {
            return Ok(None);
        }
        let found = match inside {
            Inside::Chunk(..) => self.reels.listing(reel, generation, asker).await?,
            _ => self.reels.having(reel, generation, asker).await?,
        };
        let Some(found) = found else { return Ok(None) };
        let file = |ending: &str| found.file(&format!("{generation}/{rendition}{ending}"));
        match inside {
            Inside::Media => Ok(found.served(&format!("{generation}/{rendition}.m3u8"), PLAYLIST, IMMUTABLE)),
            Inside::Init => Ok(file("-init.mp4").map(|bytes| Reply::file(bytes, "video/mp4", IMMUTABLE))),
            Inside::SeekMedia => Ok(found.served(&seek_path(generation, &rendition), PLAYLIST, IMMUTABLE)),
            Inside::RelayMedia | Inside::PiecesMedia => {
                let base = format!("{}{reel}/{generation}/", relay.unwrap_or_default());
                let ending = if inside == Inside::RelayMedia { ".relay.m3u8" } else { ".pieces.m3u8" };
                let reply = file(ending).and_then(|text| playlist(playlists::with_base(&text, &base)));
                Ok(self.below_ceiling(reply))
            }
            Inside::AbsMedia => {
                let base = format!("{gate}{reel}/{generation}/");
                let text = file(".m3u8");
                Ok(text.and_then(|text| playlist(playlists::absolute(std::str::from_utf8(&text).ok()?, &base))))
            }
            Inside::Chunk(number, container) => {
                let Some(chunk) = found.chunk(generation, &rendition, number, container) else { return Ok(None) };
                let sha256 = chunk.sha256.clone();
                let name = FunctionName::Chunk { reel: reel.clone(), generation, rendition, number };
                let dead = headers.get(header::CACHE_CONTROL).is_some_and(|value| is_no_cache(value.as_bytes()));
                Ok(self.link(&name, &sha256, dead, asker.deadline).await?.map(|kept| self.redirect(&kept)))
            }
        }
    }

    /// Subtitles and chapters lie in the index.
    fn track(&self, found: &Reel, generation: Generation, track: &TrackName, text: Text) -> Option<Reply> {
        let (ending, kind) = match text {
            Text::Playlist => (".m3u8".to_owned(), PLAYLIST),
            Text::AbsPlaylist => {
                let base = format!("{}{}/{generation}/", self.places().gate, found.index.reel);
                let text = found.file(&format!("{generation}/{track}.m3u8"))?;
                return playlist(playlists::absolute(std::str::from_utf8(&text).ok()?, &base));
            }
            Text::Segment(number) => (format!("/{number}.vtt"), CUES),
            Text::Cues => (".vtt".to_owned(), CUES),
            Text::Json => (".json".to_owned(), "application/json"),
        };
        found.served(&format!("{generation}/{track}{ending}"), kind, IMMUTABLE)
    }

    /// `sha256` as the index has it, in base64.
    async fn link(
        &self,
        name: &FunctionName,
        sha256: &str,
        dead: bool,
        deadline: Deadline,
    ) -> Result<Option<Kept>, Busy> {
        let Ok(sha256) = STANDARD.decode(sha256) else { return Ok(None) };
        let haste = match name {
            FunctionName::Chunk { number: ChunkNumber::FIRST, .. } => Haste::First,
            _ => Haste::Ahead,
        };
        self.links.get(&name.to_string(), &hex(&sha256), dead, haste, deadline).await
    }

    fn redirect(&self, kept: &Kept) -> Reply {
        let cache = format!("public, max-age={}", kept.max_age(self.shared.now()));
        Reply::new(StatusCode::FOUND).with(header::LOCATION, &kept.link.url).with(header::CACHE_CONTROL, &cache)
    }

    /// What leads browsers to the relay, unless the gate is told of a ceiling and the relay has reached it.
    fn below_ceiling(&self, reply: Option<Reply>) -> Option<Reply> {
        let shared = &self.shared;
        let is_told = || {
            let state = shared.store.read();
            state.functions.get(GATE).is_some_and(|gate| gate.variable(CEILING_GB).is_some())
        };
        let is_beyond = reply.is_some() && is_told() && traffic::is_beyond(shared) == Some(true);
        if is_beyond { Some(Reply::beyond_ceiling(shared.now())) } else { reply }
    }

    /// For a CDN alone, which asks once for all: others are better served where it is published, which costs nobody here.
    async fn library(&self, name: &str, is_edge: bool) -> Reply {
        if !is_edge || self.places().cdn.is_none() {
            return Reply::not_found();
        }
        let found = self.libraries.get(name).await;
        found.map_or_else(Reply::busy, |text| text.map_or_else(Reply::not_found, script))
    }

    fn places(&self) -> Places {
        Places::of(&self.shared)
    }

    fn embedding(&self, reel: &Reel, query: Option<&str>) -> Reply {
        let formats = || query.unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("format="));
        if formats().any(|format| format != "json") {
            return Reply::new(StatusCode::NOT_IMPLEMENTED);
        }
        let page = format!("{}{}/", self.places().public(), reel.index.reel);
        let json = oembed::answer(&page, &reel.index, reel.file(POSTER_ENTRY).as_deref(), query);
        Reply::file(Bytes::from(json), "application/json", SHORT)
    }

    fn page(&self, reel: &Reel) -> Reply {
        let places = self.places();
        let page = Values { index: &reel.index, places: &places }.page();
        Reply::file_in_two(Bytes::from(page), "text/html; charset=utf-8", SHORT)
            .with(header::CONTENT_SECURITY_POLICY, &page::policy(places.relay.as_deref()))
            .with(header::REFERRER_POLICY, "no-referrer")
    }
}

fn player(name: &str) -> Option<Reply> {
    let text = Bytes::from_static(players::player(name)?.as_bytes());
    Some(script(text))
}

fn script(text: Bytes) -> Reply {
    Reply::file_in_two(text, "text/javascript; charset=utf-8", IMMUTABLE)
}

/// Whether a CDN asks; what it sends to be known by is the relay's concern.
fn is_edge(parts: &Parts) -> bool {
    parts.headers.contains_key(EDGE_HEADER)
}

/// To the page, whether or not the reel exists; a plain query (`t=90`) goes along.
fn bare(reel: &ReelName, query: Option<&str>) -> Reply {
    let plain = |text: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.&=%-".contains(&byte);
        (1..=PLAIN_QUERY_MAX).contains(&text.len()) && text.bytes().all(fits)
    };
    let query = query.filter(plain).map(|query| format!("?{query}")).unwrap_or_default();
    Reply::new(StatusCode::MOVED_PERMANENTLY)
        .with(header::LOCATION, &format!("/{reel}/{query}"))
        .with(header::CACHE_CONTROL, "public, max-age=300")
}

/// A playlist that names where gate or relay are, which may change: short-lived.
fn playlist(text: Option<Bytes>) -> Option<Reply> {
    Some(Reply::file_in_two(text?, PLAYLIST, SHORT))
}

/// Whether the one of its directives is there (RFC 9111, 5.2): their case does not count.
fn is_no_cache(directives: &[u8]) -> bool {
    let directives = directives.split(|byte| b" \t,".contains(byte));
    directives.into_iter().any(|directive| directive.eq_ignore_ascii_case(b"no-cache"))
}

/// How often this player has been sent to where it is already.
fn times(query: Option<&str>) -> u8 {
    match query {
        Some("busy=1") => 1,
        Some("busy=2") => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_is_a_directive_among_others() {
        for is in ["no-cache", "No-Cache", "max-age=0, no-cache", "no-cache,max-age=0"] {
            assert!(is_no_cache(is.as_bytes()), "{is}");
        }
        for is_not in ["", "no-cache-at-all", "max-age=0", "x-no-cache"] {
            assert!(!is_no_cache(is_not.as_bytes()), "{is_not}");
        }
    }
}
