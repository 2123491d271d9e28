//! MiniStack and nginx as child processes on loopback, started by a test and ended with it.
#![cfg(unix)]

use std::{
    env, fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aws_credential_types::Credentials;
use aws_sdk_iam::config::{BehaviorVersion, Region};
use aws_sdk_lambda::types::LastUpdateStatus;
use zipreel::{
    cloud::{Cloud, Connect, InvokeMode, Keys, Overrides},
    model::gate::public::{Policy, Public},
};

use crate::{clips::scratch, publish::sandbox::client};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
/// The root key, whose signatures MiniStack does not check: it only makes the users.
const ROOT: [&str; 2] = ["AKIAROOTROOTROOTROOT", "rootsecret"];
/// MiniStack writes its port into download links, so nginx has the same port on another address. Linux has all of
/// 127/8; a Mac needs `ifconfig lo0 alias 127.0.0.2`.
const BEHIND: &str = "127.0.0.2";
const CREATE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:CreateFunction","Resource":"*"}]}"#;
const READY_WITHIN: Duration = Duration::from_secs(90);

pub(super) struct Emulator {
    port: u16,
    folder: tempfile::TempDir,
    /// Each leads a process group of its own, which ends with it.
    children: Vec<Child>,
}

impl Emulator {
    pub(super) async fn start() -> Self {
        let folder = scratch();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let port = free_port();
        let mut emulator = Self { port, folder, children: Vec::new() };
        emulator.spawn(ministack(port, emulator.folder.path()));
        let config = emulator.folder.path().join("nginx.conf");
        fs::write(&config, nginx_config(port, emulator.folder.path())).unwrap();
        let mut nginx = Command::new(tool("ZIPREEL_TEST_NGINX", "nginx"));
        nginx.args(["-e", "stderr", "-p"]).arg(emulator.folder.path()).arg("-c").arg(config);
        emulator.spawn(nginx);
        emulator.ready().await;
        emulator
    }

    fn spawn(&mut self, mut command: Command) {
        let log = fs::File::create(self.folder.path().join(format!("{}.log", self.children.len()))).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("these tests need {command:?}: {error}"));
        self.children.push(child);
    }

    async fn ready(&mut self) {
        let url = format!("{}/_ministack/health", self.endpoint());
        let end = Instant::now() + READY_WITHIN;
        while !client().get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
            for child in &mut self.children {
                let ended = child.try_wait().unwrap();
                assert!(ended.is_none(), "{ended:?}: {}", self.logs());
            }
            assert!(Instant::now() < end, "not ready: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) fn logs(&self) -> String {
        let read = |number| fs::read_to_string(self.folder.path().join(format!("{number}.log"))).unwrap_or_default();
        read(0) + &read(1)
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn function_urls(&self) -> String {
        format!("{}/_aws/lambda-url/{{id}}/", self.endpoint())
    }

    pub(super) fn api_urls(&self) -> String {
        format!("{}/_aws/execute-api/{{id}}/", self.endpoint())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A user with the rights of these policies, and CreateFunction on everything: MiniStack does not look into the
    /// body for the function's name, so no narrower right to create one matches.
    pub(super) async fn user(&self, name: &str, policies: &[Policy]) -> Keys {
        let iam = self.iam();
        iam.create_user().user_name(name).send().await.unwrap();
        let texts = policies.iter().map(|policy| policy.text("aws", ACCOUNT)).chain([CREATE.to_owned()]);
        for (number, text) in texts.enumerate() {
            let request = iam.put_user_policy().user_name(name).policy_name(format!("p{number}"));
            request.policy_document(text).send().await.unwrap();
        }
        let key = iam.create_access_key().user_name(name).send().await.unwrap().access_key.unwrap();
        Keys { access_key: key.access_key_id, secret_key: key.secret_access_key }
    }

    pub(super) fn root(&self) -> Keys {
        Keys { access_key: ROOT[0].to_owned(), secret_key: ROOT[1].to_owned() }
    }

    /// As root.
    pub(super) fn iam(&self) -> aws_sdk_iam::Client {
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(ROOT[0], ROOT[1], None, None, "root"))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_iam::Client::from_conf(config.build())
    }

    /// As root: what it is configured with is set once more, for which MiniStack ends the processes of the HTTP API's gate and of the relay.
    pub(super) async fn takes_fresh_instances(&self) {
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(ROOT[0], ROOT[1], None, None, "root"))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        let lambda = aws_sdk_lambda::Client::from_conf(config.build());
        for public in [Public::Front, Public::Relay] {
            let of = async || lambda.get_function_configuration().function_name(public.name()).send().await.unwrap();
            let before = of().await.memory_size.unwrap();
            let again = lambda.update_function_configuration().function_name(public.name()).memory_size(before);
            again.send().await.unwrap();
            let end = Instant::now() + READY_WITHIN;
            while of().await.last_update_status != Some(LastUpdateStatus::Successful) {
                assert!(Instant::now() < end, "{} is being updated: {}", public.name(), self.logs());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    pub(super) async fn cloud(&self, keys: &Keys) -> Cloud {
        let overrides = Overrides {
            invoke_mode: InvokeMode::Buffered,
            function_urls: Some(self.function_urls()),
            api_urls: Some(self.api_urls()),
            ..Overrides::default()
        };
        let connect = Connect {
            region: Some(REGION.to_owned()),
            profile: None,
            endpoint: Some(self.endpoint()),
            keys: Some(keys.clone()),
            overrides,
        };
        Cloud::connect(&connect).await.unwrap()
    }

    /// The binary as this user, with folders of this test's and nothing of the person who runs it.
    pub(super) fn zipreel(&self, keys: &Keys) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_zipreel"));
        for (name, value) in env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("ZIPREEL_")) {
            let _ = value;
            command.env_remove(name);
        }
        command
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/config"))
            .env("ZIPREEL_STATE_DIR", self.path("state"))
            .env("ZIPREEL_WORK_DIR", self.path("work"))
            .env("ZIPREEL_TARGET", "aws")
            .env("ZIPREEL_INVOKE_MODE", "buffered")
            .env("ZIPREEL_FUNCTION_URLS", self.function_urls())
            .env("ZIPREEL_API_URLS", self.api_urls())
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", &keys.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret_key)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for child in &mut self.children {
            // the group: MiniStack runs handlers in processes of their own
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = child.wait();
        }
    }
}

/// This URL at MiniStack itself: nginx refuses paths that are no URI's.
pub(super) fn past_nginx(url: &str) -> String {
    url.replacen("//127.0.0.1:", &format!("//{BEHIND}:"), 1)
}

fn tool(variable: &str, name: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| name.into(), PathBuf::from)
}

/// Free on both addresses.
fn free_port() -> u16 {
    for _ in 0..50 {
        let front = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = front.local_addr().unwrap().port();
        if TcpListener::bind((BEHIND, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free on 127.0.0.1 and {BEHIND}");
}

fn ministack(port: u16, folder: &Path) -> Command {
    let mut command = Command::new(tool("ZIPREEL_TEST_MINISTACK_PYTHON", "python3"));
    command.args(["-m", "ministack"]).current_dir(folder);
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .env("BIND_HOST", BEHIND)
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
        .env("MINISTACK_REGION", REGION)
        .env("AUTH", "true")
        .env("AWS_ACCESS_KEY_ID", ROOT[0])
        .env("AWS_SECRET_ACCESS_KEY", ROOT[1])
        .env("TMPDIR", folder.join("tmp"));
    command
}

fn nginx_config(port: u16, folder: &Path) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {}/tmp/{name};\n", folder.display()))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\n\
         {temporary}  access_log off;\n  client_max_body_size 200m;\n  proxy_request_buffering off;\n  \
         proxy_http_version 1.1;\n  proxy_set_header Host $http_host;\n  server {{\n    listen 127.0.0.1:{port};\n    \
         location / {{ proxy_pass http://{BEHIND}:{port}; }}\n    location /_ministack/lambda-code/ {{\n      \
         proxy_pass http://{BEHIND}:{port};\n      proxy_force_ranges on;\n    }}\n  }}\n}}\n",
        folder = folder.display(),
    )
}
