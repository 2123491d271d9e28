//! The functions that hold a reel: create, read, list, update, delete. One attempt a call for those that carry code,
//! so that every retry is ours and can be seen; small calls keep the SDK's own retries.

pub mod body;
pub mod code;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use aws_sdk_lambda::{
    client::customize::CustomizableOperation,
    config::{Builder as ConfigBuilder, StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{Architecture, FunctionCode, Runtime},
};
use aws_smithy_runtime_api::http::Response;
use time::{OffsetDateTime, macros::format_description};
use tokio::time::{Instant, sleep};

use super::{
    Cloud, CloudError, ErrorKind,
    functions::{
        body::{StreamedCode, placeholder},
        code::CodeZip,
    },
    http::date::AnswerDate,
    limiter::Rank,
};
use crate::model::{reel::name::FunctionName, report::event::Count, retry::SIGNATURE_LIFE};

/// Never called: Lambda wants a handler's name and does not look for it.
const HANDLER: &str = "none";
const MEMORY_MB: i32 = 128;
/// How long an attempt may move nothing: AWS thinks before it answers, and the system's buffers empty unseen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A function to create.
#[derive(Debug, Clone)]
pub struct NewFunction {
    pub name: String,
    /// At most 256 characters.
    pub description: String,
    pub tags: HashMap<String, String>,
}

/// What AWS says of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionFacts {
    pub name: String,
    /// Base64 of the zip's SHA-256.
    pub code_sha256: String,
    pub code_bytes: u64,
    pub description: String,
    /// `Active`, `Pending`, `Failed`, …; lists leave it out.
    pub state: Option<String>,
    pub revision: Option<String>,
    /// When it was last changed, if AWS said it in its own way.
    pub modified: Option<SystemTime>,
}

impl FunctionFacts {
    /// Chunks are never run, so most states are as good as Active; these two are not.
    pub fn is_usable(&self) -> bool {
        !matches!(self.state.as_deref(), Some("Failed" | "Deleting"))
    }
}

/// As AWS writes it: `2026-11-22T10:00:00.000+0000`.
fn moment(text: &str) -> Option<SystemTime> {
    let format = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond][offset_hour sign:mandatory][offset_minute]"
    );
    OffsetDateTime::parse(text, format).ok().map(SystemTime::from)
}

/// The same fields stand in the answers of five calls, which have no type in common.
macro_rules! facts {
    ($answer:expr) => {{
        let answer = $answer;
        FunctionFacts {
            code_bytes: u64::try_from(answer.code_size).unwrap_or(0),
            name: answer.function_name.unwrap_or_default(),
            code_sha256: answer.code_sha256.unwrap_or_default(),
            description: answer.description.unwrap_or_default(),
            state: answer.state.map(|state| state.as_str().to_owned()),
            revision: answer.revision_id,
            modified: answer.last_modified.as_deref().and_then(moment),
        }
    }};
}

impl Cloud {
    /// Creates a function that holds `code`. One attempt; `sent` counts the zip's bytes handed to the socket.
    pub async fn create_function(
        &self,
        new: &NewFunction,
        code: &CodeZip,
        sent: &Count,
    ) -> Result<FunctionFacts, CloudError> {
        let doing = || format!("could not create function `{}`", new.name);
        self.limiter.acquire(Rank::First).await;
        let request = self
            .lambda
            .create_function()
            .function_name(&new.name)
            .description(&new.description)
            .runtime(Runtime::Providedal2023)
            .architectures(Architecture::Arm64)
            .handler(HANDLER)
            .memory_size(MEMORY_MB)
            .role(self.chunk_role())
            .set_tags(Some(new.tags.clone()))
            .code(FunctionCode::builder().zip_file(placeholder()).build())
            .customize();
        let answer = self.patiently(doing, with_code(request, code, sent).send(), sent).await?;
        same_code(doing, code, answer.code_sha256())?;
        Ok(facts!(answer))
    }

    /// Replaces a function's code, if its revision is still `revision` where one is given. One attempt.
    pub async fn update_code(
        &self,
        name: &str,
        revision: Option<&str>,
        code: &CodeZip,
        sent: &Count,
    ) -> Result<FunctionFacts, CloudError> {
        let doing = || format!("could not update function `{name}`");
        self.limiter.acquire(Rank::First).await;
        let request = self
            .lambda
            .update_function_code()
            .function_name(name)
            .architectures(Architecture::Arm64)
            .set_revision_id(revision.map(str::to_owned))
            .zip_file(placeholder())
            .customize();
        let answer = self.patiently(doing, with_code(request, code, sent).send(), sent).await?;
        same_code(doing, code, answer.code_sha256())?;
        Ok(facts!(answer))
    }

    /// `None` if there is no such function.
    pub async fn function(&self, name: &str) -> Result<Option<FunctionFacts>, CloudError> {
        Ok(self.get(name).await?.map(|(facts, _)| facts))
    }

    /// A function, and what AWS's clock said as it answered; `None` if there is no such function. Paced: the gate has
    /// its part of the 100 GetFunction a second.
    pub async fn function_at(&self, name: &str) -> Result<Option<(FunctionFacts, SystemTime)>, CloudError> {
        let doing = || format!("could not read function `{name}`");
        self.looks.acquire(Rank::First).await;
        let date = AnswerDate::default();
        let request = self.lambda.get_function().function_name(name).customize().interceptor(date.clone());
        match self.checked(doing, request.send().await) {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
            Ok(answer) => {
                let date = date.get().ok_or_else(|| CloudError::unexpected(doing(), "the answer has no date"))?;
                Ok(answer.configuration.map(|config| (facts!(config), date)))
            }
        }
    }

    /// Replaces a function's description, if its revision is still `revision` where one is given.
    pub async fn describe(
        &self,
        name: &str,
        description: &str,
        revision: Option<&str>,
    ) -> Result<FunctionFacts, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.update_function_configuration().function_name(name).description(description);
        let sent = request.set_revision_id(revision.map(str::to_owned)).send().await;
        let answer = self.checked(|| format!("could not describe function `{name}`"), sent)?;
        Ok(facts!(answer))
    }

    /// A function's tags; `None` if there is no such function.
    pub async fn tags(&self, name: &str) -> Result<Option<HashMap<String, String>>, CloudError> {
        let sent = self.lambda.get_function().function_name(name).send().await;
        match self.checked(|| format!("could not read function `{name}`"), sent) {
            Ok(answer) => Ok(Some(answer.tags.unwrap_or_default())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A function and a link to its zip, good for 10 minutes. The link is a secret: anyone who has it can read the zip.
    pub async fn download_link(&self, name: &str) -> Result<Option<(FunctionFacts, String)>, CloudError> {
        self.get(name).await
    }

    async fn get(&self, name: &str) -> Result<Option<(FunctionFacts, String)>, CloudError> {
        // GetFunction has 100 calls a second of its own; the limiter is for the other calls
        let sent = self.lambda.get_function().function_name(name).send().await;
        match self.checked(|| format!("could not read function `{name}`"), sent) {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
            Ok(answer) => {
                let link = answer.code.and_then(|code| code.location).unwrap_or_default();
                Ok(answer.configuration.map(|config| (facts!(config), link)))
            }
        }
    }

    /// A page of the functions whose names begin with `prefix`, and the marker of the next. AWS has no filter: every
    /// function of the account is listed, 50 a call.
    pub async fn functions_from(
        &self,
        prefix: &str,
        marker: Option<String>,
    ) -> Result<(Vec<FunctionFacts>, Option<String>), CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.list_functions().set_marker(marker).send().await;
        let answer = self.checked(|| "could not list the account's functions".to_owned(), sent)?;
        let functions = answer.functions.unwrap_or_default().into_iter();
        let ours = functions.filter(|function| function.function_name().is_some_and(|name| name.starts_with(prefix)));
        let page = ours.map(|function| facts!(function)).collect();
        Ok((page, answer.next_marker.filter(|marker| !marker.is_empty())))
    }

    /// True if it was there. Chunks go behind all other calls: what is visible or on its way is more urgent.
    pub async fn delete_function(&self, name: &str) -> Result<bool, CloudError> {
        let rank = match FunctionName::parse(name) {
            Some(FunctionName::Chunk { .. }) => Rank::Behind,
            _ => Rank::First,
        };
        self.limiter.acquire(rank).await;
        let sent = self.lambda.delete_function().function_name(name).send().await;
        match self.checked(|| format!("could not delete function `{name}`"), sent) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A function's public URL as it is reached from here, with a slash at its end; `None` if the function or its URL does not exist.
    pub async fn function_url(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_function_url_config().function_name(name).send().await;
        match self.checked(|| format!("could not read the URL of function `{name}`"), sent) {
            Ok(answer) => Ok(Some(self.reached(&answer.function_url))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// [`Self::checked`], and given up once nothing moves any more.
    async fn patiently<T, E>(
        &self,
        doing: impl Fn() -> String,
        request: impl Future<Output = Result<T, SdkError<E, Response>>>,
        sent: &Count,
    ) -> Result<T, CloudError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        tokio::select! {
            answer = request => self.checked(doing, answer),
            () = stands_still(sent, PATIENCE) => Err(CloudError::timed_out(doing())),
        }
    }

    /// Turns the SDK's error into ours and slows all calls down after a 429.
    pub(super) fn checked<T, E>(
        &self,
        doing: impl Fn() -> String,
        sent: Result<T, SdkError<E, Response>>,
    ) -> Result<T, CloudError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        self.answer(doing, sent).inspect_err(|error| {
            if error.kind() == ErrorKind::Throttled {
                self.limiter.throttled(error.retry_after);
            }
        })
    }
}

/// The hash AWS computed is the hash we did: what arrived is what was packed.
fn same_code(doing: impl Fn() -> String, code: &CodeZip, answered: Option<&str>) -> Result<(), CloudError> {
    match answered {
        Some(hash) if hash == code.code_sha256() => Ok(()),
        other => Err(CloudError::unexpected(
            doing(),
            format!("CodeSha256 is {}, packed was {}", other.unwrap_or("missing"), code.code_sha256()),
        )),
    }
}

/// Returns once `sent` has stood still for so long.
async fn stands_still(sent: &Count, retries: Duration) {
    let (mut seen, mut since) = (sent.get(), Instant::now());
    while since.elapsed() < retries {
        sleep(retries / 20).await;
        if sent.get() != seen {
            (seen, since) = (sent.get(), Instant::now());
        }
    }
}

fn with_code<T, E, B>(
    request: CustomizableOperation<T, E, B>,
    code: &CodeZip,
    sent: &Count,
) -> CustomizableOperation<T, E, B> {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(SIGNATURE_LIFE).build();
    // the SDK's own watch takes a slow uplink for a dead one: a full socket takes nothing for seconds
    let config = ConfigBuilder::new()
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    request.config_override(config).interceptor(StreamedCode { code: code.clone(), sent: sent.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_is_given_up_once_it_stands_still_however_long_it_took() {
        let (sent, began, retries) = (Count::default(), Instant::now(), Duration::from_secs(1));
        let moving = async {
            for _ in 0..5 {
                sleep(retries / 4).await;
                sent.add(1);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = moving => {}
            () = stands_still(&sent, retries) => {}
        }
        assert!((sent.get(), began.elapsed()) >= (5, retries * 9 / 4), "{sent:?}, {:?}", began.elapsed());
    }

    #[test]
    fn times_are_read_as_aws_writes_them() {
        let ten = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_341_600);
        assert_eq!(moment("2026-11-22T10:00:00.000+0000"), Some(ten));
        assert_eq!(moment("yesterday"), None);
    }
}
