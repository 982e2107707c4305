//! What a branch demands of those who change it: branch protection, and the rules of rule sets.

use serde::Deserialize;
use updraft_core::forge::Protection;

use super::GithubRepository;
use super::client::{Call, Sends as _, pages, segment};
use super::error::unexpected;
use crate::forge::{ForgeError, ForgeErrorKind};

#[derive(Deserialize)]
struct Protected {
    required_status_checks: Option<Required>,
}

#[derive(Deserialize)]
struct Required {
    strict: Option<bool>,
    contexts: Option<Vec<String>>,
    checks: Option<Vec<Check>>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    strict_required_status_checks_policy: Option<bool>,
    required_status_checks: Option<Vec<Check>>,
}

impl Parameters {
    /// Returns whether a branch must be up to date, and the checks; `None` when it is not said which.
    fn checks(self) -> Option<(bool, Vec<Check>)> {
        Some((self.strict_required_status_checks_policy.unwrap_or_default(), self.required_status_checks?))
    }
}

#[derive(Deserialize)]
struct Check {
    context: Option<String>,
}

/// What everybody sees of a branch.
#[derive(Deserialize)]
struct Seen {
    protection: Option<Protected>,
}

impl GithubRepository {
    pub(super) async fn read_protection(&self, branch: &str) -> Result<Protection, ForgeError> {
        let task = format!("read what `{branch}` demands");
        let name = segment(branch);
        let rules = Call::get(self.route(format!("/rules/branches/{name}?per_page=100")), &task);
        let details =
            Call::get(self.route(format!("/branches/{name}/protection")), &task).tells::<Protected>();
        let seen = Call::get(self.route(format!("/branches/{name}")), &task).tells::<Seen>();
        let (rules, details) =
            tokio::try_join!(async { if_allowed(pages::<Vec<Rule>>(self, rules).await) }, async {
                if_allowed(self.send(&details).await)
            })?;
        let required = match details {
            Some(answer) => answer.json::<Protected>()?.required_status_checks,
            // Only those who administer the repository see the details.
            None => match if_allowed(self.send(&seen).await)? {
                Some(answer) => {
                    answer.json::<Seen>()?.protection.and_then(|seen| seen.required_status_checks)
                }
                None => None,
            },
        };
        let mut protection = Protection::default();
        if let Some(required) = required {
            protection.must_be_up_to_date = required.strict.unwrap_or_default();
            if required.contexts.is_none() && required.checks.is_none() {
                return Err(unexpected(&task, "it does not say which checks are required"));
            }
            protection.required_checks.extend(required.contexts.into_iter().flatten());
            protection.required_checks.extend(names(required.checks.into_iter().flatten()));
        }
        for rule in rules.into_iter().flatten().flatten() {
            if rule.kind.as_deref() != Some("required_status_checks") {
                continue;
            }
            let Some((strict, checks)) = rule.parameters.and_then(Parameters::checks) else {
                return Err(unexpected(&task, "a rule does not say which checks are required"));
            };
            protection.must_be_up_to_date |= strict;
            protection.required_checks.extend(names(checks));
        }
        Ok(protection)
    }
}

fn names(checks: impl IntoIterator<Item = Check>) -> impl Iterator<Item = String> {
    checks.into_iter().filter_map(|check| check.context)
}

/// Returns what was asked for; `None` where the token may not see it, or there is nothing to be seen.
fn if_allowed<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind, ForgeErrorKind::Forbidden | ForgeErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
