//! Issues and pull requests, and what GitHub allows with them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::objects::{Commit, Id, Signature};
use super::refusal::{invalid, invalid_because, refuse};
use super::repository::Repository;
use super::web::Response;

/// The longest body that is taken, in characters.
const BODY_LIMIT: usize = 65_536;
const TITLE_LIMIT: usize = 256;
const LABEL_LIMIT: usize = 50;

/// The host of the website: an instance of somebody's own, which gives its users addresses of its own.
pub(crate) const HOST: &str = "127.0.0.1";

#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

/// Something that happened to an issue: `labeled`, `assigned`, `review_requested` and their opposites, `closed`, `reopened`, `renamed`, `merged`.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    /// The label or the person.
    pub(crate) about: Option<String>,
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Merge {
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    pub(crate) commit: Id,
}

/// A pull merges as soon as that is possible.
#[derive(Clone, Debug)]
pub(crate) struct AutoMerge {
    /// Who wants so.
    pub(crate) by: String,
    /// `merge`, `squash`, `rebase`.
    pub(crate) method: String,
}

/// What an issue has more when it is a pull.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) head: String,
    /// The head's commit, which stands still once the pull is closed.
    pub(crate) head_sha: Id,
    pub(crate) base: String,
    pub(crate) draft: bool,
    pub(crate) merge: Option<Merge>,
    pub(crate) auto_merge: Option<AutoMerge>,
    pub(crate) reviewers: BTreeSet<String>,
    pub(crate) team_reviewers: BTreeSet<String>,
    /// Who has approved.
    pub(crate) approvals: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: String,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) events: Vec<Event>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) state_reason: Option<String>,
    pub(crate) pull: Option<Pull>,
}

impl Issue {
    pub(crate) fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    pub(crate) fn close(&mut self, now: Timestamp) {
        (self.closed_at, self.updated_at) = (Some(now), now);
        if let Some(pull) = &mut self.pull {
            pull.auto_merge = None;
        }
    }

    pub(crate) fn close_merged(&mut self, merge: Merge) {
        self.close(merge.at);
        if let Some(pull) = &mut self.pull {
            pull.merge = Some(merge);
        }
    }
}

/// Refuses a title or body that GitHub would not take.
pub(crate) fn check_texts(resource: &str, title: Option<&str>, body: Option<&str>) -> Result<(), Response> {
    if title.is_some_and(|title| title.trim().is_empty()) {
        return Err(invalid(resource, "title", "missing_field"));
    }
    if title.is_some_and(|title| title.chars().count() > TITLE_LIMIT) {
        return Err(invalid_because(resource, "title is too long (maximum is 256 characters)"));
    }
    if body.is_some_and(|body| body.chars().count() > BODY_LIMIT) {
        return Err(invalid_because(resource, "body is too long (maximum is 65536 characters)"));
    }
    Ok(())
}

/// Refuses labels that GitHub would not make, and with them all others.
pub(crate) fn check_labels(names: &[String]) -> Result<(), Response> {
    match names.iter().find(|name| name.chars().count() > LABEL_LIMIT) {
        Some(_) => Err(invalid_because("Label", "name is too long (maximum is 50 characters)")),
        None => Ok(()),
    }
}

impl Repository {
    pub(crate) fn open_issue(
        &mut self,
        title: &str,
        body: Option<String>,
        author: &str,
        now: Timestamp,
    ) -> u64 {
        let number = self.issues.keys().last().map_or(1, |last| last + 1);
        let issue = Issue {
            id: self.next_id(),
            number,
            title: title.to_owned(),
            body,
            author: author.to_owned(),
            labels: Vec::new(),
            assignees: Vec::new(),
            comments: Vec::new(),
            events: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            state_reason: None,
            pull: None,
        };
        self.issues.insert(number, issue);
        number
    }

    /// Opens a pull of `head` into `base`.
    pub(crate) fn open_pull(
        &mut self,
        (head, base): (&str, &str),
        (title, body): (&str, Option<String>),
        author: &str,
        now: Timestamp,
    ) -> Result<u64, Response> {
        check_texts("PullRequest", Some(title), body.as_deref())?;
        let head_sha = self.branch(head).cloned().ok_or_else(|| invalid("PullRequest", "head", "invalid"))?;
        let base_sha = self.branch(base).cloned().ok_or_else(|| invalid("PullRequest", "base", "invalid"))?;
        if self.objects.is_ancestor(&head_sha, &base_sha) {
            return Err(invalid_because("PullRequest", &format!("No commits between {base} and {head}")));
        }
        self.check_no_other_pull(head, base)?;
        let number = self.open_issue(title, body, author, now);
        self.issues.get_mut(&number).unwrap().pull = Some(Pull {
            head: head.to_owned(),
            head_sha,
            base: base.to_owned(),
            draft: false,
            merge: None,
            auto_merge: None,
            reviewers: BTreeSet::new(),
            team_reviewers: BTreeSet::new(),
            approvals: BTreeSet::new(),
        });
        Ok(number)
    }

    fn check_no_other_pull(&self, head: &str, base: &str) -> Result<(), Response> {
        let same =
            |issue: &Issue| issue.pull.as_ref().is_some_and(|pull| pull.head == head && pull.base == base);
        if self.open_pulls().any(same) {
            let message = format!("A pull request already exists for {}:{head}.", self.owner);
            return Err(invalid_because("PullRequest", &message));
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, number: u64, actor: &str, now: Timestamp) {
        if self.issues[&number].is_open() {
            self.issues.get_mut(&number).unwrap().close(now);
            self.record(number, "closed", actor, None, now);
        }
    }

    /// Opens a closed issue or pull again.
    ///
    /// A pull stays closed for ever once it is merged, and while its branch is gone or holds another history.
    pub(crate) fn reopen(&mut self, number: u64, actor: &str, now: Timestamp) -> Result<(), Response> {
        let issue = &self.issues[&number];
        if issue.is_open() {
            return Ok(());
        }
        if let Some(pull) = &issue.pull {
            let refusal =
                |why: &str| invalid_because("PullRequest", &format!("state cannot be changed. {why}"));
            if pull.merge.is_some() {
                return Err(refusal("The pull request has been merged."));
            }
            let Some(tip) = self.branch(&pull.head) else {
                return Err(refusal(&format!("The {} branch has been deleted.", pull.head)));
            };
            if !self.objects.is_ancestor(&pull.head_sha, tip) {
                return Err(refusal(&format!("The {} branch was force-pushed or recreated.", pull.head)));
            }
            self.check_no_other_pull(&pull.head, &pull.base)?;
            let tip = tip.clone();
            self.issues.get_mut(&number).unwrap().pull.as_mut().unwrap().head_sha = tip;
        }
        let issue = self.issues.get_mut(&number).unwrap();
        (issue.closed_at, issue.updated_at, issue.state_reason) = (None, now, None);
        self.record(number, "reopened", actor, None, now);
        Ok(())
    }

    /// Replaces the labels of an issue; a label that the repository lacks is made.
    pub(crate) fn label(&mut self, number: u64, labels: Vec<String>, actor: &str, now: Timestamp) {
        let mut kept: Vec<String> = Vec::new();
        for label in labels {
            if !kept.contains(&label) {
                kept.push(label);
            }
        }
        let before = std::mem::replace(&mut self.issues.get_mut(&number).unwrap().labels, kept.clone());
        for name in &kept {
            if !self.labels.contains_key(name) {
                let id = self.next_id();
                let label = Label { id, color: "ededed".to_owned(), description: None };
                self.labels.insert(name.clone(), label);
            }
            if !before.contains(name) {
                self.record(number, "labeled", actor, Some(name), now);
            }
        }
        for name in before.iter().filter(|name| !kept.contains(name)) {
            self.record(number, "unlabeled", actor, Some(name), now);
        }
    }

    /// Replaces those an issue is assigned to.
    pub(crate) fn assign(&mut self, number: u64, assignees: &[String], actor: &str, now: Timestamp) {
        let before =
            std::mem::replace(&mut self.issues.get_mut(&number).unwrap().assignees, assignees.to_vec());
        for login in assignees.iter().filter(|login| !before.contains(login)) {
            self.record(number, "assigned", actor, Some(login), now);
        }
        for login in before.iter().filter(|login| !assignees.contains(login)) {
            self.record(number, "unassigned", actor, Some(login), now);
        }
    }

    /// Replaces those who are asked to review a pull.
    pub(crate) fn ask_to_review(
        &mut self,
        number: u64,
        reviewers: &BTreeSet<String>,
        actor: &str,
        now: Timestamp,
    ) {
        let pull = self.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
        let before = std::mem::replace(&mut pull.reviewers, reviewers.clone());
        for login in reviewers.difference(&before) {
            self.record(number, "review_requested", actor, Some(login), now);
        }
        for login in before.difference(reviewers) {
            self.record(number, "review_request_removed", actor, Some(login), now);
        }
    }

    pub(crate) fn comment(&mut self, number: u64, body: &str, author: &str, now: Timestamp) -> u64 {
        let id = self.next_id();
        let comment = Comment { id, author: author.to_owned(), body: body.to_owned(), at: now };
        let issue = self.issues.get_mut(&number).unwrap();
        issue.comments.push(comment);
        issue.updated_at = now;
        id
    }

    pub(crate) fn record(
        &mut self,
        number: u64,
        kind: &'static str,
        actor: &str,
        about: Option<&str>,
        at: Timestamp,
    ) {
        let id = self.next_id();
        let event = Event { id, kind, actor: actor.to_owned(), about: about.map(str::to_owned), at };
        let issue = self.issues.get_mut(&number).unwrap();
        issue.events.push(event);
        issue.updated_at = at;
    }

    pub(crate) fn can_be_assigned(&self, login: &str) -> bool {
        login == self.owner || self.collaborators.as_ref().is_none_or(|logins| logins.contains(login))
    }

    /// Returns GitHub's word for what stands in the way of merging an open pull.
    pub(crate) fn mergeable_state(&mut self, number: u64) -> &'static str {
        let issue = &self.issues[&number];
        let Some(pull) = issue.pull.clone() else { return "unknown" };
        let Some(base) = self.branch(&pull.base).cloned().filter(|_| issue.is_open()) else {
            return "unknown";
        };
        if self.objects.merged(&base, &pull.head_sha).is_none() {
            return "dirty";
        }
        if pull.draft {
            return "draft";
        }
        let bad = |state: &str| state != "success";
        if let Some(protection) = self.protection.get(&pull.base) {
            let unmet = protection.checks.iter().any(|check| !self.passed(&pull.head_sha, check));
            if unmet || pull.approvals.len() < protection.approvals {
                return "blocked";
            }
            if protection.strict && !self.objects.is_ancestor(&base, &pull.head_sha) {
                return "behind";
            }
        }
        let unstable = self.newest_statuses(&pull.head_sha).iter().any(|status| bad(&status.state));
        if unstable { "unstable" } else { "clean" }
    }

    /// Merges a pull and returns the commit that came of it.
    pub(crate) fn merge(
        &mut self,
        number: u64,
        method: &str,
        actor: &str,
        message: Option<String>,
        now: Timestamp,
    ) -> Result<Id, Response> {
        if !self.switches.merge_methods.contains(&method) {
            let name = match method {
                "squash" => "Squash merges",
                "rebase" => "Rebase merges",
                _ => "Merge commits",
            };
            return Err(refuse(405, &format!("{name} are not allowed on this repository.")));
        }
        let state = self.mergeable_state(number);
        let issue = self.issues[&number].clone();
        let Some(pull) = issue.pull else { return Err(refuse(404, "Not Found")) };
        match state {
            "clean" | "unstable" => {}
            "blocked" | "behind" => {
                return Err(refuse(405, "Required status checks or reviews are missing."));
            }
            "draft" => return Err(refuse(405, "Pull Request is still a draft")),
            _ => return Err(refuse(405, "Pull Request is not mergeable")),
        }
        let base = self.branch(&pull.base).cloned().unwrap_or_default();
        let who = signature(actor, now);
        let commit = if method == "rebase" {
            self.objects.rebased(&base, &pull.head_sha, &who)
        } else {
            self.objects.merged(&base, &pull.head_sha).map(|files| {
                let is_squash = method == "squash";
                let tree = self.objects.add_tree(&files);
                let parents = if is_squash { vec![base] } else { vec![base, pull.head_sha.clone()] };
                let first = if is_squash {
                    format!("{} (#{number})", issue.title)
                } else {
                    format!(
                        "Merge pull request #{number} from {}/{}\n\n{}",
                        self.owner, pull.head, issue.title
                    )
                };
                let message = message.unwrap_or(first);
                let author = if is_squash { signature(&issue.author, now) } else { who.clone() };
                self.objects.add_commit(Commit { tree, parents, author, committer: who, message })
            })
        };
        let commit = commit.ok_or_else(|| refuse(405, "Pull Request is not mergeable"))?;
        let merge = Merge { at: now, by: actor.to_owned(), commit: commit.clone() };
        self.issues.get_mut(&number).unwrap().close_merged(merge);
        self.record(number, "merged", actor, None, now);
        self.point(&format!("refs/heads/{}", pull.base), Some(&commit), now);
        if self.switches.delete_merged_branches {
            self.point(&format!("refs/heads/{}", pull.head), None, now);
        }
        Ok(commit)
    }
}

/// Returns how a user signs commits made on the website.
pub(crate) fn signature(login: &str, date: Timestamp) -> Signature {
    Signature { name: login.to_owned(), email: format!("{login}@users.noreply.{HOST}"), date }
}
