//! Download links, as GetFunction gives them out: presigned for GET and for 10 minutes, bound to one version of one
//! function's code. Made and verified here; serving them is [`crate::local::download`]'s part.

use axum::http::{Method, StatusCode, Uri};
use time::{Duration, OffsetDateTime};

use super::{
    auth::{amz_date, parse_amz_date},
    keys::ACCOUNT,
    sigv4::{ALGORITHM, Canonical, Scope, encode},
};
use crate::local::{
    context::Context,
    error::ApiError,
    store::record::{Code, Function},
};

/// As long as AWS's.
pub(in crate::local) const LIFE: Duration = Duration::minutes(10);

const BUCKET_START: &str = "/awslambda-";
const BUCKET_END: &str = "-tasks";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct Link {
    pub(in crate::local) url: String,
    pub(in crate::local) ends: OffsetDateTime,
}

pub(in crate::local) fn is_link(path: &str) -> bool {
    path.starts_with(BUCKET_START)
}

pub(in crate::local) fn mint(shared: &Context, function: &Function, now: OffsetDateTime) -> Link {
    let date = amz_date(now);
    let scope = Scope { date: date[..8].to_owned(), region: function.region.clone(), service: "s3".to_owned() };
    let (name, version) = (&function.name, &function.code.version);
    let path = format!("{BUCKET_START}{}{BUCKET_END}/snapshots/{ACCOUNT}/{name}-{version}", function.region);
    let key = &shared.keys.links;
    let query = format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={}&X-Amz-SignedHeaders=host\
         &versionId={version}",
        encode(&format!("{}/{}", key.id, scope.text())),
        LIFE.whole_seconds(),
    );
    let signature =
        canonical("GET", &path, &query, shared.origins.downloads.authority()).sign(&key.secret, &date, &scope);
    let url = format!("{}{path}?{query}&X-Amz-Signature={signature}", shared.origins.downloads.url);
    // the link carries whole seconds
    let ends = now.replace_nanosecond(0).unwrap_or(now) + LIFE;
    Link { url, ends }
}

fn canonical<'a>(method: &'a str, path: &str, query: &'a str, host: &str) -> Canonical<'a> {
    Canonical {
        method,
        path: path.to_owned(),
        query,
        headers: vec![("host".to_owned(), host.to_owned())],
        payload: "UNSIGNED-PAYLOAD",
    }
}

/// The code that a request by link may read; `host` is what the client says it called.
pub(in crate::local) fn verify(shared: &Context, method: &Method, uri: &Uri, host: &str) -> Result<Code, ApiError> {
    let query = uri.query().unwrap_or_default();
    let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let (Some(date), Some(credential), Some(signature)) =
        (field("X-Amz-Date"), field("X-Amz-Credential"), field("X-Amz-Signature"))
    else {
        return Err(ApiError::denied("AccessDenied", "Access Denied"));
    };
    let bad_query = || {
        let message = "Query-string authentication requires its parameters in their form.";
        ApiError::new(StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError", message)
    };
    let signed_at = parse_amz_date(date).ok_or_else(bad_query)?;
    let region = credential.split("%2F").nth(2).ok_or_else(bad_query)?;
    let scope = Scope { date: date[..8].to_owned(), region: region.to_owned(), service: "s3".to_owned() };
    let unsigned: Vec<_> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    let canonical_request = unsigned.join("&");
    let canonical = canonical(method.as_str(), uri.path(), &canonical_request, host);
    if !canonical.verify(&shared.keys.links.secret, date, &scope, signature) {
        let message = "The request signature we calculated does not match the signature you provided. Check your key \
                       and signing method.";
        return Err(ApiError::denied("SignatureDoesNotMatch", message));
    }
    if shared.now() >= signed_at + LIFE {
        return Err(ApiError::denied("AccessDenied", "Request has expired"));
    }
    find(shared, uri.path())
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."))
}

/// The path's function and version among those that are there now.
fn find(shared: &Context, path: &str) -> Option<Code> {
    let object = path.rsplit('/').next()?;
    // a version is a UUID of 36 characters
    let (name, version) = object.split_at_checked(object.len().checked_sub(36)?)?;
    let state = shared.store.read();
    let function = state.functions.get(name.strip_suffix('-')?)?;
    (function.code.version == version).then(|| function.code.clone())
}
