//! What these tests see of a sandbox's account by their own means, and the commands they give.

use std::{collections::BTreeMap, io::Write, path::Path};

use aws_sdk_lambda::Client;
use zipreel::{
    cloud::{Cloud, Connect, Keys},
    local::Endpoint,
    model::reel::name::FunctionName,
};

use crate::{
    events,
    publish::sandbox::Sandbox,
    stand_in::clients::{sdk, zip_of},
};

/// `CodeSha256` of each function that belongs to a reel.
pub(crate) type Functions = BTreeMap<String, String>;

pub(crate) async fn functions(sandbox: &Sandbox) -> Functions {
    let (client, mut found, mut marker) = (client(sandbox), Functions::new(), None);
    loop {
        let page = client.list_functions().set_marker(marker).send().await.unwrap();
        for function in page.functions() {
            let name = function.function_name().unwrap();
            if FunctionName::parse(name).is_some() {
                found.insert(name.to_owned(), function.code_sha256().unwrap().to_owned());
            }
        }
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            return found;
        }
    }
}

/// Those that hold chunks.
pub(crate) fn chunks(functions: &Functions) -> Functions {
    functions.iter().filter(|(name, _)| !name.ends_with("-index")).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Body bytes that arrived so far for each of these functions.
pub(crate) fn bodies(sandbox: &Sandbox, functions: &Functions) -> BTreeMap<String, u64> {
    let counts = sandbox.stand_in.counts();
    functions.keys().map(|name| (name.clone(), counts.body_bytes(name))).collect()
}

pub(crate) fn client(sandbox: &Sandbox) -> Client {
    let endpoint = sandbox.stand_in.endpoint();
    Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key))
}

pub(crate) async fn delete_function(sandbox: &Sandbox, name: &str) {
    client(sandbox).delete_function().function_name(name).send().await.unwrap();
}

/// Gives a function another content, once it has settled.
pub(crate) async fn replace_code(sandbox: &Sandbox, name: &str) {
    let state = async || client(sandbox).get_function().function_name(name).send().await.unwrap();
    while state().await.configuration().unwrap().state() != Some(&aws_sdk_lambda::types::State::Active) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let code = aws_sdk_lambda::primitives::Blob::new(zip_of("0.ts", b"something else"));
    client(sandbox).update_function_code().function_name(name).zip_file(code).send().await.unwrap();
}

pub(crate) fn set_faults(sandbox: &Sandbox, spec: &str) {
    sandbox.stand_in.faults().set(spec.parse().unwrap());
}

/// How a command ended: exit status, standard output, standard error.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

pub(crate) async fn zipreel(sandbox: &Sandbox, args: &[&str]) -> Said {
    let output = sandbox.command("state").args(args).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said = Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    if args.contains(&"--json") {
        events::all(&said.out, said.code);
    }
    said
}

/// A whole reel by a deep check.
pub(crate) async fn is_whole(sandbox: &Sandbox, reel: &str) {
    let said = zipreel(sandbox, &["check", reel, "--deep"]).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
}

/// A result for who runs the tests: not captured as what is printed is.
pub(crate) fn tell(text: &str) {
    // whoever closed standard error does not want to read it
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Processes that have this path in their arguments or work in it.
#[cfg(target_os = "linux")]
pub(crate) fn processes_in(folder: &Path) -> Vec<String> {
    let text = folder.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|process| {
        let command = std::fs::read(process.path().join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let works_in = std::fs::read_link(process.path().join("cwd")).ok()?;
        (command.contains("ffmpeg") && (command.contains(text) || works_in.starts_with(folder))).then_some(command)
    });
    commands.collect()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn processes_in(folder: &Path) -> Vec<String> {
    let listing = std::process::Command::new("ps").args(["-A", "-o", "command="]).output().unwrap();
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let text = folder.to_str().unwrap();
    listing.lines().filter(|line| line.contains("ffmpeg") && line.contains(text)).map(str::to_owned).collect()
}

/// The engine's own connection to a stand-in.
pub(crate) async fn connect(endpoint: &Endpoint) -> Cloud {
    let connect = Connect {
        region: Some("us-east-1".into()),
        endpoint: Some(endpoint.api.clone()),
        keys: Some(Keys { access_key: endpoint.access_key.clone(), secret_key: endpoint.secret_key.clone() }),
        ..Connect::default()
    };
    Cloud::connect(&connect).await.unwrap()
}
