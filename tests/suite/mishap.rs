//! Publishing that is interrupted, damaged, overtaken or starved, and what comes of it.

pub(crate) mod account;
mod changes;
mod commands;
#[cfg(unix)]
mod crash;
mod damaged;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod endings;
pub(crate) mod engine;
mod machines;
mod matrix;
mod orders;
pub(crate) mod pairs;
mod replaced;
mod resume;
#[cfg(unix)]
mod signals;
mod slow;
mod twins;
mod two;
mod waits;
mod world;

pub(crate) use world::copy;
