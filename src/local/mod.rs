//! The stand-in: an AWS-shaped server on loopback, so that everything runs with no account.
