//! The lease of a reel: a marker function that says who changes the reel, on whichever machine. It is created, renewed
//! and taken over by its revision; how old it is, AWS's own clock tells (`Date` minus `LastModified`), never this
//! machine's, which may be wrong or may have slept.
//!
//! What it can't exclude: DeleteFunction has no precondition, so a request that was signed in time and is held up on its
//! way for minutes still deletes; zipreel 0.1 takes no lease and heeds none.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::task::JoinHandle;

use super::{CloudError, CodeZip, FunctionFacts, NewFunction, Permit, Storage, sight::Moment};
use crate::model::{
    chunk::zip,
    reel::{
        describe::LeaseDescription,
        name::{ReelName, lease_function},
    },
    report::{
        event::Count,
        fault::{Explain, FaultClass},
    },
    wording::span,
};

/// A lease that nobody renewed for so long is another's to take.
pub const LIFE: Duration = Duration::from_secs(20 * 60);
/// What must be left of it before anything is sent that can't be undone: AWS takes a signature for 5 minutes, and 5
/// more are for clocks that differ.
const LEFT: Duration = Duration::from_secs(10 * 60);
const RENEWED_EVERY: Duration = Duration::from_secs(5 * 60);
/// After a renewal that failed.
const RENEWED_AGAIN: Duration = Duration::from_secs(30);
/// How long what AWS said of a lease may be relied on without asking again.
const FRESH: Duration = Duration::from_secs(60);
/// Looks at a marker that others make and delete at the same time.
const LOOKS: u32 = 8;

#[derive(Debug, Clone, thiserror::Error)]
pub enum LeaseError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error("another machine is working on `{reel}` ({purpose}{}), and was {} ago", by(.holder), span(*.age))]
    Held { reel: ReelName, purpose: String, holder: Option<String>, age: Duration },
    #[error("another machine took `{reel}` over")]
    Lost { reel: ReelName },
    #[error("function `{0}` is there and is not zipreel's")]
    Foreign(String),
}

fn by(holder: &Option<String>) -> String {
    holder.as_ref().map_or(String::new(), |holder| format!(", {holder}"))
}

impl Explain for LeaseError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Held { .. } | Self::Lost { .. } | Self::Foreign(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Held { age, .. } => {
                let left = LIFE.saturating_sub(*age).as_secs().div_ceil(60).max(1);
                Some(format!("Wait until it is done. If it has died, the reel is free again in {left} min."))
            }
            Self::Lost { .. } => Some(
                "This computer was away for more than 20 minutes. Look at what is published now, then publish again; what \
                 is deployed is not sent again."
                    .into(),
            ),
            Self::Foreign(_) => Some("Delete that function, or choose another --name.".into()),
        }
    }
}

/// A reel that no other machine changes while this lives and AWS can be asked.
#[derive(Debug)]
pub struct Lease {
    holding: Arc<Holding>,
    renewing: JoinHandle<()>,
}

#[derive(Debug)]
struct Holding {
    storage: Arc<dyn Storage>,
    ours: LeaseDescription,
    /// When AWS said so last.
    seen: Mutex<Option<Moment>>,
}

impl Lease {
    /// Takes the lease, or says who has it. `machine`: an id of this computer; what it left behind is its own to take,
    /// since its own lock on the reel is held.
    pub async fn take(
        storage: &Arc<dyn Storage>,
        reel: &ReelName,
        machine: &str,
        purpose: &str,
    ) -> Result<Self, LeaseError> {
        let ours = LeaseDescription {
            reel: reel.clone(),
            token: format!("{:016x}", fastrand::u64(..)),
            machine: machine.to_owned(),
            purpose: purpose.to_owned(),
            by: storage.by().map(str::to_owned),
        };
        let holding = Holding { storage: storage.clone(), ours, seen: Mutex::new(None) };
        holding.take().await?;
        let holding = Arc::new(holding);
        let renewing = tokio::spawn(renew(holding.clone()));
        Ok(Self { holding, renewing })
    }

    /// Returns once AWS has said that the lease is ours for ten minutes at least: what can't be undone is sent after
    /// this. Asks AWS unless it said so within the last minute; renews what is older than it may be.
    pub(super) async fn fresh(&self) -> Result<(), LeaseError> {
        if !self.holding.is_fresh() {
            self.holding.look(LIFE.saturating_sub(LEFT).saturating_sub(FRESH)).await?;
        }
        Ok(())
    }

    /// Gives the lease back. What fails here is no harm: it ends by itself, and is our own to take until then.
    pub async fn release(&self) {
        self.renewing.abort();
        let holding = &self.holding;
        // what another machine took over is not ours to delete
        if holding.is_fresh() || holding.look(LIFE).await.is_ok() {
            let _ = holding.storage.delete(&holding.name(), &Permit(())).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(holding: Arc<Holding>) {
    let mut wait = RENEWED_EVERY;
    loop {
        tokio::time::sleep(wait).await;
        wait = match holding.look(Duration::ZERO).await {
            Ok(()) => RENEWED_EVERY,
            // the next change finds that out again
            Err(LeaseError::Lost { .. }) => return,
            Err(_) => RENEWED_AGAIN,
        };
    }
}

impl Holding {
    fn name(&self) -> String {
        lease_function(&self.ours.reel)
    }

    async fn take(&self) -> Result<(), LeaseError> {
        let name = self.name();
        let new = NewFunction { name: name.clone(), description: self.ours.text(), tags: Default::default() };
        let code = CodeZip::in_memory(zip::whole([("lease", &b"a reel of zipreel's is being changed\n"[..])]));
        let mut lost = LeaseError::Lost { reel: self.ours.reel.clone() };
        for _ in 0..LOOKS {
            match self.storage.create(&new, &code, &Count::default(), &Permit(())).await {
                Ok(_) => {
                    self.saw();
                    return Ok(());
                }
                Err(error) if error.is_conflict() => {}
                Err(error) if error.class() == FaultClass::Transient => lost = error.into(),
                Err(error) => return Err(error.into()),
            }
            let Some((facts, now)) = self.storage.look(&name).await? else { continue };
            match self.take_over(&facts, now).await {
                Ok(()) => return Ok(()),
                Err(LeaseError::Cloud(error)) if error.is_precondition() || error.class() == FaultClass::Transient => {
                    lost = error.into();
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(lost)
    }

    /// The marker is there: ours if the answer to its making was lost, to be taken if it is this computer's or too old.
    async fn take_over(&self, facts: &FunctionFacts, now: SystemTime) -> Result<(), LeaseError> {
        let theirs = self.read(facts)?;
        if theirs.token != self.ours.token {
            let age = age(facts, now);
            if theirs.machine != self.ours.machine && age < LIFE {
                let LeaseDescription { reel, purpose, by: holder, .. } = theirs;
                return Err(LeaseError::Held { reel, purpose, holder, age });
            }
            self.storage.describe(&facts.name, &self.ours.text(), facts.revision.as_deref()).await?;
        }
        self.saw();
        Ok(())
    }

    /// Looks whether the lease is still ours, and renews it if it is older than `oldest`.
    async fn look(&self, oldest: Duration) -> Result<(), LeaseError> {
        let lost = || LeaseError::Lost { reel: self.ours.reel.clone() };
        let (facts, now) = self.storage.look(&self.name()).await?.ok_or_else(lost)?;
        if self.read(&facts)?.token != self.ours.token {
            return Err(lost());
        }
        if age(&facts, now) >= oldest {
            let renewed = self.storage.describe(&facts.name, &self.ours.text(), facts.revision.as_deref()).await;
            renewed.map_err(|error| if error.is_precondition() { lost() } else { error.into() })?;
        }
        self.saw();
        Ok(())
    }

    fn read(&self, facts: &FunctionFacts) -> Result<LeaseDescription, LeaseError> {
        let read = LeaseDescription::parse(&facts.description).filter(|theirs| theirs.reel == self.ours.reel);
        read.ok_or_else(|| LeaseError::Foreign(facts.name.clone()))
    }

    fn saw(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(Moment::now());
    }

    fn is_fresh(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_some_and(|seen| seen.is_within(FRESH))
    }
}

/// By AWS's clock. What it does not tell in its own way counts as new.
fn age(facts: &FunctionFacts, now: SystemTime) -> Duration {
    facts.modified.and_then(|modified| now.duration_since(modified).ok()).unwrap_or_default()
}
