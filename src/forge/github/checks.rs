//! What is checked of a commit: statuses and check runs.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use updraft_core::forge::{CheckState, Checks};

use super::GithubRepository;
use super::client::{Call, Sends as _, pages, path};
use crate::forge::{ForgeError, NewStatus};

/// The longest description that GitHub takes, in characters.
const DESCRIPTION: usize = 140;

#[derive(Deserialize)]
struct Combined {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
}

impl GithubRepository {
    pub(super) async fn read_checks(&self, sha: &str) -> Result<Checks, ForgeError> {
        let task = format!("read the checks of `{sha}`");
        let list =
            |kind: &str| Call::get(self.route(format!("/commits/{}/{kind}?per_page=100", path(sha))), &task);
        let (combined, runs) = tokio::try_join!(
            pages::<Combined>(self, list("status")),
            pages::<Runs>(self, list("check-runs"))
        )?;
        let mut checks = Checks::new();
        // Of several checks with one name, the worst counts.
        let mut note = |name: Option<String>, state: CheckState| {
            let known = checks.entry(name.unwrap_or_default()).or_insert(state);
            *known = (*known).max(state);
        };
        for status in combined.into_iter().flat_map(|page| page.statuses) {
            let state = status_state(status.state.as_deref());
            note(status.context, state);
        }
        for run in runs.into_iter().flat_map(|page| page.check_runs) {
            let state = run_state(run.status.as_deref(), run.conclusion.as_deref());
            note(run.name, state);
        }
        Ok(checks)
    }

    pub(super) async fn write_status(&self, sha: &str, status: &NewStatus) -> Result<(), ForgeError> {
        let description: String = status.description.chars().take(DESCRIPTION).collect();
        let body = json!({
            "state": if status.is_green { "success" } else { "pending" },
            "context": status.context,
            "description": description,
        });
        let call = Call::set(
            Method::POST,
            self.route(format!("/statuses/{}", path(sha))),
            format!("set the status `{}`", status.context),
            body,
        );
        self.send(&call).await.map(|_| ())
    }
}

fn status_state(state: Option<&str>) -> CheckState {
    match state {
        Some("success") => CheckState::Green,
        Some("failure" | "error") => CheckState::Red,
        _ => CheckState::Pending,
    }
}

/// <https://docs.github.com/en/rest/checks/runs#get-a-check-run>
fn run_state(status: Option<&str>, conclusion: Option<&str>) -> CheckState {
    match (status, conclusion) {
        (Some("completed"), Some("success" | "neutral" | "skipped")) => CheckState::Green,
        // Nobody has finished it.
        (Some("completed"), Some("stale") | None) => CheckState::Pending,
        (Some("completed"), Some(_)) => CheckState::Red,
        _ => CheckState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: &str, conclusion: Option<&str>, expected: CheckState) {
        assert_eq!(run_state(Some(status), conclusion), expected, "{status} {conclusion:?}");
    }

    #[test]
    fn a_check_run_is_green_when_it_does_not_object() {
        for conclusion in ["success", "neutral", "skipped"] {
            check("completed", Some(conclusion), CheckState::Green);
        }
        for conclusion in ["failure", "cancelled", "timed_out", "action_required", "startup_failure", "new"] {
            check("completed", Some(conclusion), CheckState::Red);
        }
        for status in ["queued", "in_progress", "waiting", "requested", "pending"] {
            check(status, None, CheckState::Pending);
        }
        check("completed", Some("stale"), CheckState::Pending);
        check("completed", None, CheckState::Pending);
    }
}
