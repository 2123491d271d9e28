//! Who the credentials are: found, renewed, signed in with.

pub mod credentials;
pub mod session;
pub mod sign_in;
