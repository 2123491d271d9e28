//! Trying an account out: one tiny function is made as chunks are, read back as players read it, and deleted. Everything
//! rests on AWS giving back the very bytes that it was sent; this says what it really answered.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, Method, Response, header};
use sha2::{Digest, Sha256};

use crate::{
    cloud::{
        Cloud,
        functions::{NewFunction, code::CodeZip},
    },
    model::{
        chunk::zip,
        reel::{
            describe,
            name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        },
        report::{
            event::Count,
            fault::{Fault, Stopped},
        },
    },
    storage::player::Player,
};

/// Large enough for a range out of its middle.
const PAYLOAD_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);
const RANGE: std::ops::Range<usize> = 1000..5000;

/// One thing that AWS answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub what: &'static str,
    pub answer: String,
    /// False where all that zipreel does would fail.
    pub well: bool,
}

/// Makes, reads and deletes the function; it is deleted however the reading ends.
pub async fn observe(cloud: &Cloud) -> Result<Vec<Observed>, Stopped> {
    let (name, zip) = (function(), zip());
    let code = CodeZip::in_memory(zip.clone());
    let new = NewFunction {
        name: name.to_string(),
        description: describe::chunk(&name),
        tags: describe::tags(&name).into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    };
    let began = Instant::now();
    let created = cloud.create_function(&new, &code, &Count::default()).await;
    let facts = created?;
    let state = facts.state.unwrap_or_default();
    let mut observed = Notes::default();
    observed.well("runtime without a bootstrap", format!("accepted, {state}, in {}", seconds(began)));
    let read = read(cloud, &new.name, &zip, &mut observed).await;
    let deleted = cloud.delete_function(&new.name).await.map_err(Stopped::from);
    read?;
    deleted?;
    observed.well("deleted", new.name);
    Ok(observed.0)
}

#[derive(Default)]
struct Notes(Vec<Observed>);

impl Notes {
    fn add(&mut self, what: &'static str, answer: impl Into<String>, well: bool) {
        self.0.push(Observed { what, answer: answer.into(), well });
    }

    fn well(&mut self, what: &'static str, answer: impl Into<String>) {
        self.add(what, answer, true);
    }
}

async fn read(cloud: &Cloud, name: &str, zip: &[u8], notes: &mut Notes) -> Result<(), Stopped> {
    let began = Instant::now();
    let found = cloud.download_link(name).await?;
    let Some((_, link)) = found else {
        return Err(Stopped::Failed(Fault::permanent(format!("could not find `{name}` right after it was made"))));
    };
    notes.well("GetFunction", seconds(began));
    let life = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("X-Amz-Expires="));
    notes.well("life of a link", life.map_or("not said in the link".to_owned(), |life| format!("{life} s")));
    // the player's constructor readies the process for TLS
    Player::new()?;
    let client = Client::builder().timeout(TIMEOUT).build().map_err(unreadable)?;
    let began = Instant::now();
    let whole = client.get(&link).header(header::ORIGIN, "https://example.org").send().await.map_err(unreadable)?;
    notes.add("status of a download", whole.status().as_str(), whole.status() == 200);
    for (what, name) in [
        ("Content-Type", header::CONTENT_TYPE),
        ("Accept-Ranges", header::ACCEPT_RANGES),
        ("Access-Control-Allow-Origin", header::ACCESS_CONTROL_ALLOW_ORIGIN),
    ] {
        notes.well(what, said(&whole, &name));
    }
    let bytes = whole.bytes().await.map_err(unreadable)?;
    notes.well("download", seconds(began));
    let same = Sha256::digest(&bytes) == Sha256::digest(zip);
    let hash = STANDARD.encode(Sha256::digest(&bytes));
    let words = if same { "the bytes that were sent".to_owned() } else { format!("other bytes: SHA-256 {hash}") };
    notes.add("content", words, same);
    let range = format!("bytes={}-{}", RANGE.start, RANGE.end - 1);
    let part = client.get(&link).header(header::RANGE, range).send().await.map_err(unreadable)?;
    let status = part.status();
    let part = part.bytes().await.map_err(unreadable)?;
    let same = status == 206 && part[..] == zip[RANGE];
    notes.add("byte range", format!("{status}, {} bytes", part.len()), same);
    let head = client.request(Method::HEAD, &link).send().await.map_err(unreadable)?;
    notes.well("status of HEAD", head.status().as_str());
    Ok(())
}

fn said(response: &Response, name: &header::HeaderName) -> String {
    let value = response.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or("none").to_owned()
}

fn seconds(since: Instant) -> String {
    format!("{:.2} s", since.elapsed().as_secs_f64())
}

fn unreadable(error: reqwest::Error) -> Stopped {
    // the URL in the error is a presigned one
    Stopped::Failed(failed("could not read the function back by its link", error.without_url()))
}

fn failed(what: &str, error: impl std::fmt::Display) -> Fault {
    Fault::permanent(what).because(error)
}

/// A chunk of a reel of its own, so that the least policy allows it and a library shows it should it be left behind.
fn function() -> FunctionName {
    let reel = format!("doctor-{:08x}", fastrand::u32(..));
    FunctionName::Chunk {
        reel: reel.parse::<ReelName>().expect("letters and digits"),
        generation: "00000000".parse::<Generation>().expect("8 digits"),
        rendition: RenditionId::source(),
        number: ChunkNumber::FIRST,
    }
}

fn zip() -> Vec<u8> {
    let payload: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(PAYLOAD_BYTES).collect();
    zip::whole([("0.ts", payload.as_slice())])
}
