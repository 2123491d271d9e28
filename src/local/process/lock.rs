//! One stand-in a data folder: the lock that says so, the note of where it runs, and how a second process finds it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    local::{
        Endpoint, LocalError,
        signature::{
            auth::amz_date,
            keys::{ACCOUNT, Keys},
            sigv4::{Canonical, Claim, Scope},
        },
        store::files,
    },
    model::hex::hex,
    state::{file_lock::FileLock, private},
};

const LOCK: &str = "lock";
const NOTE: &str = "running.json";
/// One that has ended refuses at once; a busy one may take a while.
const PROBE: Duration = Duration::from_secs(10);

/// Where the process that has the folder serves. Not in the lock file itself, which others can't read on Windows.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::local) struct Running {
    pub(in crate::local) pid: u32,
    api: String,
    gate: String,
    relay: String,
    #[serde(default)]
    front: String,
    #[serde(default)]
    edge: String,
}

impl Running {
    pub(in crate::local) fn new(endpoint: &Endpoint) -> Self {
        let Endpoint { api, gate, relay, front, edge, .. } = endpoint.clone();
        Self { pid: std::process::id(), api, gate, relay, front, edge }
    }
}

/// Takes the folder's lock; `None` if another has it. The folder is made if it is not there, for us alone: the reels of
/// a stand-in, and the keys to it, are no other user's.
pub(in crate::local) fn take(folder: &Path) -> Result<Option<FileLock>, LocalError> {
    private::root(folder).map_err(|source| LocalError::Data { folder: folder.to_owned(), source })?;
    lock(folder, File::options().create(true).truncate(false).write(true))
}

/// The same for a folder that was joined: one that was removed since is not made anew.
pub(in crate::local) fn take_again(folder: &Path) -> Result<Option<FileLock>, LocalError> {
    lock(folder, File::options().write(true))
}

fn lock(folder: &Path, options: &OpenOptions) -> Result<Option<FileLock>, LocalError> {
    let data = |source| LocalError::Data { folder: folder.to_owned(), source };
    let file = options.open(folder.join(LOCK)).map_err(data)?;
    match FileLock::take(file) {
        Ok(held) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(data(source)),
    }
}

/// The folder is another's.
pub(in crate::local) fn held_error(folder: &Path) -> LocalError {
    LocalError::Held { folder: folder.to_owned(), pid: note(folder).map(|note| note.pid) }
}

pub(in crate::local) fn note(folder: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(folder.join(NOTE)).ok()?).ok()
}

pub(in crate::local) fn announce(folder: &Path, running: &Running) -> io::Result<()> {
    files::replace(&folder.join(NOTE), &serde_json::to_vec_pretty(running)?, files::Mode::OwnerOnly)
}

/// Whether the process that has the folder serves it at other addresses than these.
pub(in crate::local) fn is_elsewhere(folder: &Path, endpoint: &Endpoint) -> bool {
    let here = (&endpoint.api, &endpoint.gate, &endpoint.relay);
    note(folder).is_some_and(|note| (&note.api, &note.gate, &note.relay) != here)
}

/// The endpoint of the process that has the folder, if it answers to the folder's keys.
pub(in crate::local) async fn running(folder: &Path) -> Option<Endpoint> {
    let note = note(folder)?;
    let keys = Keys::load(folder).ok()?;
    let endpoint = Endpoint {
        api: note.api,
        gate: note.gate,
        relay: note.relay,
        front: note.front,
        edge: note.edge,
        access_key: keys.caller.id,
        secret_key: keys.caller.secret,
        account: ACCOUNT.to_owned(),
    };
    let answered = tokio::time::timeout(PROBE, probe(&endpoint)).await;
    answered.is_ok_and(|answer| answer.unwrap_or_default()).then_some(endpoint)
}

/// Asks it who we are, as any client could. Its clock may be another than ours, so being told that ours is wrong is a
/// sign of life too: no stranger would know the key.
async fn probe(endpoint: &Endpoint) -> io::Result<bool> {
    let host = endpoint.api.strip_prefix("http://").unwrap_or_default();
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let date = amz_date(OffsetDateTime::now_utc());
    let scope = Scope { date: date[..8].to_owned(), region: "us-east-1".to_owned(), service: "sts".to_owned() };
    let headers = vec![("host".to_owned(), host.to_owned()), ("x-amz-date".to_owned(), date.clone())];
    let payload = hex(&Sha256::digest(body));
    let canonical = Canonical { method: "POST", path: "/".to_owned(), query: "", headers, payload: &payload };
    let claim = Claim {
        access_key: endpoint.access_key.clone(),
        signature: canonical.sign(&endpoint.secret_key, &date, &scope),
        scope,
        signed_headers: vec!["host".to_owned(), "x-amz-date".to_owned()],
    };
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-date: {date}\r\nauthorization: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        claim.header(),
        body.len()
    );
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let knows_us = answer.contains("<GetCallerIdentityResult>") || answer.contains("Signature expired");
    Ok(answer.starts_with("HTTP/1.1 ") && (knows_us || answer.contains("Signature not yet current")))
}
