//! A call to AWS that did not succeed: what was asked for, of what kind the answer was, what follows. Messages carry AWS's own text, never a credential or a presigned query.

use std::time::{Duration, SystemTime};

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::{client::endpoint::error::ResolveEndpointError, http::Response};
use aws_smithy_types::{DateTime, date_time::Format};

use super::{
    error_kind::{self, ErrorKind},
    http::{
        answer::InBetween,
        causes::causes,
        names::{self, NoSuchHost},
    },
    identity::sign_in::SignIn,
};
use crate::model::report::fault::{Explain, FaultClass};

#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing}")]
pub struct CloudError {
    /// `could not …`
    pub doing: String,
    /// AWS's error code, or the name of the kind for what never reached it.
    pub code: String,
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    kind: ErrorKind,
    class: FaultClass,
    hint: Option<String>,
    #[source]
    cause: Cause,
}

/// AWS's words, kept apart so that they show once, as the cause.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

impl CloudError {
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// AWS itself says that there is no such thing. A status alone says nothing: proxies answer 404 too.
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    pub fn is_denied(&self) -> bool {
        self.kind == ErrorKind::Denied
    }

    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, ErrorKind::Conflict | ErrorKind::Changing)
    }

    pub fn is_precondition(&self) -> bool {
        self.kind == ErrorKind::Precondition
    }

    /// AWS did not say what came of it: its answer was lost, or it failed itself. What was asked for may be done.
    pub fn leaves_open(&self) -> bool {
        use ErrorKind::{Connection, InBetween, Offline, Timeout};
        matches!(self.kind, Timeout | Connection | Offline | InBetween)
            || self.status.is_some_and(|status| status >= 500)
    }

    /// If a right is missing: with who has to do what about it.
    pub fn if_denied(self, hint: &str) -> Self {
        if self.is_denied() { Self { hint: Some(hint.to_owned()), ..self } } else { self }
    }

    /// AWS does not take these credentials, or there are none.
    pub(super) fn is_sign_in(&self) -> bool {
        matches!(self.kind, ErrorKind::SignIn | ErrorKind::NoCredentials | ErrorKind::Keys)
    }

    pub fn cause(&self) -> &str {
        &self.cause.0
    }

    /// An answer that we don't accept though AWS does.
    pub fn unexpected(doing: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { code: "Unexpected".to_owned(), ..Self::ours(doing.into(), ErrorKind::Other, cause.into()) }
    }

    /// AWS's own files of profiles can't be read.
    pub(super) fn files(error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let doing = "could not read AWS's config files".to_owned();
        Self { code: "Files".to_owned(), ..Self::ours(doing, ErrorKind::Other, cause) }
    }

    /// The same, but worth another attempt.
    pub(super) fn passing(self) -> Self {
        Self { class: FaultClass::Transient, hint: None, ..self }
    }

    /// With what to do about these credentials, if they are what is wrong.
    pub(super) fn signed_in(self, sign_in: &SignIn) -> Self {
        if matches!(self.kind, ErrorKind::SignIn | ErrorKind::NoCredentials) {
            Self { hint: Some(sign_in.hint()), ..self }
        } else {
            self
        }
    }

    /// With what to look at where nothing was reached: a mistyped Region is a host that does not exist.
    pub(super) fn reaching(self, region: &str) -> Self {
        let hint = format!("Check the network, and that `{region}` is the name of an AWS Region, such as us-east-1.");
        if matches!(self.kind, ErrorKind::Offline | ErrorKind::NoSuchHost) {
            Self { hint: Some(hint), ..self }
        } else {
            self
        }
    }

    pub(super) fn timed_out(doing: String) -> Self {
        Self::ours(doing, ErrorKind::Timeout, "no answer in time".into())
    }

    fn in_between(doing: String, between: &InBetween) -> Self {
        Self {
            class: between.class(),
            hint: Some(between.hint().to_owned()),
            status: between.status(),
            ..Self::ours(doing, ErrorKind::InBetween, between.to_string())
        }
    }

    /// What AWS answered.
    fn answered(doing: String, code: String, status: u16, message: String, retry_after: Option<Duration>) -> Self {
        let kind = ErrorKind::of(&code, Some(status), &message);
        let message = match kind.meaning() {
            Some(meaning) => format!("{meaning}: “{message}”"),
            None => message,
        };
        let permission = error_kind::denied(&message).filter(|_| kind == ErrorKind::Denied);
        let hint = permission.map(|permission| {
            format!("Ask whoever looks after the account for the permission `{permission}`, then try again (`zipreel policy` prints all that are needed).")
        });
        let error = Self::ours(doing, kind, message);
        Self { code, status: Some(status), retry_after, hint: hint.or(error.hint.clone()), ..error }
    }

    /// What never came to an answer of AWS.
    pub fn ours(doing: String, kind: ErrorKind, cause: String) -> Self {
        let hint = kind.hint().map(str::to_owned);
        let (class, code) = (kind.class(), format!("{kind:?}"));
        Self { doing, code, status: None, retry_after: None, kind, class, hint, cause: Cause(cause) }
    }

    pub(super) fn from_sdk<E>(doing: impl Into<String>, error: &SdkError<E, Response>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let doing = doing.into();
        match error {
            SdkError::ServiceError(answer) => {
                let response = answer.raw();
                let retry_after = response.headers().get("retry-after").and_then(|value| value.parse().ok());
                let status = response.status().as_u16();
                let code = answer.err().code().unwrap_or("Unknown").to_owned();
                let message = answer.err().message().filter(|message| !message.is_empty()).unwrap_or("no reason given");
                let message = format!("{message} ({status} {code})");
                if let Some(skew) = clock_skew(&code, response.headers().get("date")) {
                    return Self { status: Some(status), ..Self::ours(doing, ErrorKind::ClockSkew, skew) };
                }
                Self::answered(doing, code, status, message, retry_after.map(Duration::from_secs))
            }
            SdkError::TimeoutError(_) => Self::timed_out(doing),
            other if let Some(between) = caused_by::<InBetween>(other) => Self::in_between(doing, between),
            other if let Some(host) = caused_by::<NoSuchHost>(other) => {
                Self::ours(doing, ErrorKind::NoSuchHost, host.to_string())
            }
            other => match credentials_cause(other) {
                Some(cause) => Self::ours(doing, ErrorKind::NoCredentials, cause),
                None if caused_by::<ResolveEndpointError>(other).is_some() => {
                    Self::ours(doing, ErrorKind::Address, root_cause(other))
                }
                None if reads_file(other) => Self::ours(doing, ErrorKind::File, root_cause(other)),
                None if is_offline(other) => Self::ours(doing, ErrorKind::Offline, root_cause(other)),
                None => Self::ours(doing, ErrorKind::Connection, root_cause(other)),
            },
        }
    }
}

impl Explain for CloudError {
    fn class(&self) -> FaultClass {
        self.class
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn is_offline(&self) -> bool {
        self.kind == ErrorKind::Offline
    }
}

/// AWS takes signatures of the last and the next five minutes; a minute is left for the way.
const SKEW_SECONDS: i64 = 240;

/// A refused signature because this computer's clock is wrong, by the time that the answer tells; in words.
fn clock_skew(code: &str, date: Option<&str>) -> Option<String> {
    const SIGNATURE_CODES: [&str; 4] =
        ["InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired"];
    if !SIGNATURE_CODES.contains(&code) {
        return None;
    }
    let theirs = DateTime::from_str(date?, Format::HttpDate).ok()?.secs();
    let behind = theirs - DateTime::from(SystemTime::now()).secs();
    let minutes = (behind.abs() + 30) / 60;
    let which = if behind > 0 { "behind" } else { "ahead of" };
    (behind.abs() > SKEW_SECONDS).then(|| format!("this computer's clock is {minutes} min {which} AWS's"))
}

/// The request's body could not be read on this computer.
fn reads_file<E: std::error::Error + 'static>(error: &SdkError<E, Response>) -> bool {
    use std::io::ErrorKind::{IsADirectory, NotFound, PermissionDenied};
    let cause = caused_by::<std::io::Error>(error);
    cause.is_some_and(|error| [IsADirectory, NotFound, PermissionDenied].contains(&error.kind()))
}

/// No connection came about, or the network is gone: not one that was cut.
fn is_offline<E: std::error::Error + 'static>(error: &SdkError<E, Response>) -> bool {
    use std::io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected, TimedOut,
    };
    const GONE: [std::io::ErrorKind; 7] =
        [AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected, TimedOut];
    let SdkError::DispatchFailure(failure) = error else { return false };
    match caused_by::<std::io::Error>(error) {
        Some(error) => GONE.contains(&error.kind()) || names::is_lookup(error),
        // a connect that timed out has no error of the system in it
        None => failure.is_timeout(),
    }
}

/// The first of an error's causes that is of this type.
fn caused_by<'a, C: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a C> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// Of all places that AWS's tools look at.
const NO_CREDENTIALS: &str =
    "there are none: neither the environment nor AWS's config files have any, and this computer has no role";

/// If the chain of causes comes from looking for credentials, what was said there last. Where none were found anywhere,
/// that is a line for each place, the containers of services that nobody here uses among them.
fn credentials_cause<E: std::error::Error + 'static>(error: &SdkError<E, Response>) -> Option<String> {
    let error = caused_by::<CredentialsError>(error)?;
    let is_nowhere = caused_by::<ProviderChainError<CredentialsError>>(error).is_some();
    Some(if is_nowhere { NO_CREDENTIALS.to_owned() } else { root_cause(error) })
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
