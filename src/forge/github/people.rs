//! Labels, and the people who are asked to look at something.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use super::client::{Call, Sends as _, found, pages, segment};
use super::pulls::User;
use crate::forge::{ForgeError, ForgeErrorKind, History};

/// The longest name of a label that GitHub takes, in characters. With a longer one it refuses all that come together.
const LABEL: usize = 50;

#[derive(Deserialize)]
struct Happened {
    event: Option<String>,
    label: Option<Label>,
    assignee: Option<User>,
    requested_reviewer: Option<User>,
    requested_team: Option<Team>,
}

/// A label that may be gone by now.
#[derive(Deserialize)]
struct Label {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Team {
    slug: Option<String>,
}

#[derive(Deserialize)]
struct Authored {
    user: Option<User>,
}

impl GithubRepository {
    pub(super) async fn read_history(&self, number: u64) -> Result<History, ForgeError> {
        let first = Call::get(
            self.route(format!("/issues/{number}/events?per_page=100")),
            format!("read what happened to #{number}"),
        );
        let events: Vec<Vec<Happened>> = pages(self, first).await?;
        let mut history = History::default();
        for event in events.into_iter().flatten() {
            match event.event.as_deref() {
                Some("labeled" | "unlabeled") => {
                    history.labels.extend(event.label.and_then(|label| label.name));
                }
                Some("assigned" | "unassigned") => {
                    history.people.extend(event.assignee.map(|person| person.login));
                }
                Some("review_requested" | "review_request_removed") => {
                    history.people.extend(event.requested_reviewer.map(|person| person.login));
                    let team = event.requested_team.and_then(|team| team.slug);
                    history.people.extend(team.map(|slug| format!("team:{slug}")));
                }
                _ => {}
            }
        }
        Ok(history)
    }

    pub(super) async fn give_labels(&self, number: u64, labels: &BTreeSet<String>) -> Result<(), ForgeError> {
        let call = |labels: &BTreeSet<String>| {
            Call::set(
                Method::POST,
                self.route(format!("/issues/{number}/labels")),
                format!("label #{number}"),
                json!({"labels": labels}),
            )
        };
        self.as_far_as_it_works(&possible_labels(labels), call).await
    }

    pub(super) async fn take_label(&self, number: u64, label: &str) -> Result<(), ForgeError> {
        let call = Call::set(
            Method::DELETE,
            self.route(format!("/issues/{number}/labels/{}", segment(label))),
            format!("take the label `{label}` off #{number}"),
            None::<Value>,
        );
        found(self.send(&call).await).map(|_| ())
    }

    pub(super) async fn assign_people(
        &self,
        number: u64,
        people: &BTreeSet<String>,
    ) -> Result<(), ForgeError> {
        let call = |people: &BTreeSet<String>| {
            Call::set(
                Method::POST,
                self.route(format!("/issues/{number}/assignees")),
                format!("assign #{number}"),
                json!({"assignees": people}),
            )
        };
        self.as_far_as_it_works(people, call).await
    }

    pub(super) async fn ask_reviewers(
        &self,
        number: u64,
        reviewers: &BTreeSet<String>,
    ) -> Result<(), ForgeError> {
        if reviewers.is_empty() {
            return Ok(());
        }
        let pull =
            Call::get(self.route(format!("/pulls/{number}")), format!("read the pull request #{number}"));
        let author = self.send(&pull).await?.json::<Authored>()?.user.map(|user| user.login);
        // GitHub refuses the whole list when the author is on it.
        let others: BTreeSet<String> = reviewers
            .iter()
            .filter(|name| !author.as_ref().is_some_and(|author| author.eq_ignore_ascii_case(name)))
            .cloned()
            .collect();
        let call = |reviewers: &BTreeSet<String>| {
            let teams: Vec<&str> = reviewers.iter().filter_map(|name| team(name)).collect();
            let people: Vec<&String> = reviewers.iter().filter(|name| team(name).is_none()).collect();
            Call::set(
                Method::POST,
                self.route(format!("/pulls/{number}/requested_reviewers")),
                format!("ask for a review of #{number}"),
                json!({"reviewers": people, "team_reviewers": teams}),
            )
        };
        self.as_far_as_it_works(&others, call).await
    }

    /// Does something for all of `names`, people or labels, or one by one where GitHub refuses because of some, which are left out.
    async fn as_far_as_it_works(
        &self,
        names: &BTreeSet<String>,
        call: impl Fn(&BTreeSet<String>) -> Call,
    ) -> Result<(), ForgeError> {
        if names.is_empty() {
            return Ok(());
        }
        match self.send(&call(names)).await {
            Err(error) if is_about_names(&error) && names.len() > 1 => {}
            Err(error) if is_about_names(&error) => {
                tracing::warn!(%error, name = names.first().map(String::as_str), "left out");
                return Ok(());
            }
            answer => return answer.map(|_| ()),
        }
        for one in names {
            match self.send(&call(&BTreeSet::from([one.clone()]))).await {
                Err(error) if is_about_names(&error) => {
                    tracing::warn!(%error, name = one.as_str(), "left out");
                }
                answer => {
                    answer?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the labels that GitHub can have.
pub(super) fn possible_labels(labels: &BTreeSet<String>) -> BTreeSet<String> {
    let is_possible = |label: &&String| {
        let is_short = label.chars().count() <= LABEL;
        if !is_short {
            tracing::warn!(
                label = label.as_str(),
                "left out: GitHub takes no label of more than {LABEL} characters"
            );
        }
        is_short
    };
    labels.iter().filter(is_possible).cloned().collect()
}

fn is_about_names(error: &ForgeError) -> bool {
    matches!(error.kind, ForgeErrorKind::Refused | ForgeErrorKind::NotFound)
}

/// Returns the name of a team among reviewers: `team:name`, or `team:owner/name`.
fn team(name: &str) -> Option<&str> {
    let team = name.strip_prefix("team:")?;
    Some(team.rsplit_once('/').map_or(team, |(_, name)| name))
}
