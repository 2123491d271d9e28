//! What CloudWatch has counted of the functions, the HTTP API and the CDN.

use std::time::SystemTime;

use aws_sdk_cloudwatch::types::{Dimension, Statistic};

use crate::{
    cloud::{Cloud, CloudError},
    model::gate::{
        ceiling::{NAMESPACE, RELAYED_BYTES},
        public::{Public, RELAY},
    },
};

/// Seconds of what is summed up to one figure: a day in UTC, so that months can be put together.
const DAY: i32 = 86_400;
/// Where AWS counts what CloudFront does, wherever that is.
const OF_CLOUDFRONT: &str = "us-east-1";

/// A figure of CloudWatch's; those of API and CDN by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<'a> {
    Invocations(Public),
    /// What a relay with a ceiling sent.
    RelayedBytes,
    ApiRequests(&'a str),
    CdnRequests(&'a str),
    CdnBytes(&'a str),
}

impl<'a> Counted<'a> {
    /// Name space and name of the metric.
    fn metric(self) -> (&'static str, &'static str) {
        match self {
            Self::Invocations(_) => ("AWS/Lambda", "Invocations"),
            Self::RelayedBytes => (NAMESPACE, RELAYED_BYTES),
            Self::ApiRequests(_) => ("AWS/ApiGateway", "Count"),
            Self::CdnRequests(_) => ("AWS/CloudFront", "Requests"),
            Self::CdnBytes(_) => ("AWS/CloudFront", "BytesDownloaded"),
        }
    }

    fn dimensions(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Self::Invocations(public) => vec![("FunctionName", public.name())],
            Self::RelayedBytes => vec![("FunctionName", RELAY)],
            Self::ApiRequests(id) => vec![("ApiId", id)],
            Self::CdnRequests(id) | Self::CdnBytes(id) => vec![("DistributionId", id), ("Region", "Global")],
        }
    }
}

impl Cloud {
    /// The days from a midnight in UTC until now of which there is a figure, and it.
    pub async fn counted(
        &self,
        what: Counted<'_>,
        from: SystemTime,
        now: SystemTime,
    ) -> Result<Vec<(SystemTime, u64)>, CloudError> {
        let (namespace, name) = what.metric();
        let is_cdn = matches!(what, Counted::CdnRequests(_) | Counted::CdnBytes(_));
        let region = (is_cdn && self.partition() == "aws").then_some(OF_CLOUDFRONT);
        let dimensions = what.dimensions().into_iter();
        let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let sent = self
            .metrics(region)
            .get_metric_statistics()
            .namespace(namespace)
            .metric_name(name)
            .set_dimensions(Some(dimensions.collect()))
            .start_time(from.into())
            .end_time(now.into())
            .period(DAY)
            .statistics(Statistic::Sum)
            .send()
            .await;
        let answer = self.answer(|| format!("could not ask CloudWatch for `{name}` of {namespace}"), sent)?;
        let days = answer.datapoints.unwrap_or_default().into_iter();
        let days = days.filter_map(|day| Some((SystemTime::try_from(day.timestamp?).ok()?, day.sum?)));
        Ok(days.map(|(day, sum)| (day, sum.round().max(0.0) as u64)).collect())
    }
}
