//! How a command ends: its exit codes, and an error of the engine as the end of a command.

/// As documented in `docs/publishing.md`.
pub const DONE: u8 = 0;
pub const FAILED: u8 = 1;
/// clap's own.
pub const MISUSED: u8 = 2;
pub const INTERRUPTED: u8 = 130;
