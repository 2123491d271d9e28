//! Real players play a reel from the stand-in, whose downloads are another origin without CORS, as AWS's are.

mod begin;
mod browsers;
mod busy;
mod checks;
mod downloads;
mod edge;
mod frames;
mod front;
mod inputs;
mod matrix;
mod outages;
mod outputs;
mod packets;
mod pages;
mod playlists;
pub(crate) mod programs;
mod references;
mod rules;
pub(crate) mod stage;
mod trouble;
