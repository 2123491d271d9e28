//! Removing what setting up made, when no reel is left.

use crate::{
    account::{self, Roles},
    model::{reel::order::Place, report::fault::Stopped},
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

/// What is gone, in words; empty when nothing was there.
pub async fn teardown(
    engine: &Engine,
    place: &Place,
    keep_roles: bool,
    person: &dyn Person,
    follow: &Follow,
) -> Result<Vec<String>, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        let question = Question::Teardown { at: cloud.at(), and_roles: !keep_roles };
        consent::ask(person, &question).await?;
        let roles = if keep_roles { Roles::Keep } else { Roles::Remove };
        let _alone = engine.alone().await;
        Ok(account::teardown(&cloud, roles).await?.0)
    };
    unless_cancelled(&follow.cancel, work).await
}
