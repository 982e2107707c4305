//! Log lines: on stderr, for people or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::cli::{ColorChoice, Global, LogFormat};

/// Starts logging as `global` and the environment say: `-v` flags first, then `UPDRAFT_LOG`, then Renovate's `LOG_LEVEL`.
pub fn start(global: &Global) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let level = match global.verbose {
        0 => variable("UPDRAFT_LOG")
            .or_else(|| variable("LOG_LEVEL").map(|level| renovate_level(&level).to_owned())),
        1 => Some("info".to_owned()),
        2 => Some("debug".to_owned()),
        _ => Some("trace".to_owned()),
    };
    let directives = level.unwrap_or_else(|| "warn".to_owned());
    let filter = if directives.contains(['=', ',']) {
        EnvFilter::try_new(&directives)
    } else {
        EnvFilter::try_new(format!(
            "off,updraft={directives},updraft_core={directives},updraft_managers={directives}"
        ))
    }
    .unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE)
        .with_target(false);
    match global.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => {
            let color = match global.color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => std::io::stderr().is_terminal() && variable("NO_COLOR").is_none(),
            };
            builder.with_ansi(color).compact().init();
        }
    }
}

/// Translates the levels of Renovate's `LOG_LEVEL`; `fatal` is our `error`.
fn renovate_level(level: &str) -> &'static str {
    match level.to_ascii_lowercase().as_str() {
        "trace" => "trace",
        "debug" => "debug",
        "info" => "info",
        "error" | "fatal" => "error",
        _ => "warn",
    }
}
