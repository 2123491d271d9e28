//! The wizard in a real pseudo-terminal.
