//! One repository, for a test: people act in it without the API, and the test reads what it holds.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use jiff::Timestamp;

use super::GitHub;
use super::issue::{AutoMerge, Issue, signature};
use super::objects::{Commit, File, Signature};
use super::repository::{Protection, Release, Repository, Status, Switches};
use super::world::World;

/// A repository of a [`GitHub`].
pub(crate) struct Hub<'g> {
    pub(crate) github: &'g GitHub,
    pub(crate) name: String,
}

/// A pull as it is now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PullNow {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) head: String,
    pub(crate) base: String,
    /// `open`, `closed` or `merged`.
    pub(crate) state: &'static str,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) reviewers: Vec<String>,
    pub(crate) comments: Vec<String>,
    /// The way in which it merges as soon as that is possible.
    pub(crate) auto_merge: Option<String>,
    pub(crate) is_draft: bool,
    pub(crate) author: String,
    pub(crate) head_sha: String,
}

/// An issue as it is now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IssueNow {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) comments: Vec<String>,
}

/// The repository, for as long as it is looked at.
struct Locked<'g> {
    world: MutexGuard<'g, World>,
    name: String,
    now: Timestamp,
}

impl Locked<'_> {
    fn get(&mut self) -> &mut Repository {
        self.world.repositories.get_mut(&self.name).unwrap()
    }
}

impl<'g> Hub<'g> {
    fn lock(&self) -> Locked<'g> {
        let world = self.github.world();
        let now = world.now();
        Locked { world, name: self.name.clone(), now }
    }

    fn change_issue<T>(&self, number: u64, change: impl FnOnce(&mut Issue, Timestamp) -> T) -> T {
        let mut here = self.lock();
        let now = here.now;
        let issue = here.get().issues.get_mut(&number).unwrap();
        issue.updated_at = now;
        change(issue, now)
    }

    /// Changes what the owner has switched on.
    pub(crate) fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.lock().get().switches);
    }

    pub(crate) fn protect(&self, branch: &str, protection: Protection) {
        self.lock().get().protection.insert(branch.to_owned(), protection);
    }

    /// Says who can be assigned and asked to review, besides the owner.
    pub(crate) fn collaborators(&self, logins: &[&str]) {
        self.lock().get().collaborators = Some(logins.iter().map(|&login| login.to_owned()).collect());
    }

    pub(crate) fn release(&self, tag: &str, body: &str) {
        let mut here = self.lock();
        let at = here.now;
        let repository = here.get();
        let tip = repository.branch("main").cloned();
        repository.point(&format!("refs/tags/{tag}"), tip.as_ref(), at);
        repository.releases.insert(0, Release { tag: tag.to_owned(), body: body.to_owned(), at });
    }

    /// Somebody pushes a commit that writes `files`; an empty text removes a file.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)], message: &str, login: &str) -> String {
        let mut here = self.lock();
        let who = signature(login, here.now);
        self.commit_as(&mut here, branch, files, message, &who)
    }

    /// Somebody whose name and address are told pushes a commit.
    pub(crate) fn commit_signed(
        &self,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        (name, email): (&str, &str),
    ) -> String {
        let mut here = self.lock();
        let who = Signature { name: name.to_owned(), email: email.to_owned(), date: here.now };
        self.commit_as(&mut here, branch, files, message, &who)
    }

    #[expect(clippy::unused_self, reason = "it belongs to the two above")]
    fn commit_as(
        &self,
        here: &mut Locked<'_>,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        who: &Signature,
    ) -> String {
        let repository = here.get();
        let mut all = repository.files(branch);
        for (path, text) in files {
            if text.is_empty() {
                all.remove(*path);
            } else {
                let mode = all.get(*path).map_or_else(|| "100644".to_owned(), |file| file.mode.clone());
                let id = repository.objects.add_blob(text.as_bytes().to_vec());
                all.insert((*path).to_owned(), File { mode, id });
            }
        }
        repository.commit(branch, &all, message, who)
    }

    /// Somebody writes the history of a branch anew: its files are one commit, right after `parent`, or after nothing.
    pub(crate) fn rewrite(&self, branch: &str, parent: Option<&str>, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        let (author, committer) = (signature(login, now), signature(login, now));
        let repository = here.get();
        let files = repository.files(branch);
        let tree = repository.objects.add_tree(&files);
        let parents = parent.map(str::to_owned).into_iter().collect();
        let commit = Commit { tree, parents, author, committer, message: "Begin anew".to_owned() };
        let id = repository.objects.add_commit(commit);
        repository.point(&format!("refs/heads/{branch}"), Some(&id), now);
    }

    /// Somebody makes a branch where another stands.
    pub(crate) fn branch_off(&self, name: &str, from: &str) {
        let mut here = self.lock();
        let now = here.now;
        let tip = here.get().resolve(from);
        here.get().point(&format!("refs/heads/{name}"), tip.as_ref(), now);
    }

    pub(crate) fn delete_branch(&self, name: &str) {
        let mut here = self.lock();
        let now = here.now;
        here.get().point(&format!("refs/heads/{name}"), None, now);
    }

    /// Somebody opens a pull into `main`.
    pub(crate) fn open_pull(&self, head: &str, title: &str, login: &str) -> u64 {
        let mut here = self.lock();
        let now = here.now;
        here.get().open_pull((head, "main"), (title, None), login, now).unwrap()
    }

    pub(crate) fn close(&self, number: u64, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        here.get().close(number, login, now);
    }

    /// Somebody merges a pull with the green button.
    pub(crate) fn merge(&self, number: u64, login: &str) {
        self.merge_by("merge", number, login);
    }

    /// Somebody merges a pull as one commit.
    pub(crate) fn squash(&self, number: u64, login: &str) {
        self.merge_by("squash", number, login);
    }

    fn merge_by(&self, method: &str, number: u64, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        here.get().merge(number, method, login, None, now).unwrap();
    }

    /// Somebody lets a pull merge by itself once it may.
    pub(crate) fn enable_auto_merge(&self, number: u64, login: &str) {
        self.change_issue(number, |issue, _| {
            let auto_merge = AutoMerge { by: login.to_owned(), method: "merge".to_owned() };
            issue.pull.as_mut().unwrap().auto_merge = Some(auto_merge);
        });
    }

    /// Somebody has a pull go into another branch.
    pub(crate) fn retarget(&self, number: u64, base: &str) {
        self.change_issue(number, |issue, _| base.clone_into(&mut issue.pull.as_mut().unwrap().base));
    }

    pub(crate) fn approve(&self, number: u64, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        let issue = here.get().issues.get_mut(&number).unwrap();
        issue.pull.as_mut().unwrap().approvals.insert(login.to_owned());
        here.get().merge_what_waited(now);
    }

    pub(crate) fn rename(&self, number: u64, title: &str) {
        self.change_issue(number, |issue, _| title.clone_into(&mut issue.title));
    }

    pub(crate) fn edit_body(&self, number: u64, change: impl FnOnce(&str) -> String) {
        self.change_issue(number, |issue, _| {
            issue.body = Some(change(issue.body.as_deref().unwrap_or_default()));
        });
    }

    /// Ticks the box in the line that holds `text`.
    #[track_caller]
    pub(crate) fn tick(&self, number: u64, text: &str) {
        self.edit_body(number, |body| {
            let line = body.lines().find(|line| line.contains(text) && line.contains("[ ]"));
            let line = line.unwrap_or_else(|| panic!("no box with `{text}` in:\n{body}"));
            body.replacen(line, &line.replacen("[ ]", "[x]", 1), 1)
        });
    }

    pub(crate) fn comment(&self, number: u64, body: &str, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        here.get().comment(number, body, login, now);
    }

    pub(crate) fn add_label(&self, number: u64, label: &str, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        let labels = [here.get().issues[&number].labels.clone(), vec![label.to_owned()]].concat();
        here.get().label(number, labels, login, now);
    }

    pub(crate) fn remove_label(&self, number: u64, label: &str, login: &str) {
        let mut here = self.lock();
        let now = here.now;
        let mut labels = here.get().issues[&number].labels.clone();
        labels.retain(|one| one != label);
        here.get().label(number, labels, login, now);
    }

    /// A check says something of the newest commit of a branch.
    pub(crate) fn set_status(&self, branch: &str, context: &str, state: &str) {
        let mut here = self.lock();
        let now = here.now;
        let repository = here.get();
        let commit = repository.branch(branch).unwrap().clone();
        let status = Status {
            id: repository.next_id(),
            context: context.to_owned(),
            state: state.to_owned(),
            description: None,
            target_url: None,
            creator: "ci".to_owned(),
            at: now,
        };
        repository.statuses.entry(commit).or_default().push(status);
        repository.merge_what_waited(now);
    }

    /// Returns what the checks last said of the newest commit of a branch, by context.
    pub(crate) fn statuses(&self, branch: &str) -> BTreeMap<String, String> {
        let mut here = self.lock();
        let repository = here.get();
        let commit = repository.branch(branch).cloned().unwrap_or_default();
        let statuses = repository.newest_statuses(&commit).into_iter();
        statuses.map(|status| (status.context.clone(), status.state.clone())).collect()
    }

    /// Returns the branches with their commits.
    pub(crate) fn branches(&self) -> BTreeMap<String, String> {
        let mut here = self.lock();
        let refs = here.get().refs.iter();
        refs.filter_map(|(name, id)| Some((name.strip_prefix("refs/heads/")?.to_owned(), id.clone())))
            .collect()
    }

    pub(crate) fn branch_names(&self) -> Vec<String> {
        self.branches().into_keys().collect()
    }

    /// Returns a file of a branch.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        self.files(branch).remove(path)
    }

    /// Returns the files of a branch that are text.
    pub(crate) fn files(&self, branch: &str) -> BTreeMap<String, String> {
        let mut here = self.lock();
        let repository = here.get();
        let text = |id: &str| repository.objects.text(id).map(str::to_owned);
        repository
            .files(branch)
            .into_iter()
            .filter_map(|(path, file)| Some((path, text(&file.id)?)))
            .collect()
    }

    /// Returns what differs on a branch from where it left `main`, as `path: text`.
    pub(crate) fn changed_files(&self, branch: &str) -> Vec<String> {
        let mut here = self.lock();
        let repository = here.get();
        let (main, tip) = (repository.resolve("main").unwrap(), repository.resolve(branch).unwrap());
        let base = repository.objects.merge_base(&main, &tip).unwrap();
        let objects = &repository.objects;
        let changes = objects.changes(&objects.files_of_commit(&base), &objects.files_of_commit(&tip));
        changes.into_iter().map(|change| change.path).collect()
    }

    /// Returns the commits a branch has on top of `main`, the oldest first.
    pub(crate) fn commits(&self, branch: &str) -> Vec<Commit> {
        let mut here = self.lock();
        let repository = here.get();
        let (main, tip) = (repository.resolve("main").unwrap(), repository.resolve(branch).unwrap());
        let ids = repository.objects.commits_between(&main, &tip).into_iter();
        ids.map(|id| repository.objects.commits[&id].clone()).collect()
    }

    /// Whether a branch holds the newest of `main`.
    pub(crate) fn is_up_to_date(&self, branch: &str) -> bool {
        let mut here = self.lock();
        let repository = here.get();
        let (main, tip) = (repository.resolve("main").unwrap(), repository.resolve(branch).unwrap());
        repository.objects.is_ancestor(&main, &tip)
    }

    pub(crate) fn pulls(&self) -> Vec<PullNow> {
        self.lock().get().issues.values().filter_map(pull_now).collect()
    }

    /// Returns the newest pull of a branch.
    #[track_caller]
    pub(crate) fn pull_of(&self, head: &str) -> PullNow {
        let pulls = self.pulls();
        let found = pulls.iter().rfind(|pull| pull.head == head);
        found.unwrap_or_else(|| panic!("no pull of `{head}` among {pulls:#?}")).clone()
    }

    /// Returns the issues that are no pulls.
    pub(crate) fn issues(&self) -> Vec<IssueNow> {
        let mut here = self.lock();
        let issues = here.get().issues.values().filter(|issue| issue.pull.is_none());
        issues
            .map(|issue| IssueNow {
                number: issue.number,
                title: issue.title.clone(),
                state: if issue.is_open() { "open" } else { "closed" },
                body: issue.body.clone().unwrap_or_default(),
                labels: issue.labels.clone(),
                assignees: issue.assignees.clone(),
                comments: issue.comments.iter().map(|comment| comment.body.clone()).collect(),
            })
            .collect()
    }

    #[track_caller]
    pub(crate) fn issue_titled(&self, title: &str) -> IssueNow {
        let issues = self.issues();
        let found = issues.iter().find(|issue| issue.title == title);
        found.unwrap_or_else(|| panic!("no issue `{title}` among {issues:#?}")).clone()
    }

    pub(crate) fn label_names(&self) -> Vec<String> {
        self.lock().get().labels.keys().cloned().collect()
    }
}

fn pull_now(issue: &Issue) -> Option<PullNow> {
    let pull = issue.pull.as_ref()?;
    Some(PullNow {
        number: issue.number,
        title: issue.title.clone(),
        head: pull.head.clone(),
        base: pull.base.clone(),
        state: match (&pull.merge, issue.is_open()) {
            (Some(_), _) => "merged",
            (None, true) => "open",
            (None, false) => "closed",
        },
        body: issue.body.clone().unwrap_or_default(),
        labels: issue.labels.clone(),
        assignees: issue.assignees.clone(),
        reviewers: pull.reviewers.iter().cloned().collect(),
        comments: issue.comments.iter().map(|comment| comment.body.clone()).collect(),
        auto_merge: pull.auto_merge.as_ref().map(|auto_merge| auto_merge.method.clone()),
        is_draft: pull.draft,
        author: issue.author.clone(),
        head_sha: pull.head_sha.clone(),
    })
}
