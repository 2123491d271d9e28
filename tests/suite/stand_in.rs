//! The stand-in under the SDK, the real `aws` client and hostile requests.

pub(crate) mod clients;

mod by_hand;
mod connections;
mod downloads;
mod durability;
mod faults;
mod functions;
mod hostile;
mod limits;
mod lists;
#[cfg(target_os = "linux")]
mod memory;
mod metrics;
#[cfg(target_os = "linux")]
mod network;
mod signatures;
mod states;
mod takeover;
