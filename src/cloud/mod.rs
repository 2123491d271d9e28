//! AWS, or what answers as AWS: the only folder that names the SDK. Everything is asked through one [`Cloud`], whose
//! calls share one limiter; whether an account or the stand-in answers is a matter of the endpoint alone.

mod body;
pub mod code;
pub mod error;
pub mod functions;
pub mod limiter;
mod profiles;
pub mod quota;
pub mod session;

pub use error::CloudError;
pub use profiles::{Profile, profiles};
pub use session::{Cloud, Connect, Identity, Keys};
