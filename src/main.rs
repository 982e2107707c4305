//! The `updraft` binary: reads the command line, does one thing, and says by its exit code how that went.

use std::process::ExitCode;

use clap::Parser;
use updraft::cli::Cli;
use updraft::command;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    updraft::logging::start(&cli.global);
    match command::execute(cli).await {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{}", command::describe(&error));
            ExitCode::from(command::USAGE)
        }
    }
}
