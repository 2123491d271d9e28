//! How work that takes long is followed, steered and tried again, and how the programs that do it stop with us.

pub mod attempt;
pub mod groups;
pub mod reporter;
