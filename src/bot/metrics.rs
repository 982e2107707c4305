//! Figures of a run in the text format of Prometheus, for the textfile collector of node-exporter or a Pushgateway.
//!
//! See <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use updraft_core::plan::HoldReason;
use updraft_core::problem::Severity;

use super::{Ending, Summary, Wait};
use crate::datasource::LookupErrorKind;
use crate::whole_file::{self, Durability};

/// One kind of figure of a repository.
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
        name: "updraft_repository_updates",
        help: "Steps that dependencies could take, held ones included.",
        value: |ending| ending.outcome().map(|outcome| count(outcome.updates())),
    },
    Metric {
        name: "updraft_repository_branches",
        help: "Branches there should be, held ones included.",
        value: |ending| ending.outcome().map(|outcome| count(outcome.branches.len())),
    },
    Metric {
        name: "updraft_repository_pulls_open",
        help: "Open pull requests of the bot.",
        value: |ending| ending.work.as_ref().ok()?.open_pulls.map(u64::from),
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
        help: "Problems that are errors: what could not be asked, read, planned or written.",
        value: |ending| Some(count(ending.work.as_ref().ok()?.count_problems(Severity::Error))),
    },
];

/// The figure that outlives the runs that fail.
const LAST_SUCCESS: &str = "updraft_repository_last_success_timestamp_seconds";

/// What figures are said of: the name and value of each label.
type Labels<'a> = Vec<(&'static str, &'a str)>;

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The page as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Writes one kind of figure.
    fn family<'a, V: std::fmt::Display>(
        &mut self,
        (name, help): (&str, &str),
        figures: impl IntoIterator<Item = (Labels<'a>, V)>,
    ) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in figures {
            let labels: Vec<String> =
                labels.into_iter().map(|(name, text)| format!("{name}=\"{}\"", label(text))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }
}

/// Returns how often each word comes.
fn tallied<'w>(words: &[&'w str], all: &[&'w str]) -> BTreeMap<&'w str, usize> {
    // What is not there is 0, so that an alert ends.
    all.iter().map(|word| (*word, words.iter().filter(|other| *other == word).count())).collect()
}

/// Makes, of one list, the word for each case and the list of all words. A case that the list lacks does not compile.
macro_rules! words {
    ($all:ident, $word:ident($kind:ty): $($case:pat => $text:literal,)+) => {
        const $all: &[&str] = &[$($text),+];

        fn $word(case: $kind) -> &'static str {
            match case {
                $($case => $text,)+
            }
        }
    };
}

words!(SEVERITIES, severity(Severity):
    Severity::Error => "error",
    Severity::Warning => "warning",
    Severity::Note => "note",
);

words!(LOOKUP_FAILURES, lookup_failure(LookupErrorKind):
    LookupErrorKind::NotFound => "not-found",
    LookupErrorKind::Unauthorized => "unauthorized",
    LookupErrorKind::RateLimited => "rate-limited",
    LookupErrorKind::Network => "network",
    LookupErrorKind::Malformed => "malformed",
    LookupErrorKind::Unsupported => "unsupported",
);

words!(WAITS, wait(Wait):
    Wait::Hold(HoldReason::OutsideSchedule) => "schedule",
    Wait::Hold(HoldReason::TooYoung) => "age",
    Wait::Hold(HoldReason::NeedsApproval) => "approval",
    Wait::Hold(HoldReason::GroupTooSmall) => "group-size",
    Wait::Hold(HoldReason::Silent) => "silent",
    Wait::Limit => "limit",
);

fn severities(ending: &Ending) -> Option<Vec<&'static str>> {
    let problems = ending.work.as_ref().ok()?.problems();
    Some(problems.map(|problem| severity(problem.severity)).collect())
}

fn failed_lookups(ending: &Ending) -> Option<Vec<&'static str>> {
    let failures = ending.outcome()?.findings.iter().filter_map(|finding| match &finding.releases {
        Some(Err(error)) => Some(lookup_failure(error.kind)),
        _ => None,
    });
    Some(failures.collect())
}

fn held(ending: &Ending) -> Option<Vec<&'static str>> {
    Some(ending.work.as_ref().ok()?.held().map(wait).collect())
}

/// A figure for each repository and each of a few words.
struct Sorted {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    words: &'static [&'static str],
    value: fn(&Ending) -> Option<Vec<&'static str>>,
}

const SORTED: [Sorted; 3] = [
    Sorted {
        name: "updraft_repository_problems",
        help: "Problems told.",
        label: "severity",
        words: SEVERITIES,
        value: severities,
    },
    Sorted {
        name: "updraft_repository_lookup_failures",
        help: "Dependencies that could not be looked up.",
        label: "kind",
        words: LOOKUP_FAILURES,
        value: failed_lookups,
    },
    Sorted {
        name: "updraft_repository_branches_held",
        help: "Branches that are not made now, by what they wait for.",
        label: "reason",
        words: WAITS,
        value: held,
    },
];

/// Returns the figures of a run; `before` are those of the run before, if there are any.
pub(super) fn text(summary: &Summary, before: &str) -> String {
    let mut page = Page::default();
    for metric in &METRICS {
        let figures = summary.endings.iter().filter_map(|ending| {
            Some((vec![("repository", ending.repository.as_str())], (metric.value)(ending)?))
        });
        page.family((metric.name, metric.help), figures);
    }
    for Sorted { name, help, label, words, value } in &SORTED {
        let figures = summary.endings.iter().filter_map(|ending| {
            let counted = tallied(&value(ending)?, words);
            let repository = ending.repository.as_str();
            Some(
                counted
                    .into_iter()
                    .map(move |(word, count)| (vec![("repository", repository), (label, word)], count)),
            )
        });
        page.family((name, help), figures.flatten());
    }
    let repositories =
        || summary.endings.iter().map(|ending| vec![("repository", ending.repository.as_str())]);
    let durations = summary.endings.iter().map(|ending| ending.duration.as_secs_f64());
    page.family(
        ("updraft_repository_duration_seconds", "How long the repository took."),
        repositories().zip(durations),
    );
    let successes = summary.endings.iter().filter_map(|ending| {
        let labels = vec![("repository", ending.repository.as_str())];
        if !ending.has_errors() {
            return Some((labels, summary.ended_at));
        }
        let line = format!("{LAST_SUCCESS}{{repository=\"{}\"}} ", label(&ending.repository));
        let known = before.lines().find_map(|old| old.strip_prefix(&line)?.parse().ok())?;
        Some((labels, known))
    });
    page.family((LAST_SUCCESS, "When the repository was last worked on without an error."), successes);
    let hosts = &summary.network.hosts;
    for (name, help, value) in [
        ("updraft_requests", "Requests sent.", (|host| host.requests) as fn(&crate::http::HostStats) -> u64),
        ("updraft_retries", "Requests that were sent again.", |host| host.retries),
        ("updraft_cache_hits", "Replies that came from the cache.", |host| host.cache_hits),
        ("updraft_received_bytes", "Bytes received.", |host| host.bytes),
    ] {
        page.family(
            (name, help),
            hosts.iter().map(|(host, stats)| (vec![("host", host.as_str())], value(stats))),
        );
    }
    let ended = [(Labels::new(), summary.ended_at)];
    page.family(("updraft_last_run_timestamp_seconds", "When the run ended."), ended);
    page.0
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
    let before = std::fs::read_to_string(path).unwrap_or_default();
    whole_file::write(path, text(summary, &before).as_bytes(), None, Durability::Passing)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use updraft_core::life::Standing;

    use super::*;

    fn summary(work: Result<crate::bot::Work, String>) -> Summary {
        let ending = Ending {
            repository: "me/\"lab\"".to_owned(),
            duration: Duration::from_millis(1500),
            requests: 3,
            work,
        };
        let mut network = crate::http::Stats::default();
        network.hosts.entry("ghcr.io".to_owned()).or_default().requests = 3;
        Summary { endings: vec![ending], problems: Vec::new(), network, ended_at: 12 }
    }

    #[test]
    fn every_figure_has_a_name_a_type_and_a_label() {
        let text = text(&summary(Err("no".to_owned())), "");
        assert!(text.contains("# TYPE updraft_repository_success gauge\nupdraft_repository_success{repository=\"me/\\\"lab\\\"\"} 0\n"));
        assert!(text.contains("updraft_repository_duration_seconds{repository=\"me/\\\"lab\\\"\"} 1.5\n"));
        assert!(text.contains("updraft_requests{host=\"ghcr.io\"} 3\n"), "{text}");
        assert!(text.ends_with("updraft_last_run_timestamp_seconds 12\n"));
        assert!(!text.contains("updraft_repository_branches_created{"), "nothing is known of it");
    }

    #[test]
    fn a_run_that_fails_does_not_forget_when_one_did_not() {
        let line = "updraft_repository_last_success_timestamp_seconds{repository=\"me/\\\"lab\\\"\"} ";
        let work = crate::bot::Work::without_branches(crate::bot::Verdict::Done);
        let good = text(&summary(Ok(work)), "");
        assert!(good.contains(&format!("{line}12\n")), "{good}");
        let failed = Summary { ended_at: 99, ..summary(Err("no".to_owned())) };
        assert!(text(&failed, &good).contains(&format!("{line}12\n")), "{good}");
        assert!(!text(&failed, "").contains(line), "nothing is known of it");
    }

    #[test]
    fn what_is_not_there_is_none() {
        let work = crate::bot::Work::without_branches(crate::bot::Verdict::Done);
        let text = text(&summary(Ok(work)), "");
        assert!(text.contains("severity=\"error\"} 0\n") && text.contains("reason=\"age\"} 0\n"), "{text}");
    }

    #[test]
    fn what_branches_wait_for_is_counted_by_one_word_each() {
        let entry = |standing| updraft_core::dashboard::Entry {
            branch_name: "renovate/keel-1.x".to_owned(),
            title: "Update keel".to_owned(),
            standing,
            dep_names: Vec::new(),
            category: None,
        };
        let hold = updraft_core::plan::Hold {
            reason: HoldReason::GroupTooSmall,
            until: None,
            detail: String::new(),
        };
        let standings = [
            Standing::Held(hold.clone()),
            Standing::Held(hold),
            Standing::RateLimited { limit: "prConcurrentLimit 1".to_owned() },
            Standing::AwaitsChecks,
        ];
        let work = crate::bot::Work {
            entries: standings.map(entry).into(),
            ..crate::bot::Work::without_branches(crate::bot::Verdict::Done)
        };
        let text = text(&summary(Ok(work)), "");
        for (word, count) in [("group-size", 2), ("limit", 1), ("schedule", 0)] {
            assert!(text.contains(&format!("reason=\"{word}\"}} {count}\n")), "{text}");
        }
    }
}
