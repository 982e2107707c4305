//! What the configuration asks for, as choosing needs it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::ChooseInput;
use super::age::{MinimumAge, Undated};
use super::bucket::{Majors, Minors, Separation};
use super::prepare::PreparedDep;
use crate::config::options::{InternalChecksFilter, MinimumReleaseAgeBehaviour};
use crate::config::rule::{Matcher, Subject};
use crate::config::{Applied, Config, Facts, Options, options};
use crate::release::ReleaseList;
use crate::template;
use crate::update::{Choice, Update, UpdateType};
use crate::versioning::{RangeStrategy, Versioning};

/// Asks the configuration at each stage of a choice.
pub(super) struct Policies<'a> {
    pub dep: &'a PreparedDep,
    pub releases: &'a ReleaseList,
    pub config: &'a Config,
    pub now: Timestamp,
    /// What was asked of steps before: a package may have thousands of releases that differ in their number only.
    asked: RefCell<BTreeMap<StepKey, Rc<Policy>>>,
    by_value: bool,
}

/// What rules can tell two steps of one dependency apart by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct StepKey {
    kind: UpdateType,
    is_breaking: bool,
    /// The new value and version; `None` while no rule looks at them.
    new: Option<(Option<String>, Option<String>)>,
}

/// How much is known when the configuration is asked. Rules that want more do not match yet.
#[derive(Clone, Copy)]
pub(super) enum Stage<'a> {
    /// The dependency and its releases.
    Found,
    /// The current version too.
    Current(&'a Choice, &'a dyn Versioning),
    /// A step as well.
    Step(&'a Choice, &'a dyn Versioning, &'a Update),
}

/// What the configuration asks for at one stage.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The rule or option that disables it, described; `None` when it is enabled.
    pub disabled_by: Option<String>,
    pub options: Arc<Options>,
}

impl<'a> Policies<'a> {
    pub(super) fn new(input: &ChooseInput<'a>) -> Self {
        let ChooseInput { dep, releases, config, now } = *input;
        let looks_at_value =
            |matcher: &Matcher| matches!(matcher, Matcher::List(Subject::NewValue, _) | Matcher::Jsonata(_));
        let by_value = config.rules.iter().any(|rule| rule.matchers.iter().any(looks_at_value));
        Self { dep, releases, config, now, asked: RefCell::default(), by_value }
    }

    /// Returns what holds for one step.
    pub(super) fn step(&self, choice: &Choice, versioning: &dyn Versioning, update: &Update) -> Rc<Policy> {
        let new = self.by_value.then(|| (update.new_value.clone(), update.new_version.clone()));
        let key = StepKey { kind: update.update_type, is_breaking: update.is_breaking, new };
        let mut asked = self.asked.borrow_mut();
        let policy =
            asked.entry(key).or_insert_with(|| Rc::new(self.at(Stage::Step(choice, versioning, update))));
        Rc::clone(policy)
    }

    pub(super) fn at(&self, stage: Stage<'_>) -> Policy {
        let applied = self.config.apply(&self.facts(stage));
        let disabled_by = (!applied.is_enabled()).then(|| self.disabler(&applied));
        Policy { disabled_by, options: applied.options }
    }

    fn disabler(&self, applied: &Applied) -> String {
        match self.config.setter(applied, "enabled") {
            Some(rule) if !rule.description.is_empty() => rule.description.clone(),
            Some(_) => "a package rule".to_owned(),
            None => "`enabled: false`".to_owned(),
        }
    }

    fn facts<'b>(&'b self, stage: Stage<'b>) -> Facts<'b> {
        let found = Facts {
            now: Some(self.now),
            source_url: self.releases.source_url.as_deref(),
            ..Facts::of(&self.dep.found)
        };
        match stage {
            Stage::Found => found,
            Stage::Current(choice, versioning) => current(&found, choice, versioning),
            Stage::Step(choice, versioning, update) => Facts {
                update_type: Some(update.update_type),
                new_value: update.new_value.as_deref().or(found.current_value),
                new_version: update.new_version.as_deref(),
                new_digest: update.new_digest.as_deref(),
                is_breaking: Some(update.is_breaking),
                release_timestamp: update.release_timestamp,
                ..current(&found, choice, versioning)
            },
        }
    }
}

fn current<'a>(found: &Facts<'a>, choice: &'a Choice, versioning: &'a dyn Versioning) -> Facts<'a> {
    Facts {
        current_version: choice.current_version.as_deref(),
        current_version_timestamp: choice.current_version_timestamp,
        versioning: Some(versioning),
        ..*found
    }
}

/// What becomes of releases that are too young: `internalChecksFilter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Young {
    /// The next lower one is taken; when there is none, the highest waits.
    PassOver,
    /// They are taken, and marked.
    Take,
}

/// What takes the place of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replacement {
    /// `None` keeps the name.
    pub name: Option<String>,
    /// `None` keeps the value.
    pub value: Option<String>,
}

impl Policy {
    pub(super) fn minimum_age(&self) -> Option<MinimumAge<'_>> {
        let undated = match self.options.minimum_release_age_behaviour {
            Some(MinimumReleaseAgeBehaviour::TimestampOptional) => Undated::Take,
            _ => Undated::Wait,
        };
        MinimumAge::new(self.options.minimum_release_age.as_ref()?, undated)
    }

    pub(super) fn young(&self) -> Young {
        match self.options.internal_checks_filter {
            Some(InternalChecksFilter::None) => Young::Take,
            _ => Young::PassOver,
        }
    }

    pub(super) fn range_strategy(&self) -> RangeStrategy {
        match self.options.range_strategy {
            // All our managers replace.
            None | Some(options::RangeStrategy::Auto) => RangeStrategy::Replace,
            Some(strategy) => RangeStrategy::new(strategy.as_str()).unwrap_or(RangeStrategy::Replace),
        }
    }

    pub(super) fn separation(&self) -> Separation {
        let options = &self.options;
        let majors = match (options.separate_major_minor, options.separate_multiple_major) {
            (Some(false), _) => Majors::Together,
            (_, Some(true)) => Majors::Each,
            _ => Majors::Apart,
        };
        let minors = match (options.separate_minor_patch, options.separate_multiple_minor) {
            (_, Some(true)) => Minors::Each,
            (Some(true), _) => Minors::Apart,
            _ => Minors::Together,
        };
        Separation { majors, minors }
    }

    /// Returns the constraint of `allowedVersions`, filled in.
    pub(super) fn allowed_versions(&self, fields: &Value) -> Option<String> {
        let text = self.options.allowed_versions.as_deref()?;
        Some(filled(text, fields)).filter(|text| !text.trim().is_empty())
    }

    pub(super) fn replacement(&self, fields: &Value) -> Option<Replacement> {
        let options = &self.options;
        let fill = |text: &String| filled(text, fields);
        let name = options.replacement_name.clone().or(options.replacement_name_template.as_ref().map(fill));
        let value =
            options.replacement_version.clone().or(options.replacement_version_template.as_ref().map(fill));
        (name.is_some() || value.is_some()).then_some(Replacement { name, value })
    }
}

impl Policies<'_> {
    /// Returns the fields that the templates of options may use at this stage.
    pub(super) fn fields(&self, stage: Stage<'_>) -> Value {
        let mut fields = self.config.placed(&self.facts(stage)).fields();
        let names = [("depName", &self.dep.dep.dep_name), ("packageName", &self.dep.dep.package_name)];
        if let Some(fields) = fields.as_object_mut() {
            let mut all: Map<String, Value> = Map::new();
            all.extend(
                self.dep.dep.captures.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))),
            );
            all.append(fields);
            all.extend(names.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))));
            *fields = all;
        }
        fields
    }
}

/// Returns `text` filled in; a template that fails stays as it is written, and is refused where it is used.
fn filled(text: &str, fields: &Value) -> String {
    template::render(text, fields).unwrap_or_else(|_| text.to_owned())
}
