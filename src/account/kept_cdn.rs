//! The CDN as every set-up keeps it, whatever else it changes.

use super::{
    addresses::{Edge, EdgeWish, named_edge},
    steps::Steps,
};
use crate::{
    cloud::{Cloud, CloudError, Done, gate::cdn::Behind},
    model::report::{
        event::SetupStep,
        fault::{Fault, Stopped},
    },
    running::attempt::Retries,
};

pub(super) const CDN_RIGHTS: &str = "Someone with the rights of `zipreel policy setup` and `zipreel policy cdn` has to do this, or \
                                     give them to these credentials; then try again. AWS refuses distributions to new \
                                     accounts too, until it has verified them.";

/// Refuses to take the relay away from a CDN that leads browsers to it.
pub(super) async fn unless_needed(cloud: &Cloud) -> Result<(), Stopped> {
    let Some(named) = Retries::default().again(|| cloud.named_cdn()).await? else { return Ok(()) };
    let fault = Fault::permanent("could not switch the relay off")
        .because(format!("the CDN is on ({named}), and browsers get every segment by the relay behind it"));
    Err(Stopped::Failed(fault.hint("`zipreel cdn off` with the same --target comes first.")))
}

impl Steps<'_> {
    /// The CDN that the gate names, as every set-up leaves it: leading to where gate and relay are now. One that is
    /// gone is named no more.
    pub(super) async fn kept_cdn(&mut self, gate: &str, relay: Option<&str>) -> Result<EdgeWish, Stopped> {
        let cloud = self.cloud;
        let Some(named) = Retries::default().again(|| cloud.named_cdn()).await? else {
            return Ok(EdgeWish::AsItIs(None));
        };
        let reference = cloud.new_cdn_reference().map_err(Stopped::from)?;
        let look = || async {
            let cdns = match cloud.cdns().await {
                Err(error) if error.is_denied() => return Ok((Done::Kept, Err(unseen(cloud, &named).await?))),
                cdns => cdns?,
            };
            let there = cdns.iter().any(|cdn| cdn.url == named && cdn.is_enabled);
            match relay {
                Some(relay) if there => {
                    let behind = Behind { gate, relay, reference: &reference };
                    let (done, cdn) = cloud.ensure_cdn(behind, Some(&named)).await?;
                    Ok((done, Ok(Some(cdn))))
                }
                _ => Ok((Done::Kept, Ok(None))),
            }
        };
        let denied = |error: CloudError| error.if_denied(CDN_RIGHTS);
        match self.step(SetupStep::Cdn, || async { look().await.map_err(denied) }).await? {
            Ok(Some(cdn)) => {
                let sha256 = Some(cdn.edge_sha256);
                Ok(EdgeWish::AsItIs(Some(Edge { url: cdn.url, sha256, id: Some(cdn.id) })))
            }
            Ok(None) => {
                let why = if relay.is_some() { "is gone" } else { "has no relay behind it" };
                self.notes.push(format!(
                    "the CDN {named} {why}: gate and relay name it no more (`zipreel cdn on` with the same --target makes one)"
                ));
                Ok(EdgeWish::Off)
            }
            Err((edge, note)) => {
                self.notes.push(note);
                Ok(EdgeWish::AsItIs(Some(edge)))
            }
        }
    }
}

/// What is to be known of a CDN that these credentials may not look at.
async fn unseen(cloud: &Cloud, named: &str) -> Result<(Edge, String), CloudError> {
    let note = format!(
        "the CDN {named} is taken as it is, since these credentials may not look at it (that needs `zipreel policy cdn`)"
    );
    Ok((named_edge(cloud, named.to_owned()).await?, note))
}
