//! CloudWatch by the SDK and by the real `aws` client.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::{
    Client,
    operation::get_metric_statistics::builders::GetMetricStatisticsFluentBuilder,
    primitives::DateTime,
    types::{Dimension, MetricDatum, StandardUnit, Statistic},
};

use super::clients::{Fixture, aws, config, json, sdk};
use zipreel::local::{self, Endpoint};

fn client(endpoint: &Endpoint) -> Client {
    Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key))
}

fn of_relay() -> Dimension {
    Dimension::builder().name("FunctionName").value("zipreel-relay").build()
}

/// Of the last day and the next minutes.
fn sums(client: &Client) -> GetMetricStatisticsFluentBuilder {
    let (day, now) = (Duration::from_secs(86_400), SystemTime::now());
    client
        .get_metric_statistics()
        .namespace("zipreel")
        .metric_name("RelayedBytes")
        .dimensions(of_relay())
        .start_time(DateTime::from(now - day))
        .end_time(DateTime::from(now + Duration::from_secs(120)))
        .period(86_400 * 2)
        .statistics(Statistic::Sum)
}

async fn put(client: &Client, namespace: &str, value: f64) -> Result<(), String> {
    let datum = MetricDatum::builder().metric_name("RelayedBytes").value(value).unit(StandardUnit::Bytes);
    let data = datum.dimensions(of_relay()).build();
    let sent = client.put_metric_data().namespace(namespace).metric_data(data).send().await;
    sent.map(drop).map_err(|error| error.into_service_error().meta().code().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_the_sdk_puts_is_summed_and_survives_a_restart() {
    let Fixture { stand_in, folder, .. } = Fixture::start().await;
    let first = client(stand_in.endpoint());
    for value in [1_500_000_000.0, 500_000_000.0] {
        put(&first, "zipreel", value).await.unwrap();
    }
    stand_in.stop().await;
    let again = local::start(config(&folder)).await.unwrap();
    let answer = sums(&client(again.endpoint())).send().await.unwrap();
    let found: Vec<_> = answer.datapoints().iter().map(|one| (one.sum(), one.unit().cloned())).collect();
    assert_eq!(found, [(Some(2e9), Some(StandardUnit::Bytes))]);
    assert_eq!(answer.label(), Some("RelayedBytes"));
}

#[tokio::test]
async fn refusals_have_the_codes_that_clients_of_cloudwatch_know() {
    let fixture = Fixture::start().await;
    let client = client(fixture.endpoint());
    assert_eq!(put(&client, "AWS/Lambda", 1.0).await.unwrap_err(), "InvalidParameterValue");
    let refused = sums(&client).period(61).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");
    let refused = sums(&client).statistics(Statistic::Average).send().await.unwrap_err().into_service_error();
    assert!(refused.meta().message().unwrap().contains("no \"Average\""), "{refused:?}");
    fixture.set_faults("403@GetMetricStatistics=1x");
    let denied = sums(&client).send().await.unwrap_err().into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDenied"));
    assert!(sums(&client).send().await.unwrap().datapoints().is_empty());
}

#[tokio::test]
async fn the_real_aws_client_puts_and_reads() {
    let fixture = Fixture::start().await;
    let endpoint = fixture.endpoint();
    let of = ["--namespace", "zipreel", "--metric-name", "RelayedBytes", "--unit", "Bytes"];
    let put = [&["cloudwatch", "put-metric-data"][..], &of, &["--value", "7", "--dimensions", "FunctionName=a"]];
    let done = aws(endpoint, &put.concat()).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let time =
        |from: i64| (time::OffsetDateTime::now_utc() + time::Duration::seconds(from)).unix_timestamp().to_string();
    let (start, end) = (time(-3600), time(120));
    let read = [
        &["cloudwatch", "get-metric-statistics"][..],
        &of,
        &["--dimensions", "Name=FunctionName,Value=a", "--statistics", "Sum", "--period", "86400"],
        &["--start-time", &start, "--end-time", &end],
    ];
    let found = json(&aws(endpoint, &read.concat()).await);
    assert_eq!((&found["Label"], &found["Datapoints"][0]["Sum"]), (&"RelayedBytes".into(), &7.0.into()), "{found}");
}
