//! zipreel takes a video file to a playlist URL, served out of AWS Lambda's code storage.
//!
//! Arrows point inward only: [`reel`] is pure; [`publish`], [`cloud`] and [`local`] do the work and never draw;
//! the faces draw what they report. `tests/architecture.rs` holds this.

pub mod account;
pub mod cli;
pub mod cloud;
pub mod command;
pub mod json;
pub mod library;
pub mod local;
pub mod plain;
pub mod publish;
pub mod reel;
pub mod settings;
pub mod state;
pub mod tui;
pub mod use_cases;
