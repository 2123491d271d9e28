//! The rules of the steps, key by key, without looking at the screen.
