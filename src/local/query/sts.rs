//! STS: who is calling.

use crate::local::{context::Context, http::xml, signature::keys::ACCOUNT};

pub(in crate::local) fn get_caller_identity(shared: &Context) -> String {
    let id = &shared.keys.caller.id;
    [
        xml::element("Arn", &format!("arn:aws:iam::{ACCOUNT}:user/stand-in")),
        xml::element("UserId", &id.replacen("ZIPREELLOCAL", "AIDAZIPREELLOCAL", 1)),
        xml::element("Account", ACCOUNT),
    ]
    .concat()
}
