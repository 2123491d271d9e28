//! AWS, or what answers as AWS: the only folder that names the SDK. Everything is asked through a [`Cloud`]; those
//! of one account and Region share a limiter. Whether AWS or the stand-in answers is a matter of the endpoint alone.

mod answer;
mod body;
mod causes;
pub mod code;
mod credentials;
mod date;
pub mod error;
mod error_kind;
pub mod functions;
mod http;
mod lease;
pub mod limiter;
mod logs;
pub mod names;
mod public;
pub mod quota;
mod rights;
mod roles;
pub mod session;
mod sight;
mod sign_in;

pub use answer::class_of_page;
pub use error::CloudError;
pub use error_kind::ErrorKind;
pub use http::is_this_machine;
pub use lease::{Fresh, Lease, LeaseError};
pub use public::{Deployed, InvokeMode};
pub use roles::RoleWanted;
pub use session::{Cloud, Connect, Identity, Keys, Unusual};
pub use sight::{Look, Recent, Sighted, Whole};
pub use sign_in::{Profile, profiles};

/// What an idempotent call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was as it should be.
    Kept,
    Made,
    Updated,
    /// It was made by a newer program, and left alone.
    Newer,
}
