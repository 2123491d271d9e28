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

/// What this computer says.
pub(in crate::tui) fn no_room() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not write chunk 15 of `two` to `/home/ada/.local/share/zipreel/stand-in`".into(),
        cause: Some("this computer's disk is full".into()),
        hint: Some("Free some space, then try again.".into()),
    }
}

/// What AWS answers to a publishing.
pub(in crate::tui) fn full() -> Fault {
    Fault {
        class: FaultClass::NeedsPerson,
        what: "could not create function `zipreel-harbour-night-4f2a91c0-src-0015`".into(),
        cause: Some("Code storage limit exceeded. (400 CodeStorageExceededException)".into()),
        hint: Some(
            "AWS keeps 300 GiB of code in a Region, and no more. Delete reels or functions that are not needed, then try again; or choose \
             another Region or account, where all is sent anew."
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
        hint: Some(
            "Ask whoever looks after the account for the permission `lambda:DeleteFunction`, then try again (`zipreel policy` prints all that are needed).".into(),
        ),
    }
}
