//! Signatures, keys and presigned links, made and verified.

pub mod auth;
pub mod keys;
pub mod link;
pub mod sigv4;
