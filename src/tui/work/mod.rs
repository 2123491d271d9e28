//! What the wizard does beside its screens: jobs and questions to the engine, and the answers that come back.

pub mod alongside;
pub mod answer;
pub mod folder;
pub mod look;
pub mod search;
pub mod typed;
