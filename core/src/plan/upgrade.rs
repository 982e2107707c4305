//! An update inside a branch: with the options that hold for it and the fields its templates may use.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::branch_name::Place;
use super::fields::{Subject, fields};
use crate::choose::{PreparedDep, versioning_of};
use crate::config::{Config, Facts, Options, RuleTrace};
use crate::dep::Dep;
use crate::edit::{self, Edit, EditError};
use crate::release::ReleaseList;
use crate::update::{Choice, Update};
use crate::versioning::Versioning;

/// An update inside a branch.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The dependency with the names that rules give it.
    pub dep: Arc<Dep>,
    /// The dependency as it was found.
    pub found: Arc<Dep>,
    /// How it was chosen.
    pub choice: Arc<Choice>,
    /// The step.
    pub update: Update,
    /// The options that hold for this step.
    pub options: Arc<Options>,
    /// What each package rule did.
    pub rules: Vec<RuleTrace>,
    /// The fields that templates may use.
    pub fields: Map<String, Value>,
    /// How its versions compare.
    pub versioning: Arc<dyn Versioning>,
    /// What is changed in its file.
    pub edits: Result<Vec<Edit>, EditError>,
}

/// What the upgrades of one dependency are made of.
#[derive(Clone, Copy, Debug)]
pub struct UpgradeInput<'a> {
    /// The dependency.
    pub dep: &'a PreparedDep,
    /// What was chosen for it, digests included.
    pub choice: &'a Arc<Choice>,
    /// What its registry answered.
    pub releases: &'a ReleaseList,
    /// What the owner asks for.
    pub config: &'a Config,
    /// The time, for ages.
    pub now: Timestamp,
}

/// Returns the updates of one dependency as upgrades; those that a rule disables are left out.
pub fn upgrades(input: &UpgradeInput<'_>) -> Vec<Upgrade> {
    let Ok(versioning) = versioning_of(&input.dep.dep) else { return Vec::new() };
    input.choice.updates.iter().filter_map(|update| upgrade(input, update, &versioning)).collect()
}

fn upgrade(input: &UpgradeInput<'_>, update: &Update, versioning: &Arc<dyn Versioning>) -> Option<Upgrade> {
    let PreparedDep { found, dep } = input.dep;
    let choice = input.choice;
    let facts = Facts {
        now: Some(input.now),
        source_url: input.releases.source_url.as_deref(),
        current_version: choice.current_version.as_deref(),
        current_version_timestamp: choice.current_version_timestamp,
        versioning: Some(&**versioning),
        update_type: Some(update.update_type),
        new_value: update.new_value.as_deref().or(dep.current_value.as_deref()),
        new_version: update.new_version.as_deref(),
        new_digest: update.new_digest.as_deref(),
        is_breaking: Some(update.is_breaking),
        release_timestamp: update.release_timestamp,
        ..Facts::of(found)
    };
    let mut applied = input.config.apply(&facts);
    if !applied.is_enabled() {
        return None;
    }
    // A rule's `sourceUrl` is filled in beside the options.
    if let Some(source_url) = applied.source_url.take() {
        Arc::make_mut(&mut applied.options).source_url = Some(source_url);
    }
    let options = applied.options;
    let fields = fields(&Subject {
        dep,
        choice,
        update,
        releases: input.releases,
        options: &options,
        versioning: &**versioning,
        config: input.config,
        now: input.now,
    });
    let edits = edit::edits(found, update, &fields);
    Some(Upgrade {
        dep: Arc::clone(dep),
        found: Arc::clone(found),
        choice: Arc::clone(choice),
        update: update.clone(),
        options,
        rules: applied.rules,
        fields,
        versioning: Arc::clone(versioning),
        edits,
    })
}

impl Upgrade {
    /// Adds what is known once the branch's name is.
    pub(super) fn set_place(&mut self, place: &Place) {
        let mut set = |name: &str, text: Option<&str>| match text {
            Some(text) => {
                self.fields.insert(name.to_owned(), Value::from(text));
            }
            None => {
                self.fields.remove(name);
            }
        };
        set("branchName", Some(&place.branch_name));
        set("branchTopic", Some(&place.topic));
        set("groupName", place.group_name.as_deref());
        set("groupSlug", place.group_slug.as_deref());
    }
}
