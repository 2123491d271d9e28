//! What is deployed beside the reels, once an account and Region: the gate, the relay and the roles, as names,
//! packages and policies. Pure: the bytes of a package depend on the program's version alone.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::players::EARLIER;
use crate::model::chunk::zip;

/// So long the gate serves an index that it knows before it asks for a newer one: the deployed gate for each of its
/// instances, the stand-in's for its only one.
pub const INDEX_CHECK_EVERY: Duration = Duration::from_secs(10);
/// Execution role of the functions that hold code and never run, and of a relay without a ceiling: it has no rights.
pub const CHUNK_ROLE: &str = "zipreel-chunk";
/// Execution role of the gate.
pub const GATE_ROLE: &str = "zipreel-gate";
/// The function that serves every reel.
pub const GATE: &str = "zipreel-gate";
/// The gate behind an HTTP API: the same code with another handler.
pub const FRONT: &str = "zipreel-front";
/// The function that serves segments to browsers.
pub const RELAY: &str = "zipreel-relay";
/// Execution role of a relay with a ceiling, which counts what it sends.
pub const RELAY_ROLE: &str = "zipreel-relay";
/// Name of the gate role's only policy.
pub const GATE_POLICY: &str = "zipreel-gate";
/// Name of the relay role's only policy.
pub const RELAY_POLICY: &str = "zipreel-relay";
/// Ids of the two permissions that AWS wants since October 2025 for a function URL that is open to all: one for its
/// URL, one for being called by it.
pub const URL_PERMISSION: &str = "zipreel-url";
pub const INVOKE_PERMISSION: &str = "zipreel-invoke";
/// Node.js LTS; AWS deprecates it on 2028-04-30 (cfn-lint's table of runtimes).
pub const RUNTIME: &str = "nodejs24.x";
pub const MEMORY_MB: i32 = 128;
pub const LOG_RETENTION_DAYS: i32 = 7;

/// Files of gate and relay alike.
const CEILING: (&str, &str) = ("ceiling.mjs", include_str!("../../../assets/gate/ceiling.mjs"));
const MEMORY: (&str, &str) = ("memory.mjs", include_str!("../../../assets/gate/memory.mjs"));
const SIGN: (&str, &str) = ("sign.mjs", include_str!("../../../assets/gate/sign.mjs"));

/// A function that the public calls: through its URL, or what stands before the gate through an HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public {
    Gate,
    Front,
    Relay,
}

impl Public {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => GATE,
            Self::Front => FRONT,
            Self::Relay => RELAY,
        }
    }

    pub fn handler(self) -> &'static str {
        match self {
            Self::Gate => "gate.handler",
            Self::Front => "gate.buffered",
            Self::Relay => "relay.handler",
        }
    }

    /// As long as there is no ceiling.
    pub fn role(self) -> &'static str {
        match self {
            Self::Gate | Self::Front => GATE_ROLE,
            Self::Relay => CHUNK_ROLE,
        }
    }

    /// Seconds. The gate gives up after 8; a segment of 49 MiB takes the relay half a minute at 2 MB/s.
    pub fn timeout(self) -> i32 {
        match self {
            Self::Gate | Self::Front => 15,
            Self::Relay => 60,
        }
    }

    /// Instances at the same time. This number of gates keeps the account's 100 GetFunction a second (see
    /// `assets/gate/README.md`); this number of relays serves 200 requests at once.
    pub fn concurrency(self) -> u32 {
        200
    }

    /// Says who made it, and by its version which of two programs is the newer one.
    pub fn description(self) -> String {
        let what = match self {
            Self::Gate => "redirects to the chunks of all reels",
            Self::Front => "redirects to the chunks of all reels, behind an HTTP API",
            Self::Relay => "serves whole segments to browsers",
        };
        format!("zipreel {VERSION}: {what}")
    }

    fn files(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Gate | Self::Front => {
                let mut files = vec![
                    ("gate.mjs", include_str!("../../../assets/gate/gate.mjs")),
                    ("answers.mjs", include_str!("../../../assets/gate/answers.mjs")),
                    CEILING,
                    ("functions.mjs", include_str!("../../../assets/gate/functions.mjs")),
                    ("guesses.mjs", include_str!("../../../assets/gate/guesses.mjs")),
                    ("gzip.mjs", include_str!("../../../assets/gate/gzip.mjs")),
                    ("index.mjs", include_str!("../../../assets/gate/index.mjs")),
                    ("libraries.mjs", include_str!("../../../assets/gate/libraries.mjs")),
                    MEMORY,
                    ("oembed.mjs", include_str!("../../../assets/gate/oembed.mjs")),
                    ("page.mjs", include_str!("../../../assets/gate/page.mjs")),
                    ("people.mjs", include_str!("../../../assets/gate/people.mjs")),
                    ("reels.mjs", include_str!("../../../assets/gate/reels.mjs")),
                    SIGN,
                    ("watch.html", include_str!("../../../assets/gate/watch.html")),
                    ("libraries.js", include_str!("../../../assets/gate/libraries.js")),
                    ("open-gops.js", include_str!("../../../assets/gate/open-gops.js")),
                    ("tracks.js", include_str!("../../../assets/gate/tracks.js")),
                    ("player.js", include_str!("../../../assets/gate/player.js")),
                ];
                files.extend(EARLIER);
                files
            }
            Self::Relay => vec![("relay.mjs", include_str!("../../../assets/gate/relay.mjs")), CEILING, MEMORY, SIGN],
        }
    }

    /// Whether a deployed function with this code, described so, does all that this program's does.
    pub fn is_current(self, code_sha256: &str, description: &str) -> bool {
        code_sha256 == STANDARD.encode(Sha256::digest(self.package())) || is_newer(description)
    }

    /// The zip that is deployed.
    pub fn package(self) -> Vec<u8> {
        zip::whole(self.files().into_iter().map(|(name, text)| (name, text.as_bytes())))
    }
}

/// Where a function writes what goes wrong: the gate with its two handlers into one.
pub fn log_group(public: Public) -> String {
    let name = match public {
        Public::Gate | Public::Front => GATE,
        Public::Relay => RELAY,
    };
    format!("/aws/lambda/{name}")
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether a deployed function of this description was made by a newer program than this one. Its code then stays.
pub fn is_newer(description: &str) -> bool {
    let version = |text: &str| -> Option<[u64; 3]> {
        let numbers: Vec<u64> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.try_into().ok()
    };
    let theirs = description.strip_prefix("zipreel ").and_then(|rest| rest.split(':').next()).and_then(version);
    theirs > version(VERSION)
}

/// A policy with its placeholders filled. `*` for an account means whichever it is attached in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Who may assume the roles: Lambda.
    Trust,
    /// What the gate may do.
    GateRole,
    /// What a relay with a ceiling may do.
    RelayRole,
    /// What an administrator needs for the roles, once an account. It amounts to all rights: roles can be given any.
    SetupRoles,
    /// What a person needs for `zipreel setup` and `zipreel teardown --keep-roles` where the roles are there.
    Setup,
    /// What setting up and tearing down need besides, once an HTTP API is to stand before the gate, or stands there.
    Front,
    /// What `zipreel cdn` needs besides, and setting up and tearing down while it is on.
    Cdn,
    /// What `zipreel doctor` needs besides to tell what was asked and sent, and `zipreel setup` to tell how much of a
    /// ceiling is used.
    Usage,
    /// What a person needs for publishing, listing, checking and deleting.
    Publish,
}

impl Policy {
    pub fn text(self, partition: &str, account: &str) -> String {
        let template = match self {
            Self::Trust => include_str!("../../../assets/iam/trust.json"),
            Self::GateRole => include_str!("../../../assets/iam/gate-role.json"),
            Self::RelayRole => include_str!("../../../assets/iam/relay-role.json"),
            Self::SetupRoles => include_str!("../../../assets/iam/setup-roles.json"),
            Self::Setup => include_str!("../../../assets/iam/setup.json"),
            Self::Front => include_str!("../../../assets/iam/front.json"),
            Self::Cdn => include_str!("../../../assets/iam/cdn.json"),
            Self::Usage => include_str!("../../../assets/iam/usage.json"),
            Self::Publish => include_str!("../../../assets/iam/publish.json"),
        };
        template.replace("{{partition}}", partition).replace("{{account}}", account)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::model::gate::{ceiling::NAMESPACE, distribution::GATE_TAG};

    #[test]
    fn packages_are_readable_zips_and_the_same_each_time() {
        for public in [Public::Gate, Public::Front, Public::Relay] {
            let zip = public.package();
            assert_eq!(zip, public.package());
            let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
            let (file, handler) = public.handler().split_once('.').unwrap();
            let mut source = String::new();
            archive.by_name(&format!("{file}.mjs")).unwrap().read_to_string(&mut source).unwrap();
            let exported = ["const", "async function"].map(|kind| format!("export {kind} {handler}"));
            assert!(exported.iter().any(|export| source.contains(export)), "{handler}");
            assert!(public.description().len() <= 256);
        }
    }

    #[test]
    fn the_deployed_gate_keeps_an_index_for_the_time_that_is_said_here() {
        let reels = include_str!("../../../assets/gate/reels.mjs");
        let line = format!("const INDEX_CHECK_EVERY = {} * SECOND;", INDEX_CHECK_EVERY.as_secs());
        assert!(reels.contains(&line), "{line}");
    }

    #[test]
    fn only_a_later_version_is_newer() {
        for (description, newer) in [
            (Public::Gate.description().as_str(), false),
            ("zipreel 0.0.9: redirects", false),
            ("zipreel 99.0.0: redirects", true),
            ("Served by the stand-in itself", false),
            ("zipreel x.y: z", false),
        ] {
            assert_eq!(is_newer(description), newer, "{description}");
        }
    }

    #[test]
    fn policies_are_json_without_placeholders() {
        for policy in [
            Policy::Trust,
            Policy::GateRole,
            Policy::RelayRole,
            Policy::SetupRoles,
            Policy::Setup,
            Policy::Front,
            Policy::Cdn,
            Policy::Usage,
            Policy::Publish,
        ] {
            let text = policy.text("aws", "123456789012");
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(json["Statement"].as_array().is_some_and(|statements| !statements.is_empty()));
            assert!(!text.contains("{{"), "{text}");
        }
    }

    /// Actions of IAM that a policy allows.
    fn of_iam(policy: Policy) -> Vec<String> {
        let policy: serde_json::Value = serde_json::from_str(&policy.text("aws", "1")).unwrap();
        let mut found = Vec::new();
        for statement in policy["Statement"].as_array().unwrap() {
            let actions = &statement["Action"];
            let actions = actions.as_array().cloned().unwrap_or_else(|| vec![actions.clone()]);
            let actions = actions.iter().map(|action| action.as_str().unwrap().to_owned());
            found.extend(actions.filter(|action| action.starts_with("iam:") || action.contains('*')));
        }
        found
    }

    /// Someone who may write the roles that they hand to a function of their own making may do anything.
    #[test]
    fn setting_up_and_publishing_write_nothing_in_iam() {
        assert_eq!(of_iam(Policy::Setup), ["iam:GetRole", "iam:GetRolePolicy", "iam:PassRole"]);
        assert_eq!(of_iam(Policy::Front), [""; 0]);
        assert_eq!(of_iam(Policy::Cdn), [""; 0]);
        assert_eq!(of_iam(Policy::Publish), ["iam:PassRole"]);
        assert_eq!(of_iam(Policy::GateRole), [""; 0]);
        assert_eq!(of_iam(Policy::RelayRole), [""; 0]);
        assert_eq!(of_iam(Policy::Usage), [""; 0]);
    }

    #[test]
    fn roles_are_passed_to_lambda_alone() {
        for policy in [Policy::Setup, Policy::Publish] {
            let policy: serde_json::Value = serde_json::from_str(&policy.text("aws", "1")).unwrap();
            let passing =
                policy["Statement"].as_array().unwrap().iter().find(|s| s["Action"] == "iam:PassRole").unwrap();
            assert_eq!(passing["Condition"]["StringEquals"]["iam:PassedToService"], "lambda.amazonaws.com");
            assert!(!passing["Resource"].to_string().contains('*'), "{passing}");
        }
    }

    /// Whose distribution is to be changed is told by its tags.
    #[test]
    fn no_distribution_but_its_own_is_read_or_changed() {
        let policy: serde_json::Value = serde_json::from_str(&Policy::Cdn.text("aws", "1")).unwrap();
        for statement in policy["Statement"].as_array().unwrap() {
            let condition = &statement["Condition"]["StringEquals"];
            match statement["Action"].as_str() {
                Some("cloudfront:ListDistributions") => assert_eq!(statement["Resource"], "*"),
                _ => {
                    assert_eq!(statement["Resource"], "arn:aws:cloudfront::1:distribution/*");
                    let tags = ["ResourceTag", "RequestTag"].map(|of| &condition[format!("aws:{of}/{GATE_TAG}")]);
                    assert!(tags.contains(&&GATE.into()), "{statement}");
                }
            }
        }
    }

    /// Figures of others in the account are not the relay's to write.
    #[test]
    fn a_relay_counts_in_a_name_space_of_its_own() {
        let policy: serde_json::Value = serde_json::from_str(&Policy::RelayRole.text("aws", "1")).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let put = statements.iter().find(|statement| statement["Action"] == "cloudwatch:PutMetricData").unwrap();
        assert_eq!(put["Condition"]["StringEquals"]["cloudwatch:namespace"], NAMESPACE);
    }

    #[test]
    fn publishing_may_not_touch_the_gate_nor_hand_out_rights() {
        let policy: serde_json::Value = serde_json::from_str(&Policy::Publish.text("aws", "1")).unwrap();
        for statement in policy["Statement"].as_array().unwrap() {
            let text = statement.to_string();
            if text.contains("function:zipreel-gate") {
                assert!(!text.contains("Update") && !text.contains("Delete") && !text.contains("Create"), "{text}");
            }
            if text.contains("iam:") {
                assert_eq!(statement["Action"], "iam:PassRole");
                assert_eq!(statement["Resource"], "arn:aws:iam::1:role/zipreel-chunk");
            }
        }
    }
}
