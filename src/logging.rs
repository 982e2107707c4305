//! Log lines: on stderr, for people or as JSON.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

use crate::cli::{ColorChoice, Global, LogFormat};

/// Starts logging as `global` and the environment say: `-v` flags first, then `UPDRAFT_LOG`, then Renovate's `LOG_LEVEL`; where nobody says
/// anything, at the level `usual`.
pub fn start(global: &Global, usual: LevelFilter) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let level = match global.verbose {
        0 => variable("UPDRAFT_LOG")
            .or_else(|| variable("LOG_LEVEL").map(|level| renovate_level(&level).to_owned())),
        1 => Some("info".to_owned()),
        2 => Some("debug".to_owned()),
        _ => Some("trace".to_owned()),
    };
    // Words such as `updraft::http=debug,warn`; a single word is about updraft only, not about the libraries it is made of.
    let directives = level.unwrap_or_else(|| usual.to_string());
    let filter = if directives.contains(['=', ',']) {
        directives.parse::<Targets>().ok()
    } else {
        directives.parse::<LevelFilter>().ok().map(|level| Targets::new().with_target("updraft", level))
    };
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN));
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false);
    // Renovate's name comes after everything that is ours.
    let is_json = variable("LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let format = match global.log_format {
        LogFormat::Text if is_json && variable("UPDRAFT_LOG_FORMAT").is_none() => LogFormat::Json,
        format => format,
    };
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => {
            let color = match global.color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => std::io::stderr().is_terminal() && variable("NO_COLOR").is_none(),
            };
            layer.with_ansi(color).compact().boxed()
        }
    };
    Registry::default().with(layer.with_filter(filter)).init();
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
