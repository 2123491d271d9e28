//! Setting up: roles, gate and, when wished for, the relay. Idempotent, a job a step: what is as it should be is
//! skipped, what an older program made is updated in place.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    addresses::{Addresses, CeilingWish, Edge, EdgeWish, environment, tell},
    chunk_role,
    concurrency::reserve,
    gate_role,
    kept_cdn::unless_needed,
    probe, relay_role,
    steps::Steps,
    teardown::FRONT_RIGHTS,
    usage,
};
use crate::{
    cloud::{Cloud, CloudError, Done, ErrorKind, RoleWanted},
    model::{
        gate::{
            ceiling::{Ceiling, CountedCdns},
            front::Front,
            public::{LOG_RETENTION_DAYS, Public, RELAY_ROLE, log_group},
        },
        report::{
            event::{JobName, SetupStep, Unit},
            fault::{Explain, Fault, FaultClass, Stopped},
            usage::CeilingUse,
        },
    },
    running::{
        attempt::{Retries, attempts},
        reporter::{Control, JobHandle, Reporter},
    },
    storage::player::{Player, PlayerError},
};

const ROLES: &str = "An administrator has to run `zipreel setup --roles` with --target aws once for this account \
                     (what that needs: `zipreel policy roles`); then try again. Roles of other names: --role-arn and \
                     --gate-role-arn.";
const RELAY_ROLES: &str = "An administrator has to run `zipreel setup --roles --ceiling-gb N` with --target aws once for this \
                           account (what that needs: `zipreel policy roles`); then try again. A role of another name: \
                           --relay-role-arn.";
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
    pub ceiling: CeilingWish,
}

impl From<RelayWish> for Wish {
    fn from(relay: RelayWish) -> Self {
        Self { relay, front: None, ceiling: CeilingWish::AsItIs }
    }
}

/// What there is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub gate_url: String,
    pub front: Front,
    pub relay_url: Option<String>,
    /// A CDN stands before gate and relay.
    pub cdn: bool,
    /// The monthly ceiling, if there is one.
    pub ceiling: Option<CeilingUse>,
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
    if wish.relay == RelayWish::Off {
        unless_needed(cloud).await?;
    }
    let mut run = Steps::new(cloud, reporter, control);
    run.roles().await?;
    run.log().await?;
    let before = Retries::default().again(|| cloud.front()).await?;
    let chosen = wish.front.unwrap_or(before);
    let url = run.gate(chosen).await?;
    let front = run.front(before, chosen, url).await?;
    let gate = &front.url;
    let ceiling = Retries::default().again(|| wish.ceiling.wanted(cloud)).await?;
    let relay = run.relay(wish.relay, gate, ceiling).await?;
    let edge = run.kept_cdn(gate, relay.as_deref()).await?;
    run.addresses(&front, relay.as_deref(), &edge, wish.ceiling).await?;
    run.concurrency(front.is_there, relay.is_some()).await?;
    run.probe(gate, relay.as_deref()).await?;
    let ceiling = run.ceiling(ceiling, &edge).await?;
    let Steps { changed, notes, .. } = run;
    let cdn = edge.cdn().is_some();
    Ok(Ready { gate_url: front.url, front: front.chosen, relay_url: relay, cdn, ceiling, changed, notes })
}

/// Makes or mends the roles and nothing else, for those who may do no more and no less: the one of a relay with a
/// ceiling only where there is to be one. Returns how many of them were changed.
pub async fn setup_roles(
    cloud: &Cloud,
    with_ceiling: bool,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<u32, Stopped> {
    let mut run = Steps::new(cloud, reporter, control);
    let two = [(SetupStep::ChunkRole, chunk_role(cloud)), (SetupStep::GateRole, gate_role(cloud))];
    let third = with_ceiling.then(|| (SetupStep::RelayRole, relay_role(cloud)));
    for (step, role) in two.into_iter().chain(third) {
        run.step(step, || async { cloud.ensure_role(&role).await.map(|done| (done, ())) }).await?;
    }
    Ok(run.changed)
}

/// What stands before the gate, and its address.
struct Fronted {
    chosen: Front,
    url: String,
    /// There is an HTTP API, whether or not it is the one that links name.
    is_there: bool,
}

impl Steps<'_> {
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
    async fn relay(
        &mut self,
        wish: RelayWish,
        gate: &str,
        ceiling: Option<Ceiling>,
    ) -> Result<Option<String>, Stopped> {
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
        if ceiling.is_some() && cloud.overrides().relay_role.is_none() {
            let role = relay_role(cloud);
            let note = self.step(SetupStep::RelayRole, || taken_or_made(cloud, &role)).await?;
            self.notes.extend(note);
        }
        let counted = CountedCdns::default();
        let own =
            Addresses { front: Front::Url, gate: Some(gate), relay: None, edge: None, ceiling, counted: &counted };
        let own = environment(Public::Relay, own);
        self.function(Public::Relay, SetupStep::Relay, &own).await?;
        let open = || async { cloud.ensure_url(Public::Relay).await.map_err(|error| error.if_denied(RIGHTS)) };
        self.step(SetupStep::RelayUrl, open).await.map(Some)
    }

    async fn addresses(
        &mut self,
        front: &Fronted,
        relay: Option<&str>,
        edge: &EdgeWish,
        ceiling: CeilingWish,
    ) -> Result<(), Stopped> {
        let (cloud, gate) = (self.cloud, (front.chosen, front.url.as_str()));
        // the gate comes last: what it names is what publishing names
        let publics = [(Public::Relay, relay.is_some()), (Public::Front, front.is_there), (Public::Gate, true)];
        let publics: Vec<_> = publics.into_iter().filter_map(|(public, is_there)| is_there.then_some(public)).collect();
        let tell = || async { Ok::<_, CloudError>((tell(cloud, &publics, gate, edge, ceiling).await?, ())) };
        self.step(SetupStep::Addresses, tell).await
    }

    /// How much of it is used; what keeps it from being known, or from counting everything, is noted.
    async fn ceiling(&mut self, ceiling: Option<Ceiling>, edge: &EdgeWish) -> Result<Option<CeilingUse>, Stopped> {
        let Some(ceiling) = ceiling else { return Ok(None) };
        let relay = Retries::default().again(|| self.cloud.public(Public::Relay)).await?;
        let (told, note) = usage::of_ceiling(self.cloud, ceiling, relay.as_ref()).await;
        self.notes.extend(note);
        if let EdgeWish::AsItIs(Some(Edge { url, id: None, .. })) = edge {
            self.notes.push(format!(
                "the bytes of the CDN {url} don't count towards the ceiling, since these credentials may not look it up: \
                 `zipreel setup` with the same --target and those of `zipreel policy cdn` besides mends that"
            ));
        }
        Ok(Some(told))
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
        Ok(Some(_)) => Err(denied.if_denied(if role.name == RELAY_ROLE { RELAY_ROLES } else { ROLES })),
        Err(error) if error.is_denied() => {
            let ceiling = if role.name == RELAY_ROLE { " --ceiling-gb N" } else { "" };
            let note = format!(
                "role `{}` is taken as it is, since these credentials may not look at it: if it is missing, an \
                 administrator makes it with `zipreel setup --roles{ceiling}` and --target aws",
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
                        under Lambda and for service control policies. Then run `zipreel setup` with the same --target again.";
            Stopped::Failed(Fault { hint: Some(hint.into()), ..fault })
        }
        other => other,
    }
}
