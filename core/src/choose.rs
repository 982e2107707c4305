//! Chooses the updates of one dependency from what its registry published.
//!
//! The order of the steps is Renovate's: name the releases, find the current one, filter, put into buckets, take the
//! highest of each bucket that is old enough, then see to digests. Every release that is not taken keeps its reason.

mod age;
mod allowed;
mod bucket;
mod candidates;
mod digest;
mod filter;
mod policy;
mod prepare;
mod replacement;

use std::sync::Arc;

use jiff::Timestamp;

use self::age::Age;
use self::allowed::Allowed;
use self::bucket::{Bucket, step};
use self::candidates::{Compatibility, Entries, Entry, Naming};
use self::digest::Digests;
pub use self::digest::{DigestAnswers, settle};
use self::filter::{Current, Filter, Stability, Unstable, ceiling, stability};
use self::policy::{Policies, Policy, Stage, Young};
pub use self::prepare::{PreparedDep, prepare};
use crate::config::{Config, pattern};
use crate::dep::{Dep, Skip, SkipReason};
use crate::name::{DatasourceId, VersioningId};
use crate::release::ReleaseList;
use crate::update::{Candidate, Choice, Dropped, Update, UpdateType};
use crate::versioning::{self, NewValue, RangeStrategy, Versioning, VersioningError};

/// The most releases that a choice lists; further ones are counted.
const MAX_LISTED: usize = 200;
/// The most releases listed that are not newer than the current one, or no versions.
const MAX_OLD_LISTED: usize = 10;

/// What a choice is made of.
#[derive(Clone, Copy, Debug)]
pub struct ChooseInput<'a> {
    /// The dependency.
    pub dep: &'a PreparedDep,
    /// What its registry answered.
    pub releases: &'a ReleaseList,
    /// What the owner asks for.
    pub config: &'a Config,
    /// The time to measure ages with.
    pub now: Timestamp,
}

/// Returns the updates of a dependency, and what became of every release.
///
/// An update whose [`Update::digest_query`] is set is not complete: ask the registry, then call [`settle`].
pub fn choose(input: &ChooseInput<'_>) -> Choice {
    let mut choice = Choice::default();
    match Chooser::new(input, Policies::new(input)) {
        Ok(mut chooser) => chooser.choose(&mut choice),
        Err(skip) => choice.skip = Some(skip),
    }
    choice.updates.sort_by(|left, right| {
        let place =
            |update: &Update| (update.update_type, update.new_major, update.new_minor, update.new_patch);
        place(left).cmp(&place(right))
    });
    choice
}

/// Returns the versioning by which a dependency's versions compare.
///
/// # Errors
///
/// When the one that the manager or the owner names does not exist.
pub fn versioning_of(dep: &Dep) -> Result<Arc<dyn Versioning>, VersioningError> {
    let default = dep.datasource.as_ref().map_or("semver-coerced", default_versioning);
    versioning::versioning(dep.versioning.as_ref().map_or(default, VersioningId::as_str))
}

/// Returns the versioning in use when nobody names one.
fn default_versioning(datasource: &DatasourceId) -> &'static str {
    match datasource.as_str() {
        "docker" | "github-runners" => "docker",
        "helm" => "helm",
        "npm" | "node-version" => "npm",
        "kubernetes-api" => "kubernetes-api",
        "git-refs" | "github-digest" => "exact",
        "pypi" | "galaxy" | "galaxy-collection" => "pep440",
        "python-version" => "python",
        "terraform-provider" | "terraform-module" => "hashicorp",
        "rubygems" | "ruby-version" => "ruby",
        "nuget" => "nuget",
        _ => "semver-coerced",
    }
}

/// What stays the same while one choice is made.
struct Chooser<'a> {
    input: &'a ChooseInput<'a>,
    policies: Policies<'a>,
    policy: Policy,
    versioning: Arc<dyn Versioning>,
}

/// The value to move from.
struct Base<'a> {
    /// The whole value in the file.
    value: &'a str,
    /// The part of it that is compared.
    compared: &'a str,
}

impl Base<'_> {
    /// Returns the whole value with `new` in place of what is compared.
    fn with(&self, new: &str) -> String {
        if self.value == self.compared { new.to_owned() } else { self.value.replacen(self.compared, new, 1) }
    }
}

impl<'a> Chooser<'a> {
    fn new(input: &'a ChooseInput<'a>, policies: Policies<'a>) -> Result<Self, Skip> {
        let dep = &input.dep.dep;
        if let Some(skip) = &dep.skip {
            return Err(skip.clone());
        }
        if dep.datasource.is_none() {
            return Err(skip(SkipReason::InvalidConfig, "no datasource is given"));
        }
        let policy = policies.at(Stage::Found);
        if let Some(rule) = &policy.disabled_by {
            return Err(skip(SkipReason::PackageRules, rule));
        }
        let versioning =
            versioning_of(dep).map_err(|error| skip(SkipReason::InvalidConfig, &error.to_string()))?;
        Ok(Self { input, policies, policy, versioning })
    }

    fn choose(&mut self, choice: &mut Choice) {
        let dep = Arc::clone(&self.input.dep.dep);
        let Some(value) = dep.current_value.as_deref() else {
            if !self.digest_only(choice) {
                choice.skip = Some(skip(SkipReason::InvalidValue, "no value is given"));
            }
            return;
        };
        let compatibility = self.policy.options.version_compatibility.as_deref().map(Compatibility::new);
        let compatibility = compatibility.and_then(|read| {
            read.map_err(|why| choice.warnings.push(format!("`versionCompatibility` cannot be used: {why}")))
                .ok()
        });
        let split = compatibility.as_ref().and_then(|compatibility| compatibility.split(value));
        let compared = split.map_or(value, |split| split.version);
        let base = Base { value, compared };
        if !self.versioning.is_valid(compared) {
            if !self.digest_only(choice) {
                let detail = format!("`{value}` is not a version for `{}`", self.versioning.id());
                choice.skip = Some(skip(SkipReason::InvalidValue, &detail));
            }
            return;
        }
        let extract = dep.extract_version.as_deref().and_then(|text| {
            let read = pattern::regex(text).map(|regex| (text, regex));
            read.map_err(|error| choice.warnings.push(format!("`extractVersion` cannot be used: {error}")))
                .ok()
        });
        let naming = Naming {
            versioning: &*self.versioning,
            extract,
            compatibility: compatibility.zip(split.map(|split| split.compatibility)),
        };
        let entries = Entries::of(self.input.releases, &naming, compared);
        self.choose_from(&base, &entries, choice);
    }

    /// Sees to the digest of a value that is no version: a branch, `latest`, nothing. Returns whether it has one.
    fn digest_only(&self, choice: &mut Choice) -> bool {
        let digests = self.digests();
        if !digests.are_wanted() {
            return false;
        }
        let value = self.input.dep.dep.current_value.as_deref();
        let mut releases = self.input.releases.releases.iter();
        let release = value.and_then(|value| releases.find(|release| release.version == value));
        digests.of_current(release, choice);
        true
    }

    fn digests(&self) -> Digests<'_> {
        Digests { policies: &self.policies, policy: &self.policy, versioning: &*self.versioning }
    }

    fn choose_from(&mut self, base: &Base<'_>, entries: &Entries<'_>, choice: &mut Choice) {
        let strategy = self.policy.range_strategy();
        let is_range = !self.versioning.is_version(base.compared);
        let found = self.current_version(base.compared, entries, strategy);
        let current_entry = found.and_then(|version| entries.named(version));
        choice.current_version_timestamp = current_entry.and_then(|entry| entry.release.timestamp);
        choice.current_version = found.or((!is_range).then_some(base.compared)).map(ToOwned::to_owned);
        let place = match found {
            Some(_) => None,
            // Somebody uses a version of it, so there was one.
            None if self.input.releases.releases.is_empty() => {
                Some("its registry knows of no version at all")
            }
            None if entries.list.is_empty() => None,
            None if is_range => Some("no published version lies in it"),
            None => Some("it is not a published version"),
        };
        choice.warnings.extend(place.map(|place| format!("`{}`: {place}", base.value)));
        self.policy = self.policies.at(Stage::Current(choice, &*self.versioning));
        let rolled_back = found.is_none() && self.roll_back(base, entries, choice);
        let verdicts = match choice.current_version.clone() {
            Some(version) if !rolled_back => {
                let current = Current::new(&*self.versioning, &version, current_entry);
                if is_range && strategy == RangeStrategy::Pin {
                    let pinned = self.update(base, UpdateType::Pin, version.clone(), &version, current_entry);
                    choice.updates.push(pinned);
                }
                let filter = self.filter(base, current, choice);
                let verdicts = self.judge(&filter, entries, choice);
                self.take(&Ground { base, current, strategy, entries }, verdicts, choice)
            }
            _ => entries.list.iter().map(|_| Some(Dropped::Incompatible)).collect(),
        };
        let fields = self.policies.fields(Stage::Current(choice, &*self.versioning));
        if let Some(replacement) = self.policy.replacement(&fields) {
            replacement::add(&self.input.dep.dep, replacement, choice);
        }
        let digests = self.digests();
        digests.of_versions(entries, choice);
        digests.of_current(entries.named(base.compared).map(|entry| entry.release), choice);
        list(choice, entries, verdicts);
    }

    /// Returns the published version that `value` means today, or `None` when none does.
    fn current_version<'r>(
        &self,
        value: &str,
        entries: &Entries<'r>,
        strategy: RangeStrategy,
    ) -> Option<&'r str> {
        if self.versioning.is_version(value) {
            let exact = entries.named(value);
            let equal = || entries.list.iter().find(|entry| self.versioning.equals(entry.version, value));
            return exact.or_else(equal).map(|entry| entry.version);
        }
        let versions = entries.versions();
        if strategy == RangeStrategy::Bump {
            return self.versioning.min_satisfying(&versions, value);
        }
        let latest = self.input.releases.tags.get("latest").map(String::as_str);
        let latest = latest.filter(|latest| self.versioning.matches(latest, value));
        match latest.and_then(|latest| entries.named(latest)) {
            Some(entry) => Some(entry.version),
            None => self.versioning.satisfying(&versions, value),
        }
    }

    fn filter<'f>(&'f self, base: &Base<'f>, current: Current<'f>, choice: &mut Choice) -> Filter<'f> {
        let fields = self.policies.fields(Stage::Current(choice, &*self.versioning));
        let allowed = self.policy.allowed_versions(&fields).map(|text| {
            let read = Allowed::new(&text, &*self.versioning).unwrap_or_else(|why| {
                choice.warnings.push(format!(
                    "`allowedVersions` `{text}` cannot be used, so no version is allowed: {why}"
                ));
                Allowed::Nothing
            });
            (read, text)
        });
        let options = &self.policy.options;
        let ceiling = match options.respect_latest {
            Some(false) => None,
            _ => ceiling(self.input.releases, &*self.versioning, current.version),
        };
        let unstable = if options.ignore_unstable == Some(false) { Unstable::Take } else { Unstable::Ignore };
        Filter {
            versioning: &*self.versioning,
            current_value: base.compared,
            current,
            allowed,
            unstable,
            ceiling,
            max_major_increment: options.max_major_increment.map(u64::from),
        }
    }

    /// Says of every release why it may not be taken, if so.
    fn judge(&self, filter: &Filter<'_>, entries: &Entries<'_>, choice: &mut Choice) -> Vec<Option<Dropped>> {
        let Some(tag) = &self.policy.options.follow_tag else {
            return entries.list.iter().map(|entry| filter.refuses(entry)).collect();
        };
        let followed = self.input.releases.tags.get(tag);
        if followed.is_none() {
            choice.warnings.push(format!("`followTag` names `{tag}`, and the registry has no such tag"));
        }
        let judge = |entry: &Entry<'_>| {
            if followed.map(String::as_str) != Some(entry.version) {
                return Some(Dropped::FollowTag(tag.clone()));
            }
            let is_current = self.versioning.equals(entry.version, filter.current.version);
            is_current.then_some(Dropped::NotNewer)
        };
        entries.list.iter().map(judge).collect()
    }

    /// Takes the highest release of each bucket that the rules and its age allow.
    fn take(
        &self,
        ground: &Ground<'_, '_>,
        mut verdicts: Vec<Option<Dropped>>,
        choice: &mut Choice,
    ) -> Vec<Option<Dropped>> {
        let mut open: Vec<Open> = Vec::new();
        for (entry, verdict) in ground.entries.list.iter().zip(&mut verdicts) {
            if verdict.is_some() {
                continue;
            }
            let kind = step(&*self.versioning, ground.current.version, entry.version);
            let bucket = Bucket::of(entry.version, kind, self.policy.separation(), &*self.versioning);
            let at = open.iter().position(|open| open.bucket == bucket).unwrap_or_else(|| {
                open.push(Open::new(bucket));
                open.len() - 1
            });
            let Some(open) = open.get_mut(at) else { continue };
            *verdict = match &open.taken {
                Some(taken) => Some(Dropped::LowerThan(taken.new_version.clone().unwrap_or_default())),
                None => self.consider(ground, entry, kind, open, choice),
            };
        }
        for open in open {
            let Some(mut update) = open.taken.or(open.waiting) else { continue };
            update.pending_versions = open.passed_over;
            update.undated = open.undated;
            choice.updates.push(update);
        }
        verdicts
    }

    /// Takes `entry` for its bucket, or returns why not.
    fn consider(
        &self,
        ground: &Ground<'_, '_>,
        entry: &Entry<'_>,
        kind: UpdateType,
        open: &mut Open,
        choice: &mut Choice,
    ) -> Option<Dropped> {
        let Ground { base, current, strategy, entries } = ground;
        let query = NewValue {
            current_value: base.compared,
            range_strategy: *strategy,
            current_version: Some(current.version),
            new_version: entry.version,
        };
        let spellings = self.versioning.spellings(&query);
        let published = spellings.iter().find(|spelling| entries.named(spelling).is_some());
        let new = published.or(spellings.first()).filter(|new| *new != base.compared);
        let Some(new) = new else { return Some(Dropped::InRange) };
        if self.versioning.is_version(new) && self.versioning.is_greater_than(base.compared, new) {
            choice.warnings.push(format!("`{new}` would be a step back from `{}`", base.value));
            return Some(Dropped::NotNewer);
        }
        // A floating tag (`v5`) is what people see, so it is the new version too, not the release it means today.
        let floating = entries.named(new).filter(|_| !self.versioning.is_single_version(new));
        let version = floating.map_or(entry.version, |floating| floating.version);
        let mut update = self.update(base, kind, base.with(new), version, Some(entry));
        let breaking = self.versioning.is_breaking(current.version, entry.version);
        update.is_breaking = breaking.unwrap_or(kind == UpdateType::Major);
        let policy = self.policies.step(choice, &*self.versioning, &update);
        if let Some(rule) = &policy.disabled_by {
            return Some(Dropped::Disabled(rule.clone()));
        }
        let Some(minimum) = policy.minimum_age() else {
            open.taken = Some(update);
            return None;
        };
        if entry.release.timestamp.is_none() {
            open.undated.push(entry.release.version.clone());
        }
        match minimum.check(entry.release.timestamp, self.input.now) {
            Age::OldEnough => {}
            Age::Unknown => choice.warnings.push(format!(
                "the registry gives no date for `{}`, so `minimumReleaseAge` `{}` was not applied",
                entry.version,
                minimum.text()
            )),
            Age::TooYoung(pending) => {
                update.pending = Some(pending);
                if policy.young() == Young::PassOver {
                    open.waits(update, entry.version);
                    return Some(Dropped::TooYoung(minimum.text().to_owned()));
                }
            }
        }
        open.taken = Some(update);
        None
    }

    fn update(
        &self,
        base: &Base<'_>,
        kind: UpdateType,
        new_value: String,
        version: &str,
        entry: Option<&Entry<'_>>,
    ) -> Update {
        let is_new = new_value != base.value;
        Update {
            new_value: is_new.then_some(new_value),
            new_version: Some(version.to_owned()),
            new_major: self.versioning.major(version),
            new_minor: self.versioning.minor(version),
            new_patch: self.versioning.patch(version),
            release_timestamp: entry.and_then(|entry| entry.release.timestamp),
            ..Update::new(kind)
        }
    }

    /// Goes back to the highest stable version below, where the owner allows it. Returns whether it did.
    fn roll_back(&self, base: &Base<'_>, entries: &Entries<'_>, choice: &mut Choice) -> bool {
        if self.policy.options.rollback_prs != Some(true) {
            return false;
        }
        let below = |entry: &&Entry<'_>| {
            self.versioning.is_less_than_range(entry.version, base.compared) == Some(true)
                && self.versioning.is_compatible(entry.version, base.compared)
        };
        let is_stable = |entry: &&Entry<'_>| stability(&*self.versioning, entry) == Stability::Stable;
        let candidates: Vec<&Entry<'_>> = entries.list.iter().filter(below).collect();
        let Some(entry) = candidates.iter().copied().find(is_stable).or(candidates.first().copied()) else {
            return false;
        };
        let query = NewValue {
            current_value: base.compared,
            range_strategy: RangeStrategy::Replace,
            current_version: None,
            new_version: entry.version,
        };
        let Some(new) = self.versioning.new_value(&query) else { return false };
        let update = self.update(base, UpdateType::Rollback, base.with(&new), entry.version, Some(entry));
        choice.updates.push(update);
        true
    }
}

/// What one round of choosing stands on.
struct Ground<'a, 'e> {
    base: &'a Base<'a>,
    current: Current<'a>,
    strategy: RangeStrategy,
    entries: &'a Entries<'e>,
}

/// What was found for one bucket so far.
struct Open {
    bucket: Bucket,
    taken: Option<Update>,
    /// The highest one that is too young.
    waiting: Option<Update>,
    /// Those below it that are too young too, or all of them when an older one is taken; newest first.
    passed_over: Vec<String>,
    /// Those whose age was asked for and is not known, by the registry's own names; newest first.
    undated: Vec<String>,
}

impl Open {
    fn new(bucket: Bucket) -> Self {
        Self { bucket, taken: None, waiting: None, passed_over: Vec::new(), undated: Vec::new() }
    }

    fn waits(&mut self, update: Update, version: &str) {
        self.passed_over.push(version.to_owned());
        self.waiting.get_or_insert(update);
    }
}

fn skip(reason: SkipReason, detail: &str) -> Skip {
    Skip { reason, detail: detail.to_owned() }
}

/// Puts what became of each release into the choice, at most so many of each sort; the rest is counted.
fn list(choice: &mut Choice, entries: &Entries<'_>, verdicts: Vec<Option<Dropped>>) {
    let candidate = |(entry, dropped): (&Entry<'_>, Option<Dropped>)| Candidate {
        version: entry.version.to_owned(),
        timestamp: entry.release.timestamp,
        dropped,
    };
    let judged = entries.list.iter().zip(verdicts);
    let (old, new): (Vec<_>, Vec<_>) = judged.partition(|(_, dropped)| *dropped == Some(Dropped::NotNewer));
    let all = entries.list.len() + entries.refused.len();
    choice.candidates.extend(new.into_iter().take(MAX_LISTED).map(candidate));
    choice.candidates.extend(old.into_iter().take(MAX_OLD_LISTED).map(candidate));
    choice.candidates.extend(entries.refused.iter().take(MAX_OLD_LISTED).cloned());
    choice.unlisted = all - choice.candidates.len();
}

#[cfg(test)]
pub(crate) mod tests;
