//! Every option updraft honours, declared once: the struct, the reader, the merge and the reference come from this list.

mod choices;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::check;
use super::custom_datasource::CustomDatasource;
use super::custom_manager::CustomManager;
use super::duration::ReleaseAge;
use super::effect;
use super::host_rule::HostRule;
use super::json::{Node, NodeValue};
use super::names;
use super::reader::{OptionValue, Reader};
use super::rule::PackageRule;
use super::schedule::Schedule;
use super::templates;
use crate::update::UpdateType;

pub use choices::{
    AutomergeStrategy, AutomergeType, CommitMessageLowerCase, FetchChangeLogs, ForkProcessing,
    InternalChecksFilter, MinimumReleaseAgeBehaviour, Mode, PlatformCommit, PrCreation, RangeStrategy,
    RebaseWhen, RecreateWhen, SemanticCommits,
};

/// One option, for references and schemas.
#[derive(Clone, Copy, Debug)]
pub struct OptionInfo {
    /// Its name as Renovate spells it.
    pub name: &'static str,
    /// What it does, one or two sentences.
    pub doc: &'static str,
    /// What kind of value it wants: "a list of strings".
    pub wants: &'static str,
    /// Whether a later text adds to an earlier one instead of replacing it.
    pub merges: bool,
    /// Returns the JSON schema of its value.
    pub schema: fn() -> Value,
}

/// A group of options inside another: `group`, `major`, `lockFileMaintenance`, ...
///
/// The options of dependencies share it: what one of them sets is seldom in a group.
pub type Block = Arc<Options>;

macro_rules! options {
    ($($name:literal $field:ident: $type:ty, $how:ident, $doc:literal;)+) => {
        /// Options as they were written, or as they hold for one dependency; `None` where nobody set one.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Options {
            $(#[doc = $doc] pub $field: Option<$type>,)+
            /// Options for one manager each: `flux: { .. }`.
            pub managers: BTreeMap<String, Options>,
            /// The options that were set to `null`, which takes back what an earlier text said.
            cleared: Vec<&'static str>,
        }

        /// All options, in the order of the list.
        pub const OPTIONS: &[OptionInfo] = &[
            $(OptionInfo {
                name: $name,
                doc: $doc,
                wants: <$type as OptionValue>::WANTS,
                merges: options!(@merges $how),
                schema: <$type as OptionValue>::schema,
            },)+
        ];

        impl Options {
            /// Reads one option; `false` when there is none of that name.
            fn read_option(&mut self, name: &str, node: &Node, reader: &mut Reader<'_>) -> bool {
                match name {
                    $($name => {
                        if matches!(node.value, NodeValue::Null) {
                            self.$field = None;
                            self.cleared.push($name);
                        } else if let Some(value) = <$type as OptionValue>::read($name, node, reader) {
                            self.$field = Some(value);
                        }
                    })+
                    _ => return false,
                }
                true
            }

            /// Adds what a later text says: it wins, except where an option's values add up.
            pub fn merge(&mut self, later: &Self) {
                if later.group_name.is_some() && later.group_slug.is_none() {
                    // The slug belonged to the other name.
                    self.group_slug = None;
                }
                $(if let Some(value) = &later.$field {
                    options!(@merge $how self.$field, value);
                } else if !later.cleared.is_empty() && later.cleared.contains(&$name) {
                    self.$field = None;
                })+
                for (manager, options) in &later.managers {
                    self.managers.entry(manager.clone()).or_default().merge(options);
                }
                if !(self.cleared.is_empty() && later.cleared.is_empty()) {
                    self.cleared.extend(later.cleared.iter().filter(|name| !self.cleared.contains(name)).copied().collect::<Vec<_>>());
                    let set: Vec<&str> = later.set().into_iter().filter(|(_, value)| value != "null").map(|(name, _)| name).collect();
                    self.cleared.retain(|name| !set.contains(name));
                }
            }

            /// Returns the options that are set, with their values as a person would write them.
            pub fn set(&self) -> Vec<(&'static str, String)> {
                let mut set = Vec::new();
                $(if let Some(value) = &self.$field {
                    set.push(($name, OptionValue::show(value)));
                } else if self.cleared.contains(&$name) {
                    set.push(($name, "null".to_owned()));
                })+
                set
            }
        }

        #[cfg(test)]
        const FIELDS: &[(&str, &str)] = &[$(($name, stringify!($field)),)+];
    };
    (@merges merge) => { true };
    (@merges replace) => { false };
    (@merge replace $mine:expr, $value:ident) => { $mine = Some($value.clone()) };
    (@merge merge $mine:expr, $value:ident) => {
        match &mut $mine {
            Some(mine) => OptionValue::add(mine, $value),
            None => $mine = Some($value.clone()),
        }
    };
}

options! {
    "$schema" schema: String, replace, "Where editors find the schema of this file; of no effect.";
    "description" description: Vec<String>, merge, "A remark for people.";
    "enabled" enabled: bool, replace, "Whether anything is updated at all, here or in the rule or block it stands in.";
    "mode" mode: Mode, replace, "`silent` looks for updates but writes no branch.";
    "forkProcessing" fork_processing: ForkProcessing, replace, "Whether a fork is worked on; `auto` leaves those alone that the bot found by itself.";
    "enabledManagers" enabled_managers: Vec<String>, replace, "The only managers that run.";
    "ignorePaths" ignore_paths: Vec<String>, replace, "Files that are left alone, as globs or parts of paths. A later list replaces an earlier one.";
    "includePaths" include_paths: Vec<String>, replace, "The only files that are looked at, as globs.";
    "ignoreDeps" ignore_deps: Vec<String>, merge, "Names of dependencies that are left alone.";
    "managerFilePatterns" manager_file_patterns: Vec<String>, merge, "Further files a manager reads, as `/regex/` or globs; they add to the manager's own.";
    "packageRules" package_rules: Vec<PackageRule>, merge, "Options for the dependencies and updates that match.";
    "customManagers" custom_managers: Vec<CustomManager>, merge, "Patterns that find dependencies nothing else knows of.";
    "customDatasources" custom_datasources: BTreeMap<String, CustomDatasource>, merge, "Web addresses that list versions, by name.";
    "hostRules" host_rules: Vec<HostRule>, merge, "Hosts that are not to be asked. Credentials belong to the process, not to the repository.";
    "registryAliases" registry_aliases: BTreeMap<String, String>, merge, "Names or prefixes of registries, and what they stand for.";
    "registryUrls" registry_urls: Vec<String>, replace, "Where a package is looked up.";
    "defaultRegistryUrls" default_registry_urls: Vec<String>, replace, "Where a package is looked up when its file does not say.";
    "timezone" timezone: TimeZone, replace, "The time zone of all schedules, such as `Europe/Berlin`.";
    "schedule" schedule: Schedule, replace, "When branches may be made: `before 6am on Monday`, or cron.";
    "updateNotScheduled" update_not_scheduled: bool, replace, "Whether branches that exist are kept up to date outside the schedule.";
    "automergeSchedule" automerge_schedule: Schedule, replace, "When automerging may happen.";

    "groupName" group_name: String, replace, "Updates with the same name share a branch.";
    "groupSlug" group_slug: String, replace, "The part of the branch's name that stands for the group.";
    "group" group: Block, merge, "Options of a branch that holds more than one dependency.";
    "groupSingleUpdates" group_single_updates: bool, replace, "Whether `group` also holds for a branch with one update.";
    "minimumGroupSize" minimum_group_size: u32, replace, "How many updates a group needs before its branch is made.";
    "separateMajorMinor" separate_major_minor: bool, replace, "Whether major updates have branches of their own.";
    "separateMinorPatch" separate_minor_patch: bool, replace, "Whether patch and minor updates have branches of their own.";
    "separateMultipleMajor" separate_multiple_major: bool, replace, "Whether each new major version has a branch of its own.";
    "separateMultipleMinor" separate_multiple_minor: bool, replace, "Whether each new minor version has a branch of its own.";

    "pinDigests" pin_digests: bool, replace, "Whether a digest is added where there is none.";
    "versioning" versioning: String, replace, "How versions are read and compared: `docker`, `semver`, `regex:..`, ...";
    "versionCompatibility" version_compatibility: String, replace, "A pattern with the groups `version` and `compatibility`; only releases with the same compatibility count.";
    "extractVersion" extract_version: String, replace, "A pattern with a group `version` that takes the version out of a release's name.";
    "allowedVersions" allowed_versions: String, replace, "The only versions that count: a range, or `/regex/`.";
    "followTag" follow_tag: String, replace, "A tag of the registry to follow, such as `latest`.";
    "ignoreUnstable" ignore_unstable: bool, replace, "Whether prereleases are passed over.";
    "respectLatest" respect_latest: bool, replace, "Whether versions above the tag `latest` are passed over.";
    "rangeStrategy" range_strategy: RangeStrategy, replace, "How a range is changed.";
    "rollbackPrs" rollback_prs: bool, replace, "Whether to go back when the current version is gone.";
    "maxMajorIncrement" max_major_increment: u32, replace, "By how much a major number may rise at most.";
    "minimumReleaseAge" minimum_release_age: ReleaseAge, replace, "How old a release must be: `3 days`.";
    "minimumReleaseAgeBehaviour" minimum_release_age_behaviour: MinimumReleaseAgeBehaviour, replace, "What happens to releases of unknown age.";
    "internalChecksFilter" internal_checks_filter: InternalChecksFilter, replace, "What happens when every release is too young.";
    "internalChecksAsSuccess" internal_checks_as_success: bool, replace, "Whether the bot's own green checks count as checks.";
    "replacementName" replacement_name: String, replace, "The package to move to.";
    "replacementNameTemplate" replacement_name_template: String, replace, "The package to move to, as a template.";
    "replacementVersion" replacement_version: String, replace, "The version to move to.";
    "replacementVersionTemplate" replacement_version_template: String, replace, "The version to move to, as a template.";
    "overrideDepName" override_dep_name: String, replace, "The name people read, as a template.";
    "overridePackageName" override_package_name: String, replace, "The name that is looked up, as a template.";
    "overrideDatasource" override_datasource: String, replace, "Where it is looked up.";
    "sourceUrl" source_url: String, replace, "The source repository, as a template.";
    "sourceDirectory" source_directory: String, replace, "The folder inside the source repository.";
    "changelogUrl" changelog_url: String, replace, "Where the change log is, as a template.";
    "fetchChangeLogs" fetch_change_logs: FetchChangeLogs, replace, "Whether release notes are fetched.";

    "automerge" automerge: bool, replace, "Whether an update is merged without a person.";
    "automergeType" automerge_type: AutomergeType, replace, "How it is merged.";
    "automergeStrategy" automerge_strategy: AutomergeStrategy, replace, "The kind of merge.";
    "automergeComment" automerge_comment: String, replace, "The comment that asks another bot to merge.";
    "platformAutomerge" platform_automerge: bool, replace, "Whether GitHub's own auto-merge is used.";
    "ignoreTests" ignore_tests: bool, replace, "Whether automerging waits for checks.";
    "pruneBranchAfterAutomerge" prune_branch_after_automerge: bool, replace, "Whether a merged branch is deleted.";
    "assignAutomerge" assign_automerge: bool, replace, "Whether people are assigned to pull requests that merge themselves.";

    "semanticCommits" semantic_commits: SemanticCommits, replace, "Whether commit subjects are `type(scope): ..`.";
    "semanticCommitType" semantic_commit_type: String, replace, "The type in `type(scope): ..`.";
    "semanticCommitScope" semantic_commit_scope: String, replace, "The scope in `type(scope): ..`.";
    "commitMessage" commit_message: String, replace, "The commit's subject, as a template of the parts below.";
    "commitMessagePrefix" commit_message_prefix: String, replace, "The part before the action; takes the place of the semantic one.";
    "commitMessageAction" commit_message_action: String, replace, "The verb: `Update`.";
    "commitMessageTopic" commit_message_topic: String, replace, "What is updated.";
    "commitMessageExtra" commit_message_extra: String, replace, "To what.";
    "commitMessageSuffix" commit_message_suffix: String, replace, "The end.";
    "commitMessageLowerCase" commit_message_lower_case: CommitMessageLowerCase, replace, "Whether semantic subjects are lower case.";
    "commitBody" commit_body: String, replace, "Text below the subject, as a template.";
    "commitBodyTable" commit_body_table: bool, replace, "Whether the commit lists its updates in a table.";
    "commitTrailers" commit_trailers: Vec<String>, merge, "Trailers of the commit, as templates.";
    "gitAuthor" git_author: String, replace, "The commit's author: `Name <mail@example.com>`.";
    "gitIgnoredAuthors" git_ignored_authors: Vec<String>, merge, "Authors whose commits do not count as a person's changes.";
    "platformCommit" platform_commit: PlatformCommit, replace, "Whether commits are made through the forge's API.";

    "branchPrefix" branch_prefix: String, replace, "The start of every branch's name.";
    "branchPrefixOld" branch_prefix_old: String, replace, "The former start, so that old branches are found.";
    "additionalBranchPrefix" additional_branch_prefix: String, replace, "A second part of the branch's name, as a template.";
    "branchTopic" branch_topic: String, replace, "The last part of the branch's name, as a template.";
    "branchName" branch_name: String, replace, "The branch's name, as a template of the parts above.";
    "branchNameStrict" branch_name_strict: bool, replace, "Whether special characters become `-` in a branch's name.";
    "hashedBranchLength" hashed_branch_length: u32, replace, "The length of branch names whose topic is a hash.";
    "baseBranchPatterns" base_branch_patterns: Vec<String>, replace, "The branches to update, if not the default one.";

    "prTitle" pr_title: String, replace, "The pull request's title, as a template.";
    "prTitleStrict" pr_title_strict: bool, replace, "Whether nothing is added to `prTitle`.";
    "prBodyTemplate" pr_body_template: String, replace, "The parts of the pull request's text, in order.";
    "prBodyColumns" pr_body_columns: Vec<String>, replace, "The columns of the table of updates.";
    "prBodyDefinitions" pr_body_definitions: BTreeMap<String, String>, merge, "What stands in each column, as templates.";
    "prBodyHeadingDefinitions" pr_body_heading_definitions: BTreeMap<String, String>, merge, "What a column is called in the table, where that is not its name.";
    "prBodyNotes" pr_body_notes: Vec<String>, merge, "Notes in the pull request's text, as templates.";
    "prHeader" pr_header: String, replace, "Text at the top of the pull request.";
    "prFooter" pr_footer: String, replace, "Text at the end of the pull request.";
    "prPriority" pr_priority: i64, replace, "Higher ones are made first.";
    "prCreation" pr_creation: PrCreation, replace, "When the pull request of a branch is opened.";
    "prNotPendingHours" pr_not_pending_hours: u32, replace, "After how many hours a pull request is opened although checks are pending.";
    "draftPR" draft_pr: bool, replace, "Whether pull requests are drafts.";
    "labels" labels: Vec<String>, replace, "Labels of the pull request. A later list replaces an earlier one.";
    "addLabels" add_labels: Vec<String>, merge, "Further labels; they add up.";
    "assignees" assignees: Vec<String>, replace, "People the pull request is assigned to.";
    "assigneesFromCodeOwners" assignees_from_code_owners: bool, replace, "Whether code owners are assigned.";
    "assigneesSampleSize" assignees_sample_size: u32, replace, "To how many of the assignees a pull request is assigned.";
    "reviewers" reviewers: Vec<String>, replace, "People asked for a review; `team:name` for a team.";
    "additionalReviewers" additional_reviewers: Vec<String>, merge, "Further reviewers; they add up.";
    "reviewersFromCodeOwners" reviewers_from_code_owners: bool, replace, "Whether code owners are asked for a review.";
    "reviewersSampleSize" reviewers_sample_size: u32, replace, "How many of the reviewers are asked.";
    "milestone" milestone: i64, replace, "The number of the pull request's milestone.";
    "keepUpdatedLabel" keep_updated_label: String, replace, "A label that keeps a branch on top of its base.";
    "rebaseLabel" rebase_label: String, replace, "A label that asks for a rebase.";
    "stopUpdatingLabel" stop_updating_label: String, replace, "A label that makes the bot leave a branch alone.";
    "rebaseWhen" rebase_when: RebaseWhen, replace, "When a branch is made anew on top of its base.";
    "recreateWhen" recreate_when: RecreateWhen, replace, "Whether a closed pull request is opened again.";
    "pruneStaleBranches" prune_stale_branches: bool, replace, "Whether branches nobody needs any more are deleted.";
    "prHourlyLimit" pr_hourly_limit: u32, replace, "How many pull requests are made an hour; 0 for no limit.";
    "prConcurrentLimit" pr_concurrent_limit: u32, replace, "How many pull requests are open at once; 0 for no limit.";
    "branchConcurrentLimit" branch_concurrent_limit: u32, replace, "How many branches exist at once; as the limit of pull requests when not set.";
    "commitHourlyLimit" commit_hourly_limit: u32, replace, "How many commits are made an hour; 0 for no limit.";
    "suppressNotifications" suppress_notifications: Vec<String>, merge, "Comments and issues that are not written.";
    "userStrings" user_strings: BTreeMap<String, String>, merge, "The owner's own words for some comments, as templates.";
    "statusCheckNames" status_check_names: BTreeMap<String, String>, merge, "Names of the bot's own checks.";

    "dependencyDashboard" dependency_dashboard: bool, replace, "Whether an issue lists all updates.";
    "dependencyDashboardTitle" dependency_dashboard_title: String, replace, "That issue's title.";
    "dependencyDashboardHeader" dependency_dashboard_header: String, replace, "Text at its top.";
    "dependencyDashboardFooter" dependency_dashboard_footer: String, replace, "Text at its end.";
    "dependencyDashboardLabels" dependency_dashboard_labels: Vec<String>, replace, "Its labels.";
    "dependencyDashboardApproval" dependency_dashboard_approval: bool, replace, "Whether a branch waits until it is ticked there.";
    "dependencyDashboardAutoclose" dependency_dashboard_autoclose: bool, replace, "Whether it is closed when there is nothing to tell.";
    "dependencyDashboardCategory" dependency_dashboard_category: String, replace, "The heading it lists an update under.";
    "configMigration" config_migration: bool, replace, "Whether a pull request with the new spelling of old options is made.";

    "lockFileMaintenance" lock_file_maintenance: Block, merge, "Options of lock file refreshes.";
    "vulnerabilityAlerts" vulnerability_alerts: Block, merge, "Options of updates that fix a known vulnerability.";
    "osvVulnerabilityAlerts" osv_vulnerability_alerts: bool, replace, "Whether vulnerabilities are looked up at OSV.";
    "major" major: Block, merge, "Options of major updates.";
    "minor" minor: Block, merge, "Options of minor updates.";
    "patch" patch: Block, merge, "Options of patch updates.";
    "pin" pin: Block, merge, "Options of updates that pin a range.";
    "pinDigest" pin_digest: Block, merge, "Options of updates that add a digest.";
    "digest" digest: Block, merge, "Options of updates of a digest alone.";
    "rollback" rollback: Block, merge, "Options of updates that go back.";
    "replacement" replacement: Block, merge, "Options of updates that move to another package.";
    "extends" extends: Vec<String>, replace, "Presets this configuration builds on.";
    "ignorePresets" ignore_presets: Vec<String>, replace, "Presets that are left out wherever they are extended.";
}

impl Options {
    /// Reads the members of `node`, except those for which `skip` says that they are read elsewhere.
    pub(crate) fn read_object(node: &Node, reader: &mut Reader<'_>, skip: fn(&str) -> bool) -> Self {
        let mut options = Self::default();
        for property in node.properties() {
            let name = property.name.as_str();
            if skip(name) {
                continue;
            }
            if options.read_option(name, &property.value, reader) {
                if reader.checks {
                    templates::check_option(name, &property.value, reader);
                    check::option(name, &property.value, reader);
                    effect::check_option(name, &property.value, reader, property.name_place);
                }
                continue;
            }
            if names::is_manager(name) {
                if matches!(property.value.value, NodeValue::Object(_)) {
                    let block = Self::read_object(&property.value, reader, |_| false);
                    options.managers.insert(name.to_owned(), block);
                } else {
                    reader.wrong_type(&property.value, name, "an object: it is a manager's name", None);
                }
                continue;
            }
            names::report_unknown(property, reader);
        }
        options
    }

    /// Returns whether `suppressNotifications` names a kind of comment or issue.
    pub fn suppresses(&self, notification: &str) -> bool {
        self.suppress_notifications.iter().flatten().any(|name| name == notification)
    }

    /// Returns the block of an update type, if there is one.
    pub fn block(&self, update_type: UpdateType) -> Option<&Self> {
        let block = match update_type {
            UpdateType::Major => &self.major,
            UpdateType::Minor => &self.minor,
            UpdateType::Patch => &self.patch,
            UpdateType::Pin => &self.pin,
            UpdateType::PinDigest => &self.pin_digest,
            UpdateType::Digest => &self.digest,
            UpdateType::Rollback => &self.rollback,
            UpdateType::Replacement => &self.replacement,
        };
        block.as_deref()
    }
}

impl OptionValue for Block {
    const WANTS: &'static str = "an object";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let NodeValue::Object(_) = node.value {
            return Some(Self::new(Options::read_object(node, reader, |_| false)));
        }
        reader.wrong_type(node, name, Self::WANTS, None);
        None
    }

    fn add(&mut self, later: &Self) {
        Arc::make_mut(self).merge(later);
    }

    fn show(&self) -> String {
        let members: Vec<String> =
            self.set().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{{{}}}", members.join(", "))
    }

    fn schema() -> Value {
        json!({ "$ref": "#/definitions/options" })
    }
}

/// A time zone by its name, known to exist.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeZone {
    name: String,
    zone: jiff::tz::TimeZone,
}

impl TimeZone {
    /// Returns the name as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the zone's rules.
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }
}

impl OptionValue for TimeZone {
    const WANTS: &'static str = "the name of a time zone";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(name, node, reader)?;
        if let Ok(zone) = jiff::tz::TimeZone::get(&text) {
            return Some(Self { name: text, zone });
        }
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let hint = names::closest(&text, known.iter().map(String::as_str)).map_or_else(
            || "write a name such as `Europe/Berlin` or `UTC`".to_owned(),
            |close| format!("did you mean `{close}`?"),
        );
        reader.error(node.place, format!("there is no time zone `{text}`; schedules are in UTC"), hint);
        None
    }

    fn show(&self) -> String {
        super::reader::quote(&self.name)
    }

    fn schema() -> Value {
        json!({ "type": "string", "examples": ["Europe/Berlin", "UTC"] })
    }
}

#[cfg(test)]
mod tests;
