//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use zipreel::{cli::Cli, command};

/// One heap for all threads. With glibc's, the peak of a long publishing is a third higher and grows with its length.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => command::run(cli).await,
        Err(error) => command::refused(&error),
    }
}
