//! The stand-in as a process: started and stopped, one a data folder, joined and taken over.

mod addresses;
pub mod keep;
pub mod lock;
pub mod problem;
pub mod seed;
pub mod server;
