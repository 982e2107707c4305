//! Figures of a run in the text format of Prometheus, for the textfile collector of node-exporter or a Pushgateway.
//!
//! See <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write as _;
use std::path::Path;

use super::{Ending, Summary};
use crate::whole_file::{self, Durability};

/// One kind of figure.
struct Metric {
    name: &'static str,
    help: &'static str,
    value: fn(&Ending) -> Option<u64>,
}

const METRICS: [Metric; 12] = [
    Metric {
        name: "updraft_repository_success",
        help: "1 when the repository was worked on without an error.",
        value: |ending| Some(u64::from(!ending.has_errors())),
    },
    Metric {
        name: "updraft_repository_dependencies",
        help: "Dependencies found.",
        value: |ending| ending.outcome().map(|outcome| count(outcome.findings.len())),
    },
    Metric {
        name: "updraft_repository_branches",
        help: "Branches there should be, held ones included.",
        value: |ending| ending.outcome().map(|outcome| count(outcome.branches.len())),
    },
    Metric {
        name: "updraft_repository_problems",
        help: "Problems told.",
        value: |ending| ending.outcome().map(|outcome| count(outcome.problems.len())),
    },
    Metric {
        name: "updraft_repository_branches_created",
        help: "Branches made by this run.",
        value: |ending| ending.tally().map(|tally| tally.branches_created),
    },
    Metric {
        name: "updraft_repository_branches_updated",
        help: "Branches made anew by this run.",
        value: |ending| ending.tally().map(|tally| tally.branches_updated),
    },
    Metric {
        name: "updraft_repository_pulls_created",
        help: "Pull requests opened by this run.",
        value: |ending| ending.tally().map(|tally| tally.pulls_created),
    },
    Metric {
        name: "updraft_repository_pulls_updated",
        help: "Pull requests changed by this run.",
        value: |ending| ending.tally().map(|tally| tally.pulls_updated),
    },
    Metric {
        name: "updraft_repository_merged",
        help: "Updates merged by this run.",
        value: |ending| ending.tally().map(|tally| tally.merged),
    },
    Metric {
        name: "updraft_repository_pruned",
        help: "Branches deleted by this run as nothing needs them.",
        value: |ending| ending.tally().map(|tally| tally.pruned),
    },
    Metric {
        name: "updraft_repository_errors",
        help: "Branches that could not be brought up to date.",
        value: |ending| ending.tally().map(|tally| tally.errors),
    },
    Metric {
        name: "updraft_repository_duration_milliseconds",
        help: "How long the repository took.",
        value: |ending| Some(u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX)),
    },
];

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Returns the figures of a run.
pub(super) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    for metric in &METRICS {
        let _ = writeln!(text, "# HELP {} {}\n# TYPE {} gauge", metric.name, metric.help, metric.name);
        for ending in &summary.endings {
            if let Some(value) = (metric.value)(ending) {
                let _ =
                    writeln!(text, "{}{{repository=\"{}\"}} {value}", metric.name, label(&ending.repository));
            }
        }
    }
    let totals = [
        ("updraft_requests", "Requests sent.", summary.network.requests),
        ("updraft_cache_hits", "Replies that came from the cache.", summary.network.cache_hits),
        ("updraft_received_bytes", "Bytes received.", summary.network.bytes),
        ("updraft_last_run_timestamp_seconds", "When the run ended.", summary.ended_at),
    ];
    for (name, help, value) in totals {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    text
}

/// Returns a label's value as the format spells it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Writes the figures so that a reader never sees half of them.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(path: &Path, summary: &Summary) -> std::io::Result<()> {
    whole_file::write(path, text(summary).as_bytes(), None, Durability::Passing)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_figure_has_a_name_a_type_and_a_label() {
        let ending = Ending {
            repository: "me/\"lab\"".to_owned(),
            duration: Duration::from_millis(7),
            work: Err("no".to_owned()),
        };
        let summary =
            Summary { endings: vec![ending], network: crate::http::HostStats::default(), ended_at: 12 };
        let text = text(&summary);
        assert!(text.contains("# TYPE updraft_repository_success gauge\nupdraft_repository_success{repository=\"me/\\\"lab\\\"\"} 0\n"));
        assert!(text.contains("updraft_repository_duration_milliseconds{repository=\"me/\\\"lab\\\"\"} 7\n"));
        assert!(text.ends_with("updraft_last_run_timestamp_seconds 12\n"));
        assert!(!text.contains("updraft_repository_branches_created{"), "nothing is known of it");
    }
}
