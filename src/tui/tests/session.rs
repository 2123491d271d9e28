//! The loop with its background work, over a script and a terminal in memory.
