//! ListTags, TagResource and UntagResource.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{
    call::{Answer, Request, parse},
    check,
};
use crate::local::{error::ApiError, http::body::Content};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    tags: Option<BTreeMap<String, String>>,
}

pub(super) fn list(request: &Request<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::ok(json!({ "Tags": request.function()?.tags })))
}

pub(super) fn tag(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let tags = parse::<Body>(&content.text)?.tags.ok_or_else(|| check::missing("tags"))?;
    request.change(|function| {
        let mut all = function.tags.clone();
        all.extend(tags);
        check::tags(&all)?;
        function.tags = all;
        Ok(Answer::empty())
    })
}

pub(super) fn untag(request: &Request<'_>) -> Result<Answer, ApiError> {
    let keys = request.parameters("tagKeys");
    if keys.is_empty() {
        return Err(check::missing("tagKeys"));
    }
    request.change(|function| {
        function.tags.retain(|key, _| !keys.contains(key));
        Ok(Answer::empty())
    })
}
