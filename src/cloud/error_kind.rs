//! What an error of AWS, or silence, means: the one table from AWS's codes to kinds, and what follows from each kind.

use crate::model::report::fault::FaultClass;

/// What came instead of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// More calls than AWS takes in that time.
    Throttled,
    /// AWS failed itself, or is busy with the same thing: it passes.
    Passing,
    NotFound,
    /// There is one of that name already.
    Exists,
    /// Of a function: there is one of that name, or its state does not allow the call.
    Conflict,
    /// The same, as long as a change of it is under way.
    Changing,
    /// Someone else changed the function since it was read.
    Precondition,
    /// A right is missing.
    Denied,
    /// The signature was too old when the body ended: the uplink is too slow for so much in flight.
    SignatureAge,
    /// This computer's clock is wrong.
    ClockSkew,
    /// Lambda may not assume the role, or does not know it yet.
    Role,
    /// The sign-in has ended.
    SignIn,
    NoCredentials,
    /// The access keys are wrong.
    Keys,
    /// No Region was named, or one that AWS can't have.
    NoRegion,
    /// Where AWS is to be asked is no URL.
    Address,
    /// The account's room for code is used up.
    Storage,
    /// Another number that the account may not exceed.
    Limit,
    /// The account has to enable a service or Region first.
    OptIn,
    /// The account allows nothing that is public.
    NotPublic,
    /// No answer in time.
    Timeout,
    /// The connection was cut.
    Connection,
    /// No connection came about.
    Offline,
    /// A host that no DNS knows, while it knows others.
    NoSuchHost,
    /// Something between here and AWS answered.
    InBetween,
    /// A file on this computer can't be read.
    File,
    /// Refused for good.
    Other,
}

impl ErrorKind {
    /// The code decides, except where AWS uses one code for several things. Of a code that we don't know the status
    /// tells as much.
    pub(super) fn of(code: &str, status: Option<u16>, message: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        match code {
            "TooManyRequestsException" | "ThrottlingException" | "Throttling" | "RequestLimitExceeded" | "SlowDown" => {
                Self::Throttled
            }
            "ServiceException"
            | "InternalFailure"
            | "InternalError"
            | "ServiceUnavailable"
            | "RequestTimeout"
            | "RequestTimeoutException" => Self::Passing,
            // two changes of one role or log group met
            "ConcurrentModification" | "EntityTemporarilyUnmodifiable" | "OperationAbortedException" => Self::Passing,
            // CloudWatch Logs answers with 400
            // API Gateway and CloudFront have names of their own
            "ResourceNotFoundException" | "NotFoundException" | "NoSuchEntity" | "NoSuchDistribution" => Self::NotFound,
            "EntityAlreadyExists" | "ResourceAlreadyExistsException" | "DistributionAlreadyExists" => Self::Exists,
            "ResourceConflictException" if says(&["in progress", "state: Pending"]) => Self::Changing,
            "ResourceConflictException" | "ConflictException" => Self::Conflict,
            "PreconditionFailedException" | "PreconditionFailed" | "InvalidIfMatchVersion" => Self::Precondition,
            // CloudFront's: a change of it is still on its way to the edges
            "DistributionNotDisabled" => Self::Changing,
            "InvalidParameterValueException" if says(&["cannot be assumed"]) => Self::Role,
            "InvalidSignatureException" | "SignatureDoesNotMatch" if says(&["expired"]) => Self::SignatureAge,
            // of a clock that was set since: the SDK signs the next attempt by AWS's time
            "InvalidSignatureException" | "SignatureDoesNotMatch" if says(&["not yet current"]) => Self::Passing,
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Self::SignIn,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => Self::Keys,
            "AccessDeniedException" | "AccessDenied" => Self::Denied,
            "CodeStorageExceededException" => Self::Storage,
            // IAM's number of roles, CloudWatch Logs' of groups
            "LimitExceeded" | "LimitExceededException" | "TooManyDistributions" => Self::Limit,
            "OptInRequired" | "SubscriptionRequiredException" => Self::OptIn,
            "PublicPolicyException" => Self::NotPublic,
            _ if status.is_some_and(|status| matches!(status, 408 | 429 | 500..)) => Self::Passing,
            _ => Self::Other,
        }
    }

    pub(super) fn class(self) -> FaultClass {
        match self {
            Self::Throttled
            | Self::Passing
            | Self::Changing
            | Self::SignatureAge
            | Self::Timeout
            | Self::Connection
            | Self::Offline => FaultClass::Transient,
            // a new role needs up to half a minute to be known everywhere, and so does a host's new name
            Self::Role | Self::NoSuchHost => FaultClass::Transient,
            // the SDK learns AWS's time from each answer; the hint is for a clock that outlasts all attempts
            Self::ClockSkew => FaultClass::Transient,
            Self::Denied
            | Self::SignIn
            | Self::NoCredentials
            | Self::Keys
            | Self::NoRegion
            | Self::Storage
            | Self::Limit
            | Self::OptIn
            | Self::NotPublic => FaultClass::NeedsPerson,
            Self::NotFound
            | Self::Exists
            | Self::Conflict
            | Self::Precondition
            | Self::InBetween
            | Self::Address
            | Self::File
            | Self::Other => FaultClass::Permanent,
        }
    }

    /// In plain words, where AWS's own say it only to those who know them.
    pub(super) fn meaning(self) -> Option<&'static str> {
        (self == Self::Throttled).then_some("too busy")
    }

    pub(super) fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Role => {
                "If it lasts, the role does not exist or does not trust Lambda: an administrator makes it with \
                 `zipreel setup --roles` and --target aws."
            }
            Self::NoSuchHost => "Check the name: the Region, AWS_ENDPOINT_URL, or what stands in the config file.",
            Self::ClockSkew => "Set the clock (time synchronisation sets it by itself), then try again.",
            Self::Denied => "Ask for the permission named above, then try again.",
            Self::SignIn => "Sign in again (with IAM Identity Center: `aws sso login --profile NAME`), then try again.",
            Self::NoCredentials => {
                "Choose a profile with --profile or AWS_PROFILE, run `aws configure` or `aws sso login`, or publish to \
                 the stand-in with --target local."
            }
            Self::Keys => "Check the access keys of the profile (`aws configure list`) and this computer's clock.",
            Self::Address => {
                "Set AWS_ENDPOINT_URL, or the variable of the one service or `endpoint_url` in AWS's config file, to a \
                 whole URL such as https://aws.example.org, or take it away."
            }
            Self::NoRegion => {
                "Choose one, such as us-east-1: with --region, in the wizard's settings (row Region), or as the profile's `region`."
            }
            Self::Storage => {
                "AWS keeps 300 GiB of code in a Region, and no more. Delete reels or functions that are not needed, then try again; or choose \
             another Region or account, where all is sent anew."
            }
            Self::Limit => "Remove what is not needed, or ask for more under Service Quotas, then try again.",
            Self::OptIn => "Enable the service or the Region for this account in AWS's console, then try again.",
            Self::NotPublic => {
                "The account blocks public access to Lambda functions, which viewers need: lift that for the gate, or \
                 use another account."
            }
            Self::File => "Something has removed a segment before its upload. Resume: the video is split again.",
            _ => return None,
        })
    }
}

/// What was not permitted: `User ada is not authorized to perform: lambda:DeleteFunction on resource …`.
pub(super) fn denied(message: &str) -> Option<String> {
    let (_, after) = message.split_once("not authorized to perform: ")?;
    let name = after.split_whitespace().next()?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || ":-*".contains(c));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind as Kind;

    /// Error code, status, message, and what they mean.
    #[rustfmt::skip]
    const KINDS: &[(&str, u16, &str, Kind)] = &[
        ("TooManyRequestsException", 429, "Rate exceeded", Kind::Throttled),
        ("ServiceException", 500, "", Kind::Passing),
        ("ServiceUnavailable", 503, "", Kind::Passing),
        ("SomethingNew", 502, "", Kind::Passing),
        ("SomethingNew", 429, "", Kind::Passing),
        ("SomethingNew", 408, "", Kind::Passing),
        ("RequestTimeoutException", 400, "", Kind::Passing),
        (
            "InvalidParameterValueException",
            400,
            "The role defined for the function cannot be assumed by Lambda.",
            Kind::Role,
        ),
        ("InvalidParameterValueException", 400, "Unzipped size must be smaller than 262144000 bytes", Kind::Other),
        ("InvalidSignatureException", 403, "Signature expired: 2026… is now earlier than …", Kind::SignatureAge),
        ("InvalidSignatureException", 403, "The request signature we calculated does not match", Kind::Keys),
        ("ResourceConflictException", 409, "Function already exist: x", Kind::Conflict),
        ("ResourceConflictException", 409, "an update is in progress for resource", Kind::Changing),
        (
            "ResourceConflictException",
            409,
            "The function is currently in the following state: Pending",
            Kind::Changing,
        ),
        ("InvalidSignatureException", 403, "Signature not yet current: 2026… is still later than …", Kind::Passing),
        ("SignatureDoesNotMatch", 403, "Signature not yet current: 2026… is still later than …", Kind::Passing),
        ("RequestEntityTooLargeException", 413, "", Kind::Other),
        ("CodeStorageExceededException", 400, "", Kind::Storage),
        ("AccessDeniedException", 403, "", Kind::Denied),
        ("UnrecognizedClientException", 403, "", Kind::Keys),
        ("ExpiredTokenException", 403, "", Kind::SignIn),
        ("ValidationException", 400, "", Kind::Other),
        ("PreconditionFailedException", 412, "", Kind::Precondition),
        ("ResourceNotFoundException", 404, "", Kind::NotFound),
        ("InvalidCodeSignatureException", 400, "", Kind::Other),
        ("CodeVerificationFailedException", 400, "", Kind::Other),
        ("CodeSigningConfigNotFoundException", 404, "", Kind::Other),
        ("PublicPolicyException", 400, "", Kind::NotPublic),
        ("PolicyLengthExceededException", 400, "", Kind::Other),
        ("FunctionVersionsPerCapacityProviderLimitExceededException", 400, "", Kind::Other),
        ("InvalidParameterValueException", 400, "Could not unzip uploaded file.", Kind::Other),
        ("InvalidParameterValueException", 400, "The runtime parameter of x is no longer supported", Kind::Other),
        ("MissingAuthenticationTokenException", 403, "", Kind::Keys),
        ("IncompleteSignatureException", 403, "", Kind::Keys),
        ("OptInRequired", 403, "", Kind::OptIn),
        // IAM and STS
        ("Throttling", 400, "Rate exceeded", Kind::Throttled),
        ("ServiceFailure", 500, "", Kind::Passing),
        ("ConcurrentModification", 409, "", Kind::Passing),
        ("EntityTemporarilyUnmodifiable", 409, "", Kind::Passing),
        ("AccessDenied", 403, "", Kind::Denied),
        ("InvalidClientTokenId", 403, "", Kind::Keys),
        ("SignatureDoesNotMatch", 403, "", Kind::Keys),
        ("IncompleteSignature", 400, "", Kind::Keys),
        ("MissingAuthenticationToken", 403, "", Kind::Keys),
        ("ExpiredToken", 403, "", Kind::SignIn),
        ("LimitExceeded", 409, "", Kind::Limit),
        ("NoSuchEntity", 404, "", Kind::NotFound),
        ("EntityAlreadyExists", 409, "", Kind::Exists),
        ("DeleteConflict", 409, "", Kind::Other),
        ("MalformedPolicyDocument", 400, "", Kind::Other),
        ("UnmodifiableEntity", 400, "", Kind::Other),
        ("InvalidInput", 400, "", Kind::Other),
        ("ValidationError", 400, "", Kind::Other),
        // CloudWatch Logs
        ("OperationAbortedException", 400, "", Kind::Passing),
        ("ServiceUnavailableException", 503, "", Kind::Passing),
        ("LimitExceededException", 400, "", Kind::Limit),
        ("ResourceAlreadyExistsException", 400, "", Kind::Exists),
        ("InvalidParameterException", 400, "", Kind::Other),
    ];

    #[test]
    fn every_code_has_its_kind() {
        for &(code, status, message, kind) in KINDS {
            assert_eq!(ErrorKind::of(code, Some(status), message), kind, "{code} {message}");
        }
    }

    #[test]
    fn what_was_not_permitted_is_named() {
        let told = |message| denied(message);
        let message =
            "User: arn:aws:iam::1:user/ada is not authorized to perform: lambda:DeleteFunction on resource: x";
        assert_eq!(told(message).as_deref(), Some("lambda:DeleteFunction"));
        assert_eq!(told("not authorized to perform: `rm -rf`"), None, "only what looks like a permission");
        assert_eq!(told("Forbidden"), None);
    }

    #[test]
    fn a_person_who_is_needed_is_told_what_to_do() {
        use FaultClass::{NeedsPerson, Permanent, Transient};
        for (kind, class) in [
            (Kind::Throttled, Transient),
            (Kind::Passing, Transient),
            (Kind::Changing, Transient),
            (Kind::SignatureAge, Transient),
            (Kind::ClockSkew, Transient),
            (Kind::Role, Transient),
            (Kind::Timeout, Transient),
            (Kind::Denied, NeedsPerson),
            (Kind::SignIn, NeedsPerson),
            (Kind::Keys, NeedsPerson),
            (Kind::Storage, NeedsPerson),
            (Kind::Limit, NeedsPerson),
            (Kind::OptIn, NeedsPerson),
            (Kind::NotPublic, NeedsPerson),
            (Kind::NotFound, Permanent),
            (Kind::Conflict, Permanent),
            (Kind::Precondition, Permanent),
            (Kind::Other, Permanent),
        ] {
            assert_eq!(kind.class(), class, "{kind:?}");
            let helps = class == NeedsPerson || [Kind::ClockSkew, Kind::Role].contains(&kind);
            assert_eq!(kind.hint().is_some(), helps, "{kind:?}: a person needs a hint");
        }
    }
}
