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

/// What AWS answers to a publishing.
pub(in crate::tui) fn full() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not create function `zipreel-harbour-night-4f2a91c0-src-0022`".into(),
        cause: Some("Code storage limit exceeded. (400 CodeStorageExceededException)".into()),
        hint: Some(
            "Delete reels or functions that are not needed, or ask for more under Service Quotas (AWS Lambda, \
             \"Function and layer storage\"), then try again or resume."
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
        hint: Some("Ask for the right that is named, then try again or resume.".into()),
    }
}
