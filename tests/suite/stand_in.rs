//! The stand-in under the SDK, the real `aws` client and hostile requests.

mod clients;
mod functions;
