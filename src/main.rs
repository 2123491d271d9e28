//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use zipreel::{cli::Cli, command};

#[tokio::main]
async fn main() -> ExitCode {
    command::run(Cli::parse()).await
}
