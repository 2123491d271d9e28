//! Real players play a reel from the stand-in, whose downloads are another origin without CORS, as AWS's are.

mod browsers;
mod front;
mod matrix;
mod programs;
mod stage;
