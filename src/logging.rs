//! Log lines: on stderr, for people or as JSON.
//!
//! A line stands for itself: it says in which repository, branch or package it was written (the spans around it), what happened, and why.
//! What happened is the message, which is always one of few; why is the field `reason`.

mod line;
mod lines;

use std::io::{IsTerminal, Write as _};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::line::Style;
use self::lines::Lines;
use crate::cli::{ColorChoice, Global, LogFormat};

/// The target of the lines that tell of a decision, one line each: what becomes of a dependency, a branch, a pull request, an issue.
pub const DECISIONS: &str = "updraft::decisions";

/// Starts logging as `global` and the environment say: `-v` flags first, then `UPDRAFT_LOG`, then Renovate's `LOG_LEVEL`; where nobody says
/// anything that can be understood, at the level `usual`. Returns how lines are written.
pub fn start(global: &Global, usual: LevelFilter) -> LogFormat {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let level = match global.verbose {
        0 => variable("UPDRAFT_LOG").map(|words| ("UPDRAFT_LOG", words)).or_else(|| {
            let level = variable("LOG_LEVEL").map(|level| renovate_level(&level));
            level.map(|level| ("LOG_LEVEL", level))
        }),
        1 => Some(("-v", "info".to_owned())),
        2 => Some(("-vv", "debug".to_owned())),
        _ => Some(("-vvv", "trace".to_owned())),
    };
    let wanted = level.map(|(name, level)| (name, filter(&level), level));
    let filter = match &wanted {
        Some((_, Some(filter), _)) => filter.clone(),
        _ => updraft_at(usual),
    };
    // Renovate's name comes after everything that is ours.
    let is_json = variable("LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let format = match global.log_format {
        LogFormat::Text if is_json && variable("UPDRAFT_LOG_FORMAT").is_none() => LogFormat::Json,
        format => format,
    };
    let style = match format {
        LogFormat::Json => Style::Json,
        LogFormat::Text => match global.color {
            ColorChoice::Always => Style::Colored,
            ColorChoice::Auto if std::io::stderr().is_terminal() && variable("NO_COLOR").is_none() => {
                Style::Colored
            }
            ColorChoice::Auto | ColorChoice::Never => Style::Plain,
        },
    };
    // Nobody is left to tell when stderr is gone.
    let lines = Lines::new(style, |line: &str| drop(std::io::stderr().lock().write_all(line.as_bytes())));
    Registry::default().with(filter).with(lines).init();
    if let Some((variable, None, level)) = wanted {
        let hint = "write `error`, `warn`, `info`, `debug` or `trace`";
        tracing::warn!(variable, level, usual = %usual, hint, "this is no level of logging; the usual one is used");
    }
    format
}

/// Reads words such as `updraft::http=debug,warn`; a single word is about updraft only, not about the libraries it is made of.
fn filter(words: &str) -> Option<Targets> {
    if words.contains(['=', ',']) { words.parse().ok() } else { words.parse().ok().map(updraft_at) }
}

fn updraft_at(level: LevelFilter) -> Targets {
    Targets::new().with_target("updraft", level)
}

/// Translates the levels of Renovate's `LOG_LEVEL`; `fatal` is our `error`.
fn renovate_level(level: &str) -> String {
    match level.to_ascii_lowercase().as_str() {
        "fatal" => "error".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, target: &str, expected: bool) {
        let filter = filter(words).unwrap();
        assert_eq!(filter.would_enable(target, &tracing::Level::DEBUG), expected, "{words} {target}");
    }

    #[test]
    fn a_single_word_is_about_updraft_and_not_about_what_it_is_made_of() {
        check("debug", "updraft::http", true);
        check("debug", DECISIONS, true);
        check("debug", "h2", false);
        check("info", "updraft::http", false);
        check("updraft::decisions=debug", DECISIONS, true);
        check("updraft::decisions=debug", "updraft::http", false);
        check("warn,h2=debug", "h2", true);
    }

    #[test]
    fn renovates_levels_are_ours() {
        for level in ["trace", "debug", "info", "warn", "error", "fatal", "INFO"] {
            assert!(filter(&renovate_level(level)).is_some(), "{level}");
        }
        assert!(filter("loud").is_none());
    }
}
