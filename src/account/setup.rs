//! Setting up: roles, gate and, when wished for, the relay. Idempotent, a job a step: what is as it should be is
//! skipped, what an older program made is updated in place.

use std::{collections::BTreeMap, sync::Arc};

use super::{chunk_role, environment, gate_role, probe, teardown::FRONT_RIGHTS};
use crate::{
    cloud::{Cloud, CloudError, Done, ErrorKind, RoleWanted},
    model::{
        gate::{
            front::Front,
            public::{LOG_RETENTION_DAYS, Public, log_group},
        },
        report::{
            event::{Event, JobName, SetupStep, Unit},
            fault::{Explain, Fault, FaultClass, Stopped},
        },
        retry::RetryPolicy,
    },
    running::{
        attempt::{Retries, attempts},
        reporter::{Control, JobHandle, Reporter},
    },
    storage::{
        gate_is_current,
        player::{Player, PlayerError},
    },
};

/// AWS keeps this number of instances for the functions without a reservation.
const ALWAYS_UNRESERVED: u32 = 100;
/// A reservation below this would rather hinder than protect.
const LEAST_RESERVED: u32 = 10;

const ROLES: &str = "An administrator has to run `zipreel setup --roles` with --target aws once for this account \
                     (what that needs: `zipreel policy roles`); then try again. Roles of other names: --role-arn and \
                     --gate-role-arn.";
const RIGHTS: &str = "Someone with the permissions of `zipreel policy setup` has to run `zipreel setup` with --target aws once for \
                      this Region, or give them to these credentials; then try again.";

/// What is to become of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayWish {
    AsItIs,
    On,
    Off,
}

/// What is to become of what is beside the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub relay: RelayWish,
    /// What is to stand before the gate; `None` leaves what does.
    pub front: Option<Front>,
}

impl From<RelayWish> for Wish {
    fn from(relay: RelayWish) -> Self {
        Self { relay, front: None }
    }
}

/// What there is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub gate_url: String,
    pub front: Front,
    pub relay_url: Option<String>,
    /// Steps that changed something; none when all was there.
    pub changed: u32,
    /// What could not be had and is no hindrance, in words.
    pub notes: Vec<String>,
}

/// Makes or mends what is missing. May be repeated; a step that fails ends it, and what was made stays.
pub async fn setup(
    cloud: &Cloud,
    wish: impl Into<Wish>,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Ready, Stopped> {
    let wish = wish.into();
    let mut run = Run { cloud, reporter, control, policy: RetryPolicy::default(), changed: 0, notes: Vec::new() };
    run.roles().await?;
    run.log().await?;
    let before = Retries::default().again(|| cloud.front()).await?;
    let chosen = wish.front.unwrap_or(before);
    let url = run.gate(chosen).await?;
    let front = run.front(before, chosen, url).await?;
    let gate = &front.url;
    let relay = run.relay(wish.relay, gate).await?;
    run.addresses(&front, relay.as_deref()).await?;
    run.concurrency(front.is_there, relay.is_some()).await?;
    run.probe(gate, relay.as_deref()).await?;
    Ok(Ready { gate_url: front.url, front: front.chosen, relay_url: relay, changed: run.changed, notes: run.notes })
}

/// Makes or mends the two roles and nothing else, for those who may do no more and no less. Returns how many of the two
/// were changed.
pub async fn setup_roles(cloud: &Cloud, reporter: Arc<dyn Reporter>, control: &Control) -> Result<u32, Stopped> {
    let mut run = Run { cloud, reporter, control, policy: RetryPolicy::default(), changed: 0, notes: Vec::new() };
    for (step, role) in [(SetupStep::ChunkRole, chunk_role(cloud)), (SetupStep::GateRole, gate_role(cloud))] {
        run.step(step, || async { cloud.ensure_role(&role).await.map(|done| (done, ())) }).await?;
    }
    Ok(run.changed)
}

/// What a publishing is for, asked only where the answer counts.
pub struct Need<W, T> {
    /// It will come to a reel, as far as that can be told.
    pub worthwhile: W,
    /// It has subtitles or chapters, which a gate of an older program does not serve.
    pub text: T,
    /// It has segments of several pieces, of which a gate of an older program serves the segments alone.
    pub pieces: bool,
}

/// Before a publishing: sets up if the gate is not there or is too old, or the relay is wished for and is not.
pub async fn ensure(
    cloud: &Cloud,
    relay: RelayWish,
    need: Need<impl Future<Output = Result<(), Stopped>>, impl Future<Output = Result<bool, Stopped>>>,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(), Stopped> {
    let has = async |public: Public| {
        let url = Retries::default().again(|| cloud.public_url(public)).await;
        url.map(|url| url.is_some()).map_err(Stopped::from)
    };
    if !has(Public::Gate).await? || (relay == RelayWish::On && !has(Public::Relay).await?) {
        need.worthwhile.await?;
        setup(cloud, relay, reporter, control).await?;
    } else if !Retries::default().again(|| gate_is_current(cloud)).await? {
        let say = |line: String| reporter.report(Event::Log { job: JobName::Setup(SetupStep::Gate), line });
        if need.text.await? {
            say("the gate that is deployed serves no subtitles and no chapters: it is brought up to date".to_owned());
            setup(cloud, relay, reporter.clone(), control).await?;
        } else if need.pieces {
            say("the gate that is deployed serves no pieces of segments: it is brought up to date".to_owned());
            match setup(cloud, relay, reporter.clone(), control).await {
                // the reel plays by its segments as well
                Err(Stopped::Failed(fault)) => say(format!("the gate stays as it is: {fault}")),
                done => drop(done?),
            }
        }
    }
    Ok(())
}

/// What stands before the gate, and its address.
struct Fronted {
    chosen: Front,
    url: String,
    /// There is an HTTP API, whether or not it is the one that links name.
    is_there: bool,
}

struct Run<'a> {
    cloud: &'a Cloud,
    reporter: Arc<dyn Reporter>,
    control: &'a Control,
    policy: RetryPolicy,
    changed: u32,
    notes: Vec<String>,
}

impl<'a> Run<'a> {
    /// Runs one step as a job. `work` gives what it did and its result.
    async fn step<T, E, W>(&mut self, step: SetupStep, mut work: impl FnMut() -> W) -> Result<T, Stopped>
    where
        E: Explain,
        W: Future<Output = Result<(Done, T), E>>,
    {
        let job = JobHandle::queued(self.reporter.clone(), JobName::Setup(step), Unit::Steps);
        match attempts(&job, self.control, &self.policy, |_| work(), |_| ()).await {
            Ok((Done::Kept, value)) => {
                job.skipped("as it should be");
                Ok(value)
            }
            Ok((Done::Newer, value)) => {
                self.notes.push(format!("the {} was made by a newer zipreel and stays as it is", job.name()));
                job.skipped("made by a newer zipreel");
                Ok(value)
            }
            Ok((Done::Made | Done::Updated, value)) => {
                self.changed += 1;
                job.succeeded();
                Ok(value)
            }
            Err(stopped) => {
                let result = Err(stopped);
                job.ended(&result);
                result
            }
        }
    }

    async fn roles(&mut self) -> Result<(), Stopped> {
        let cloud = self.cloud;
        let (chunk, gate) = (chunk_role(cloud), gate_role(cloud));
        for (step, role, given) in [
            (SetupStep::ChunkRole, &chunk, &cloud.overrides().chunk_role),
            (SetupStep::GateRole, &gate, &cloud.overrides().gate_role),
        ] {
            if given.is_none() {
                let note = self.step(step, || taken_or_made(cloud, role)).await?;
                self.notes.extend(note);
            }
        }
        Ok(())
    }

    /// A gate without a log works, so a missing right is noted and goes on.
    async fn log(&mut self) -> Result<(), Stopped> {
        let (cloud, group) = (self.cloud, log_group(Public::Gate));
        let ensure = || async {
            match cloud.ensure_log(&group, LOG_RETENTION_DAYS).await {
                Ok(done) => Ok((done, None)),
                Err(error) if error.class() == FaultClass::Transient => Err(error),
                Err(error) => Ok((Done::Kept, Some(format!("the gate keeps no log: {}", error.fault())))),
            }
        };
        let note = self.step(SetupStep::Log, ensure).await?;
        self.notes.extend(note);
        Ok(())
    }

    async fn function(
        &mut self,
        public: Public,
        step: SetupStep,
        environment: &BTreeMap<String, String>,
    ) -> Result<(), Stopped> {
        let cloud = self.cloud;
        let make = || async {
            let done = cloud.ensure_public(public, environment).await;
            done.map(|done| (done, ())).map_err(|error| error.if_denied(RIGHTS))
        };
        self.step(step, make).await
    }

    /// The gate's function URL. An account that allows none may still have an HTTP API, so that one is not waited for there.
    async fn gate(&mut self, chosen: Front) -> Result<Option<String>, Stopped> {
        let cloud = self.cloud;
        self.function(Public::Gate, SetupStep::Gate, &BTreeMap::new()).await?;
        let open = || async {
            match cloud.ensure_url(Public::Gate).await {
                Ok((done, url)) => Ok((done, Ok(url))),
                Err(error)
                    if chosen == Front::HttpApi && (error.is_denied() || error.kind() == ErrorKind::NotPublic) =>
                {
                    Ok((Done::Kept, Err(format!("the gate has its HTTP API alone: {}", error.fault()))))
                }
                Err(error) => Err(error.if_denied(RIGHTS)),
            }
        };
        let url = self.step(SetupStep::GateUrl, open).await?;
        Ok(url.map_err(|note| self.notes.push(note)).ok())
    }

    /// Chooses what links name from now on. An API that stands is kept up to date and goes on working, as the function
    /// URL does: links that are out there name them.
    async fn front(&mut self, before: Front, chosen: Front, url: Option<String>) -> Result<Fronted, Stopped> {
        let cloud = self.cloud;
        let url = url.filter(|_| chosen == Front::Url);
        let retries = Retries::default();
        if let Some(url) = &url
            && retries.again(|| cloud.public(Public::Front)).await?.is_none()
        {
            return Ok(Fronted { chosen, url: url.clone(), is_there: false });
        }
        self.function(Public::Front, SetupStep::Front, &BTreeMap::new()).await?;
        let open = || async { cloud.ensure_api().await.map_err(|error| error.if_denied(FRONT_RIGHTS)) };
        let api = self.step(SetupStep::Api, open).await?;
        if let Some(url) = url {
            return Ok(Fronted { chosen, url, is_there: true });
        }
        if before != chosen {
            // before anything names it
            self.probe(&api, None).await?;
        }
        Ok(Fronted { chosen, url: api, is_there: true })
    }

    /// The relay's URL, if it is on now.
    async fn relay(&mut self, wish: RelayWish, gate: &str) -> Result<Option<String>, Stopped> {
        let cloud = self.cloud;
        if wish == RelayWish::Off {
            let remove = || async {
                let gone = cloud.delete_public(Public::Relay).await?;
                Ok::<_, CloudError>((if gone { Done::Updated } else { Done::Kept }, ()))
            };
            self.step(SetupStep::Relay, remove).await?;
            return Ok(None);
        }
        if wish == RelayWish::AsItIs {
            let there = Retries::default().again(|| cloud.public(Public::Relay)).await?;
            if there.is_none() {
                return Ok(None);
            }
        }
        let own = environment(Public::Relay, (Front::Url, Some(gate)), None);
        self.function(Public::Relay, SetupStep::Relay, &own).await?;
        let open = || async { cloud.ensure_url(Public::Relay).await.map_err(|error| error.if_denied(RIGHTS)) };
        self.step(SetupStep::RelayUrl, open).await.map(Some)
    }

    async fn addresses(&mut self, front: &Fronted, relay: Option<&str>) -> Result<(), Stopped> {
        let (cloud, gate) = (self.cloud, (front.chosen, Some(front.url.as_str())));
        // another process may switch the relay on or off meanwhile, so that its address is read anew
        let wanted = async |public: Public| {
            let relay = cloud.function_url(Public::Relay.name()).await?;
            Ok(environment(public, gate, relay.as_deref()))
        };
        // the gate comes last: what it names is what publishing names
        let publics = [(Public::Relay, relay.is_some()), (Public::Front, front.is_there), (Public::Gate, true)];
        let tell = || async {
            let mut done = Done::Kept;
            for (public, _) in publics.into_iter().filter(|(_, is_there)| *is_there) {
                if cloud.ensure_environment(public, || wanted(public)).await? != Done::Kept {
                    done = Done::Updated;
                }
            }
            Ok::<_, CloudError>((done, ()))
        };
        self.step(SetupStep::Addresses, tell).await
    }

    async fn concurrency(&mut self, front: bool, relay: bool) -> Result<(), Stopped> {
        let cloud = self.cloud;
        let publics = [(Public::Gate, true), (Public::Front, front), (Public::Relay, relay)];
        let reserve_all = || async {
            let (mut all, mut notes) = (Done::Kept, Vec::new());
            for (public, _) in publics.into_iter().filter(|(_, is_there)| *is_there) {
                let (done, note) = reserve(cloud, public).await?;
                notes.extend(note);
                if done != Done::Kept {
                    all = done;
                }
            }
            Ok::<_, CloudError>((all, notes))
        };
        let notes = self.step(SetupStep::Concurrency, reserve_all).await?;
        self.notes.extend(notes);
        Ok(())
    }

    async fn probe(&mut self, gate: &str, relay: Option<&str>) -> Result<(), Stopped> {
        let player = Player::new()?;
        let ask = || async {
            probe(&player, Public::Gate, gate).await?;
            if let Some(relay) = relay {
                probe(&player, Public::Relay, relay).await?;
            }
            Ok::<(), PlayerError>(())
        };
        let job = JobHandle::queued(self.reporter.clone(), JobName::Setup(SetupStep::Probe), Unit::Steps);
        let result = attempts(&job, self.control, &self.policy, |_| ask(), |_| ()).await.map_err(unreached);
        job.ended(&result);
        result
    }
}

/// Makes or mends a role where these credentials may. Where they may not even look at it, it is taken as it is, with a
/// note; where they see that it is not as it should be, somebody else has to do it.
async fn taken_or_made(cloud: &Cloud, role: &RoleWanted) -> Result<(Done, Option<String>), CloudError> {
    let denied = match cloud.ensure_role(role).await {
        Err(error) if error.is_denied() => error,
        other => return other.map(|done| (done, None)),
    };
    match cloud.role_gap(role).await {
        Ok(None) => Ok((Done::Kept, None)),
        Ok(Some(_)) => Err(denied.if_denied(ROLES)),
        Err(error) if error.is_denied() => {
            let note = format!(
                "role `{}` is taken as it is, since these credentials may not look at it: if it is missing, an \
                 administrator makes it with `zipreel setup --roles` and --target aws",
                role.name
            );
            Ok((Done::Kept, Some(note)))
        }
        Err(error) => Err(error),
    }
}

fn unreached(stopped: Stopped) -> Stopped {
    match stopped {
        Stopped::Failed(fault) if fault.hint.is_none() => {
            let hint = "An account or organisation may forbid public function URLs: look for \"block public access\" \
                        under Lambda and for service control policies. Then run `zipreel setup` again.";
            Stopped::Failed(Fault { hint: Some(hint.into()), ..fault })
        }
        other => other,
    }
}

/// Sets instances aside for a function, as far as the account has them; a note where it has not.
async fn reserve(cloud: &Cloud, public: Public) -> Result<(Done, Option<String>), CloudError> {
    let name = public.name();
    let (now, quota) = loop {
        let now = cloud.reserved_concurrency(public).await?;
        let quota = cloud.quota().await?;
        // another process that reserves between the two would make instances vanish from the sum
        if cloud.reserved_concurrency(public).await? == now {
            break (now, quota);
        }
    };
    let Some(wanted) = reservable(quota.unreserved_concurrency + now.unwrap_or(0), public.concurrency()) else {
        let all = quota.concurrency;
        let note = format!(
            "no concurrency is set aside for {name}: the account may run {all} instances at once, and AWS keeps \
             {ALWAYS_UNRESERVED} of them unreserved"
        );
        return Ok((Done::Kept, Some(note)));
    };
    if now == Some(wanted) {
        return Ok((Done::Kept, None));
    }
    match cloud.reserve_concurrency(public, wanted).await {
        Ok(()) => Ok((Done::Updated, None)),
        Err(error) if error.class() == FaultClass::Permanent => {
            Ok((Done::Kept, Some(format!("no concurrency is set aside for {name}: {}", error.fault()))))
        }
        Err(error) => Err(error),
    }
}

/// Instances to reserve out of those that are `free`; `None` where too few are left.
fn reservable(free: u32, wanted: u32) -> Option<u32> {
    let left = wanted.min(free.saturating_sub(ALWAYS_UNRESERVED));
    (left >= LEAST_RESERVED).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_leave_the_account_its_hundred() {
        for (free, reserved) in [(1000, Some(200)), (300, Some(200)), (250, Some(150)), (110, Some(10)), (109, None)] {
            assert_eq!(reservable(free, 200), reserved, "{free}");
        }
        assert_eq!(reservable(10, 200), None, "a new account has 10");
    }
}
