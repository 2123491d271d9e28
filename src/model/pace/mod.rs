//! How many uploads run side by side.

pub mod uplink;
pub mod uploads;
