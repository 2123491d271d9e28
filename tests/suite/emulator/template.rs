//! What `zipreel setup --template` prints, with `--roles` too, under CloudFormation's own schemas.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use crate::clips::scratch;

#[test]
fn cfn_lint_finds_nothing_in_the_template() {
    let folder = scratch();
    let printed = Command::new(env!("CARGO_BIN_EXE_zipreel"))
        .args(["setup", "--template", "--packages"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let template = folder.path().join("template.json");
    fs::write(&template, &printed.stdout).unwrap();
    let linter = env::var_os("ZIPREEL_TEST_CFN_LINT").unwrap_or_else(|| "cfn-lint".into());
    let roles = folder.path().join("roles.json");
    let printed =
        Command::new(env!("CARGO_BIN_EXE_zipreel")).args(["setup", "--template", "--roles"]).output().unwrap();
    fs::write(&roles, &printed.stdout).unwrap();
    let linted = Command::new(&linter)
        .args(["--regions", "us-east-1", "eu-west-1", "--template"])
        .args([&template, &roles])
        .output();
    let linted = linted.unwrap_or_else(|error| panic!("this test needs {linter:?}: {error}"));
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
    for name in ["gate", "relay"] {
        let file = fs::File::open(folder.path().join(name).with_extension("zip")).unwrap();
        assert!(zip::ZipArchive::new(file).unwrap().by_name(&format!("{name}.mjs")).is_ok(), "{name}");
    }
}
