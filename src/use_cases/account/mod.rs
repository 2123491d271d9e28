//! What is done to an account and Region around the reels, one file a use case.

pub mod cdn;
pub mod doctor;
pub mod relay;
pub mod setup;
pub mod sign_in;
pub mod teardown;

pub use crate::account::{CdnStanding, CdnState, CeilingWish, Ready, RelayWish, Removed, Stack, Wish, template};
