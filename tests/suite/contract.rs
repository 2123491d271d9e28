//! The gate's and the relay's contract (`assets/gate/README.md`): one suite, run against every implementation.

pub(crate) mod answers;
mod before;
pub(crate) mod ceiling;
pub(crate) mod codings;
mod costs;
mod deployed;
mod edge;
pub(crate) mod http;
mod memory;
pub(crate) mod nginx;
pub(crate) mod reel;
mod requests;
pub(crate) mod row;
pub(crate) mod runtime;
pub(crate) mod sides;
pub(crate) mod sizes;
