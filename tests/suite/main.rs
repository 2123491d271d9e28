//! One binary for all tests that need more than the library's own modules: linking the SDK is slow.

mod clips;
mod contract;
mod dependencies;
mod media;
mod publish;
mod readme;
mod stand_in;
mod wizard;
