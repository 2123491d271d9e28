//! AWS, or what answers as AWS: the only folder that names the SDK. Everything is asked through a [`Cloud`]; those
//! of one account and Region share a limiter. Whether AWS or the stand-in answers is a matter of the endpoint alone.

pub mod account;
pub mod error;
mod error_kind;
pub mod functions;
pub mod gate;
pub mod http;
pub mod identity;
pub mod limiter;

pub use error::CloudError;
pub use error_kind::ErrorKind;
pub use gate::public::{Deployed, InvokeMode};
pub use gate::roles::RoleWanted;
pub use http::answer::class_of_page;
pub use http::is_this_machine;
pub use identity::session::{Cloud, Connect, Identity, Keys, Overrides};
pub use identity::sign_in::{Profile, profiles};

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
