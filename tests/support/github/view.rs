//! How GitHub writes down what it holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::history::Change;
use super::issue::{AutoMerge, Comment, Event, Issue};
use super::objects::{Commit, Signature};
use super::repository::{CheckRun, Protection, Release, Repository, Status};
use super::world::{Kind, Rights, Visit};

impl Visit<'_> {
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v3", self.url)
    }

    fn api_of(&self, repository: &Repository) -> String {
        format!("{}/repos/{}", self.api(), repository.full_name())
    }

    fn web_of(&self, repository: &Repository) -> String {
        format!("{}/{}", self.url, repository.full_name())
    }

    pub(crate) fn user(&self, login: &str) -> Value {
        let (api, is_bot) = (self.api(), login.ends_with("[bot]"));
        let mut user = json!({
            "login": login,
            "id": number_of(login),
            "node_id": node_id("User", number_of(login)),
            "avatar_url": format!("{}/avatars/{login}", self.url),
            "gravatar_id": "",
            "html_url": format!("{}/{login}", self.url),
            "url": format!("{api}/users/{login}"),
            "type": if is_bot { "Bot" } else { "User" },
            "site_admin": false,
        });
        for name in ["followers", "following", "gists", "starred", "subscriptions", "organizations"] {
            user[format!("{name}_url")] = json!(format!("{api}/users/{login}/{name}"));
        }
        for name in ["repos", "events", "received_events"] {
            user[format!("{name}_url")] = json!(format!("{api}/users/{login}/{name}"));
        }
        user
    }

    pub(crate) fn repository(&self, repository: &Repository) -> Value {
        let (switches, api) = (&repository.switches, self.api_of(repository));
        let writes = self.account.is_some_and(|account| account.rights != Rights::Read);
        let allows = |method: &str| switches.merge_methods.contains(&method);
        let size: usize = repository.objects.blobs.values().map(Vec::len).sum();
        json!({
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name(),
            "owner": self.user(&repository.owner),
            "private": switches.private,
            "visibility": if switches.private { "private" } else { "public" },
            "html_url": self.web_of(repository),
            "description": null,
            "fork": switches.fork,
            "url": api,
            "clone_url": format!("{}.git", self.web_of(repository)),
            "issues_url": format!("{api}/issues{{/number}}"),
            "pulls_url": format!("{api}/pulls{{/number}}"),
            "default_branch": repository.default_branch,
            // In kilobytes; of an empty repository it is 0.
            "size": size.div_ceil(1024),
            "archived": switches.archived,
            "disabled": false,
            "has_issues": switches.issues,
            "open_issues_count": repository.issues.values().filter(|issue| issue.is_open()).count(),
            "allow_merge_commit": allows("merge"),
            "allow_squash_merge": allows("squash"),
            "allow_rebase_merge": allows("rebase"),
            "allow_auto_merge": switches.auto_merge,
            "delete_branch_on_merge": switches.delete_merged_branches,
            "permissions": {
                "admin": false, "maintain": false, "push": writes, "triage": writes, "pull": true,
            },
            "topics": [],
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": self.now,
            "pushed_at": self.now,
        })
    }

    pub(crate) fn reference(&self, repository: &Repository, name: &str, id: &str) -> Value {
        let api = self.api_of(repository);
        json!({
            "ref": name,
            "node_id": node_id("Ref", number_of(name)),
            "url": format!("{api}/git/{name}"),
            "object": {"type": "commit", "sha": id, "url": format!("{api}/git/commits/{id}")},
        })
    }

    pub(crate) fn blob(&self, repository: &Repository, id: &str) -> Value {
        let bytes = &repository.objects.blobs[id];
        json!({
            "sha": id,
            "node_id": node_id("Blob", number_of(id)),
            "size": bytes.len(),
            "url": format!("{}/git/blobs/{id}", self.api_of(repository)),
            "content": wrapped(bytes),
            "encoding": "base64",
        })
    }

    /// A commit as the Git Data API shows it.
    pub(crate) fn git_commit(&self, repository: &Repository, id: &str) -> Value {
        let (commit, api) = (&repository.objects.commits[id], self.api_of(repository));
        let mut value = self.bare_commit(repository, commit);
        value["sha"] = json!(id);
        value["node_id"] = json!(node_id("Commit", number_of(id)));
        value["url"] = json!(format!("{api}/git/commits/{id}"));
        value["html_url"] = json!(format!("{}/commit/{id}", self.web_of(repository)));
        value["parents"] = self.parents(repository, commit, "git/commits");
        value
    }

    fn bare_commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let url = format!("{}/git/trees/{}", self.api_of(repository), commit.tree);
        json!({
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": url},
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
            },
        })
    }

    fn parents(&self, repository: &Repository, commit: &Commit, below: &str) -> Value {
        let (api, web) = (self.api_of(repository), self.web_of(repository));
        let parent = |id: &String| {
            let (url, html_url) = (format!("{api}/{below}/{id}"), format!("{web}/commit/{id}"));
            json!({"sha": id, "url": url, "html_url": html_url})
        };
        commit.parents.iter().map(parent).collect()
    }

    /// A commit as lists and comparisons show it.
    pub(crate) fn commit(&self, repository: &Repository, id: &str) -> Value {
        let (commit, api) = (&repository.objects.commits[id], self.api_of(repository));
        let mut bare = self.bare_commit(repository, commit);
        bare["url"] = json!(format!("{api}/git/commits/{id}"));
        bare["comment_count"] = json!(0);
        json!({
            "sha": id,
            "node_id": node_id("Commit", number_of(id)),
            "url": format!("{api}/commits/{id}"),
            "html_url": format!("{}/commit/{id}", self.web_of(repository)),
            "comments_url": format!("{api}/commits/{id}/comments"),
            "commit": bare,
            "author": self.user_with(&commit.author),
            "committer": self.user_with(&commit.committer),
            "parents": self.parents(repository, commit, "commits"),
        })
    }

    /// The user an e-mail address belongs to; null where nobody has claimed it.
    fn user_with(&self, signature: &Signature) -> Value {
        match signature.email.split_once("@users.noreply.") {
            Some((front, _)) => self.user(front.rsplit('+').next().unwrap_or(front)),
            None => Value::Null,
        }
    }

    pub(crate) fn change(&self, repository: &Repository, change: &Change, commit: &str) -> Value {
        let (api, web) = (self.api_of(repository), self.web_of(repository));
        json!({
            "sha": change.file.id,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": format!("{web}/blob/{commit}/{}", change.path),
            "raw_url": format!("{web}/raw/{commit}/{}", change.path),
            "contents_url": format!("{api}/contents/{}?ref={commit}", change.path),
        })
    }

    pub(crate) fn branch(&self, repository: &Repository, name: &str, id: &str) -> Value {
        let (api, protection) = (self.api_of(repository), repository.protection.get(name));
        let checks = protection.map(|protection| protection.checks.clone()).unwrap_or_default();
        json!({
            "name": name,
            "commit": self.commit(repository, id),
            "_links": {
                "self": format!("{api}/branches/{name}"),
                "html": format!("{}/tree/{name}", self.web_of(repository)),
            },
            "protected": protection.is_some(),
            "protection": {
                "enabled": protection.is_some(),
                "required_status_checks": {
                    "enforcement_level": if checks.is_empty() { "off" } else { "everyone" },
                    "contexts": checks,
                    "checks": [],
                },
            },
            "protection_url": format!("{api}/branches/{name}/protection"),
        })
    }

    pub(crate) fn protection(&self, repository: &Repository, branch: &str, protection: &Protection) -> Value {
        let url = format!("{}/branches/{branch}/protection", self.api_of(repository));
        let checks: Vec<Value> =
            protection.checks.iter().map(|name| json!({"context": name, "app_id": null})).collect();
        let mut value =
            json!({"url": url, "enforce_admins": {"url": format!("{url}/enforce_admins"), "enabled": false}});
        if !checks.is_empty() {
            value["required_status_checks"] = json!({
                "url": format!("{url}/required_status_checks"),
                "strict": protection.strict,
                "contexts": protection.checks,
                "contexts_url": format!("{url}/required_status_checks/contexts"),
                "checks": checks,
            });
        }
        if protection.approvals > 0 {
            value["required_pull_request_reviews"] = json!({
                "url": format!("{url}/required_pull_request_reviews"),
                "dismiss_stale_reviews": false,
                "require_code_owner_reviews": false,
                "required_approving_review_count": protection.approvals,
            });
        }
        value
    }

    pub(crate) fn status(&self, repository: &Repository, status: &Status, commit: &str) -> Value {
        json!({
            "id": status.id,
            "node_id": node_id("StatusContext", status.id),
            "url": format!("{}/statuses/{commit}", self.api_of(repository)),
            "avatar_url": null,
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "target_url": status.target_url,
            "creator": self.user(&status.creator),
            "created_at": status.at,
            "updated_at": status.at,
        })
    }

    pub(crate) fn check_run(&self, repository: &Repository, run: &CheckRun, commit: &str) -> Value {
        json!({
            "id": run.id,
            "node_id": node_id("CheckRun", run.id),
            "name": run.name,
            "head_sha": commit,
            "external_id": "",
            "url": format!("{}/check-runs/{}", self.api_of(repository), run.id),
            "html_url": null,
            "details_url": null,
            "status": if run.conclusion.is_some() { "completed" } else { "in_progress" },
            "conclusion": run.conclusion,
            "started_at": run.at,
            "completed_at": run.conclusion.as_ref().map(|_| run.at),
            "output": {
                "title": null, "summary": null, "text": null, "annotations_count": 0,
                "annotations_url": format!("{}/check-runs/{}/annotations", self.api_of(repository), run.id),
            },
            "check_suite": {"id": run.id},
            "app": null,
            "pull_requests": [],
        })
    }

    pub(crate) fn label(&self, repository: &Repository, name: &str) -> Value {
        let label = repository.labels.get(name);
        let id = label.map_or(0, |label| label.id);
        json!({
            "id": id,
            "node_id": node_id("Label", id),
            "url": format!("{}/labels/{name}", self.api_of(repository)),
            "name": name,
            "color": label.map_or("ededed", |label| label.color.as_str()),
            "default": false,
            "description": label.and_then(|label| label.description.clone()),
        })
    }

    pub(crate) fn comment(&self, repository: &Repository, number: u64, comment: &Comment) -> Value {
        let (api, id) = (self.api_of(repository), comment.id);
        json!({
            "id": id,
            "node_id": node_id("IssueComment", id),
            "url": format!("{api}/issues/comments/{id}"),
            "html_url": format!("{}/issues/{number}#issuecomment-{id}", self.web_of(repository)),
            "issue_url": format!("{api}/issues/{number}"),
            "body": comment.body,
            "user": self.user(&comment.author),
            "author_association": "COLLABORATOR",
            "created_at": comment.at,
            "updated_at": comment.at,
        })
    }

    pub(crate) fn event(&self, repository: &Repository, event: &Event) -> Value {
        let mut value = json!({
            "id": event.id,
            "node_id": node_id("Event", event.id),
            "url": format!("{}/issues/events/{}", self.api_of(repository), event.id),
            "actor": self.user(&event.actor),
            "event": event.kind,
            "commit_id": null,
            "commit_url": null,
            "created_at": event.at,
        });
        if let Some(about) = &event.about {
            match event.kind {
                "labeled" | "unlabeled" => {
                    value["label"] = json!({"name": about, "color": self.label(repository, about)["color"]});
                }
                "assigned" | "unassigned" => value["assignee"] = self.user(about),
                _ => value["requested_reviewer"] = self.user(about),
            }
        }
        value
    }

    /// An issue, or a pull as the list of issues shows it.
    pub(crate) fn issue(&self, repository: &Repository, issue: &Issue) -> Value {
        let (api, web, number) = (self.api_of(repository), self.web_of(repository), issue.number);
        let here = format!("{api}/issues/{number}");
        let mut value = json!({
            "id": issue.id,
            "node_id": node_id("Issue", issue.id),
            "url": here,
            "repository_url": api,
            "labels_url": format!("{here}/labels{{/name}}"),
            "comments_url": format!("{here}/comments"),
            "events_url": format!("{here}/events"),
            "html_url": format!("{web}/issues/{number}"),
            "state_reason": issue.state_reason,
            "comments": issue.comments.len(),
        });
        self.describe(repository, issue, &mut value);
        if let Some(pull) = &issue.pull {
            value["html_url"] = json!(format!("{web}/pull/{number}"));
            value["pull_request"] = json!({
                "url": format!("{api}/pulls/{number}"),
                "html_url": format!("{web}/pull/{number}"),
                "diff_url": format!("{web}/pull/{number}.diff"),
                "patch_url": format!("{web}/pull/{number}.patch"),
                "merged_at": pull.merge.as_ref().map(|merge| merge.at),
            });
        }
        value
    }

    /// What issues and pulls have in common.
    fn describe(&self, repository: &Repository, issue: &Issue, value: &mut Value) {
        let assignees: Vec<Value> = issue.assignees.iter().map(|login| self.user(login)).collect();
        let labels: Vec<Value> = issue.labels.iter().map(|name| self.label(repository, name)).collect();
        let common = json!({
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(&issue.author),
            "state": if issue.is_open() { "open" } else { "closed" },
            "locked": false,
            "active_lock_reason": null,
            "assignee": assignees.first(),
            "assignees": assignees,
            "labels": labels,
            "milestone": null,
            "author_association": "COLLABORATOR",
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
        });
        for (name, what) in common.as_object().into_iter().flatten() {
            value[name] = what.clone();
        }
    }

    /// A pull as the list of pulls shows it.
    pub(crate) fn pull(&self, repository: &Repository, issue: &Issue) -> Value {
        let (api, web, number) = (self.api_of(repository), self.web_of(repository), issue.number);
        let Some(pull) = &issue.pull else { return Value::Null };
        let here = format!("{api}/pulls/{number}");
        let side = |branch: &str, sha: &str| {
            json!({
                "label": format!("{}:{branch}", repository.owner),
                "ref": branch,
                "sha": sha,
                "user": self.user(&repository.owner),
                "repo": self.repository(repository),
            })
        };
        let base_sha = repository.branch(&pull.base).cloned().unwrap_or_default();
        let team = |slug: &String| json!({"id": number_of(slug), "slug": slug, "name": slug});
        let mut value = json!({
            "id": issue.id,
            "node_id": node_id("PullRequest", issue.id),
            "url": here,
            "html_url": format!("{web}/pull/{number}"),
            "diff_url": format!("{web}/pull/{number}.diff"),
            "patch_url": format!("{web}/pull/{number}.patch"),
            "issue_url": format!("{api}/issues/{number}"),
            "commits_url": format!("{here}/commits"),
            "review_comments_url": format!("{here}/comments"),
            "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
            "comments_url": format!("{api}/issues/{number}/comments"),
            "statuses_url": format!("{api}/statuses/{}", pull.head_sha),
            "head": side(&pull.head, &pull.head_sha),
            "base": side(&pull.base, &base_sha),
            "draft": pull.draft,
            "merged_at": pull.merge.as_ref().map(|merge| merge.at),
            "merge_commit_sha": pull.merge.as_ref().map(|merge| merge.commit.clone()),
            "auto_merge": pull.auto_merge.as_ref().map(|AutoMerge { by, method }| json!({
                "enabled_by": self.user(by), "merge_method": method,
                "commit_title": null, "commit_message": null,
            })),
            "requested_reviewers": pull.reviewers.iter().map(|login| self.user(login)).collect::<Vec<_>>(),
            "requested_teams": pull.team_reviewers.iter().map(team).collect::<Vec<_>>(),
            "_links": {"self": {"href": here}, "html": {"href": format!("{web}/pull/{number}")}},
        });
        self.describe(repository, issue, &mut value);
        value
    }

    /// A pull on its own, which also says whether it can be merged.
    pub(crate) fn whole_pull(&self, repository: &mut Repository, number: u64) -> Value {
        let state = repository.mergeable_state(number);
        let issue = &repository.issues[&number];
        let mut value = self.pull(repository, issue);
        let Some(pull) = &issue.pull else { return value };
        let base = repository.branch(&pull.base).cloned().unwrap_or_default();
        let between = repository.objects.commits_between(&base, &pull.head_sha);
        let (old, new) =
            (repository.objects.files_of_commit(&base), repository.objects.files_of_commit(&pull.head_sha));
        let changes = repository.objects.changes(&old, &new);
        value["merged"] = json!(pull.merge.is_some());
        value["merged_by"] = pull.merge.as_ref().map_or(Value::Null, |merge| self.user(&merge.by));
        value["mergeable"] = if state == "unknown" { Value::Null } else { json!(state != "dirty") };
        value["mergeable_state"] = json!(state);
        value["rebaseable"] = value["mergeable"].clone();
        value["maintainer_can_modify"] = json!(false);
        value["comments"] = json!(issue.comments.len());
        value["review_comments"] = json!(0);
        value["commits"] = json!(between.len());
        value["additions"] = json!(changes.iter().map(|change| change.additions).sum::<usize>());
        value["deletions"] = json!(changes.iter().map(|change| change.deletions).sum::<usize>());
        value["changed_files"] = json!(changes.len());
        value
    }

    pub(crate) fn release(&self, repository: &Repository, release: &Release) -> Value {
        let (web, tag) = (self.web_of(repository), &release.tag);
        json!({
            "id": number_of(tag),
            "node_id": node_id("Release", number_of(tag)),
            "url": format!("{}/releases/{}", self.api_of(repository), number_of(tag)),
            "html_url": format!("{web}/releases/tag/{tag}"),
            "tag_name": tag,
            "target_commitish": repository.default_branch,
            "name": tag,
            "body": release.body,
            "draft": false,
            "prerelease": false,
            "created_at": release.at,
            "published_at": release.at,
            "author": self.user(&repository.owner),
            "assets": [],
        })
    }

    /// Whether an installation asks.
    pub(crate) fn by_installation(&self) -> bool {
        self.account.is_some_and(|account| account.kind == Kind::Installation)
    }
}

fn person(signature: &Signature) -> Value {
    json!({"name": signature.name, "email": signature.email, "date": signature.date})
}

/// GitHub breaks base64 after sixty characters.
pub(crate) fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::new();
    for line in text.as_bytes().chunks(60) {
        lines.push_str(std::str::from_utf8(line).unwrap());
        lines.push('\n');
    }
    lines
}

/// A number that always means the same text.
pub(crate) fn number_of(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % 900_000 + 100_000
}

pub(crate) fn node_id(kind: &str, id: u64) -> String {
    let front: String = kind.chars().filter(char::is_ascii_uppercase).collect();
    format!("{front}_{}", STANDARD.encode(id.to_string()).trim_end_matches('='))
}

/// Reads a date as GitHub takes it.
pub(crate) fn date(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse::<Timestamp>().ok().and_then(|time| Timestamp::from_second(time.as_second()).ok())
}
