//! How work that takes long is followed, steered and tried again.

pub mod attempt;
pub mod groups;
pub mod reporter;
