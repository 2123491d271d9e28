//! What AWS's answers mean for the work: one table from error codes to fault classes, with a hint where a person can
//! do something. Messages carry AWS's own text, never a credential or a presigned query.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::{DateTime, date_time::Format};

use super::{
    answer::InBetween,
    causes::causes,
    names::{self, NoSuchHost},
    sign_in::SignIn,
};
use crate::reel::fault::{Explain, FaultClass};

#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing}")]
pub struct CloudError {
    /// `could not …`
    pub doing: String,
    /// AWS's error code, or ours for what never reached it.
    pub code: String,
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    class: FaultClass,
    hint: Option<String>,
    /// No connection came about.
    offline: bool,
    #[source]
    cause: Cause,
}

/// What took longer than its limit, and what never came to an answer: our codes.
const TIMEOUT: &str = "Timeout";
const CONNECTION: &str = "Connection";
const IN_BETWEEN: &str = "InBetween";

/// AWS's words, kept apart so that they show once, as the cause.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

impl CloudError {
    pub fn is_throttle(&self) -> bool {
        THROTTLES.contains(&self.code.as_str())
    }

    /// AWS itself says that there is no such thing. A status alone says nothing: proxies answer 404 too.
    pub fn is_not_found(&self) -> bool {
        NOT_FOUND.contains(&self.code.as_str())
    }

    /// A right is missing.
    pub fn is_denied(&self) -> bool {
        ["AccessDeniedException", "AccessDenied"].contains(&self.code.as_str())
    }

    pub fn is_conflict(&self) -> bool {
        self.code == "ResourceConflictException"
    }

    /// 412: someone else changed the function since it was read.
    pub fn is_precondition(&self) -> bool {
        self.code == "PreconditionFailedException"
    }

    /// The signature was too old when the body ended: the uplink is too slow for so much in flight.
    pub fn is_signature_age(&self) -> bool {
        self.code == "InvalidSignatureException" && self.cause.0.contains("expired")
    }

    /// Nothing came in time.
    pub fn is_timeout(&self) -> bool {
        self.code == TIMEOUT
    }

    /// AWS did not say what came of it: its answer was lost, or it failed itself. What was asked for may be done.
    pub fn leaves_open(&self) -> bool {
        [TIMEOUT, CONNECTION, IN_BETWEEN].contains(&self.code.as_str())
            || self.status.is_some_and(|status| status >= 500)
    }

    /// If a right is missing: with who has to do what about it.
    pub fn if_denied(self, hint: &str) -> Self {
        if self.is_denied() { Self { hint: Some(hint.to_owned()), ..self } } else { self }
    }

    /// AWS does not take these credentials, or there are none.
    pub(super) fn is_sign_in(&self) -> bool {
        [SIGN_IN, NO_CREDENTIALS, KEYS].map(Some).contains(&self.hint.as_deref())
    }

    pub fn cause(&self) -> &str {
        &self.cause.0
    }

    /// An answer that we don't accept though AWS does.
    pub fn unexpected(doing: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::new(doing.into(), "Unexpected".to_owned(), None, cause.into(), None)
    }

    /// AWS's own files of profiles can't be read.
    pub(super) fn files(error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self::new("could not read AWS's config files".to_owned(), "Files".to_owned(), None, cause, None)
    }

    /// The same, but worth another attempt.
    pub(super) fn passing(self) -> Self {
        Self { class: FaultClass::Transient, hint: None, ..self }
    }

    /// With what to do about these credentials, if they are what is wrong.
    pub(super) fn signed_in(self, sign_in: &SignIn) -> Self {
        let ours = [SIGN_IN, NO_CREDENTIALS].map(Some).contains(&self.hint.as_deref());
        if ours { Self { hint: Some(sign_in.hint()), ..self } } else { self }
    }

    /// With what to look at where nothing was reached: a mistyped Region is a host that does not exist.
    pub(super) fn reaching(self, region: &str) -> Self {
        let hint = format!("Check the network, and that `{region}` is the name of an AWS Region, such as us-east-1.");
        if self.offline || self.code == NO_SUCH_HOST { Self { hint: Some(hint), ..self } } else { self }
    }

    pub(super) fn timed_out(doing: String) -> Self {
        Self::new(doing, TIMEOUT.into(), None, "no answer in time".into(), None)
    }

    fn in_between(doing: String, between: &InBetween) -> Self {
        Self {
            class: between.class(),
            hint: Some(between.hint().to_owned()),
            ..Self::new(doing, IN_BETWEEN.to_owned(), between.status(), between.to_string(), None)
        }
    }

    pub(super) fn new(
        doing: String,
        code: String,
        status: Option<u16>,
        message: String,
        retry_after: Option<Duration>,
    ) -> Self {
        let (class, hint) = classify(&code, status, &message);
        let hint = hint.map(str::to_owned);
        Self { doing, code, status, retry_after, class, hint, offline: false, cause: Cause(message) }
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
                    return Self::new(doing, "ClockSkew".into(), Some(status), skew, None);
                }
                Self::new(doing, code, Some(status), message, retry_after.map(Duration::from_secs))
            }
            SdkError::TimeoutError(_) => Self::timed_out(doing),
            other if let Some(between) = caused_by::<InBetween>(other) => Self::in_between(doing, between),
            other if let Some(host) = caused_by::<NoSuchHost>(other) => {
                Self::new(doing, NO_SUCH_HOST.into(), None, host.to_string(), None)
            }
            other => match credentials_cause(other) {
                Some(cause) => Self::new(doing, "Credentials".into(), None, cause, None),
                None if reads_file(other) => Self::new(doing, "File".into(), None, root_cause(other), None),
                None => {
                    let offline = is_offline(other);
                    Self { offline, ..Self::new(doing, CONNECTION.into(), None, root_cause(other), None) }
                }
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
        self.offline
    }
}

/// AWS takes signatures of the last and the next five minutes; a minute is left for the way.
const SKEW_SECONDS: i64 = 240;

/// A refused signature because this machine's clock is wrong, by the time that the answer tells; in words.
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
    (behind.abs() > SKEW_SECONDS).then(|| format!("this machine's clock is {minutes} min {which} AWS's"))
}

/// The request's body could not be read on this machine.
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

/// If the chain of causes comes from looking for credentials, what was said there last.
fn credentials_cause<E: std::error::Error + 'static>(error: &SdkError<E, Response>) -> Option<String> {
    caused_by::<CredentialsError>(error).map(|error| root_cause(error))
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Lambda's and CloudWatch Logs' code (the latter answers with 400), and IAM's.
const NOT_FOUND: [&str; 2] = ["ResourceNotFoundException", "NoSuchEntity"];

const THROTTLES: [&str; 5] =
    ["TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown"];

/// Our code for a host that no DNS knows.
const NO_SUCH_HOST: &str = "NoSuchHost";

const HOST: &str = "Check the name: the Region, AWS_ENDPOINT_URL, or what stands in the config file.";
const SIGN_IN: &str =
    "Sign in again (with IAM Identity Center: `aws sso login --profile NAME`), then press r or resume.";
const RIGHTS: &str = "Ask for the right that is named, then press r or resume.";
const ROLE: &str = "If it lasts, the role does not exist or does not trust Lambda: an administrator makes it with \
                    `zipreel setup --roles`.";
const FILE: &str = "Something has removed a segment before its upload. Resume: the video is split again.";
const CLOCK: &str = "Set the clock (time synchronisation sets it by itself), then press r or resume.";
const KEYS: &str = "Check the access keys of the profile (`aws configure list`) and this machine's clock.";
const QUOTA: &str = "Delete reels or functions that are not needed, or ask for more under Service Quotas \
                     (AWS Lambda, \"Function and layer storage\"), then press r or resume.";
const LIMIT: &str = "Remove what is not needed, or ask for more under Service Quotas, then press r or resume.";
const OPT_IN: &str = "Enable the service or the Region for this account in AWS's console, then press r or resume.";
const PUBLIC: &str = "The account blocks public access to Lambda functions, which viewers need: lift that for the gate, \
                      or use another account.";
const NO_REGION: &str = "Choose one with --region, such as us-east-1, or give the profile a `region`.";
const NO_CREDENTIALS: &str = "Choose a profile with --profile or AWS_PROFILE, run `aws configure` or `aws sso login`, \
                              or publish to the stand-in with --target local.";

/// The table. The code decides, except where AWS uses one code for several things.
fn classify(code: &str, status: Option<u16>, message: &str) -> (FaultClass, Option<&'static str>) {
    use FaultClass::{NeedsPerson, Permanent, Transient};
    match code {
        code if THROTTLES.contains(&code) => (Transient, None),
        "ServiceException"
        | "InternalFailure"
        | "InternalError"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | TIMEOUT
        | CONNECTION => (Transient, None),
        // a name that was made a moment ago may not be known everywhere yet
        NO_SUCH_HOST => (Transient, Some(HOST)),
        // two changes of one role or log group met
        "ConcurrentModification" | "EntityTemporarilyUnmodifiable" | "OperationAbortedException" => (Transient, None),
        // a new role needs up to half a minute to be known everywhere
        "InvalidParameterValueException" if message.contains("cannot be assumed") => (Transient, Some(ROLE)),
        // too slow an uplink, or a clock that was set since: the SDK signs the next attempt by AWS's time
        "InvalidSignatureException" | "SignatureDoesNotMatch"
            if ["expired", "not yet current"].iter().any(|word| message.contains(word)) =>
        {
            (Transient, None)
        }
        "ResourceConflictException" if ["in progress", "state: Pending"].iter().any(|word| message.contains(word)) => {
            (Transient, None)
        }
        "File" => (Permanent, Some(FILE)),
        // the SDK learns AWS's time from each answer; the hint is for a clock that outlasts all attempts
        "ClockSkew" => (Transient, Some(CLOCK)),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => (NeedsPerson, Some(SIGN_IN)),
        "Credentials" => (NeedsPerson, Some(NO_CREDENTIALS)),
        "NoRegion" => (NeedsPerson, Some(NO_REGION)),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => (NeedsPerson, Some(KEYS)),
        "AccessDeniedException" | "AccessDenied" => (NeedsPerson, Some(RIGHTS)),
        "CodeStorageExceededException" => (NeedsPerson, Some(QUOTA)),
        // IAM's number of roles, CloudWatch Logs' of groups
        "LimitExceeded" | "LimitExceededException" => (NeedsPerson, Some(LIMIT)),
        "OptInRequired" | "SubscriptionRequiredException" => (NeedsPerson, Some(OPT_IN)),
        "PublicPolicyException" => (NeedsPerson, Some(PUBLIC)),
        // a code that we don't know: its status tells as much
        _ if status.is_some_and(|status| matches!(status, 408 | 429 | 500..)) => (Transient, None),
        _ => (Permanent, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultClass::{NeedsPerson, Permanent, Transient};

    #[test]
    fn every_code_has_its_class() {
        let table = [
            ("TooManyRequestsException", 429, "Rate exceeded", Transient),
            ("ServiceException", 500, "", Transient),
            ("ServiceUnavailable", 503, "", Transient),
            ("SomethingNew", 502, "", Transient),
            ("SomethingNew", 429, "", Transient),
            ("SomethingNew", 408, "", Transient),
            ("RequestTimeoutException", 400, "", Transient),
            (
                "InvalidParameterValueException",
                400,
                "The role defined for the function cannot be assumed by Lambda.",
                Transient,
            ),
            ("InvalidParameterValueException", 400, "Unzipped size must be smaller than 262144000 bytes", Permanent),
            ("InvalidSignatureException", 403, "Signature expired: 2026… is now earlier than …", Transient),
            ("InvalidSignatureException", 403, "The request signature we calculated does not match", NeedsPerson),
            ("ResourceConflictException", 409, "Function already exist: x", Permanent),
            ("ResourceConflictException", 409, "an update is in progress for resource", Transient),
            ("ResourceConflictException", 409, "The function is currently in the following state: Pending", Transient),
            ("InvalidSignatureException", 403, "Signature not yet current: 2026… is still later than …", Transient),
            ("SignatureDoesNotMatch", 403, "Signature not yet current: 2026… is still later than …", Transient),
            ("ClockSkew", 403, "this machine's clock is 10 min behind AWS's", Transient),
            ("RequestEntityTooLargeException", 413, "", Permanent),
            ("CodeStorageExceededException", 400, "", NeedsPerson),
            ("AccessDeniedException", 403, "", NeedsPerson),
            ("UnrecognizedClientException", 403, "", NeedsPerson),
            ("ExpiredTokenException", 403, "", NeedsPerson),
            ("ValidationException", 400, "", Permanent),
            ("PreconditionFailedException", 412, "", Permanent),
            ("ResourceNotFoundException", 404, "", Permanent),
            ("InvalidCodeSignatureException", 400, "", Permanent),
            ("CodeVerificationFailedException", 400, "", Permanent),
            ("CodeSigningConfigNotFoundException", 404, "", Permanent),
            ("PublicPolicyException", 400, "", NeedsPerson),
            ("PolicyLengthExceededException", 400, "", Permanent),
            ("FunctionVersionsPerCapacityProviderLimitExceededException", 400, "", Permanent),
            ("InvalidParameterValueException", 400, "Could not unzip uploaded file.", Permanent),
            ("InvalidParameterValueException", 400, "The runtime parameter of x is no longer supported", Permanent),
            ("MissingAuthenticationTokenException", 403, "", NeedsPerson),
            ("IncompleteSignatureException", 403, "", NeedsPerson),
            ("OptInRequired", 403, "", NeedsPerson),
            // IAM and STS
            ("Throttling", 400, "Rate exceeded", Transient),
            ("ServiceFailure", 500, "", Transient),
            ("ConcurrentModification", 409, "", Transient),
            ("EntityTemporarilyUnmodifiable", 409, "", Transient),
            ("AccessDenied", 403, "", NeedsPerson),
            ("InvalidClientTokenId", 403, "", NeedsPerson),
            ("SignatureDoesNotMatch", 403, "", NeedsPerson),
            ("IncompleteSignature", 400, "", NeedsPerson),
            ("MissingAuthenticationToken", 403, "", NeedsPerson),
            ("ExpiredToken", 403, "", NeedsPerson),
            ("LimitExceeded", 409, "", NeedsPerson),
            ("NoSuchEntity", 404, "", Permanent),
            ("EntityAlreadyExists", 409, "", Permanent),
            ("DeleteConflict", 409, "", Permanent),
            ("MalformedPolicyDocument", 400, "", Permanent),
            ("UnmodifiableEntity", 400, "", Permanent),
            ("InvalidInput", 400, "", Permanent),
            ("ValidationError", 400, "", Permanent),
            // CloudWatch Logs
            ("OperationAbortedException", 400, "", Transient),
            ("ServiceUnavailableException", 503, "", Transient),
            ("LimitExceededException", 400, "", NeedsPerson),
            ("ResourceAlreadyExistsException", 400, "", Permanent),
            ("InvalidParameterException", 400, "", Permanent),
        ];
        for (code, status, message, class) in table {
            let error = CloudError::new("could not".into(), code.into(), Some(status), message.into(), None);
            assert_eq!(error.class(), class, "{code} {message}");
            let helps = class == NeedsPerson || code == "ClockSkew" || message.contains("cannot be assumed");
            assert_eq!(error.hint().is_some(), helps, "{code}: a person needs a hint");
        }
    }
}
