//! The libraries of the page, for a CDN, so that browsers ask one host alone. A library is fetched when it is
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
/// Where it is published nobody is waited for longer: a browser waits six seconds, and then asks there itself.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(in crate::local::gate) struct Libraries {
    shared: Arc<Context>,
    joined: Joined<&'static str>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By their addresses.
    kept: HashMap<&'static str, Bytes>,
    /// Until when nothing is fetched: what can't be had from one address can't be from the next.
    failed: Option<OffsetDateTime>,
}

impl Libraries {
    pub(in crate::local::gate) fn new(shared: &Arc<Context>) -> Self {
        Self { shared: Arc::clone(shared), joined: Joined::default(), known: Mutex::default() }
    }

    /// The library of this name, or `None` if the page takes none such.
    pub(in crate::local::gate) async fn get(&self, name: &str) -> Result<Option<Bytes>, Busy> {
        let Some(library) = libraries().iter().find(|library| library.name() == name) else { return Ok(None) };
        let _turn = self.joined.turn(&library.address).await;
        if let Some(text) = self.known().kept.get(library.address) {
            return Ok(Some(text.clone()));
        }
        let left = self.known().failed.map(|until| until - self.shared.now()).filter(|left| left.is_positive());
        if let Some(left) = left {
            return Err(spent(left));
        }
        match fetch(library, self.elsewhere()).await {
            Ok(text) => {
                self.known().kept.insert(library.address, text.clone());
                Ok(Some(text))
            }
            Err(_) => {
                self.known().failed = Some(self.shared.now() + ABSENT_FOR);
                Err(spent(ABSENT_FOR))
            }
        }
    }

    /// What the gate's environment says: a base URL that stands for the host of every address.
    fn elsewhere(&self) -> Option<String> {
        let state = self.shared.store.read();
        let base = state.functions.get(GATE)?.variable(LIBRARIES_URL).filter(|base| !base.is_empty())?;
        Some(if base.ends_with('/') { base.to_owned() } else { format!("{base}/") })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole seconds, rounded up.
fn spent(left: time::Duration) -> Busy {
    Busy::Spent(left.as_seconds_f64().ceil() as u64)
}

async fn fetch(library: &Library, elsewhere: Option<String>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut url = Url::parse(library.address)?;
    let mut builder = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none());
    if let Some(base) = elsewhere {
        url = Url::parse(&base)?.join(url.path().trim_start_matches('/'))?;
        builder = builder.no_proxy();
    }
    // an error only means that a provider is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut answer = builder.build()?.get(url).send().await?;
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
