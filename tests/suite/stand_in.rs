//! The stand-in under the SDK, the real `aws` client and hostile requests.

pub(crate) mod clients;
mod functions;
