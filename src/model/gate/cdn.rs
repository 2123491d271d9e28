//! A CDN before gate and relay: one host for all that a browser asks for. What stands in the environment of both
//! functions, what the CDN says to them, and where it finds the relay.

/// In the environment of gate and relay: the CDN's base URL, with a slash at its end.
pub const CDN_URL: &str = "ZIPREEL_CDN_URL";
/// In the environment of the gate: the base URL by which browsers find the relay, if it is on.
pub const RELAY_URL: &str = "ZIPREEL_RELAY_URL";
/// In the environment of the relay: SHA-256, in hexadecimal digits, of what the CDN sends in [`EDGE_HEADER`].
pub const EDGE_SHA256: &str = "ZIPREEL_EDGE_SHA256";
/// The header by which a request is known as the CDN's.
pub const EDGE_HEADER: &str = "x-zipreel-edge";
/// Below the CDN's base URL and the relay's: the relay's paths. No reel's name has an underscore.
pub const RELAY_PREFIX: &str = "_relay/";
