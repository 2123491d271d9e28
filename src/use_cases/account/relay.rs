//! Switching the relay on or off. It costs with every view, so it is switched on only by someone who has read its price.

use std::sync::Arc;

use super::{Ready, RelayWish, setup};
use crate::{
    model::{
        cost,
        reel::order::{AccountRegion, Place},
        report::fault::Stopped,
    },
    running::reporter::{Control, Reporter},
    use_cases::{Engine, Person, Question, consent, unless_cancelled},
};

pub async fn relay(
    engine: &Engine,
    place: &Place,
    on: bool,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(Ready, AccountRegion), Stopped> {
    let accepted = async {
        // on the stand-in nothing leaves the machine
        if !on || place.is_local() {
            return Ok(());
        }
        let at = engine.storage(place).await?.at();
        let dollars_per_gb = cost::egress_per_gb(&at.region);
        consent::ask(person, &Question::Relay { at, dollars_per_gb, flags: place.flags() }).await
    };
    unless_cancelled(&control.cancel, accepted).await?;
    let wish = if on { RelayWish::On } else { RelayWish::Off };
    setup::setup(engine, place, wish, person, reporter, control).await
}
