//! A place in memory that reels can lie in: what a second implementation of the seam has to do, and nothing more. What
//! it stores is read over HTTP, as everywhere.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Cursor, Read as _},
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri, header::RANGE},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use zipreel::{
    model::{
        chunk::{limits::Limits, pack::MIB},
        cost::{Costs, Viewed},
        gate::{
            front::Front,
            links::Reached,
            path::{self, Asked, Inside, What},
            public::Public,
        },
        hls::playlist,
        reel::{
            index::MULTIVARIANT_ENTRY,
            name::{FunctionName, ReelName},
            order::AccountRegion,
        },
        report::event::Count,
    },
    storage::{Answer, CloudError, CodeZip, ErrorKind, FunctionFacts, NewFunction, Page, Permit, ReadError, Storage},
};

/// Clones are the same place.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Contents>);

#[derive(Debug)]
struct Contents {
    stored: Mutex<BTreeMap<String, Stored>>,
    revisions: AtomicU64,
    /// Seconds that the place's clock is ahead of this computer's.
    ahead: AtomicU64,
    /// How many more may be created; then the place is full.
    room: AtomicU64,
    url: String,
}

#[derive(Debug, Clone)]
struct Stored {
    facts: FunctionFacts,
    tags: HashMap<String, String>,
    zip: Arc<Vec<u8>>,
}

/// Names on a page: few, so that listings have several.
const PAGE: usize = 3;

impl Memory {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let memory = Self(Arc::new(Contents {
            stored: Mutex::default(),
            revisions: AtomicU64::new(0),
            ahead: AtomicU64::new(0),
            room: AtomicU64::new(u64::MAX),
            url,
        }));
        let served = memory.clone();
        let router = Router::new()
            .fallback(move |uri: Uri, headers: HeaderMap| async move { served.serve(uri.path(), &headers) });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        memory
    }

    /// The place's clock goes forward.
    pub(crate) fn later(&self, by: Duration) {
        self.0.ahead.fetch_add(by.as_secs(), Relaxed);
    }

    /// So many more can be created.
    pub(crate) fn has_room_for(&self, more: u64) {
        self.0.room.store(more, Relaxed);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.stored().keys().cloned().collect()
    }

    fn stored(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.0.stored.lock().unwrap()
    }

    fn clock(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.0.ahead.load(Relaxed))
    }

    /// What is under a name becomes this, with a revision of its own.
    fn put(&self, name: &str, description: String, tags: HashMap<String, String>, zip: Arc<Vec<u8>>) -> FunctionFacts {
        let facts = FunctionFacts {
            name: name.to_owned(),
            code_sha256: STANDARD.encode(Sha256::digest(&*zip)),
            code_bytes: zip.len() as u64,
            description,
            state: None,
            revision: Some(self.0.revisions.fetch_add(1, Relaxed).to_string()),
            modified: Some(self.clock()),
        };
        self.stored().insert(name.to_owned(), Stored { facts: facts.clone(), tags, zip });
        facts
    }

    /// What is to be changed, if it still is as it was seen.
    fn unchanged(&self, name: &str, revision: Option<&str>) -> Result<Stored, CloudError> {
        let doing = format!("could not change `{name}`");
        let there = self.stored().get(name).cloned();
        let there = there.ok_or_else(|| CloudError::ours(doing.clone(), ErrorKind::NotFound, "it is gone".into()))?;
        if revision.is_some() && there.facts.revision.as_deref() != revision {
            return Err(CloudError::ours(doing, ErrorKind::Precondition, "it is another".into()));
        }
        Ok(there)
    }

    fn serve(&self, path: &str, headers: &HeaderMap) -> Response {
        let body = path::gate(path).and_then(|asked| self.body(&asked));
        let origins = [("access-control-allow-origin", "*")];
        let Some(body) = body else { return (StatusCode::NOT_FOUND, origins).into_response() };
        match range(headers, body.len()) {
            Some(range) => (StatusCode::PARTIAL_CONTENT, origins, body[range].to_vec()).into_response(),
            None => (origins, body.to_vec()).into_response(),
        }
    }

    fn body(&self, asked: &Asked) -> Option<Arc<Vec<u8>>> {
        let Asked::Reel(reel, what) = asked else { return None };
        match what {
            What::Multivariant => self.entry(reel, MULTIVARIANT_ENTRY),
            What::Inside(generation, rendition, Inside::Media) => {
                self.entry(reel, &playlist::media_path(*generation, rendition))
            }
            What::Inside(generation, rendition, Inside::SeekMedia) => {
                self.entry(reel, &playlist::seek_path(*generation, rendition))
            }
            What::Inside(generation, rendition, Inside::Chunk(number, _)) => {
                let (reel, generation, rendition, number) = (reel.clone(), *generation, rendition.clone(), *number);
                self.zip(&FunctionName::Chunk { reel, generation, rendition, number })
            }
            _ => None,
        }
    }

    fn entry(&self, reel: &ReelName, name: &str) -> Option<Arc<Vec<u8>>> {
        let zip = self.zip(&FunctionName::Index { reel: reel.clone() })?;
        let mut archive = zip::ZipArchive::new(Cursor::new(zip.as_slice())).unwrap();
        let mut bytes = Vec::new();
        archive.by_name(name).ok()?.read_to_end(&mut bytes).unwrap();
        Some(Arc::new(bytes))
    }

    fn zip(&self, name: &FunctionName) -> Option<Arc<Vec<u8>>> {
        self.stored().get(&name.to_string()).map(|stored| stored.zip.clone())
    }
}

fn range(headers: &HeaderMap, length: usize) -> Option<Range<usize>> {
    let (from, to) = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    let to: usize = if to.is_empty() { length - 1 } else { to.parse().ok()? };
    Some(from.parse().ok()?..(to + 1).min(length))
}

/// All of a zip, counted as it goes.
fn whole(code: &CodeZip, sent: &Count) -> Arc<Vec<u8>> {
    let mut zip = Vec::new();
    code.reader().read_to_end(&mut zip).unwrap();
    sent.set(zip.len() as u64);
    Arc::new(zip)
}

impl Storage for Memory {
    fn at(&self) -> AccountRegion {
        AccountRegion { account: "000000000000".into(), region: "memory".into() }
    }

    fn by(&self) -> Option<&str> {
        None
    }

    fn limits(&self) -> Limits {
        Limits { index_bytes: MIB, playlist_bytes: MIB }
    }

    fn costs(&self, _: &Viewed, _: Front) -> Costs {
        Costs::default()
    }

    fn now(&self) -> Answer<'_, SystemTime> {
        Box::pin(async { Ok(self.clock()) })
    }

    fn public_url(&self, of: Public) -> Answer<'_, Option<String>> {
        Box::pin(async move { Ok((of == Public::Gate).then(|| self.0.url.clone())) })
    }

    fn gate_address(&self) -> Answer<'_, Option<Reached>> {
        Box::pin(async { Ok(Some(Reached { gate: self.0.url.clone(), front: Front::Url, cdn: None })) })
    }

    fn pages(&self) -> Answer<'_, u64> {
        Box::pin(async { Ok(self.stored().len().div_ceil(PAGE) as u64) })
    }

    fn list<'a>(&'a self, prefix: &'a str, from: Option<String>) -> Answer<'a, Page> {
        Box::pin(async move {
            let stored = self.stored();
            let mut rest = stored.range(from.unwrap_or_default()..).map(|(_, stored)| stored.facts.clone());
            let page: Vec<_> = rest.by_ref().take(PAGE).collect();
            let next = rest.next().map(|facts| facts.name);
            let functions = page.into_iter().filter(|facts| facts.name.starts_with(prefix)).collect();
            Ok(Page { functions, next })
        })
    }

    fn get<'a>(&'a self, name: &'a str) -> Answer<'a, Option<FunctionFacts>> {
        Box::pin(async move { Ok(self.stored().get(name).map(|stored| stored.facts.clone())) })
    }

    fn look<'a>(&'a self, name: &'a str) -> Answer<'a, Option<(FunctionFacts, SystemTime)>> {
        Box::pin(async move { Ok(self.get(name).await?.map(|facts| (facts, self.clock()))) })
    }

    fn tags<'a>(&'a self, name: &'a str) -> Answer<'a, Option<HashMap<String, String>>> {
        Box::pin(async move { Ok(self.stored().get(name).map(|stored| stored.tags.clone())) })
    }

    fn read<'a>(&'a self, name: &'a str, _: u64) -> Answer<'a, Option<(FunctionFacts, Vec<u8>)>, ReadError> {
        Box::pin(async move {
            let stored = self.stored();
            Ok(stored.get(name).map(|stored| (stored.facts.clone(), stored.zip.to_vec())))
        })
    }

    fn create<'a>(
        &'a self,
        new: &'a NewFunction,
        code: &'a CodeZip,
        sent: &'a Count,
        _: &'a Permit,
    ) -> Answer<'a, FunctionFacts> {
        Box::pin(async move {
            let NewFunction { name, description, tags } = new.clone();
            let refused = |kind| CloudError::ours(format!("could not create `{name}`"), kind, "no".into());
            if self.stored().contains_key(&name) {
                return Err(refused(ErrorKind::Conflict));
            }
            let taken = self.0.room.fetch_update(Relaxed, Relaxed, |room| room.checked_sub(1));
            if taken.is_err() {
                return Err(refused(ErrorKind::Storage));
            }
            Ok(self.put(&name, description, tags, whole(code, sent)))
        })
    }

    fn replace<'a>(
        &'a self,
        name: &'a str,
        revision: Option<&'a str>,
        code: &'a CodeZip,
        sent: &'a Count,
        _: &'a Permit,
    ) -> Answer<'a, FunctionFacts> {
        Box::pin(async move {
            let Stored { facts, tags, .. } = self.unchanged(name, revision)?;
            Ok(self.put(name, facts.description, tags, whole(code, sent)))
        })
    }

    fn describe<'a>(&'a self, name: &'a str, text: &'a str, revision: Option<&'a str>) -> Answer<'a, FunctionFacts> {
        Box::pin(async move {
            let Stored { tags, zip, .. } = self.unchanged(name, revision)?;
            Ok(self.put(name, text.to_owned(), tags, zip))
        })
    }

    fn delete<'a>(&'a self, name: &'a str, _: &'a Permit) -> Answer<'a, bool> {
        Box::pin(async move { Ok(self.stored().remove(name).is_some()) })
    }
}
