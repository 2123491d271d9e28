//! AWS: the only folder that names the SDK.
