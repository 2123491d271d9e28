//! Where chunks, indexes and leases lie, and where players read them. Publishing, checking, listing and deleting speak to
//! a [`Storage`] alone; Lambda's code storage is one ([`lambda`]). What holds for every place is here too: that nothing
//! is undone without a lease ([`lease`]) and a look just before ([`sight`], [`change`]), and how a player reads
//! ([`player`]: everywhere by HTTP, from the place's public URL).

pub mod change;
pub mod lambda;
pub mod lease;
pub mod player;
pub mod sight;

use std::{collections::HashMap, fmt, time::SystemTime};

use futures_util::future::BoxFuture;

pub use crate::cloud::{
    CloudError, ErrorKind,
    functions::{
        FunctionFacts, NewFunction,
        code::{CodeZip, Part, Reader},
    },
};
use crate::model::{
    chunk::limits::Limits,
    cost::{Costs, Viewed},
    gate::{front::Front, links::Reached, public::Public},
    reel::order::AccountRegion,
    report::event::Count,
};

/// What a place answers; one attempt each, so that every retry is ours and can be seen.
pub type Answer<'a, T, E = CloudError> = BoxFuture<'a, Result<T, E>>;

/// Shows that something may be made, changed or deleted: this room alone has one to show, after it has looked.
#[derive(Debug)]
pub struct Permit(());

/// A page of a listing.
#[derive(Debug, Default)]
pub struct Page {
    pub functions: Vec<FunctionFacts>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// Why something stored could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Player(#[from] player::PlayerError),
}

/// Whether the place's gate serves all that this program writes; so does one that is no function of ours.
pub async fn gate_is_current(storage: &dyn Storage) -> Result<bool, CloudError> {
    let gate = storage.get(Public::Gate.name()).await?;
    Ok(gate.is_none_or(|gate| Public::Gate.is_current(&gate.code_sha256, &gate.description)))
}

/// A place for reels. Everything there has a name, a zip, a description of at most 256 characters and a revision that is
/// another after each change; on Lambda it is a function.
pub trait Storage: fmt::Debug + Send + Sync {
    /// The account and Region that the place is of.
    fn at(&self) -> AccountRegion;

    /// Who we are there, as others may be told.
    fn by(&self) -> Option<&str>;

    fn limits(&self) -> Limits;

    /// What viewers cost there, with this before the gate.
    fn costs(&self, viewed: &Viewed, front: Front) -> Costs;

    /// The place's own clock: other machines go by it too.
    fn now(&self) -> Answer<'_, SystemTime>;

    /// Base URL, with a slash at its end, from which players (or browsers, through the relay) read; `None` if there is
    /// none.
    fn public_url(&self, of: Public) -> Answer<'_, Option<String>>;

    /// The gate's, with what stands before it.
    fn gate_address(&self) -> Answer<'_, Option<Reached>>;

    /// How many calls it takes to list everything.
    fn pages(&self) -> Answer<'_, u64>;

    /// A page of what has a name that begins with `prefix`. Lists may lag behind.
    fn list<'a>(&'a self, prefix: &'a str, from: Option<String>) -> Answer<'a, Page>;

    /// What stands under a name now; `None` if nothing does.
    fn get<'a>(&'a self, name: &'a str) -> Answer<'a, Option<FunctionFacts>>;

    /// The same with the place's clock, for many that are looked at one after the other.
    fn look<'a>(&'a self, name: &'a str) -> Answer<'a, Option<(FunctionFacts, SystemTime)>>;

    fn tags<'a>(&'a self, name: &'a str) -> Answer<'a, Option<HashMap<String, String>>>;

    /// The whole zip under a name, of at most `most` bytes.
    fn read<'a>(&'a self, name: &'a str, most: u64) -> Answer<'a, Option<(FunctionFacts, Vec<u8>)>, ReadError>;

    /// Puts something under a name that is free; a conflict if it is not. `sent` counts the zip's bytes on their way.
    fn create<'a>(
        &'a self,
        new: &'a NewFunction,
        code: &'a CodeZip,
        sent: &'a Count,
        permit: &'a Permit,
    ) -> Answer<'a, FunctionFacts>;

    /// Puts another zip under a name if its revision is still `revision`; the description stays.
    fn replace<'a>(
        &'a self,
        name: &'a str,
        revision: Option<&'a str>,
        code: &'a CodeZip,
        sent: &'a Count,
        permit: &'a Permit,
    ) -> Answer<'a, FunctionFacts>;

    /// Gives what stands under a name another description, if its revision is still `revision` where one is given.
    fn describe<'a>(&'a self, name: &'a str, text: &'a str, revision: Option<&'a str>) -> Answer<'a, FunctionFacts>;

    /// True if it was there.
    fn delete<'a>(&'a self, name: &'a str, permit: &'a Permit) -> Answer<'a, bool>;
}
