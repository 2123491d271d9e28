//! What fails, in the program's own words.

use crate::model::report::fault::{Fault, FaultClass};

pub(in crate::tui) fn signed_out() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not sign in with profile `studio`".into(),
        cause: Some("the session has expired".into()),
        hint: Some("Run `aws sso login --profile studio`, then try again.".into()),
    }
}

/// What this machine says.
pub(in crate::tui) fn no_room() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not write chunk 15 of `two` to `/home/ada/.local/share/zipreel/stand-in`".into(),
        cause: Some("No space left on device (os error 28)".into()),
        hint: Some("Make room on that disk, then try again.".into()),
    }
}

/// What AWS answers to a publishing.
pub(in crate::tui) fn full() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not create function `zipreel-harbour-night-4f2a91c0-src-0015`".into(),
        cause: Some("Code storage limit exceeded. (400 CodeStorageExceededException)".into()),
        hint: Some(
            "Delete reels or functions that are not needed, or ask for more under Service Quotas (AWS Lambda, \
             \"Function and layer storage\"), then try again."
                .into(),
        ),
    }
}

/// What AWS answers to a deletion.
pub(in crate::tui) fn no_right() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not delete function `zipreel-interview-4f2a91c0-src-0006`".into(),
        cause: Some("User ada is not authorized to perform: lambda:DeleteFunction (403 AccessDeniedException)".into()),
        hint: Some("Ask for the permission named above, then try again.".into()),
    }
}
