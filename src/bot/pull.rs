//! Brings one pull request to where it should be: opened, opened again, its words and labels kept right.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use updraft_core::code_owners::CodeOwners;
use updraft_core::config::options::{AutomergeType, PrCreation};
use updraft_core::dashboard::Tick;
use updraft_core::draft;
use updraft_core::draft::Memory;
use updraft_core::forge::PullRequest;
use updraft_core::life::Standing;
use updraft_core::life::past::Past;
use updraft_core::life::policy::Light;
use updraft_core::life::sample::sample;
use updraft_core::plan::Branch;
use updraft_core::problem::Problem;
use updraft_core::template;

use super::branch::Made;
use super::deed::{About, Deed};
use super::job::Job;
use crate::forge::{Change, ForgeError, ForgeErrorKind, NewPull, NewStatus};
use crate::report::find;
use crate::run::ReadyBranch;

/// The name of the check that is pending until everything in a branch is old enough.
const STABILITY: &str = "renovate/stability-days";

/// For how long after its making people are called to a pull request that has nobody.
const CALLED_FOR: SignedDuration = SignedDuration::from_hours(3);

impl Job<'_> {
    /// Looks after the pull request of a branch that is there, and merges it if it may.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn pull(
        &mut self,
        ready: &ReadyBranch,
        made: &Made,
        before: Past<'_>,
    ) -> Result<Standing, ForgeError> {
        let branch = &ready.branch;
        let age = self.say_age(branch, made).await?;
        let automerges = before.automerges(branch) && age == Age::Told;
        let open = self.pulls.get(&branch.branch_name).cloned();
        if open.is_none()
            && !self.ticks.has(&branch.branch_name, Tick::ApprovePull)
            // It was closed and is wanted again. Only an open pull request says so to the next run, which does not see the tick any more.
            && !matches!(before, Past::Closed(_))
            && let Some(standing) = self.without_pull(branch, made, automerges).await?
        {
            return Ok(standing);
        }
        let pull = match open {
            Some(pull) => self.refresh(branch, pull, before).await?,
            None => self.open(branch, before).await?,
        };
        let is_retargeted = pull.base != self.repository.default_branch;
        if automerges && !is_retargeted && self.merges(branch, made, &pull).await? {
            return Ok(Standing::Merged { pull: Some(pull.number) });
        }
        Ok(Standing::Open { pull: pull.number })
    }

    /// Returns where a branch stands that has no pull request and gets none now.
    async fn without_pull(
        &mut self,
        branch: &Branch,
        made: &Made,
        automerges: bool,
    ) -> Result<Option<Standing>, ForgeError> {
        let options = &branch.options;
        if automerges && options.automerge_type == Some(AutomergeType::Branch) {
            return self.merges_branch(branch, made).await;
        }
        let creation = options.pr_creation.unwrap_or(PrCreation::Immediate);
        match creation {
            PrCreation::Immediate => Ok(None),
            PrCreation::Approval => Ok(Some(Standing::AwaitsPullApproval)),
            PrCreation::NotPending | PrCreation::StatusSuccess => {
                let is_ready = match self.light(&made.sha, options).await? {
                    Light::Green => true,
                    Light::Red => creation == PrCreation::NotPending,
                    Light::None | Light::Pending => self.has_waited_enough(branch, &made.sha).await?,
                };
                Ok((!is_ready).then_some(Standing::AwaitsChecks))
            }
        }
    }

    /// Opens a pull request again that was closed because nobody needed it; its branch is where it was then. Returns `None` where GitHub does not.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn reopen(
        &mut self,
        branch: &Branch,
        old: &PullRequest,
    ) -> Result<Option<PullRequest>, ForgeError> {
        let change = Change { title: Some(branch.pr_title.clone()), open: Some(true), ..Change::default() };
        match self.forge.change_pull(old.number, &change).await {
            Ok(()) => {
                let pull = self.forge.pull(old.number).await?;
                let reason = "it was closed when nothing needed it";
                self.tell(
                    Deed::PullReopened,
                    About::pull(pull.number).title(&branch.pr_title).reason(reason),
                );
                self.opened(branch, pull).await.map(Some)
            }
            Err(error) if error.kind == ForgeErrorKind::Refused => {
                tracing::debug!(%error, pull = old.number, "cannot be opened again, so a new one is made");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn open(&mut self, branch: &Branch, before: Past<'_>) -> Result<PullRequest, ForgeError> {
        let notes = self.notes(branch).await;
        let memory = self.memory(branch, None, before);
        let body = draft::pr_body(branch, &notes.markdown, &memory);
        let new = NewPull {
            head: branch.branch_name.clone(),
            base: self.repository.default_branch.clone(),
            title: branch.pr_title.clone(),
            body,
            is_draft: branch.options.draft_pr == Some(true),
        };
        let pull = self.forge.create_pull(&new).await?;
        self.tell(Deed::PullOpened, About::pull(pull.number).title(&pull.title));
        self.opened(branch, pull).await
    }

    /// Gives a pull request that was just opened what belongs to it.
    async fn opened(&mut self, branch: &Branch, pull: PullRequest) -> Result<PullRequest, ForgeError> {
        self.counts.open_pulls += 1;
        self.counts.pulls_this_hour += 1;
        self.tally.pulls_created += 1;
        self.pulls.insert(branch.branch_name.clone(), pull.clone());
        let labels: BTreeSet<String> =
            branch.labels.iter().filter(|label| !pull.labels.contains(*label)).cloned().collect();
        if !labels.is_empty() {
            self.forge.add_labels(pull.number, &labels).await?;
            self.tell(Deed::LabelsAdded, About::pull(pull.number).what(&row(&labels)));
        }
        self.call_people(branch, &pull).await?;
        Ok(pull)
    }

    /// Assigns people and asks for reviews, unless nobody has to look at what merges by itself.
    async fn call_people(&self, branch: &Branch, pull: &PullRequest) -> Result<(), ForgeError> {
        self.call(branch, &self.people(branch), pull).await
    }

    async fn call(&self, branch: &Branch, people: &People, pull: &PullRequest) -> Result<(), ForgeError> {
        if branch.automerge && branch.options.assign_automerge != Some(true) {
            return Ok(());
        }
        let assignees: BTreeSet<String> = people.assignees.difference(&pull.assignees).cloned().collect();
        if !assignees.is_empty() {
            self.forge.assign(pull.number, &assignees).await?;
            self.tell(Deed::Assigned, About::pull(pull.number).what(&row(&assignees)));
        }
        let reviewers: BTreeSet<String> = people.reviewers.difference(&pull.reviewers).cloned().collect();
        if !reviewers.is_empty() {
            self.forge.request_review(pull.number, &reviewers).await?;
            self.tell(Deed::ReviewAskedFor, About::pull(pull.number).what(&row(&reviewers)));
        }
        Ok(())
    }

    /// Calls people to a pull request whose making was cut short. After a while nobody is called any more: those who are missing then cannot be
    /// called, or went.
    async fn call_people_again(&self, branch: &Branch, pull: &PullRequest) -> Result<(), ForgeError> {
        let is_new = pull.created_at.is_some_and(|at| self.session.now.duration_since(at) < CALLED_FOR);
        let mut people = self.people(branch);
        // Whoever is there shows that this part was done.
        if !pull.assignees.is_empty() {
            people.assignees.clear();
        }
        if !pull.reviewers.is_empty() {
            people.reviewers.clear();
        }
        if !is_new || (people.assignees.is_empty() && people.reviewers.is_empty()) {
            return Ok(());
        }
        let seen = self.forge.history(pull.number).await?.people;
        people.assignees.retain(|name| !seen.contains(name));
        people.reviewers.retain(|name| !seen.contains(name));
        self.call(branch, &people, pull).await
    }

    fn people(&self, branch: &Branch) -> People {
        let options = &branch.options;
        let fields = branch.upgrades.first().map(|first| serde_json::Value::Object(first.fields.clone()));
        let fill = |text: &String| {
            let filled = fields.as_ref().and_then(|fields| template::render(text, fields).ok());
            filled.unwrap_or_else(|| text.clone()).trim().trim_start_matches('@').to_owned()
        };
        let named = |list: &Option<Vec<String>>| -> BTreeSet<String> {
            list.iter().flatten().map(fill).filter(|name| !name.is_empty()).collect()
        };
        let mut people = People {
            assignees: named(&options.assignees),
            reviewers: named(&options.reviewers)
                .union(&named(&options.additional_reviewers))
                .cloned()
                .collect(),
        };
        let by_owners = options.assignees_from_code_owners == Some(true);
        if by_owners || options.reviewers_from_code_owners == Some(true) {
            let owners = self.code_owners(branch);
            if by_owners {
                people.assignees.extend(owners.iter().filter(|owner| !owner.starts_with("team:")).cloned());
            }
            if options.reviewers_from_code_owners == Some(true) {
                people.reviewers.extend(owners);
            }
        }
        people.assignees = sample(people.assignees, options.assignees_sample_size, &branch.branch_name);
        people.reviewers = sample(people.reviewers, options.reviewers_sample_size, &branch.branch_name);
        people
    }

    /// Returns the owners of the files that a branch changes.
    fn code_owners(&self, branch: &Branch) -> BTreeSet<String> {
        let files = &self.outcome.reading.snapshot.files;
        let file = CodeOwners::PLACES.iter().find_map(|place| find(files, place));
        let owners = file.map(|file| CodeOwners::read(&file.text)).unwrap_or_default();
        branch.edits.keys().flat_map(|path| owners.of(path.as_str())).collect()
    }

    /// Brings the words and labels of an open pull request up to date.
    async fn refresh(
        &mut self,
        branch: &Branch,
        pull: PullRequest,
        before: Past<'_>,
    ) -> Result<PullRequest, ForgeError> {
        let memory = Memory::read(&pull.body);
        let notes = self.notes(branch).await;
        let new_memory = self.memory(branch, memory.as_ref(), before);
        let body = draft::pr_body(branch, &notes.markdown, &new_memory);
        let is_renamed = pull.title.trim() != branch.pr_title.trim();
        // Notes that cannot be read today are no reason to take yesterday's away.
        let is_other = notes.problems.is_empty() && !draft::same_body(&pull.body, &body);
        // A box that was ticked has been honoured by now.
        let is_forgetful = memory.as_ref().is_some_and(|known| known.automerges != new_memory.automerges);
        let is_stale = is_other || is_renamed || is_forgetful || draft::wants_rebase(&pull.body);
        if is_stale {
            let change = Change {
                title: is_renamed.then(|| branch.pr_title.clone()),
                body: Some(body),
                ..Change::default()
            };
            self.forge.change_pull(pull.number, &change).await?;
            self.tally.pulls_updated += 1;
            let reason = match (is_renamed, is_other) {
                (true, _) => "it has another title now",
                (false, true) => "it has another text now",
                (false, false) => "its box was ticked, and is honoured",
            };
            self.tell(Deed::PullEdited, About::pull(pull.number).title(&branch.pr_title).reason(reason));
        }
        self.relabel(branch, &pull, memory.as_ref()).await?;
        self.call_people_again(branch, &pull).await?;
        if let Some(label) = branch.options.rebase_label.as_ref().filter(|label| pull.labels.contains(*label))
        {
            self.forge.remove_label(pull.number, label).await?;
            self.tell(
                Deed::LabelRemoved,
                About::pull(pull.number).what(label).reason("it asked for a rebase"),
            );
        }
        Ok(pull)
    }

    /// Gives a pull request the labels it should have, unless a person changed them.
    async fn relabel(
        &self,
        branch: &Branch,
        pull: &PullRequest,
        memory: Option<&Memory>,
    ) -> Result<(), ForgeError> {
        let wanted: BTreeSet<String> = branch.labels.iter().cloned().collect();
        let given: BTreeSet<String> = memory.map(|memory| memory.labels.clone()).unwrap_or_default();
        let missing: BTreeSet<String> = wanted.difference(&pull.labels).cloned().collect();
        let obsolete: Vec<&String> =
            given.difference(&wanted).filter(|label| pull.labels.contains(*label)).collect();
        if missing.is_empty() && obsolete.is_empty() {
            return Ok(());
        }
        // A label that was never there was lost on its way; one that was there has been taken off by a person.
        let seen = self.forge.history(pull.number).await?.labels;
        let lost: BTreeSet<String> = missing.difference(&seen).cloned().collect();
        if !lost.is_empty() {
            self.forge.add_labels(pull.number, &lost).await?;
            self.tell(Deed::LabelsAdded, About::pull(pull.number).what(&row(&lost)));
        }
        for label in obsolete {
            self.forge.remove_label(pull.number, label).await?;
            let reason = "the configuration does not ask for it any more";
            self.tell(Deed::LabelRemoved, About::pull(pull.number).what(label).reason(reason));
        }
        Ok(())
    }

    /// Returns what a pull request is to remember; `known` is what it remembers now.
    fn memory(&self, branch: &Branch, known: Option<&Memory>, before: Past<'_>) -> Memory {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Memory {
            created_in_ver: known.map_or_else(|| version.clone(), |memory| memory.created_in_ver.clone()),
            updated_in_ver: version,
            target_branch: self.repository.default_branch.clone(),
            labels: branch.labels.iter().cloned().collect(),
            automerges: before.automerges(branch),
        }
    }

    /// Says on the commit whether everything in it is old enough, where age matters. A token that may not do that keeps nothing else from being done.
    async fn say_age(&mut self, branch: &Branch, made: &Made) -> Result<Age, ForgeError> {
        if branch.upgrades.iter().all(|upgrade| upgrade.options.minimum_release_age.is_none()) {
            return Ok(Age::Told);
        }
        let names = branch.options.status_check_names.as_ref();
        let context =
            names.and_then(|names| names.get("minimumReleaseAge")).map_or(STABILITY, String::as_str);
        if context.is_empty() {
            return Ok(Age::Told);
        }
        let is_green = branch.upgrades.iter().all(|upgrade| upgrade.update.pending.is_none());
        let Some(checks) = self.checks(&made.sha).await? else { return Ok(Age::Told) };
        let known = checks.get(context).copied();
        if known.map(|state| state == updraft_core::forge::CheckState::Green) == Some(is_green) {
            return Ok(Age::Told);
        }
        let description = if is_green {
            "Every update is old enough (minimumReleaseAge)"
        } else {
            "An update is younger than minimumReleaseAge"
        };
        let status = NewStatus { context: context.to_owned(), is_green, description: description.to_owned() };
        match self.forge.set_status(&made.sha, &status).await {
            Err(error) if error.kind == ForgeErrorKind::Forbidden => {
                let message = "the token may not set statuses, so commits do not say whether their updates are old enough";
                self.warn(Problem::warning(message).hint("give it the permission `Commit statuses: write`"));
                Ok(if is_green { Age::Told } else { Age::Hidden })
            }
            said => {
                said?;
                self.tell(Deed::StatusSet, About::because(description).what(context));
                Ok(Age::Told)
            }
        }
    }
}

/// Whether the checks of a commit show what its age forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// They do, or there is nothing to show.
    Told,
    /// It is too young, and its checks may be green all the same.
    Hidden,
}

/// Returns names in a row.
fn row(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who is called to a pull request.
#[derive(Default)]
struct People {
    assignees: BTreeSet<String>,
    /// People and `team:name`s.
    reviewers: BTreeSet<String>,
}
