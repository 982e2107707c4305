//! The `updraft` binary: reads the command line, does one thing, and says by its exit code how that went.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use updraft::cli::{Cli, Command};
use updraft::command;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // The bot has nobody at its side: what it did is in its log.
    let usual = if matches!(cli.command, Command::Run(_)) { LevelFilter::INFO } else { LevelFilter::WARN };
    updraft::logging::start(&cli.global, usual);
    match command::execute(cli).await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(anstream::stderr(), "{}", command::describe(&error));
            ExitCode::from(command::USAGE)
        }
    }
}
