//! Removing what setting up made, when no reel is left.

use crate::{
    account::{self, Removed, Roles},
    model::{reel::order::Place, report::fault::Stopped},
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

pub async fn teardown(
    engine: &Engine,
    place: &Place,
    keep_roles: bool,
    person: &dyn Person,
    follow: &Follow,
) -> Result<Removed, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        let question = Question::Teardown { at: cloud.at(), and_roles: !keep_roles };
        consent::ask(person, &question).await?;
        let roles = if keep_roles { Roles::Keep } else { Roles::Remove };
        let _alone = engine.alone().await;
        account::teardown(&cloud, roles, &*follow.said).await
    };
    unless_cancelled(&follow.cancel, work).await
}
