//! A target becomes a connection: the stand-in is joined or started, then both are reached by the same client.

use crate::{
    cloud::{Cloud, Connect, Keys},
    local::{self, Endpoint, Faults, Joined},
    publish::request::Target,
    reel::fault::{Explain, Fault, Stopped},
    settings::Place,
};

/// The stand-in's Region where none is chosen.
pub const LOCAL_REGION: &str = "us-east-1";

/// A connected account, and the stand-in if that is what we run.
pub struct Session {
    pub cloud: Cloud,
    pub stand_in: Option<Joined>,
}

/// Connects to the target. Creates nothing in an account.
pub async fn connect(target: &Target, region: Option<&str>, place: &Place) -> Result<Session, Stopped> {
    match target {
        Target::Local => {
            let joined = stand_in(place).await?;
            let cloud = connect_to(joined.endpoint(), region, place).await?;
            Ok(Session { cloud, stand_in: Some(joined) })
        }
        Target::Aws { profile } => {
            let connect = Connect {
                region: region.map(str::to_owned),
                profile: profile.clone(),
                unusual: place.unusual.clone(),
                ..Connect::default()
            };
            let cloud = Cloud::connect(&connect).await.map_err(failed)?;
            Ok(Session { cloud, stand_in: None })
        }
    }
}

async fn connect_to(endpoint: &Endpoint, region: Option<&str>, place: &Place) -> Result<Cloud, Stopped> {
    let connect = Connect {
        region: Some(region.unwrap_or(LOCAL_REGION).to_owned()),
        profile: None,
        endpoint: Some(endpoint.api.clone()),
        keys: Some(Keys { access_key: endpoint.access_key.clone(), secret_key: endpoint.secret_key.clone() }),
        unusual: place.unusual.clone(),
    };
    Cloud::connect(&connect).await.map_err(failed)
}

/// Joins the stand-in of the data folder, or starts one that ends with us.
pub async fn stand_in(place: &Place) -> Result<Joined, Stopped> {
    local::join_or_start(config(place)?).await.map_err(failed)
}

pub fn config(place: &Place) -> Result<local::Config, Stopped> {
    let mut config = local::Config::new(place.data.clone());
    config.port = place.port;
    if let Some(spec) = &place.faults {
        config.faults = faults(spec)?;
    }
    Ok(config)
}

fn faults(spec: &str) -> Result<Faults, Stopped> {
    spec.parse().map_err(|error: local::FaultError| {
        Stopped::Failed(
            Fault::permanent(format!("could not use the faults `{spec}`"))
                .because(error)
                .hint("`zipreel local --help` shows an example."),
        )
    })
}

fn failed(error: impl Explain) -> Stopped {
    Stopped::Failed(error.fault())
}
