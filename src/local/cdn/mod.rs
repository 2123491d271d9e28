//! The little of CloudFront that a CDN before gate and relay needs: distributions, kept and given back as they came.
//! What they answer at the edge is [`edge`]'s part. All share one address, as long as one of them is switched on.

pub(in crate::local) mod edge;

use std::{io, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    context::{Context, Origin, Origins},
    error::ApiError,
    http::xml::{Element, element},
    operation::{Call, Operation},
    signature::keys::ACCOUNT,
    store::{
        Store,
        record::{Distribution, uuid},
    },
};
use crate::model::gate::{
    distribution::{CACHE_POLICY, GATE_ORIGIN, HEADERS_POLICY, RELAY_ORIGIN},
    public::GATE,
};

const SPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
/// How long a distribution is on its way to the edges, in lives of a function that settles: minutes on AWS.
const DEPLOYS_IN_SETTLES: u32 = 3;
/// AWS's; more are let in on request.
const DISTRIBUTIONS_MAX: usize = 200;

/// What CloudFront answers: XML, and the revision of what it is about.
pub(super) struct Answer {
    status: StatusCode,
    body: String,
    revision: Option<String>,
}

impl Answer {
    pub(super) fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        if let Some(Ok(revision)) = self.revision.as_deref().map(HeaderValue::from_str) {
            response.headers_mut().insert(header::ETAG, revision);
        }
        response
    }
}

pub(super) fn answer(
    shared: &Context,
    call: &Call,
    headers: &HeaderMap,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Answer, ApiError> {
    match call.operation {
        Operation::ListDistributions => Ok(list(shared, now)),
        Operation::CreateDistributionWithTags => create(shared, body, now),
        Operation::GetDistribution => Ok(whole(shared, StatusCode::OK, &known(shared, &call.target)?, now)),
        Operation::UpdateDistribution => update(shared, &call.target, headers, body, now),
        Operation::DeleteDistribution => delete(shared, &call.target, headers, now),
        other => Err(ApiError::service(format!("{other} is no operation of CloudFront's"))),
    }
}

fn create(shared: &Context, body: &[u8], now: OffsetDateTime) -> Result<Answer, ApiError> {
    let given = read(body, "DistributionConfigWithTags")?;
    let config = given.child("DistributionConfig").ok_or_else(|| invalid("there is no DistributionConfig"))?;
    checked(config)?;
    let store = shared.store.change()?;
    let reference = config.at(&["CallerReference"]).filter(|reference| !reference.is_empty());
    let reference = reference.ok_or_else(|| invalid("a distribution has a CallerReference"))?.to_owned();
    let state = store.state();
    if state.distributions.values().any(|known| known.reference == reference) {
        let message =
            "The caller reference that you are using to create a distribution is associated with another distribution";
        return Err(ApiError::new(StatusCode::CONFLICT, "DistributionAlreadyExists", message));
    }
    if state.distributions.len() >= DISTRIBUTIONS_MAX {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "TooManyDistributions", "Too many distributions"));
    }
    drop(state);
    let made = Distribution {
        id: drawn(),
        reference,
        config: config.written(),
        before: None,
        tags: given.items("Tags").iter().filter_map(tag).collect(),
        revision: drawn(),
        modified: now,
        deployed_from: now + deploys_in(shared),
    };
    let answer = whole(shared, StatusCode::CREATED, &made, now);
    store.put_distribution(made)?;
    Ok(answer)
}

fn update(
    shared: &Context,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Answer, ApiError> {
    let config = read(body, "DistributionConfig")?;
    checked(&config)?;
    let store = shared.store.change()?;
    let mut changed = known(shared, id)?;
    matched(headers, &changed)?;
    if config.at(&["CallerReference"]) != Some(&changed.reference) {
        let message = "The caller reference can't be changed";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "IllegalUpdate", message));
    }
    changed.before = changed.answers(now).map(|config| config.written());
    (changed.config, changed.revision, changed.modified) = (config.written(), drawn(), now);
    changed.deployed_from = now + deploys_in(shared);
    let answer = whole(shared, StatusCode::OK, &changed, now);
    store.put_distribution(changed)?;
    Ok(answer)
}

fn delete(shared: &Context, id: &str, headers: &HeaderMap, now: OffsetDateTime) -> Result<Answer, ApiError> {
    let store = shared.store.change()?;
    let gone = known(shared, id)?;
    matched(headers, &gone)?;
    if gone.is_enabled() || gone.is_in_progress(now) {
        let message = "The distribution you are trying to delete has not been disabled.";
        return Err(ApiError::new(StatusCode::CONFLICT, "DistributionNotDisabled", message));
    }
    store.remove_distribution(id)?;
    Ok(Answer { status: StatusCode::NO_CONTENT, body: String::new(), revision: None })
}

fn list(shared: &Context, now: OffsetDateTime) -> Answer {
    let state = shared.store.read();
    let all: String = state.distributions.values().map(|one| summary(shared, one, now)).collect();
    let count = state.distributions.len();
    let body = format!(
        "<DistributionList xmlns=\"{SPACE}\"><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
         <Quantity>{count}</Quantity><Items>{all}</Items></DistributionList>"
    );
    Answer { status: StatusCode::OK, body, revision: None }
}

fn summary(shared: &Context, one: &Distribution, now: OffsetDateTime) -> String {
    let config = one.config().unwrap_or_default();
    let parts = ["Origins", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "Comment", "Enabled"];
    let parts: String = parts.iter().filter_map(|name| config.child(name)).map(Element::written).collect();
    let or = |name: &str, usual: &str| element(name, config.at(&[name]).unwrap_or(usual));
    let rest = [
        or("PriceClass", "PriceClass_All"),
        or("WebACLId", ""),
        or("HttpVersion", "http2"),
        or("IsIPV6Enabled", "true"),
        element("Staging", "false"),
    ];
    format!("<DistributionSummary>{}{parts}{}</DistributionSummary>", facts(shared, one, now), rest.concat())
}

fn whole(shared: &Context, status: StatusCode, one: &Distribution, now: OffsetDateTime) -> Answer {
    let body = format!(
        "<Distribution xmlns=\"{SPACE}\">{}<InProgressInvalidationBatches>0</InProgressInvalidationBatches>{}</Distribution>",
        facts(shared, one, now),
        one.config
    );
    Answer { status, body, revision: Some(one.revision.clone()) }
}

fn facts(shared: &Context, one: &Distribution, now: OffsetDateTime) -> String {
    let status = if one.is_in_progress(now) { "InProgress" } else { "Deployed" };
    [
        element("Id", &one.id),
        element("ARN", &format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{}", one.id)),
        element("Status", status),
        element("LastModifiedTime", &one.modified.format(&Rfc3339).unwrap_or_default()),
        element("DomainName", shared.origins.edge.authority()),
    ]
    .concat()
}

impl Distribution {
    fn config(&self) -> Option<Element> {
        Element::read(&self.config)
    }

    fn is_enabled(&self) -> bool {
        is_enabled(self.config().as_ref())
    }

    fn is_in_progress(&self, now: OffsetDateTime) -> bool {
        now < self.deployed_from
    }

    /// What it answers by; `None` if it does not answer.
    fn answers(&self, now: OffsetDateTime) -> Option<Element> {
        let config = if self.is_in_progress(now) { Element::read(self.before.as_deref()?) } else { self.config() };
        config.filter(|config| is_enabled(Some(config)))
    }
}

fn is_enabled(config: Option<&Element>) -> bool {
    config.and_then(|config| config.at(&["Enabled"])) == Some("true")
}

fn deploys_in(shared: &Context) -> Duration {
    shared.settle() * DEPLOYS_IN_SETTLES
}

fn known(shared: &Context, id: &str) -> Result<Distribution, ApiError> {
    let found = shared.store.read().distributions.get(id).cloned();
    let message = "The specified distribution does not exist.";
    found.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "NoSuchDistribution", message))
}

fn matched(headers: &HeaderMap, known: &Distribution) -> Result<(), ApiError> {
    match headers.get(header::IF_MATCH).and_then(|given| given.to_str().ok()) {
        None => {
            let message = "The If-Match version is missing or not valid for the resource.";
            Err(ApiError::new(StatusCode::BAD_REQUEST, "InvalidIfMatchVersion", message))
        }
        Some(given) if given == known.revision => Ok(()),
        Some(_) => {
            let message = "The precondition given in one or more of the request-header fields evaluated to false.";
            Err(ApiError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message))
        }
    }
}

fn read(body: &[u8], root: &str) -> Result<Element, ApiError> {
    let read = std::str::from_utf8(body).ok().and_then(Element::read).filter(|read| read.name == root);
    let message = "The XML document is malformed.";
    read.ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "MalformedXML", message))
}

/// What AWS would refuse, as far as it can happen here.
fn checked(config: &Element) -> Result<(), ApiError> {
    let origins: Vec<_> = config.items("Origins").iter().filter_map(|origin| origin.at(&["Id"])).collect();
    let default = config.child("DefaultCacheBehavior").ok_or_else(|| invalid("there is no default behaviour"))?;
    for behavior in [default].into_iter().chain(config.items("CacheBehaviors")) {
        if !behavior.at(&["TargetOriginId"]).is_some_and(|id| origins.contains(&id)) {
            let message = "One or more of your origins or origin groups do not exist.";
            return Err(ApiError::new(StatusCode::NOT_FOUND, "NoSuchOrigin", message));
        }
        if behavior.at(&["CachePolicyId"]) != Some(CACHE_POLICY) {
            return Err(ApiError::new(StatusCode::NOT_FOUND, "NoSuchCachePolicy", "The cache policy does not exist."));
        }
        if behavior.at(&["ResponseHeadersPolicyId"]) != Some(HEADERS_POLICY) {
            let message = "The response headers policy does not exist.";
            return Err(ApiError::new(StatusCode::NOT_FOUND, "NoSuchResponseHeadersPolicy", message));
        }
    }
    for (list, each) in ["Origins", "CacheBehaviors", "CustomErrorResponses"].map(|name| (name, config.items(name))) {
        let said = config.at(&[list, "Quantity"]).and_then(|said| said.parse().ok());
        if said.unwrap_or(0) != each.len() {
            let message = "The value of Quantity and the size of Items don't match.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "InconsistentQuantities", message));
        }
    }
    if config.at(&["Comment"]).is_none_or(|comment| comment.chars().count() > 128) {
        return Err(invalid("a comment has at most 128 characters"));
    }
    Ok(())
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidArgument", message)
}

fn tag(tag: &Element) -> Option<(String, String)> {
    Some((tag.at(&["Key"])?.to_owned(), tag.at(&["Value"]).unwrap_or_default().to_owned()))
}

/// An id or a revision: fourteen letters and digits, as AWS's.
fn drawn() -> String {
    format!("E{}", uuid().replace('-', "")[..13].to_ascii_uppercase())
}

/// After a start at other ports: on AWS nothing moves, so that a distribution is told of its origins only once.
pub(super) fn move_to(store: &Store, origins: &Origins) -> io::Result<()> {
    let change = store.change()?;
    let front = change.function(GATE).map(|gate| gate.front()).unwrap_or_default();
    let gate = origins.gate_at(front);
    let all: Vec<_> = change.state().distributions.values().cloned().collect();
    for mut one in all {
        let Some(mut config) = one.config() else { continue };
        config.move_origin(GATE_ORIGIN, gate);
        config.move_origin(RELAY_ORIGIN, &origins.relay);
        let moved = config.written();
        if moved != one.config {
            one.config = moved;
            change.put_distribution(one)?;
        }
    }
    Ok(())
}

impl Element {
    fn move_origin(&mut self, id: &str, to: &Origin) {
        let Some((host, port)) = to.authority().rsplit_once(':') else { return };
        let items = self.child_mut("Origins").and_then(|origins| origins.child_mut("Items"));
        let origins = items.map(|items| items.children.as_mut_slice()).unwrap_or_default();
        let Some(origin) = origins.iter_mut().find(|origin| origin.at(&["Id"]) == Some(id)) else { return };
        if let Some(name) = origin.child_mut("DomainName") {
            host.clone_into(&mut name.text);
        }
        if let Some(known) = origin.child_mut("CustomOriginConfig").and_then(|config| config.child_mut("HTTPPort")) {
            port.clone_into(&mut known.text);
        }
    }
}
