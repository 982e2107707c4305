//! The `updraft` binary: reads the command line, does one thing, and says by its exit code how that went.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use updraft::cli::{Cli, Command, LogFormat};
use updraft::command;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // The bot has nobody at its side: what it did is in its log.
    let is_bot = matches!(cli.command, Command::Run(_));
    let usual = if is_bot { LevelFilter::INFO } else { LevelFilter::WARN };
    let format = updraft::logging::start(&cli.global, usual);
    match command::execute(cli).await {
        Ok(code) => code,
        Err(error) => {
            if is_bot && format == LogFormat::Json && tracing::enabled!(tracing::Level::ERROR) {
                // Who reads the log as JSON reads nothing else.
                tracing::error!(reason = command::in_one_line(&error), "the run cannot begin");
            } else {
                // Nobody is left to tell when stderr is gone.
                let _ = writeln!(anstream::stderr(), "{}", command::describe(&error));
            }
            command::exit_code(&error)
        }
    }
}
