//! The streams of a file: what each is, which are meant, what is wrong with them, and their words for a person.

pub mod apart;
pub mod choice;
pub mod condition;
pub mod language;
pub mod loudness;
pub mod names;
pub mod orientation;
pub mod refusal;
pub mod sounds;
pub mod subtitles;
pub mod tracks;
pub mod wanted;
pub mod words;
