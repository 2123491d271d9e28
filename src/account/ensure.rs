//! What a publishing needs of its account: a gate that serves what is to be published.

use std::sync::Arc;

use super::setup::{RelayWish, setup};
use crate::{
    cloud::Cloud,
    model::{
        gate::public::Public,
        report::{
            event::{Event, JobName, SetupStep},
            fault::Stopped,
        },
    },
    running::{
        attempt::Retries,
        reporter::{Control, Reporter},
    },
    storage::gate_is_current,
};

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
