//! What an account needs around the reels, and signing in to it, under the stand-in's rules: those of AWS.

mod cdn;
mod ceiling;
mod consent;
mod fronts;
mod in_between;
mod races;
mod rights;
pub(crate) mod secrets;
mod setting_up;
mod signing_in;
mod stack_cdn;
