//! What players ask for and get: playlists and byte ranges.

pub mod multivariant;
pub mod playlist;
pub mod range;

#[cfg(test)]
mod groups_tests;
#[cfg(test)]
mod tests;
