//! One binary for all tests that need more than the library's own modules: linking the SDK is slow.

#![expect(clippy::unwrap_used, reason = "a test that can't go on panics, in its functions too")]

mod account;
mod clips;
#[cfg(unix)]
mod completions;
mod contract;
mod corpus;
mod dependencies;
mod emulator;
mod events;
mod formats;
mod media;
mod mishap;
mod players;
mod process;
mod publish;
mod readme;
mod split;
mod stand_in;
mod storage;
mod wizard;
