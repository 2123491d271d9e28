//! Saying whether an account is ready, and what is missing.

use crate::{
    account,
    model::{
        reel::order::Place,
        report::{
            fault::{Fault, Stopped},
            health::{Grade, Health},
        },
    },
    use_cases::{Engine, Follow, Person, consent, unless_cancelled},
};

pub use crate::account::Observed;

/// Reads everything and changes nothing.
pub async fn examine(engine: &Engine, place: &Place, follow: &Follow) -> Result<Health, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        account::examine(&cloud).await.map_err(Stopped::from)
    };
    unless_cancelled(&follow.cancel, work).await
}

/// Makes one tiny function, sees what the account really answers, and deletes it.
pub async fn observe(
    engine: &Engine,
    place: &Place,
    person: &dyn Person,
    follow: &Follow,
) -> Result<Vec<Observed>, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        consent::acknowledged(engine, place, &cloud, person).await?;
        account::observe(&cloud).await
    };
    unless_cancelled(&follow.cancel, work).await
}

/// An account that is not ready is no success.
pub async fn verdict(engine: &Engine, place: &Place, health: &Health, observed: &[Observed]) -> Result<(), Stopped> {
    let cloud = engine.connect(place).await?;
    let region = cloud.region();
    let fault = match health.grade() {
        _ if observed.iter().any(|observed| !observed.well) => {
            Fault::permanent(format!("{region} does not give back what it is sent"))
                .hint("zipreel rests on that: nothing it publishes there would play. Please report what is said above.")
        }
        Grade::Wrong => Fault::permanent(format!("{region} is not ready")).hint("Look at the lines that say wrong."),
        Grade::Setup => Fault::permanent(format!("{region} is not set up")).hint(
            "`zipreel setup` with the same --target makes what the lines that say setup name; publishing does it too.",
        ),
        Grade::Well | Grade::Note => return Ok(()),
    };
    Err(Stopped::Failed(fault))
}
