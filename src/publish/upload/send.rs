//! One chunk becomes one function. Each attempt is one request that streams from the segments' files; a request whose
//! answer was lost is asked after before it is sent again.

use std::sync::{
    PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use super::{packed_chunk::PackedChunk, slow::TooSlow, turns::Turn};
use crate::{
    model::{
        pace::uploads::Failed,
        reel::{describe, name::ReelName},
        report::fault::{Explain, FaultClass, Stopped},
    },
    publish::work::Work,
    running::{attempt::attempts, reporter::JobHandle},
    storage::{
        CloudError, ErrorKind, NewFunction,
        change::{self, ChangeError},
        lease::LeaseError,
        sight::sight,
    },
};

/// What it took to have a chunk deployed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub bytes: u64,
    pub attempts: u32,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Change(ChangeError),
    #[error("function `{name}` is there and is not this reel's")]
    Foreign { name: String },
    #[error("function `{name}` is published with other content than was made now")]
    Published { name: String },
    #[error("someone else published `{reel}` meanwhile, and function `{name}` with it")]
    Overtaken { reel: ReelName, name: String },
    #[error("function `{name}` is {state}")]
    Unsettled { name: String, state: &'static str },
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
}

impl Explain for Error {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Change(error) => Some(error),
            Self::TooSlow(error) => Some(error),
            Self::Foreign { .. } | Self::Published { .. } | Self::Overtaken { .. } | Self::Unsettled { .. } => None,
        }
    }

    fn class(&self) -> FaultClass {
        match self {
            Self::Unsettled { .. } => FaultClass::Transient,
            other => other.passed_on().map_or(FaultClass::Permanent, Explain::class),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Foreign { .. } => Some("Delete that function, or choose another --name.".into()),
            Self::Published { .. } => Some(
                "Converting on this computer, or with this ffmpeg, gives other bytes. Repair with those it was made \
                 with, or publish a new version: --replace with another --chunk-mib or --segment-seconds."
                    .into(),
            ),
            Self::Overtaken { .. } => Some("Look at what was published, then publish again to replace it.".into()),
            other => other.passed_on()?.hint(),
        }
    }
}

/// A chunk that is published with other content is not made.
pub(crate) fn promised(work: &Work, chunk: &PackedChunk) -> Result<(), Stopped> {
    let id = chunk.id();
    if work.keeps_promise(&id, &chunk.index.sha256) {
        return Ok(());
    }
    let name = work.chunk_function(&id).to_string();
    Err(Stopped::Failed(Error::Published { name }.fault()))
}

/// Creates the chunk's function, however many attempts it takes.
pub(crate) async fn send(work: &Work, chunk: &PackedChunk, job: &JobHandle, turn: &Turn) -> Result<Sent, Stopped> {
    let name = work.chunk_function(&chunk.id());
    let tags = describe::tags(&name).into_iter().map(|(key, value)| (key.to_owned(), value));
    let new = NewFunction {
        name: name.to_string(),
        description: describe::chunk(&name),
        tags: tags.chain(work.origin.tags()).collect(),
    };
    // a list does not show all that is there
    let (is_there, is_open) = (AtomicBool::new(true), AtomicBool::new(false));
    let sending = Sending { work, chunk, new, job, turn, is_there, is_open };
    let failed = |error: &Error| turn.turns.failed(turn.number, sending.why(error));
    let sent = attempts(job, &work.control, &work.retry, |attempt| sending.attempt(attempt), failed);
    sent.await?.ok_or(Stopped::Cancelled)
}

struct Sending<'a> {
    work: &'a Work,
    chunk: &'a PackedChunk,
    new: NewFunction,
    job: &'a JobHandle,
    turn: &'a Turn,
    /// Its name was met, or was not asked for yet.
    is_there: AtomicBool,
    /// A whole body went out, and AWS has not said what came of it.
    is_open: AtomicBool,
}

impl Sending<'_> {
    /// `None`: no attempt is begun any more.
    async fn attempt(&self, attempt: u32) -> Result<Option<Sent>, Error> {
        let (work, Turn { number, turns }) = (self.work, self.turn);
        let number = *number;
        let sent = |bytes| Some(Sent { bytes, attempts: attempt });
        // a request with the whole chunk in it would only be refused
        if self.is_there.load(Relaxed)
            && let Some(bytes) = self.has_settled().await?
        {
            return Ok(sent(bytes));
        }
        if self.is_open.load(Relaxed) && self.has_arrived().await? {
            return Ok(sent(self.chunk.code.bytes()));
        }
        work.lease().await?;
        tokio::select! {
            () = turns.turn(number) => {}
            () = work.control.last_attempt.cancelled() => return Ok(None),
        }
        let error = match change::put_chunk(&*work.storage, &self.new, &self.chunk.code, self.job.count()).await {
            Ok(_) => {
                turns.answered(number);
                return Ok(sent(self.chunk.code.bytes()));
            }
            Err(error) if error.is_conflict() => {
                self.is_there.store(true, Relaxed);
                let settled = self.has_settled().await?;
                return settled.map(sent).ok_or_else(|| self.unsettled("being deleted"));
            }
            Err(error) => error,
        };
        let whole = self.job.count().get() >= self.chunk.code.bytes();
        let why = self.why_of(&error);
        let is_too_slow = why == Failed::RanOut && turns.is_too_slow(number);
        turns.failed(number, why);
        if whole && error.leaves_open() {
            self.is_open.store(true, Relaxed);
            // what keeps it from being asked now is asked for again by the next attempt
            if self.has_arrived().await.unwrap_or(false) {
                return Ok(sent(self.chunk.code.bytes()));
            }
        }
        if is_too_slow {
            return Err(TooSlow::new(work, self.chunk, &turns.uplink()).into());
        }
        Err(error.into())
    }

    /// Whether the function is there after all, though nobody said so. It may take AWS a while.
    async fn has_arrived(&self) -> Result<bool, Error> {
        self.job.log("all of it was sent, and no answer came: asking whether it arrived");
        let began = tokio::time::Instant::now();
        for ask in self.work.retry.asks {
            tokio::time::sleep_until(began + ask).await;
            if self.has_settled().await?.is_some() {
                return Ok(true);
            }
        }
        self.is_open.store(false, Relaxed);
        Ok(false)
    }

    fn why(&self, error: &Error) -> Failed {
        if let Error::Cloud(error) = error { self.why_of(error) } else { Failed::Otherwise }
    }

    fn why_of(&self, error: &CloudError) -> Failed {
        let is_over = || self.turn.turns.lasted(self.turn.number) >= self.work.retry.signature_life;
        if error.kind() == ErrorKind::SignatureAge || error.kind() == ErrorKind::Timeout && is_over() {
            Failed::RanOut
        } else if matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Timeout) {
            Failed::HeldBack
        } else {
            Failed::Otherwise
        }
    }

    fn unsettled(&self, state: &'static str) -> Error {
        Error::Unsettled { name: self.new.name.clone(), state }
    }

    /// Whether the name is taken, and how many bytes had to be sent for that. By us, with the same content, is success: an
    /// answer was lost, or another run did it. Other content of ours (converted by another machine, damaged) is replaced,
    /// unless someone may be watching it.
    async fn has_settled(&self) -> Result<Option<u64>, Error> {
        let Self { work, new, chunk, job, .. } = self;
        let name = || new.name.clone();
        let Some(seen) = sight(&*work.storage, &new.name).await? else {
            self.is_there.store(false, Relaxed);
            return Ok(None);
        };
        let facts = seen.facts();
        match facts.state.as_deref() {
            _ if facts.description != new.description => return Err(Error::Foreign { name: name() }),
            Some("Deleting") => return Err(self.unsettled("being deleted")),
            Some("Failed") => {
                change::delete(&*work.storage, &*work.lease().await?, &seen).await?;
                return Err(self.unsettled("made anew, since it had failed"));
            }
            _ if facts.code_sha256 == chunk.index.sha256 => return Ok(Some(0)),
            _ => {}
        }
        job.log("other content is deployed under this name: it is replaced");
        let lease = work.lease().await?;
        // before the lease was ours, another machine may have published what is under this name
        let index_code = work.storage.get(&work.index_function()).await?.map(|index| index.code_sha256);
        if index_code != *work.index_code.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(Error::Overtaken { reel: work.order.reel.clone(), name: name() });
        }
        change::replace(&*work.storage, &lease, &seen, &chunk.code, job.count()).await?;
        Ok(Some(chunk.code.bytes()))
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Cloud(error) => Self::Cloud(error),
            other => Self::Change(other),
        }
    }
}

impl From<LeaseError> for Error {
    fn from(error: LeaseError) -> Self {
        Self::Change(error.into())
    }
}
