//! zipreel takes a video file to a playlist URL, served out of AWS Lambda's code storage.
//!
//! `docs/architecture.md` shows the rooms. Arrows point inward only: [`model`] is pure; [`publish`], [`remote`],
//! [`cloud`] and [`local`] do the work and never draw; the faces draw what they report. `tests/architecture` holds this.

pub mod account;
pub mod cli;
pub mod cloud;
pub mod command;
pub mod json;
pub mod local;
pub mod media;
pub mod model;
pub mod plain;
pub mod publish;
pub mod remote;
pub mod running;
pub mod settings;
pub mod state;
pub mod storage;
pub mod tui;
pub mod use_cases;
