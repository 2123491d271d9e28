//! The libraries of the page, for browsers behind a CDN, which then ask one host alone. A library is fetched when it is
//! first asked for, from the address that the page names, and served only if it has the hash beside that.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{Client, StatusCode, Url, redirect};
use sha2::{Digest, Sha384};
use time::OffsetDateTime;

use crate::{
    local::{
        context::Context,
        gate::{
            functions::{Busy, Joined},
            reels::ABSENT_FOR,
        },
    },
    model::gate::{
        libraries::{LIBRARIES_URL, Library, libraries},
        public::GATE,
    },
};

/// None is longer.
const BYTES_MAX: usize = 2 << 20;
/// Where it is published nobody is waited for longer: a browser gives up after six seconds, and asks there itself.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(in crate::local::gate) struct Libraries {
    shared: Arc<Context>,
    joined: Joined<&'static str>,
    known: Mutex<HashMap<&'static str, Known>>,
}

/// By its address.
#[derive(Debug, Clone)]
enum Known {
    Kept(Bytes),
    /// It could not be fetched, and is not tried again before.
    Failed(OffsetDateTime),
}

impl Libraries {
    pub(in crate::local::gate) fn new(shared: &Arc<Context>) -> Self {
        Self { shared: Arc::clone(shared), joined: Joined::default(), known: Mutex::default() }
    }

    /// The library of this name, or `None` if the page takes none such.
    pub(in crate::local::gate) async fn get(&self, name: &str) -> Result<Option<Bytes>, Busy> {
        let Some(library) = libraries().into_iter().find(|library| library.name() == name) else { return Ok(None) };
        let _turn = self.joined.turn(&library.address).await;
        let known = self.known().get(library.address).cloned();
        match known {
            Some(Known::Kept(text)) => return Ok(Some(text)),
            Some(Known::Failed(until)) if until > self.shared.now() => return Err(Busy::Refused),
            Some(Known::Failed(_)) | None => {}
        }
        let fetched = fetch(&library, self.elsewhere()).await;
        let known = match &fetched {
            Ok(text) => Known::Kept(text.clone()),
            Err(_) => Known::Failed(self.shared.now() + ABSENT_FOR),
        };
        self.known().insert(library.address, known);
        fetched.map(Some).map_err(|_| Busy::Refused)
    }

    /// What the gate's environment says: a base URL that stands for the host of every address.
    fn elsewhere(&self) -> Option<String> {
        let state = self.shared.store.read();
        state.functions.get(GATE)?.variable(LIBRARIES_URL).map(str::to_owned)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<&'static str, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(library: &Library, elsewhere: Option<String>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut url = Url::parse(library.address)?;
    if let Some(base) = elsewhere {
        url = Url::parse(&base)?.join(url.path().trim_start_matches('/'))?;
    }
    // an error only means that a provider is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).build()?;
    let mut answer = client.get(url).send().await?;
    if answer.status() != StatusCode::OK {
        return Err(answer.status().to_string().into());
    }
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await? {
        text.extend_from_slice(&part);
        if text.len() > BYTES_MAX {
            return Err("it is too long".into());
        }
    }
    match STANDARD.encode(Sha384::digest(&text)) == library.sha384 {
        true => Ok(text.into()),
        false => Err("it has another hash".into()),
    }
}
