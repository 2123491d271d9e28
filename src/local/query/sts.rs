//! STS: who is calling.

use crate::local::{http::xml, shared::Shared, signature::keys::ACCOUNT};

pub(in crate::local) fn get_caller_identity(shared: &Shared) -> String {
    let id = &shared.keys.caller.id;
    [
        xml::element("Arn", &format!("arn:aws:iam::{ACCOUNT}:user/stand-in")),
        xml::element("UserId", &id.replacen("ZIPREELLOCAL", "AIDAZIPREELLOCAL", 1)),
        xml::element("Account", ACCOUNT),
    ]
    .concat()
}
