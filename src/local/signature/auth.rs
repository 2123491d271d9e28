//! Who calls: takes a request's signature apart, and verifies it once the body's hash is known. Only the stand-in's
//! own key passes.

use axum::http::{HeaderMap, Method, StatusCode, Uri, request::Parts};
use time::{Duration, OffsetDateTime, PrimitiveDateTime, format_description::FormatItem, macros::format_description};

use super::{
    keys::KeyPair,
    sigv4::{Canonical, Claim, service_path},
};
use crate::local::error::ApiError;

/// How far a signature's time may be from ours, at the start and at the end of the body.
pub(in crate::local) const SKEW: Duration = Duration::minutes(5);

const AMZ_DATE: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

pub(in crate::local) fn amz_date(time: OffsetDateTime) -> String {
    // the format has only fields that every time has
    time.format(AMZ_DATE).unwrap_or_default()
}

pub(in crate::local) fn parse_amz_date(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, AMZ_DATE).ok().map(PrimitiveDateTime::assume_utc)
}

/// A request whose signature claims a known key and a fresh time. Nothing is proved before [`Self::verify`].
#[derive(Debug)]
pub(in crate::local) struct Caller {
    pub(in crate::local) claim: Claim,
    method: Method,
    uri: Uri,
    headers: Vec<(String, String)>,
    date: String,
    signed_at: OffsetDateTime,
    /// How old it may grow.
    age: Duration,
    /// The hash the client says its body has.
    announced: Option<String>,
}

impl Caller {
    /// What can be refused before the body.
    pub(in crate::local) fn claimed(
        parts: &Parts,
        key: &KeyPair,
        now: OffsetDateTime,
        age: Duration,
    ) -> Result<Self, ApiError> {
        let Some(authorization) = text(&parts.headers, "authorization") else {
            return Err(ApiError::denied("MissingAuthenticationTokenException", "Missing Authentication Token"));
        };
        let claim = Claim::parse(&authorization).map_err(incomplete)?;
        let date = text(&parts.headers, "x-amz-date")
            .ok_or_else(|| incomplete("Authorization header requires existence of an 'X-Amz-Date' header.".into()))?;
        let signed_at = parse_amz_date(&date).filter(|_| date.starts_with(&claim.scope.date)).ok_or_else(|| {
            incomplete("Date in Credential scope does not match YYYYMMDD from ISO-8601 version.".into())
        })?;
        // our key is a long-term one: a session token can't belong to it
        if claim.access_key != key.id || parts.headers.contains_key("x-amz-security-token") {
            let message = "The security token included in the request is invalid.";
            return Err(ApiError::denied("UnrecognizedClientException", message));
        }
        let headers = signed_headers(&parts.headers, &claim)?;
        let announced = text(&parts.headers, "x-amz-content-sha256");
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let caller = Self { claim, method, uri, headers, date, signed_at, age, announced };
        caller.check_age(now)?;
        Ok(caller)
    }

    /// The whole proof: the signature over this body, still fresh now that the body has ended.
    pub(in crate::local) fn verify(
        &self,
        key: &KeyPair,
        body_sha256: &str,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        self.check_age(now)?;
        let announced = self.announced.as_deref().unwrap_or(body_sha256);
        let canonical = Canonical {
            method: self.method.as_str(),
            path: service_path(self.uri.path()),
            query: self.uri.query().unwrap_or_default(),
            headers: self.headers.clone(),
            payload: announced,
        };
        let proved = canonical.verify(&key.secret, &self.date, &self.claim.scope, &self.claim.signature);
        if proved && announced == body_sha256 {
            return Ok(());
        }
        Err(ApiError::denied(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        ))
    }

    fn check_age(&self, now: OffsetDateTime) -> Result<(), ApiError> {
        let (date, now_text) = (&self.date, amz_date(now));
        let message = if self.signed_at < now - self.age {
            let (edge, minutes) = (amz_date(now - self.age), self.age.as_seconds_f64() / 60.0);
            format!("Signature expired: {date} is now earlier than {edge} ({now_text} - {minutes} min.)")
        } else if self.signed_at > now + SKEW {
            let edge = amz_date(now + SKEW);
            format!("Signature not yet current: {date} is still later than {edge} ({now_text} + 5 min.)")
        } else {
            return Ok(());
        };
        Err(ApiError::denied("InvalidSignatureException", message))
    }
}

fn incomplete(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "IncompleteSignatureException", message)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The signed headers' values; `host` and the date must be among them, or the signature would not bind the request
/// to this place and hour.
fn signed_headers(headers: &HeaderMap, claim: &Claim) -> Result<Vec<(String, String)>, ApiError> {
    for must in ["host", "x-amz-date"] {
        if !claim.signed_headers.iter().any(|name| name == must) {
            return Err(incomplete(format!("'{must}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    let mut signed = Vec::new();
    for name in &claim.signed_headers {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        if values.is_empty() {
            return Err(incomplete(format!("'{name}' is a 'SignedHeader' and is not in the request.")));
        }
        signed.push((name.clone(), values.join(",")));
    }
    Ok(signed)
}
