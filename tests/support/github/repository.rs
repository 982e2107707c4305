//! One repository: its refs, and what follows when they move.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::issue::{AutoMerge, Issue, Label, Merge};
use super::objects::{Commit, Files, Id, Objects, Signature};
use super::refusal::refuse;
use super::web::Response;

/// What a protected branch asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Protection {
    pub(crate) checks: Vec<String>,
    /// Whether a pull has to hold the newest of its base.
    pub(crate) strict: bool,
    pub(crate) approvals: usize,
}

/// What somebody says of a commit.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) context: String,
    /// `error`, `failure`, `pending` or `success`.
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) creator: String,
    pub(crate) at: Timestamp,
}

/// A check run: `conclusion` is `None` while it runs.
#[derive(Clone, Debug)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) tag: String,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

/// What a repository's owner has switched on.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "on GitHub's page of settings they are boxes to tick")]
pub(crate) struct Switches {
    pub(crate) archived: bool,
    pub(crate) fork: bool,
    pub(crate) private: bool,
    pub(crate) issues: bool,
    pub(crate) auto_merge: bool,
    pub(crate) delete_merged_branches: bool,
    /// The ways to merge that are allowed: `merge`, `squash`, `rebase`.
    pub(crate) merge_methods: Vec<&'static str>,
    /// How many entries a tree may have before it is cut short.
    pub(crate) tree_limit: usize,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            archived: false,
            fork: false,
            private: true,
            issues: true,
            auto_merge: true,
            delete_merged_branches: false,
            merge_methods: vec!["merge", "squash", "rebase"],
            tree_limit: 100_000,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) default_branch: String,
    pub(crate) switches: Switches,
    pub(crate) objects: Objects,
    /// By their whole name: `refs/heads/main`.
    pub(crate) refs: BTreeMap<String, Id>,
    /// Issues and pulls share their numbers.
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) labels: BTreeMap<String, Label>,
    pub(crate) statuses: BTreeMap<Id, Vec<Status>>,
    pub(crate) check_runs: BTreeMap<Id, Vec<CheckRun>>,
    pub(crate) protection: BTreeMap<String, Protection>,
    /// Who can be assigned and asked to review; `None` is everybody.
    pub(crate) collaborators: Option<BTreeSet<String>>,
    pub(crate) releases: Vec<Release>,
    last_id: u64,
}

impl Repository {
    pub(crate) fn new(owner: &str, name: &str, id: u64) -> Self {
        Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            id,
            default_branch: "main".to_owned(),
            switches: Switches::default(),
            objects: Objects::default(),
            refs: BTreeMap::new(),
            issues: BTreeMap::new(),
            labels: BTreeMap::new(),
            statuses: BTreeMap::new(),
            check_runs: BTreeMap::new(),
            protection: BTreeMap::new(),
            collaborators: None,
            releases: Vec::new(),
            last_id: id * 1_000_000,
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn branch(&self, name: &str) -> Option<&Id> {
        self.refs.get(&format!("refs/heads/{name}"))
    }

    /// Returns the commit that a branch, tag, whole or partial ref or id means.
    pub(crate) fn resolve(&self, text: &str) -> Option<Id> {
        let names = [format!("refs/heads/{text}"), format!("refs/tags/{text}"), format!("refs/{text}")];
        let found = names.iter().find_map(|name| self.refs.get(name)).or_else(|| self.refs.get(text));
        found.cloned().or_else(|| self.objects.commits.contains_key(text).then(|| text.to_owned()))
    }

    /// Returns the files of a branch, tag or commit.
    pub(crate) fn files(&self, at: &str) -> Files {
        self.resolve(at).map(|commit| self.objects.files_of_commit(&commit)).unwrap_or_default()
    }

    /// Puts a commit on a branch, which is made where there is none.
    pub(crate) fn commit(&mut self, branch: &str, files: &Files, message: &str, who: &Signature) -> Id {
        let parents: Vec<Id> = self.branch(branch).cloned().into_iter().collect();
        let tree = self.objects.add_tree(files);
        let (author, committer) = (who.clone(), who.clone());
        let commit = Commit { tree, parents, author, committer, message: message.to_owned() };
        let id = self.objects.add_commit(commit);
        self.point(&format!("refs/heads/{branch}"), Some(&id), who.date);
        id
    }

    /// Moves, makes or removes (`None`) a ref, and lets the pulls follow.
    pub(crate) fn point(&mut self, name: &str, target: Option<&Id>, now: Timestamp) {
        match target {
            Some(id) => drop(self.refs.insert(name.to_owned(), id.clone())),
            None => drop(self.refs.remove(name)),
        }
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.follow(branch, now);
            self.merge_what_waited(now);
        }
    }

    /// Refuses what a protected branch does not take from a push.
    pub(crate) fn check_protection(&self, name: &str) -> Result<(), Response> {
        let branch = name.strip_prefix("refs/heads/").unwrap_or_default();
        match self.protection.get(branch) {
            Some(protection) if !protection.checks.is_empty() => {
                Err(refuse(422, &format!("Required status check \"{}\" is expected.", protection.checks[0])))
            }
            Some(_) => Err(refuse(422, "Changes must be made through a pull request.")),
            None => Ok(()),
        }
    }

    fn follow(&mut self, branch: &str, now: Timestamp) {
        let tip = self.branch(branch).cloned();
        let numbers: Vec<u64> = self.open_pulls().map(|issue| issue.number).collect();
        for number in numbers {
            let Some(pull) = self.issues[&number].pull.clone() else { continue };
            let base = self.branch(&pull.base).cloned();
            if pull.head == branch {
                let Some(tip) = &tip else {
                    self.issues.get_mut(&number).unwrap().close(now);
                    continue;
                };
                let issue = self.issues.get_mut(&number).unwrap();
                if pull.head_sha != *tip {
                    issue.updated_at = now;
                    issue.pull.as_mut().unwrap().head_sha.clone_from(tip);
                }
                // Nothing is left to merge: GitHub closes such a pull.
                if base.is_some_and(|base| self.objects.is_ancestor(tip, &base)) {
                    self.issues.get_mut(&number).unwrap().close(now);
                }
            } else if pull.base == branch
                && base.as_ref().is_some_and(|base| self.objects.is_ancestor(&pull.head_sha, base))
            {
                let merge = Merge { at: now, by: self.owner.clone(), commit: pull.head_sha };
                self.issues.get_mut(&number).unwrap().close_merged(merge);
            }
        }
    }

    /// Merges the pulls that were told to merge by themselves and now can.
    pub(crate) fn merge_what_waited(&mut self, now: Timestamp) {
        let waiting = |issue: &&Issue| issue.pull.as_ref().is_some_and(|pull| pull.auto_merge.is_some());
        let numbers: Vec<u64> = self.open_pulls().filter(waiting).map(|issue| issue.number).collect();
        for number in numbers {
            if self.mergeable_state(number) == "clean" {
                let auto_merge = self.issues[&number].pull.as_ref().unwrap().auto_merge.clone();
                let AutoMerge { by, method } = auto_merge.unwrap();
                // Whatever speaks against it now is asked again at the next change.
                drop(self.merge(number, &method, &by, None, now));
            }
        }
    }

    pub(crate) fn open_pulls(&self) -> impl Iterator<Item = &Issue> {
        self.issues.values().filter(|issue| issue.is_open() && issue.pull.is_some())
    }

    /// Returns the newest status of each context.
    pub(crate) fn newest_statuses(&self, commit: &str) -> Vec<&Status> {
        let mut newest: BTreeMap<&str, &Status> = BTreeMap::new();
        for status in self.statuses.get(commit).into_iter().flatten() {
            newest.insert(&status.context, status);
        }
        newest.into_values().collect()
    }

    /// Whether the last word on a check of a commit is that it passed.
    pub(crate) fn passed(&self, commit: &str, check: &str) -> bool {
        let status = self.newest_statuses(commit).into_iter().find(|status| status.context == check);
        let run = self.check_runs.get(commit).into_iter().flatten().rfind(|run| run.name == check);
        let fine =
            |run: &CheckRun| matches!(run.conclusion.as_deref(), Some("success" | "neutral" | "skipped"));
        status.is_some_and(|status| status.state == "success") || run.is_some_and(fine)
    }
}
