//! What the account allows, and what we may do in it.

pub mod metrics;
pub mod quota;
pub mod rights;
