//! The HTTP API before the gate, and where the gate is reached. The API calls a function of its own, with the gate's code
//! and another handler: what a function URL streams no API can read. Each call may be repeated.

use std::collections::BTreeMap;

use aws_sdk_apigatewayv2::types::{Api, Integration, IntegrationType, ProtocolType};

use super::{permissions::Permission, public::variables_of};
use crate::{
    cloud::{Cloud, CloudError, Done, limiter::Rank},
    model::gate::{
        cdn::CDN_URL,
        ceiling::{CEILING_GB, Ceiling},
        front::{API, DEFAULT, Front, PAYLOAD_FORMAT},
        links::Reached,
        public::Public,
    },
};

const DESCRIPTION: &str = "zipreel: leads to the gate of all reels";

impl Cloud {
    /// Where the public reaches a function, with a slash at the end; `None` if it has no address. The one rule for the
    /// gate: what its environment names as its front, else its function URL.
    pub async fn public_url(&self, public: Public) -> Result<Option<String>, CloudError> {
        match public {
            Public::Gate => Ok(self.gate_address().await?.map(|at| at.gate)),
            Public::Front | Public::Relay => self.function_url(public.name()).await,
        }
    }

    /// Where the public reaches the gate; `None` if it does not.
    pub async fn gate_address(&self) -> Result<Option<Reached>, CloudError> {
        let mut environment = self.told_gate().await?;
        let (front, url) = Front::of(&environment);
        let gate = match url {
            Some(url) => Some(url.to_owned()),
            None => self.function_url(Public::Gate.name()).await?,
        };
        Ok(gate.map(|gate| Reached { gate, front, cdn: environment.remove(CDN_URL) }))
    }

    /// What stands before the gate; a function URL where there is none.
    pub async fn front(&self) -> Result<Front, CloudError> {
        Ok(Front::of(&self.told_gate().await?).0)
    }

    /// The CDN that the gate names, by its base URL: it is on as long as that is so.
    pub async fn named_cdn(&self) -> Result<Option<String>, CloudError> {
        Ok(self.told_gate().await?.remove(CDN_URL))
    }

    /// The monthly ceiling, if there is one. The gate knows it even while the relay is off.
    pub async fn ceiling(&self) -> Result<Option<Ceiling>, CloudError> {
        Ok(self.told_gate().await?.get(CEILING_GB).and_then(|text| text.parse().ok()))
    }

    /// The gate's environment, by GetFunction, which whoever publishes may call; empty if there is no gate.
    async fn told_gate(&self) -> Result<BTreeMap<String, String>, CloudError> {
        let name = Public::Gate.name();
        self.looks.acquire(Rank::First).await;
        let sent = self.lambda.get_function().function_name(name).send().await;
        match self.checked(|| format!("could not read function `{name}`"), sent) {
            Ok(answer) => Ok(variables_of(answer.configuration.as_ref().and_then(|found| found.environment()))),
            Err(error) if error.is_not_found() => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    /// Makes the API, or what it lacks, and lets it call its function, which has to be there. Gives its address.
    pub async fn ensure_api(&self) -> Result<(Done, String), CloudError> {
        let mut done = Done::Kept;
        let api = match self.apis().await?.into_iter().next() {
            Some(api) => api,
            None => {
                self.create_api().await?;
                done = Done::Made;
                // two that set up at the same time take the same one
                let made = self.apis().await?.into_iter().next();
                made.ok_or_else(|| {
                    CloudError::unexpected("could not find the API just made", "there is none").passing()
                })?
            }
        };
        let (Some(id), Some(endpoint)) = (api.api_id(), api.api_endpoint()) else {
            return Err(CloudError::unexpected("could not read the API", "it has no id or no address"));
        };
        let integration = self.ensure_integration(id).await?;
        let changed = [
            integration.0,
            self.ensure_route(id, &integration.1).await?,
            self.ensure_stage(id).await?,
            self.ensure_permissions(Public::Front, &[self.called_by(id)]).await?,
        ];
        if done == Done::Kept && changed.contains(&true) {
            done = Done::Updated;
        }
        Ok((done, self.reached_api(endpoint)))
    }

    /// The address of the API that stands, and what it lacks, in words.
    pub async fn api(&self) -> Result<Option<(String, Vec<&'static str>)>, CloudError> {
        let Some(api) = self.apis().await?.into_iter().next() else { return Ok(None) };
        let id = api.api_id().unwrap_or_default();
        let mut gaps = Vec::new();
        match self.integration(id).await? {
            Some(integration) if self.has_route(id, &integration).await? && self.has_stage(id).await? => {}
            _ => gaps.push("does not lead to the gate"),
        }
        if !self.has_permission(Public::Front, &self.called_by(id)).await? {
            gaps.push("may not call the gate");
        }
        Ok(Some((self.reached_api(api.api_endpoint().unwrap_or_default()), gaps)))
    }

    /// AWS's id of the API that stands.
    pub async fn api_id(&self) -> Result<Option<String>, CloudError> {
        Ok(self.apis().await?.into_iter().next().and_then(|api| api.api_id))
    }

    /// True if there was one.
    pub async fn delete_api(&self) -> Result<bool, CloudError> {
        let apis = self.apis().await?;
        for id in apis.iter().filter_map(Api::api_id) {
            let sent = self.apis.delete_api().api_id(id).send().await;
            match self.answer(|| format!("could not delete HTTP API `{API}`"), sent) {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(!apis.is_empty())
    }

    /// Those of our name, the oldest first: names of APIs are not unique.
    async fn apis(&self) -> Result<Vec<Api>, CloudError> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let sent = self.apis.get_apis().set_next_token(next).send().await;
            let page = self.answer(|| "could not list the HTTP APIs".to_owned(), sent)?;
            next = page.next_token().map(str::to_owned);
            let ours = |api: &Api| api.name() == Some(API) && api.protocol_type() == Some(&ProtocolType::Http);
            found.extend(page.items.unwrap_or_default().into_iter().filter(ours));
            if next.is_none() {
                break;
            }
        }
        found.sort_by_cached_key(|api| (api.created_date().copied(), api.api_id().map(str::to_owned)));
        Ok(found)
    }

    async fn create_api(&self) -> Result<(), CloudError> {
        let request = self.apis.create_api().name(API).description(DESCRIPTION).protocol_type(ProtocolType::Http);
        self.answer(|| format!("could not make HTTP API `{API}`"), request.send().await)?;
        Ok(())
    }

    /// The id of what hands requests to the function.
    async fn integration(&self, api: &str) -> Result<Option<String>, CloudError> {
        let sent = self.apis.get_integrations().api_id(api).send().await;
        let answer = self.answer(|| format!("could not read where HTTP API `{API}` leads"), sent)?;
        let function = self.function_arn(Public::Front);
        let leads_there = |found: &&Integration| {
            found.integration_uri() == Some(&function)
                && found.integration_type() == Some(&IntegrationType::AwsProxy)
                && found.payload_format_version() == Some(PAYLOAD_FORMAT)
        };
        let found = answer.items().iter().find(leads_there);
        Ok(found.and_then(Integration::integration_id).map(str::to_owned))
    }

    async fn ensure_integration(&self, api: &str) -> Result<(bool, String), CloudError> {
        if let Some(id) = self.integration(api).await? {
            return Ok((false, id));
        }
        let request = self
            .apis
            .create_integration()
            .api_id(api)
            .integration_type(IntegrationType::AwsProxy)
            .integration_uri(self.function_arn(Public::Front))
            .payload_format_version(PAYLOAD_FORMAT);
        let doing = || format!("could not lead HTTP API `{API}` to the gate");
        let id = self.answer(doing, request.send().await)?.integration_id;
        Ok((true, id.ok_or_else(|| CloudError::unexpected(doing(), "the answer has no id"))?))
    }

    async fn has_route(&self, api: &str, integration: &str) -> Result<bool, CloudError> {
        Ok(self.route(api).await?.is_some_and(|(_, target)| target == target_of(integration)))
    }

    /// The route of all requests: its id, and where it leads.
    async fn route(&self, api: &str) -> Result<Option<(String, String)>, CloudError> {
        let sent = self.apis.get_routes().api_id(api).send().await;
        let answer = self.answer(|| format!("could not read the routes of HTTP API `{API}`"), sent)?;
        let found = answer.items().iter().find(|route| route.route_key() == Some(DEFAULT));
        let parts = |id: &str, target: Option<&str>| (id.to_owned(), target.unwrap_or_default().to_owned());
        Ok(found.and_then(|route| Some(parts(route.route_id()?, route.target()))))
    }

    async fn ensure_route(&self, api: &str, integration: &str) -> Result<bool, CloudError> {
        let target = target_of(integration);
        let doing = || format!("could not set the route of HTTP API `{API}`");
        match self.route(api).await? {
            Some((_, found)) if found == target => return Ok(false),
            Some((id, _)) => {
                let sent = self.apis.update_route().api_id(api).route_id(id).target(target).send().await;
                self.answer(doing, sent)?;
            }
            None => {
                let sent = self.apis.create_route().api_id(api).route_key(DEFAULT).target(target).send().await;
                self.answer(doing, sent).map_err(unless_there)?;
            }
        }
        Ok(true)
    }

    async fn has_stage(&self, api: &str) -> Result<bool, CloudError> {
        Ok(self.stage(api).await? == Some(true))
    }

    /// Whether the stage that has no name in paths deploys what changes; `None` if there is none.
    async fn stage(&self, api: &str) -> Result<Option<bool>, CloudError> {
        let sent = self.apis.get_stages().api_id(api).send().await;
        let answer = self.answer(|| format!("could not read the stages of HTTP API `{API}`"), sent)?;
        let found = answer.items().iter().find(|stage| stage.stage_name() == Some(DEFAULT));
        Ok(found.map(|stage| stage.auto_deploy() == Some(true)))
    }

    async fn ensure_stage(&self, api: &str) -> Result<bool, CloudError> {
        let doing = || format!("could not deploy HTTP API `{API}`");
        match self.stage(api).await? {
            Some(true) => return Ok(false),
            Some(false) => {
                let request = self.apis.update_stage().api_id(api).stage_name(DEFAULT).auto_deploy(true);
                self.answer(doing, request.send().await)?;
            }
            None => {
                let request = self.apis.create_stage().api_id(api).stage_name(DEFAULT).auto_deploy(true);
                self.answer(doing, request.send().await).map_err(unless_there)?;
            }
        }
        Ok(true)
    }

    /// For any stage and route of the API.
    fn called_by(&self, api: &str) -> Permission {
        let (partition, region, account) = (self.partition(), self.region(), &self.identity().account);
        Permission::Api(format!("arn:{partition}:execute-api:{region}:{account}:{api}/*/*"))
    }

    fn function_arn(&self, public: Public) -> String {
        let (partition, region, account) = (self.partition(), self.region(), &self.identity().account);
        format!("arn:{partition}:lambda:{region}:{account}:function:{}", public.name())
    }
}

fn target_of(integration: &str) -> String {
    format!("integrations/{integration}")
}

/// Our own creation whose answer was lost, or another process was quicker: looked at again, it will be there.
fn unless_there(error: CloudError) -> CloudError {
    if error.is_conflict() { error.passing() } else { error }
}
