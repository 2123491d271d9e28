//! What the account allows and how much of it is used, from the account itself: never a constant.

use std::time::SystemTime;

use crate::cloud::{Cloud, CloudError, http::date::AnswerDate, limiter::Rank};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Of all functions, versions and layers in the Region.
    pub code_bytes: u64,
    pub code_bytes_used: u64,
    pub functions: u64,
    pub concurrency: u32,
    pub unreserved_concurrency: u32,
}

impl Quota {
    pub fn code_bytes_left(&self) -> u64 {
        self.code_bytes.saturating_sub(self.code_bytes_used)
    }
}

impl Cloud {
    /// What AWS's clock says: this computer's may be wrong.
    pub async fn now(&self) -> Result<SystemTime, CloudError> {
        let doing = || "could not ask AWS for the time".to_owned();
        self.limiter.acquire(Rank::First).await;
        let date = AnswerDate::default();
        let request = self.lambda.get_account_settings().customize().interceptor(date.clone());
        self.checked(doing, request.send().await)?;
        date.get().ok_or_else(|| CloudError::unexpected(doing(), "the answer has no date"))
    }

    /// `GetAccountSettings`.
    pub async fn quota(&self) -> Result<Quota, CloudError> {
        let doing = "could not read the account's Lambda quotas";
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_account_settings().send().await;
        let answer = self.checked(|| doing.to_owned(), sent)?;
        let (Some(limit), Some(usage)) = (answer.account_limit(), answer.account_usage()) else {
            return Err(CloudError::unexpected(doing, "the answer has no limits"));
        };
        Ok(Quota {
            code_bytes: u64::try_from(limit.total_code_size()).unwrap_or(0),
            code_bytes_used: u64::try_from(usage.total_code_size()).unwrap_or(0),
            functions: u64::try_from(usage.function_count()).unwrap_or(0),
            concurrency: u32::try_from(limit.concurrent_executions()).unwrap_or(0),
            unreserved_concurrency: limit
                .unreserved_concurrent_executions()
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(0),
        })
    }
}
