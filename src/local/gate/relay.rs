//! The relay: one whole segment with CORS, for browsers. It learns from the gate's media playlist where a segment lies
//! and reads it by the link that the gate would redirect to.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
};
use sha2::{Digest, Sha256};

use super::{
    Answer, Gate, before,
    functions::{Busy, Deadline},
    guesses::{Asker, Client},
    note,
    reply::{IMMUTABLE, Reply, SHORT, knows, other_method},
    unless_open,
};
use crate::{
    local::{context::Context, download, http::connection::Peer, operation::Operation, traffic},
    model::{
        chunk::limits::PLAYLIST_BYTES_MAX,
        gate::{
            cdn,
            ceiling::CEILING_PATH,
            path::{self, Segment},
            public::RELAY,
        },
        hex::hex,
        hls::playlist::{media_path, seek_path},
        reel::{
            index::{Container, Grain},
            name::{ChunkNumber, FunctionName},
        },
    },
};

pub(in crate::local) async fn handle(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let (shared, operation) = (&gate.shared, Operation::Relay);
    let refused = || unless_open(shared, RELAY);
    if let Some(refusal) = before(shared, &shared.origins.relay, refused, operation, &parts, &peer.cut).await {
        return refusal;
    }
    traffic::called(shared, RELAY);
    let own = other_method(&parts.method).or_else(|| elsewhere(shared, &parts)).or_else(|| of_ceiling(shared, &parts));
    let reply = match own {
        Some(reply) => reply,
        None => answer(&gate, &parts, peer.address.into())
            .await
            .map_or_else(busy, |found| found.unwrap_or_else(Reply::not_found)),
    };
    let mut response = reply.shaped(&parts.method, &parts.headers);
    if response.status() == StatusCode::OK {
        response = response.map(|body| traffic::relayed(shared, body));
    }
    note(shared, operation, response.status().as_u16());
    response
}

fn busy(why: Busy) -> Reply {
    Reply::text(StatusCode::SERVICE_UNAVAILABLE, "not available now\n").retry_after(why.seconds())
}

/// With a CDN before it, it serves that alone. Others are sent there: who has links of before there was one, and who would
/// have the owner pay for what passes here.
fn elsewhere(shared: &Context, parts: &Parts) -> Option<Reply> {
    let relay = shared.served(RELAY)?;
    let (base, sha256) = (relay.variable(cdn::CDN_URL)?, relay.variable(cdn::EDGE_SHA256)?);
    let sent = parts.headers.get(cdn::EDGE_HEADER).map_or(&[][..], HeaderValue::as_bytes);
    // how long it takes to compare two digests says nothing of what they are of
    if !sent.is_empty() && hex(&Sha256::digest(sent)).eq_ignore_ascii_case(sha256) {
        return None;
    }
    let path = parts.uri.path();
    let is_known = path::relay(path).is_some() || asks_for_ceiling(parts) && traffic::is_beyond(shared).is_some();
    let path = path::of_relay(path).filter(|_| is_known);
    Some(path.map_or_else(Reply::not_found, |path| {
        Reply::new(StatusCode::FOUND)
            .with(header::LOCATION, &format!("{base}{}{path}", cdn::RELAY_PREFIX))
            .with(header::CACHE_CONTROL, SHORT)
    }))
}

fn asks_for_ceiling(parts: &Parts) -> bool {
    path::of_relay(parts.uri.path()) == Some(CEILING_PATH)
}

/// Whether the ceiling is reached, for the gate; without one there is no such path.
fn of_ceiling(shared: &Context, parts: &Parts) -> Option<Reply> {
    let is_beyond = asks_for_ceiling(parts).then(|| traffic::is_beyond(shared)).flatten()?;
    Some(match is_beyond {
        true => Reply::beyond_ceiling(shared.now()),
        false => Reply::new(StatusCode::NO_CONTENT).with(header::CACHE_CONTROL, SHORT),
    })
}

async fn answer(gate: &Gate, parts: &Parts, client: Client) -> Answer {
    let Some(Segment { reel, generation, rendition, grain, number, container }) = path::relay(parts.uri.path()) else {
        return Ok(None);
    };
    // it follows wherever the gate would send a player
    let deadline = Deadline::of(0, 0);
    let Some(found) = gate.reels.listing(&reel, generation, Asker { client, deadline }).await? else { return Ok(None) };
    let playlist = found.file(&match grain {
        Grain::Segments => media_path(generation, &rendition),
        Grain::Pieces => seek_path(generation, &rendition),
    });
    if playlist.as_ref().is_some_and(|playlist| playlist.len() as u64 > PLAYLIST_BYTES_MAX) {
        return Ok(Some(Reply::text(StatusCode::BAD_GATEWAY, "not available now\n")));
    }
    let place = playlist.and_then(|playlist| {
        let playlist = std::str::from_utf8(&playlist).ok()?;
        nth_segment(playlist, number).filter(|place| place.container == container)
    });
    let Some(place) = place else { return Ok(None) };
    let Some(chunk) = found.chunk(generation, &rendition, place.chunk, container) else { return Ok(None) };
    let sha256 = chunk.sha256.clone();
    let kind = if grain == Grain::Pieces { "pieces-" } else { "" };
    let tag = format!("\"{generation}-{rendition}-{kind}{number}\"");
    let media_type = match container {
        Container::Ts => "video/mp2t",
        Container::Mp4 => "video/mp4",
    };
    let mut reply = Reply::new(StatusCode::OK)
        .with(header::CONTENT_TYPE, media_type)
        .with(header::CONTENT_LENGTH, &place.bytes.to_string())
        .with(header::CACHE_CONTROL, IMMUTABLE)
        .with(header::ETAG, &tag);
    // what a browser has already costs nothing, and to ask what there is costs little
    if knows(&parts.headers, &tag) {
        return Ok(Some(reply));
    }
    if traffic::is_beyond(&gate.shared) == Some(true) {
        return Ok(Some(Reply::beyond_ceiling(gate.shared.now())));
    }
    if parts.method == Method::HEAD {
        return Ok(Some(reply));
    }
    let name = FunctionName::Chunk { reel, generation, rendition, number: place.chunk };
    let Some(kept) = gate.link(&name, &sha256, false, deadline).await? else { return Ok(None) };
    if place.offset.checked_add(place.bytes).is_none_or(|end| end > kept.code.bytes) {
        return Ok(None);
    }
    reply.body = download::open(&gate.shared, &kept.code, place.offset, place.bytes).await.map_err(|_| Busy::Again)?;
    Ok(Some(reply))
}

/// Where a segment lies.
#[derive(Debug, PartialEq, Eq)]
struct SegmentRange {
    chunk: ChunkNumber,
    container: Container,
    offset: u64,
    bytes: u64,
}

/// The place of the segment with this number, counted from 0, in a media playlist of ours.
fn nth_segment(playlist: &str, number: usize) -> Option<SegmentRange> {
    let mut range = None;
    let mut left = number;
    for line in playlist.lines() {
        if let Some(text) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            range = text.split_once('@');
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if left > 0 {
            left -= 1;
            range = None;
            continue;
        }
        let (bytes, offset) = range?;
        let (_, file) = line.split_once('/')?;
        let (chunk, ending) = file.split_once('.')?;
        let container = match ending {
            "ts" => Container::Ts,
            "mp4" => Container::Mp4,
            _ => return None,
        };
        let (offset, bytes) = (offset.parse().ok()?, bytes.parse().ok()?);
        return Some(SegmentRange { chunk: chunk.parse().ok()?, container, offset, bytes });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_over_all_chunks() {
        let playlist = "#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:10@100\nsrc/0001.ts\n#EXTINF:6,\n\
                        #EXT-X-BYTERANGE:20@110\nsrc/0001.ts\n#EXTINF:6,\n#EXT-X-BYTERANGE:30@100\r\nsrc/0002.ts\n";
        let place = |chunk: &str, offset, bytes| {
            Some(SegmentRange { chunk: chunk.parse().unwrap(), container: Container::Ts, offset, bytes })
        };
        assert_eq!(nth_segment(playlist, 0), place("0001", 100, 10));
        assert_eq!(nth_segment(playlist, 1), place("0001", 110, 20));
        assert_eq!(nth_segment(playlist, 2), place("0002", 100, 30));
        assert_eq!(nth_segment(playlist, 3), None);
        assert_eq!(nth_segment("src/0001.ts\n", 0), None);
    }
}
