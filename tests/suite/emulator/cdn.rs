//! CloudFront: made, read, changed, switched off and deleted, twice each. Its edge is not asked (see the table above).
#![cfg(unix)]

use zipreel::{
    cloud::{
        Done,
        gate::cdn::{Behind, Cdn},
    },
    model::gate::distribution::OriginPlace,
};

use super::server::Emulator;

const GATE: &str = "https://gate.lambda-url.us-east-1.on.aws/";
const RELAY: &str = "https://relay.lambda-url.us-east-1.on.aws/";

fn leads_to(cdn: &Cdn) -> Vec<&str> {
    cdn.leads_to.iter().map(|OriginPlace { host, .. }| host.split('.').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_lives_and_dies_in_an_account_of_another_make() {
    let emulator = Emulator::start().await;
    let cloud = emulator.cloud(&emulator.root()).await;
    assert_eq!(cloud.cdns().await.unwrap(), []);
    let behind = Behind { gate: GATE, relay: RELAY, reference: "zipreel-us-east-1-1" };
    let (done, made) = cloud.ensure_cdn(behind, None).await.unwrap();
    assert_eq!((done, made.is_enabled, leads_to(&made)), (Done::Made, true, vec!["gate", "relay"]));
    assert!(made.url.contains(".cloudfront.") && made.edge_sha256.len() == 64, "{made:?}");
    let (done, again) = cloud.ensure_cdn(behind, None).await.unwrap();
    assert_eq!((done, &again), (Done::Kept, &made));
    assert_eq!(cloud.cdn(&made.id).await.unwrap(), Some(made.clone()));
    assert!(made.is_deployed, "at once");

    let api = Behind { gate: "https://api.execute-api.us-east-1.amazonaws.com/", ..behind };
    let (done, moved) = cloud.ensure_cdn(api, Some(&made.url)).await.unwrap();
    assert_eq!((done, leads_to(&moved)), (Done::Updated, vec!["api", "relay"]));
    assert_eq!((&moved.id, &moved.edge_sha256), (&made.id, &made.edge_sha256), "by the secret that the relay knows");
    assert_eq!(cloud.ensure_cdn(api, Some(&made.url)).await.unwrap().0, Done::Kept);

    let refused = cloud.delete_cdn(&made.id).await.unwrap_err();
    assert_eq!(refused.code, "DistributionNotDisabled");
    assert!(cloud.disable_cdn(&made.id).await.unwrap());
    assert!(!cloud.disable_cdn(&made.id).await.unwrap());
    assert!(!cloud.cdns().await.unwrap()[0].is_enabled);
    assert!(cloud.delete_cdn(&made.id).await.unwrap());
    assert!(!cloud.delete_cdn(&made.id).await.unwrap());
    assert_eq!((cloud.cdn(&made.id).await.unwrap(), cloud.cdns().await.unwrap()), (None, vec![]));
}
