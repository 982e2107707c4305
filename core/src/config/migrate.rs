//! Old names and forms of options, put into today's while the configuration is read.

mod rewrite;

use super::json::{Node, NodeValue, Place, Property};
use super::reader::quote;

pub use rewrite::{Change, RewriteError, Rewritten, rewrite};

/// One thing that is written in an old way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    /// Where.
    pub(crate) place: Place,
    /// What the old way is: one line.
    pub(crate) message: String,
    /// The new way: one line.
    pub(crate) hint: String,
}

/// Options that only have a new name.
const RENAMED: &[(&str, &str)] = &[
    ("aliases", "registryAliases"),
    ("baseBranches", "baseBranchPatterns"),
    ("masterIssue", "dependencyDashboard"),
    ("masterIssueApproval", "dependencyDashboardApproval"),
    ("masterIssueAutoclose", "dependencyDashboardAutoclose"),
    ("masterIssueFooter", "dependencyDashboardFooter"),
    ("masterIssueHeader", "dependencyDashboardHeader"),
    ("masterIssueTitle", "dependencyDashboardTitle"),
    ("managerBranchPrefix", "additionalBranchPrefix"),
    ("regexManagers", "customManagers"),
    ("separateMajorReleases", "separateMajorMinor"),
    ("separatePatchReleases", "separateMinorPatch"),
    ("separateMultipleMajorReleases", "separateMultipleMajor"),
    ("versionScheme", "versioning"),
    ("azureAutoApprove", "autoApprove"),
    ("compatibility", "constraints"),
    ("gitLabAutomerge", "platformAutomerge"),
    ("packages", "packageRules"),
    ("pathRules", "packageRules"),
];

/// Matchers that only have a new name.
const RENAMED_MATCHERS: &[(&str, &str)] = &[
    ("paths", "matchFileNames"),
    ("matchPaths", "matchFileNames"),
    ("matchFiles", "matchFileNames"),
    ("packageNames", "matchPackageNames"),
    ("depTypeList", "matchDepTypes"),
    ("managers", "matchManagers"),
    ("datasources", "matchDatasources"),
    ("updateTypes", "matchUpdateTypes"),
    ("baseBranchList", "matchBaseBranches"),
    ("languages", "matchCategories"),
    ("matchLanguages", "matchCategories"),
    ("sourceUrlPrefixes", "matchSourceUrlPrefixes"),
    ("packagePattern", "matchPackagePatterns"),
    ("packagePatterns", "matchPackagePatterns"),
    ("excludedPackageNames", "excludePackageNames"),
];

/// Members of host rules that only have a new name.
const RENAMED_OF_HOSTS: &[(&str, &str)] = &[
    ("baseUrl", "matchHost"),
    ("domainName", "matchHost"),
    ("endpoint", "matchHost"),
    ("host", "matchHost"),
    ("hostName", "matchHost"),
    ("platform", "hostType"),
];

/// Puts what turns a text into a pattern around it.
type Surround = fn(&str) -> String;

/// Matchers that became patterns of another one: old name, new name, and what surrounds each of their texts.
const PATTERNED: &[(&str, &str, Surround)] = &[
    ("matchPackagePatterns", "matchPackageNames", |text| regex(text)),
    ("matchPackagePrefixes", "matchPackageNames", |text| prefix(text)),
    ("excludePackageNames", "matchPackageNames", |text| format!("!{text}")),
    ("excludePackagePatterns", "matchPackageNames", |text| format!("!{}", regex(text))),
    ("excludePackagePrefixes", "matchPackageNames", |text| format!("!{}", prefix(text))),
    ("matchDepPatterns", "matchDepNames", |text| regex(text)),
    ("matchDepPrefixes", "matchDepNames", |text| prefix(text)),
    ("excludeDepNames", "matchDepNames", |text| format!("!{text}")),
    ("excludeDepPatterns", "matchDepNames", |text| format!("!{}", regex(text))),
    ("excludeDepPrefixes", "matchDepNames", |text| format!("!{}", prefix(text))),
    ("matchSourceUrlPrefixes", "matchSourceUrls", |text| prefix(text)),
    ("excludeRepositories", "matchRepositories", |text| format!("!{text}")),
];

/// Returns the matchers that exist no more but are still understood.
pub(crate) fn old_matchers() -> impl Iterator<Item = &'static str> {
    PATTERNED.iter().map(|(old, ..)| *old).chain(RENAMED_MATCHERS.iter().map(|(old, _)| *old))
}

/// Returns the old names of options with those of today.
pub(crate) fn renamed_options() -> impl Iterator<Item = (&'static str, &'static str)> {
    RENAMED.iter().chain(REPLACED).copied()
}

/// Returns the old names of matchers with those of today.
pub(crate) fn renamed_matchers() -> impl Iterator<Item = (&'static str, &'static str)> {
    RENAMED_MATCHERS.iter().copied().chain(PATTERNED.iter().map(|(old, new, _)| (*old, *new)))
}

/// Returns the old names of a custom manager's members with those of today.
pub(crate) fn renamed_members() -> impl Iterator<Item = (&'static str, &'static str)> {
    [("lookupNameTemplate", "packageNameTemplate"), ("fileMatch", "managerFilePatterns")].into_iter()
}

/// Options whose values are written differently today, too.
const REPLACED: &[(&str, &str)] = &[
    ("automergeMajor", "major"),
    ("automergeMinor", "minor"),
    ("automergePatch", "patch"),
    ("ignoreNodeModules", "ignorePaths"),
    ("includeForks", "forkProcessing"),
    ("raiseDeprecationWarnings", "suppressNotifications"),
    ("renovateFork", "forkProcessing"),
    ("upgradeInRange", "rangeStrategy"),
    ("versionStrategy", "rangeStrategy"),
    ("fetchReleaseNotes", "fetchChangeLogs"),
    ("fileMatch", "managerFilePatterns"),
    ("pinVersions", "rangeStrategy"),
    ("rebaseConflictedPrs", "rebaseWhen"),
    ("rebaseStalePrs", "rebaseWhen"),
    ("recreateClosed", "recreateWhen"),
    ("semanticPrefix", "semanticCommitType"),
    ("stabilityDays", "minimumReleaseAge"),
];

/// Presets that have a new name.
const PRESETS: &[(&str, &str)] = &[
    ("config:base", "config:recommended"),
    (":base", "config:recommended"),
    (":app", "config:js-app"),
    (":js-app", "config:js-app"),
    (":library", "config:js-lib"),
    (":library-app", "config:js-lib"),
    (":masterIssue", ":dependencyDashboard"),
    (":masterIssueApproval", ":dependencyDashboardApproval"),
    (":automergeBranchPush", ":automergeBranch"),
    (":automergeBranchMergeCommit", ":automergeBranch"),
    (":unpublishSafe", "security:minimumReleaseAgeNpm"),
    ("npm:unpublishSafe", "security:minimumReleaseAgeNpm"),
    (":unpublishSafeDisabled", ":enableRenovate"),
    ("config:js-app-monorepo", "config:js-app"),
    ("config:best-practises", "config:best-practices"),
    ("helpers:oddIsUnstable", "helpers:disableTypesNodeMajor"),
    ("github>whitesource/merge-confidence:beta", "mergeConfidence:all-badges"),
    ("regexManagers:dockerfileVersions", "customManagers:dockerfileVersions"),
    ("regexManagers:githubActionsVersions", "customManagers:githubActionsVersions"),
    ("regexManagers:helmChartYamlAppVersions", "customManagers:helmChartYamlAppVersions"),
];

/// Groups of managers by language, whose options became a rule.
const LANGUAGES: &[(&str, &str)] = &[
    ("docker", "docker"),
    ("dotnet", "dotnet"),
    ("golang", "golang"),
    ("java", "java"),
    ("js", "js"),
    ("node", "node"),
    ("php", "php"),
    ("python", "python"),
    ("ruby", "ruby"),
    ("rust", "rust"),
];

fn regex(text: &str) -> String {
    if matches!(text, "*" | ".*" | "^.*$") { "*".to_owned() } else { format!("/{text}/") }
}

fn prefix(text: &str) -> String {
    format!("{text}{{/,}}**")
}

/// Puts everything inside `node` into today's form and returns what was changed.
pub(crate) fn migrate(node: &mut Node) -> Vec<Migration> {
    let mut migrator = Migrator { found: Vec::new() };
    migrator.object(node, Kind::Options);
    migrator.languages(node);
    migrator.found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Options,
    Rule,
    CustomManager,
    HostRule,
}

struct Migrator {
    found: Vec<Migration>,
}

impl Migrator {
    fn renamed(&mut self, place: Place, old: &str, new: &str, value: Option<&Node>) {
        let value = value.map(|value| value.to_json().to_string()).filter(|value| value.len() <= 120);
        let hint = value.map_or_else(|| format!("write `{new}`"), |value| format!("write `{new}: {value}`"));
        self.found.push(Migration { place, message: format!("`{old}` is called `{new}` today"), hint });
    }

    fn object(&mut self, node: &mut Node, kind: Kind) {
        let NodeValue::Object(properties) = &mut node.value else { return };
        let mut result: Vec<Property> = Vec::with_capacity(properties.len());
        for mut property in std::mem::take(properties) {
            self.rename(&mut property, kind);
            self.values(&mut property, kind);
            for property in self.replace(property, kind) {
                push(&mut result, property);
            }
        }
        for property in &mut result {
            let inner = match (property.name.as_str(), &mut property.value.value) {
                ("packageRules", NodeValue::Array(items)) => Some((items, Kind::Rule)),
                ("customManagers", NodeValue::Array(items)) => Some((items, Kind::CustomManager)),
                ("hostRules", NodeValue::Array(items)) => Some((items, Kind::HostRule)),
                (
                    "customDatasources" | "hostRules" | "registryAliases" | "prBodyDefinitions"
                    | "constraints",
                    _,
                ) => None,
                (_, NodeValue::Object(_)) => {
                    self.object(&mut property.value, Kind::Options);
                    None
                }
                _ => None,
            };
            if let Some((items, kind)) = inner {
                for item in items {
                    self.object(item, kind);
                }
            }
        }
        *properties = result;
    }

    /// Gives options and matchers their new names.
    fn rename(&mut self, property: &mut Property, kind: Kind) {
        let tables: &[&[(&str, &str)]] = match kind {
            Kind::Rule => &[RENAMED_MATCHERS, RENAMED],
            Kind::HostRule => &[RENAMED_OF_HOSTS],
            Kind::Options | Kind::CustomManager => &[RENAMED],
        };
        let found = tables.iter().flat_map(|table| table.iter()).find(|(old, _)| *old == property.name);
        if let Some((old, new)) = found {
            if *old == "regexManagers" {
                // Only an entry of a custom manager says of what type it is.
                if let NodeValue::Array(items) = &mut property.value.value {
                    for item in items {
                        if item.member("customType").is_none()
                            && let NodeValue::Object(members) = &mut item.value
                        {
                            members.push(Property::new("customType", Node::text(item.place, "regex")));
                        }
                    }
                }
                self.found.push(Migration {
                    place: property.name_place,
                    message: "`regexManagers` is called `customManagers` today".to_owned(),
                    hint: "write `customManagers`, and `customType: \"regex\"` in each entry".to_owned(),
                });
            } else {
                self.renamed(property.name_place, old, new, Some(&property.value));
            }
            (*new).clone_into(&mut property.name);
        }
        if kind == Kind::CustomManager && property.name == "lookupNameTemplate" {
            self.renamed(
                property.name_place,
                "lookupNameTemplate",
                "packageNameTemplate",
                Some(&property.value),
            );
            "packageNameTemplate".clone_into(&mut property.name);
        }
    }

    /// Changes values that are written differently today.
    fn values(&mut self, property: &mut Property, kind: Kind) {
        let name = property.name.as_str();
        let mut replace_texts = |node: &mut Node, table: &[(&str, &str)]| {
            let place = node.place;
            if let NodeValue::String(text) = &mut node.value
                && let Some((old, new)) = table.iter().find(|(old, _)| old == text)
            {
                self.found.push(Migration {
                    place,
                    message: format!("`{old}` is called `{new}` today"),
                    hint: format!("write {}", quote(new)),
                });
                (*new).clone_into(text);
            }
        };
        match (name, &mut property.value.value) {
            ("extends" | "ignorePresets", NodeValue::Array(items)) => {
                for item in items {
                    if let NodeValue::String(text) = &mut item.value
                        && let Some(plain) = text.strip_prefix("default:")
                    {
                        *text = format!(":{plain}");
                    }
                    replace_texts(item, PRESETS);
                }
            }
            ("extends", NodeValue::String(_)) => replace_texts(&mut property.value, PRESETS),
            ("matchManagers" | "enabledManagers", NodeValue::Array(items)) => {
                for item in items {
                    replace_texts(
                        item,
                        &[("regex", "custom.regex"), ("renovate-config-presets", "renovate-config")],
                    );
                }
            }
            ("matchDatasources", NodeValue::Array(items)) => {
                for item in items {
                    replace_texts(
                        item,
                        &[
                            ("adoptium-java", "java-version"),
                            ("dotnet", "dotnet-version"),
                            ("node", "node-version"),
                        ],
                    );
                }
            }
            ("automergeType", _) => {
                replace_texts(
                    &mut property.value,
                    &[("branch-push", "branch"), ("branch-merge-commit", "branch")],
                );
            }
            ("matchStrings", NodeValue::Array(items)) if kind == Kind::CustomManager => {
                for item in items {
                    let place = item.place;
                    if let NodeValue::String(text) = &mut item.value
                        && text.contains("(?<lookupName>")
                    {
                        *text = text.replace("(?<lookupName>", "(?<packageName>");
                        self.found.push(Migration {
                            place,
                            message: "the group `lookupName` is called `packageName` today".to_owned(),
                            hint: "write `(?<packageName>..)`".to_owned(),
                        });
                    }
                }
            }
            ("semanticCommits" | "platformCommit", NodeValue::Bool(flag)) => {
                let word = if *flag { "enabled" } else { "disabled" };
                let (place, name) = (property.value.place, property.name.clone());
                property.value.value = NodeValue::String(word.to_owned());
                self.found.push(Migration {
                    place,
                    message: format!("`{name}` is a word today"),
                    hint: format!("write `{name}: {}`", quote(word)),
                });
            }
            _ => {}
        }
    }

    /// Returns the options that take the place of `property`; usually itself.
    fn replace(&mut self, property: Property, kind: Kind) -> Vec<Property> {
        if kind == Kind::Rule
            && let Some((_, new, surround)) = PATTERNED.iter().find(|(old, ..)| *old == property.name)
        {
            return vec![self.surrounded(&property, new, *surround)];
        }
        match (property.name.as_str(), &property.value.value) {
            ("fileMatch", NodeValue::Array(_) | NodeValue::String(_)) => {
                vec![self.surrounded(&property, "managerFilePatterns", |text| format!("/{text}/"))]
            }
            ("stabilityDays", NodeValue::Number(days)) => {
                let age = Some(format!("{days} days")).filter(|_| days.as_i64() != Some(0));
                vec![self.becomes(
                    &property,
                    "minimumReleaseAge",
                    age.map_or(NodeValue::Null, NodeValue::String),
                )]
            }
            ("recreateClosed", NodeValue::Bool(flag)) => {
                vec![self.becomes(&property, "recreateWhen", if *flag { "always" } else { "auto" })]
            }
            ("rebaseStalePrs", NodeValue::Bool(flag)) => {
                let word = if *flag { "behind-base-branch" } else { "conflicted" };
                vec![self.becomes(&property, "rebaseWhen", word)]
            }
            ("rebaseConflictedPrs", NodeValue::Bool(false)) => {
                vec![self.becomes(&property, "rebaseWhen", "never")]
            }
            ("rebaseConflictedPrs", NodeValue::Bool(true)) => Vec::new(),
            ("pinVersions", NodeValue::Bool(flag)) => {
                vec![self.becomes(&property, "rangeStrategy", if *flag { "pin" } else { "replace" })]
            }
            ("fetchReleaseNotes", NodeValue::Bool(flag)) => {
                vec![self.becomes(&property, "fetchChangeLogs", if *flag { "pr" } else { "off" })]
            }
            ("requiredStatusChecks", NodeValue::Null) => vec![self.becomes(&property, "ignoreTests", true)],
            ("automergeMajor" | "automergeMinor" | "automergePatch", NodeValue::Bool(flag)) => {
                let block = property.name.trim_start_matches("automerge").to_lowercase();
                let automerge = property.replaced_by("automerge", *flag);
                vec![self.becomes(&property, &block, vec![automerge])]
            }
            ("semanticPrefix", NodeValue::String(prefix)) => {
                let prefix = prefix.trim_end_matches(':');
                let (kind, scope) = prefix.split_once('(').unwrap_or((prefix, ""));
                let scope = Some(scope.trim_end_matches(')')).filter(|scope| !scope.is_empty());
                self.found.push(Migration {
                    place: property.name_place,
                    message: "`semanticPrefix` is two options today".to_owned(),
                    hint: "write `semanticCommitType` and `semanticCommitScope`".to_owned(),
                });
                let scope = scope.map_or(NodeValue::Null, NodeValue::from);
                vec![
                    property.replaced_by("semanticCommitType", kind),
                    property.replaced_by("semanticCommitScope", scope),
                ]
            }
            _ => self.long_ago(property, kind),
        }
    }

    /// Like [`Migrator::replace`], for what was old years ago.
    fn long_ago(&mut self, property: Property, kind: Kind) -> Vec<Property> {
        let today = match (property.name.as_str(), &property.value.value) {
            ("packageName", NodeValue::String(_)) if kind == Kind::Rule => {
                self.becomes(&property, "matchPackageNames", vec![property.value.clone()])
            }
            ("automerge", NodeValue::String(word)) => {
                return self.automerge_word(&property, word).unwrap_or(vec![property]);
            }
            ("ignoreNodeModules", NodeValue::Bool(flag)) => {
                let path = flag.then(|| Node::text(property.value.place, "node_modules/"));
                self.becomes(&property, "ignorePaths", Vec::from_iter(path))
            }
            ("includeForks" | "renovateFork", NodeValue::Bool(flag)) => {
                self.becomes(&property, "forkProcessing", if *flag { "enabled" } else { "disabled" })
            }
            ("raiseDeprecationWarnings", NodeValue::Bool(flag)) => {
                let silent = (!flag).then(|| Node::text(property.value.place, "deprecationWarningIssues"));
                self.becomes(&property, "suppressNotifications", Vec::from_iter(silent))
            }
            ("upgradeInRange", NodeValue::Bool(true)) => self.becomes(&property, "rangeStrategy", "bump"),
            ("versionStrategy", NodeValue::String(word)) => {
                self.becomes(&property, "rangeStrategy", word.as_str())
            }
            _ => property,
        };
        vec![today]
    }

    /// Returns what stands for `automerge: "minor"` and the like today.
    fn automerge_word(&mut self, property: &Property, word: &str) -> Option<Vec<Property>> {
        let automerge = |flag: bool| property.replaced_by("automerge", flag);
        let block = |name: &str| property.replaced_by(name, vec![automerge(false)]);
        let properties = match word {
            "any" => vec![automerge(true)],
            "none" => vec![automerge(false)],
            "minor" => vec![automerge(true), block("major")],
            "patch" => vec![automerge(true), block("major"), block("minor")],
            _ => return None,
        };
        self.found.push(Migration {
            place: property.name_place,
            message: format!("`automerge: {}` is written differently today", quote(word)),
            hint: "write `automerge: true`, and `automerge: false` in the blocks `major` and `minor` that are to wait"
                .to_owned(),
        });
        Some(properties)
    }

    /// Returns the option that takes the place of `old`, and says so.
    fn becomes(&mut self, old: &Property, name: &str, value: impl Into<NodeValue>) -> Property {
        let new = old.replaced_by(name, value);
        self.renamed(old.name_place, &old.name, name, Some(&new.value));
        new
    }

    /// Returns the list of patterns that takes the place of a list of texts, or of one, and says so.
    fn surrounded(&mut self, old: &Property, name: &str, surround: Surround) -> Property {
        let mut texts = match &old.value.value {
            NodeValue::String(_) => NodeValue::Array(vec![old.value.clone()]),
            other => other.clone(),
        };
        if let NodeValue::Array(items) = &mut texts {
            for item in items {
                if let NodeValue::String(text) = &mut item.value {
                    *text = surround(text);
                }
            }
        }
        self.becomes(old, name, texts)
    }

    /// Turns `docker: { .. }` and the like into rules.
    fn languages(&mut self, node: &mut Node) {
        let NodeValue::Object(properties) = &mut node.value else { return };
        let mut rules = Vec::new();
        properties.retain(|property| {
            let language = LANGUAGES.iter().find(|(name, _)| *name == property.name);
            let (Some((name, category)), NodeValue::Object(members)) = (language, &property.value.value)
            else {
                return true;
            };
            let place = property.name_place;
            let matcher = Node::new(place, NodeValue::Array(vec![Node::text(place, *category)]));
            let mut rule = vec![Property::new("matchCategories", matcher)];
            rule.extend(members.iter().cloned());
            rules.push(Node::new(property.value.place, NodeValue::Object(rule)));
            self.found.push(Migration {
                place,
                message: format!("options for the language `{name}` are a rule today"),
                hint: format!("write an entry of `packageRules` with `matchCategories: [\"{category}\"]`"),
            });
            false
        });
        if let Some(first) = rules.first() {
            let value = Node::new(first.place, NodeValue::Array(rules));
            push(properties, Property::new("packageRules", value));
        }
    }
}

/// Adds `property`; lists of the same name are put together, otherwise the later one wins.
fn push(properties: &mut Vec<Property>, property: Property) {
    let Some(earlier) = properties.iter_mut().find(|earlier| earlier.name == property.name) else {
        properties.push(property);
        return;
    };
    match (&mut earlier.value.value, property.value.value) {
        (NodeValue::Array(items), NodeValue::Array(more)) => items.extend(more),
        (NodeValue::Object(members), NodeValue::Object(more)) => {
            for member in more {
                push(members, member);
            }
        }
        (value, later) => *value = later,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::json::{SourceId, parse};
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Value, notes: usize) {
        let mut node = parse(text, SourceId(0)).unwrap();
        let found = migrate(&mut node);
        assert_eq!(node.to_json(), *expected, "{text}");
        assert_eq!(found.len(), notes, "{text}: {found:?}");
    }

    #[test]
    fn renames_options() {
        check(
            "{regexManagers: [{fileMatch: ['a$'], lookupNameTemplate: 'x', matchStrings: ['(?<lookupName>a)']}]}",
            &json!({"customManagers": [{"managerFilePatterns": ["/a$/"], "packageNameTemplate": "x", "matchStrings": ["(?<packageName>a)"], "customType": "regex"}]}),
            4,
        );
        check(
            "{flux: {fileMatch: ['a', 'b']}, kubernetes: {fileMatch: 'c'}}",
            &json!({"flux": {"managerFilePatterns": ["/a/", "/b/"]}, "kubernetes": {"managerFilePatterns": ["/c/"]}}),
            2,
        );
        check(
            "{flux: {fileMatch: ['a'], managerFilePatterns: ['b']}}",
            &json!({"flux": {"managerFilePatterns": ["/a/", "b"]}}),
            1,
        );
        check(
            "{baseBranches: ['a'], masterIssue: true}",
            &json!({"baseBranchPatterns": ["a"], "dependencyDashboard": true}),
            2,
        );
        check(
            "{stabilityDays: 3, patch: {stabilityDays: 0}}",
            &json!({"minimumReleaseAge": "3 days", "patch": {"minimumReleaseAge": null}}),
            2,
        );
    }

    #[test]
    fn turns_old_matchers_into_patterns() {
        check(
            "{packageRules: [{matchPackagePatterns: ['^a', '*'], excludePackageNames: ['b'], matchPackagePrefixes: ['c/']}]}",
            &json!({"packageRules": [{"matchPackageNames": ["/^a/", "*", "!b", "c/{/,}**"]}]}),
            3,
        );
        check(
            "{packageRules: [{matchPaths: ['x/**'], packageNames: ['a'], excludeDepPatterns: ['z']}]}",
            &json!({"packageRules": [{"matchFileNames": ["x/**"], "matchPackageNames": ["a"], "matchDepNames": ["!/z/"]}]}),
            3,
        );
        check(
            "{packageRules: [{matchManagers: ['regex']}], enabledManagers: ['regex', 'flux']}",
            &json!({"packageRules": [{"matchManagers": ["custom.regex"]}], "enabledManagers": ["custom.regex", "flux"]}),
            2,
        );
        check("{matchPackagePatterns: ['a']}", &json!({"matchPackagePatterns": ["a"]}), 0);
    }

    #[test]
    fn changes_values() {
        check(
            "{extends: ['config:base', 'default:automergeDigest', ':x'], semanticCommits: true}",
            &json!({"extends": ["config:recommended", ":automergeDigest", ":x"], "semanticCommits": "enabled"}),
            2,
        );
        check(
            "{automergeMajor: true, rebaseStalePrs: true, recreateClosed: false}",
            &json!({"major": {"automerge": true}, "rebaseWhen": "behind-base-branch", "recreateWhen": "auto"}),
            3,
        );
        check("{requiredStatusChecks: null}", &json!({"ignoreTests": true}), 1);
        check(
            "{semanticPrefix: 'fix(deps):'}",
            &json!({"semanticCommitType": "fix", "semanticCommitScope": "deps"}),
            1,
        );
        check(
            "{docker: {pinDigests: true}, packageRules: [{enabled: false}]}",
            &json!({"packageRules": [{"enabled": false}, {"matchCategories": ["docker"], "pinDigests": true}]}),
            1,
        );
    }

    #[test]
    fn knows_what_was_old_long_ago() {
        check(
            "{packages: [{packageName: 'a', automerge: 'minor'}], pathRules: [{paths: ['x'], packagePattern: '^b'}]}",
            &json!({"packageRules": [
                {"matchPackageNames": ["a"], "automerge": true, "major": {"automerge": false}},
                {"matchFileNames": ["x"], "matchPackageNames": ["/^b/"]},
            ]}),
            7,
        );
        check(
            "{hostRules: [{hostName: 'a.example', platform: 'docker', enabled: false}]}",
            &json!({"hostRules": [{"matchHost": "a.example", "hostType": "docker", "enabled": false}]}),
            2,
        );
        check(
            "{ignoreNodeModules: true, includeForks: true, raiseDeprecationWarnings: false, upgradeInRange: true}",
            &json!({
                "ignorePaths": ["node_modules/"],
                "forkProcessing": "enabled",
                "suppressNotifications": ["deprecationWarningIssues"],
                "rangeStrategy": "bump",
            }),
            4,
        );
        check(
            "{packageRules: [{matchDatasources: ['adoptium-java', 'docker']}]}",
            &json!({"packageRules": [{"matchDatasources": ["java-version", "docker"]}]}),
            1,
        );
    }

    #[test]
    fn leaves_what_is_new_alone() {
        check(
            "{extends: ['config:recommended'], packageRules: [{matchPackageNames: ['/a/']}]}",
            &json!({"extends": ["config:recommended"], "packageRules": [{"matchPackageNames": ["/a/"]}]}),
            0,
        );
    }
}
