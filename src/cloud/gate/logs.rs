//! The gate's log: its group with an end to how long lines are kept. Lambda would keep them for ever.

use crate::cloud::{Cloud, CloudError, Done, ErrorKind};

impl Cloud {
    /// Makes the log group and sets its retention, where they are not so already.
    pub async fn ensure_log(&self, group: &str, days: i32) -> Result<Done, CloudError> {
        let mut done = Done::Updated;
        let mut found = self.log_retention(group).await?;
        if found.is_none() {
            let sent = self.logs.create_log_group().log_group_name(group).send().await;
            match self.answer(|| format!("could not make log group `{group}`"), sent) {
                Ok(_) => done = Done::Made,
                // our own creation whose answer was lost, or another process was quicker: what is there now counts
                Err(error) if error.kind() == ErrorKind::Exists => {
                    found = self.log_retention(group).await?;
                }
                Err(error) => return Err(error),
            }
        }
        if found == Some(Some(days)) {
            return Ok(Done::Kept);
        }
        let request = self.logs.put_retention_policy().log_group_name(group).retention_in_days(days);
        match self.answer(|| format!("could not set the retention of log group `{group}`"), request.send().await) {
            Ok(_) => Ok(done),
            // a new group is not known everywhere at once
            Err(error) if error.is_not_found() => Err(error.passing()),
            Err(error) => Err(error),
        }
    }

    /// Days that lines are kept: `None` if there is no such group, `Some(None)` if for ever.
    pub async fn log_retention(&self, group: &str) -> Result<Option<Option<i32>>, CloudError> {
        let sent = self.logs.describe_log_groups().log_group_name_prefix(group).send().await;
        let answer = self.answer(|| format!("could not read log group `{group}`"), sent)?;
        let found = answer.log_groups().iter().find(|found| found.log_group_name() == Some(group));
        Ok(found.map(|found| found.retention_in_days()))
    }

    /// True if it was there.
    pub async fn delete_log(&self, group: &str) -> Result<bool, CloudError> {
        let sent = self.logs.delete_log_group().log_group_name(group).send().await;
        match self.answer(|| format!("could not delete log group `{group}`"), sent) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
