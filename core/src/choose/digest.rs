//! Digests: which updates need one, what to ask the registry for it, and what its answers change.

use std::collections::BTreeMap;

use super::age::Age;
use super::candidates::Entries;
use super::policy::{Policies, Policy};
use crate::dep::{Dep, Part, Slot};
use crate::name::DatasourceId;
use crate::release::{DigestQuery, Lookup, Release};
use crate::update::{Candidate, Choice, Dropped, Update, UpdateType};
use crate::versioning::Versioning;

/// What registries answered: a digest, or why there is none, in one line.
pub type DigestAnswers = BTreeMap<DigestQuery, Result<String, String>>;

/// What stays the same while the digests of one choice are seen to.
pub(super) struct Digests<'a> {
    pub policies: &'a Policies<'a>,
    pub policy: &'a Policy,
    pub versioning: &'a dyn Versioning,
}

impl Digests<'_> {
    /// Returns whether the dependency has a digest or is to get one.
    pub(super) fn are_wanted(&self) -> bool {
        let dep = &self.policies.dep.dep;
        let has_digests = matches!(
            dep.datasource.as_ref().map(DatasourceId::as_str),
            Some("docker" | "github-tags" | "github-releases" | "github-digest" | "git-tags" | "git-refs")
        );
        let pins = || self.policy.options.pin_digests == Some(true) && has_place(dep);
        has_digests && (dep.current_digest.is_some() || pins())
    }

    /// Adds the new digests to the version updates.
    pub(super) fn of_versions(&self, entries: &Entries<'_>, choice: &mut Choice) {
        if !self.are_wanted() {
            return;
        }
        for update in &mut choice.updates {
            let entry = update.new_version.as_deref().and_then(|version| entries.named(version));
            let release = entry.map(|entry| entry.release);
            // The registry's own name, which `extractVersion` may have shortened.
            let tag = release.map(|release| release.version.clone()).or_else(|| update.new_value.clone());
            self.resolve(update, tag, release);
        }
    }

    /// Adds the update that keeps the value and moves or pins its digest. `release` is the one the value names.
    pub(super) fn of_current(&self, release: Option<&Release>, choice: &mut Choice) {
        if !self.are_wanted() {
            return;
        }
        let dep = &self.policies.dep.dep;
        let kind = if dep.current_digest.is_some() { UpdateType::Digest } else { UpdateType::PinDigest };
        let mut update = Update {
            new_version: choice.current_version.clone(),
            release_timestamp: release.and_then(|release| release.timestamp),
            ..Update::new(kind)
        };
        let policy = self.policies.step(choice, self.versioning, &update);
        let unwanted_pin = kind == UpdateType::PinDigest && policy.options.pin_digests != Some(true);
        if policy.disabled_by.is_some() || unwanted_pin {
            return;
        }
        let tag = release.map(|release| release.version.clone()).or_else(|| dep.current_value.clone());
        self.resolve(&mut update, tag.clone(), release);
        if is_unchanged(dep.current_digest.as_deref(), update.new_digest.as_deref()) {
            return;
        }
        if let Some(minimum) = policy.minimum_age() {
            if update.release_timestamp.is_none() {
                update.undated.extend(tag);
            }
            if let Age::TooYoung(pending) = minimum.check(update.release_timestamp, self.policies.now) {
                update.pending = Some(pending);
            }
        }
        choice.updates.push(update);
    }

    /// Fills in the digest of `update` when the list of releases holds it, otherwise the question for it.
    fn resolve(&self, update: &mut Update, tag: Option<String>, release: Option<&Release>) {
        let dep = &self.policies.dep.dep;
        let Some(datasource) = dep.datasource.clone() else { return };
        // A list of images names the digest of the whole image, and the file may be pinned to one platform of it.
        let listed_is_enough = datasource != DatasourceId::DOCKER || dep.current_digest.is_none();
        let listed = release.and_then(|release| release.digest.clone());
        if let Some(digest) = listed.filter(|_| listed_is_enough && update.new_name.is_none()) {
            update.new_digest = Some(digest);
            return;
        }
        let package_name = update.new_name.as_ref().unwrap_or(&dep.package_name).clone();
        let lookup = Lookup { datasource, package_name, registry_urls: dep.registry_urls.clone() };
        update.digest_query =
            Some(DigestQuery { lookup, value: tag, current_digest: dep.current_digest.clone() });
    }
}

/// Returns whether a digest can be written into the file.
fn has_place(dep: &Dep) -> bool {
    let takes_digest = |slot: &Slot| match &slot.part {
        Part::Digest | Part::DigestHex | Part::ValueOrDigest => true,
        Part::Template(template) => template.contains("newDigest"),
        _ => false,
    };
    dep.slots.iter().any(takes_digest)
}

/// Puts the registry's answers into the updates that wait for a digest.
///
/// A digest that did not move is no update. An update whose digest could not be had is dropped, with a warning; so is
/// one whose question was not answered at all.
pub fn settle(choice: &mut Choice, answers: &DigestAnswers) {
    let mut failed = Vec::new();
    for mut update in std::mem::take(&mut choice.updates) {
        let Some(query) = update.digest_query.take() else {
            choice.updates.push(update);
            continue;
        };
        match answers.get(&query) {
            Some(Ok(digest)) => {
                let moves = update.update_type != UpdateType::Digest
                    || !is_unchanged(query.current_digest.as_deref(), Some(digest));
                if moves {
                    update.new_digest = Some(digest.clone());
                    choice.updates.push(update);
                }
            }
            answer => {
                let why = match answer {
                    Some(Err(why)) => why.as_str(),
                    _ => "the registry was not asked",
                };
                let value = query.value.as_deref().unwrap_or("the default tag");
                choice.warnings.push(format!("no digest was found for `{value}`: {why}"));
                failed.push(update);
            }
        }
    }
    for update in failed {
        let Some(version) = update.new_version else { continue };
        let taken = |candidate: &&mut Candidate| candidate.version == version && candidate.dropped.is_none();
        if let Some(candidate) = choice.candidates.iter_mut().find(taken) {
            candidate.dropped = Some(Dropped::NoDigest);
        }
    }
}

/// Returns whether the new digest is the current one; a short commit stands for any commit that begins with it.
fn is_unchanged(current: Option<&str>, new: Option<&str>) -> bool {
    match (current, new) {
        (Some(current), Some(new)) if current.contains(':') => current == new,
        (Some(current), Some(new)) => !current.is_empty() && new.starts_with(current),
        _ => false,
    }
}
