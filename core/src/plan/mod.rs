//! From chosen updates to branches: which belong together, what each branch is called and says, what holds it back.

mod branch_name;
mod fields;
mod group;
mod hold;
mod message;
pub mod patch;
pub mod slug;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::hold::{Hold, HoldReason};
pub use self::message::CommitStyle;
pub(crate) use self::message::is_same_title;
pub use self::upgrade::{Upgrade, UpgradeInput, upgrades};
use crate::config::{Config, Options};
use crate::edit::{Edit, EditError};
use crate::name::RepoPath;
use crate::problem::Problem;
use crate::template::{Fields, TemplateError};
use crate::update::UpdateType;

/// What planning needs to know besides the updates.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// What the owner asks for.
    pub config: &'a Config,
    /// The time, for schedules and ages.
    pub now: Timestamp,
    /// What the repository's own commits look like.
    pub commit_style: CommitStyle,
}

/// All branches, in the order they are worked on.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The branches, held ones included.
    pub branches: Vec<Branch>,
    /// What could not be planned, and why.
    pub problems: Vec<Problem>,
}

/// One branch and its pull request.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its name.
    pub branch_name: String,
    /// The pull request's title.
    pub pr_title: String,
    /// The whole commit message.
    pub commit_message: String,
    /// The pull request's text, without release notes until they are fetched.
    pub pr_body: String,
    /// Its labels, sorted.
    pub labels: Vec<String>,
    /// Whether it merges by itself: all its members must.
    pub automerge: bool,
    /// What holds it back.
    pub hold: Option<Hold>,
    /// The kind of step that people should look at most.
    pub update_type: UpdateType,
    /// The group's name; `None` for one that is no group.
    pub group_name: Option<String>,
    /// `prPriority`, the highest of its members.
    pub priority: i64,
    /// What holds for the branch as a whole.
    pub options: Options,
    /// The steps in it; the first lends the branch its options.
    pub upgrades: Vec<Upgrade>,
    /// Steps that belong here and wait until they are old enough, while the others go ahead.
    pub waiting: Vec<Upgrade>,
    /// What is changed, by file.
    pub edits: BTreeMap<RepoPath, Vec<Edit>>,
}

/// Returns the branches that `upgrades` make. The order of `upgrades` does not matter.
pub fn plan(upgrades: Vec<Upgrade>, context: &PlanContext<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut by_name: BTreeMap<String, Vec<Upgrade>> = BTreeMap::new();
    for mut upgrade in upgrades {
        if let Err(error) = &upgrade.edits {
            plan.problems.push(unwritable(&upgrade, error));
            continue;
        }
        match branch_name::place(&upgrade.options, &upgrade.update, &upgrade.fields) {
            Ok(place)
                if place.branch_name.is_empty() || context.config.is_base_branch(&place.branch_name) =>
            {
                plan.problems.push(unusable(&upgrade, &place.branch_name));
            }
            Ok(place) => {
                upgrade.set_place(&place);
                by_name.entry(place.branch_name).or_default().push(upgrade);
            }
            Err(error) => plan.problems.push(template_problem(&upgrade, "the branch's name", &error)),
        }
    }
    for (name, upgrades) in by_name {
        let members = group::members(upgrades);
        let Some(first) = members.kept.first().cloned() else { continue };
        match branch(name, members, context) {
            Ok(branch) => plan.branches.push(branch),
            Err(error) => plan.problems.push(template_problem(&first, "the title", &error)),
        }
    }
    plan.branches.sort_by(|left, right| {
        let rank = |branch: &Branch| (std::cmp::Reverse(branch.priority), branch.update_type);
        rank(left)
            .cmp(&rank(right))
            .then_with(|| left.pr_title.cmp(&right.pr_title))
            .then_with(|| left.branch_name.cmp(&right.branch_name))
    });
    plan.problems.sort();
    plan
}

/// Returns what to tell the owner of an update that cannot be written.
fn unwritable(upgrade: &Upgrade, error: &EditError) -> Problem {
    let message = format!("`{}` cannot be updated: {error}", upgrade.dep.dep_name);
    let problem = match (&upgrade.update.new_name, error) {
        (Some(name), EditError::NothingToEdit(_)) => {
            Problem::warning(message).hint(format!("`{name}` takes its place; change the name by hand"))
        }
        _ => Problem::error(message),
    };
    problem.at(&upgrade.dep.file, upgrade.dep.span)
}

/// Returns what to tell the owner of an update whose branch cannot be called as the configuration says.
fn unusable(upgrade: &Upgrade, name: &str) -> Problem {
    let dep_name = &upgrade.dep.dep_name;
    let message = if name.is_empty() {
        format!("the branch for `{dep_name}` has no name")
    } else {
        format!("the branch for `{dep_name}` would be `{name}`, which updates go into")
    };
    Problem::error(message)
        .hint("have `branchName`, `branchPrefix` or `groupName` give it another name")
        .at(&upgrade.dep.file, upgrade.dep.span)
}

fn template_problem(upgrade: &Upgrade, what: &str, error: &TemplateError) -> Problem {
    let message = format!("{what} for `{}` cannot be made: {error}", upgrade.dep.dep_name);
    Problem::error(message).at(&upgrade.dep.file, upgrade.dep.span)
}

fn branch(name: String, members: group::Members, context: &PlanContext<'_>) -> Result<Branch, TemplateError> {
    let group::Members { kept, waiting } = members;
    let breadth = group::breadth(&kept);
    let first = kept.first();
    let mut options = first.map(|first| Options::clone(&first.options)).unwrap_or_default();
    let mut fields = first.map(|first| first.fields.clone()).unwrap_or_default();
    let is_group = fields.contains_key("groupName")
        && (breadth.is_several() || options.group_single_updates == Some(true));
    if is_group && let Some(group) = options.group.clone() {
        options.merge(&group);
    }
    let update_type = heading(&kept);
    describe(&mut fields, &kept, is_group);
    let fields = Fields::from(fields);
    let subject = message::subject(&message::MessageInput {
        options: &options,
        breadth,
        fields: &fields,
        style: context.commit_style,
        semantic_types: semantic_types(&kept)?,
    })?;
    let pr_title = message::title(&message::TitleInput {
        options: &options,
        kind: update_type,
        is_group,
        fields: &fields,
        subject: &subject,
    })?;
    let body = message::body(&options, &fields, &rows(&kept))?;
    let commit_message = if body.is_empty() { subject.line } else { format!("{}\n\n{body}", subject.line) };
    let mut edits: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    for edit in kept.iter().flat_map(|upgrade| upgrade.edits.iter().flatten()) {
        edits.entry(edit.file.clone()).or_default().push(edit.clone());
    }
    for edits in edits.values_mut() {
        edits.sort();
        edits.dedup();
    }
    let mut branch = Branch {
        branch_name: name,
        pr_title,
        commit_message,
        pr_body: String::new(),
        labels: labels(&kept)?,
        automerge: kept.iter().all(|upgrade| upgrade.options.automerge == Some(true)),
        hold: hold::hold(&options, &kept, context.now),
        update_type,
        group_name: fields.get("groupName").and_then(Value::as_str).map(ToOwned::to_owned),
        priority: kept.iter().filter_map(|upgrade| upgrade.options.pr_priority).max().unwrap_or_default(),
        options,
        upgrades: kept,
        waiting,
        edits,
    };
    branch.pr_body = crate::draft::pr_text(&branch, "");
    Ok(branch)
}

/// Returns the kind of step that people should look at most.
fn heading(upgrades: &[Upgrade]) -> UpdateType {
    const ORDER: [UpdateType; 8] = [
        UpdateType::Major,
        UpdateType::Replacement,
        UpdateType::Rollback,
        UpdateType::Minor,
        UpdateType::Patch,
        UpdateType::Digest,
        UpdateType::Pin,
        UpdateType::PinDigest,
    ];
    let has = |kind: &UpdateType| upgrades.iter().any(|upgrade| upgrade.update.update_type == *kind);
    ORDER.into_iter().find(has).unwrap_or(UpdateType::Patch)
}

/// Adds to the fields of the first member what is known of the branch as a whole.
fn describe(fields: &mut Map<String, Value>, upgrades: &[Upgrade], is_group: bool) {
    let any = |kind: UpdateType| upgrades.iter().any(|upgrade| upgrade.update.update_type == kind);
    if any(UpdateType::Major) {
        fields.insert("isMajor".to_owned(), Value::Bool(true));
    }
    fields.insert("isGroup".to_owned(), Value::Bool(is_group));
    let members = upgrades.iter().map(|upgrade| Value::Object(upgrade.fields.clone()));
    fields.insert("upgrades".to_owned(), members.collect());
}

/// The texts of one upgrade: most are no templates, and need no fields.
struct Texts<'a> {
    upgrade: &'a Upgrade,
    fields: Option<Fields>,
}

impl<'a> Texts<'a> {
    fn of(upgrade: &'a Upgrade) -> Self {
        Self { upgrade, fields: None }
    }

    fn render(&mut self, text: &str) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        self.fields.get_or_insert_with(|| Fields::from(self.upgrade.fields.clone())).render(text)
    }
}

fn semantic_types(upgrades: &[Upgrade]) -> Result<Vec<String>, TemplateError> {
    let types = upgrades.iter().filter_map(|upgrade| {
        let text = upgrade.options.semantic_commit_type.as_deref()?;
        Some(Texts::of(upgrade).render(text))
    });
    types.collect()
}

fn labels(upgrades: &[Upgrade]) -> Result<Vec<String>, TemplateError> {
    let mut labels = BTreeSet::new();
    for upgrade in upgrades {
        let mut texts = Texts::of(upgrade);
        let lists = [&upgrade.options.labels, &upgrade.options.add_labels];
        for label in lists.into_iter().flatten().flatten() {
            labels.insert(texts.render(label)?.trim().to_owned());
        }
    }
    labels.remove("");
    Ok(labels.into_iter().collect())
}

/// Returns the rows of the table in a commit's text: datasource, package, from, to.
fn rows(upgrades: &[Upgrade]) -> Vec<[String; 4]> {
    let text = |upgrade: &Upgrade, name: &str| {
        upgrade.fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let row = |upgrade: &Upgrade| {
        ["datasource", "depName", "displayFrom", "displayTo"].map(|name| text(upgrade, name))
    };
    let mut seen = BTreeSet::new();
    upgrades.iter().map(row).filter(|row| seen.insert(row.clone())).collect()
}

#[cfg(test)]
pub(crate) mod tests;
