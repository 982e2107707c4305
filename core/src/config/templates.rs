//! Which options are templates, which fields those may use, and what is wrong with one.

use super::json::{Node, NodeValue};
use super::names::closest;
use super::reader::Reader;
use crate::template;

/// Options whose texts are filled in.
const TEMPLATES: &[&str] = &[
    "additionalBranchPrefix",
    "addLabels",
    "allowedVersions",
    "assignees",
    "automergeComment",
    "branchName",
    "branchPrefix",
    "branchTopic",
    "changelogUrl",
    "commitBody",
    "commitMessage",
    "commitMessageAction",
    "commitMessageExtra",
    "commitMessagePrefix",
    "commitMessageSuffix",
    "commitMessageTopic",
    "commitTrailers",
    "dependencyDashboardFooter",
    "dependencyDashboardHeader",
    "groupName",
    "groupSlug",
    "labels",
    "overrideDatasource",
    "overrideDepName",
    "overridePackageName",
    "prBodyDefinitions",
    "prBodyNotes",
    "prFooter",
    "prHeader",
    "prTitle",
    "replacementNameTemplate",
    "replacementVersionTemplate",
    "reviewers",
    "semanticCommitScope",
    "semanticCommitType",
    "sourceDirectory",
    "sourceUrl",
    "userStrings",
];

/// The fields of templates, as Renovate names them.
const FIELDS: &[&str] = &[
    "additionalBranchPrefix",
    "addLabels",
    "assignees",
    "autodiscover",
    "automerge",
    "automergeType",
    "baseBranch",
    "baseDir",
    "body",
    "branchName",
    "branchPrefix",
    "branchTopic",
    "cacheDir",
    "changelogUrl",
    "commitMessage",
    "commitMessageAction",
    "commitMessageExtra",
    "commitMessagePrefix",
    "commitMessageSuffix",
    "commitMessageTopic",
    "compatibility",
    "constraints",
    "currentDigest",
    "currentDigestShort",
    "currentMajor",
    "currentMinor",
    "currentPatch",
    "currentValue",
    "currentVersion",
    "currentVersionAgeInDays",
    "currentVersionTimestamp",
    "currentVersionTimestampUnix",
    "datasource",
    "dependencyUrl",
    "depIndex",
    "depName",
    "depNameLinked",
    "depNameSanitized",
    "depType",
    "depTypes",
    "displayFrom",
    "displayPending",
    "displayTo",
    "endpoint",
    "env",
    "extractVersion",
    "fromVersion",
    "gitAuthor",
    "groupName",
    "groupSlug",
    "hasReleaseNotes",
    "homepage",
    "indentation",
    "isBreaking",
    "isDigest",
    "isGroup",
    "isLockfileUpdate",
    "isMajor",
    "isMinor",
    "isPatch",
    "isPin",
    "isPinDigest",
    "isRange",
    "isReplacement",
    "isRollback",
    "isSingleVersion",
    "isVulnerabilityAlert",
    "labels",
    "lockedVersion",
    "logJSON",
    "lookupName",
    "manager",
    "monorepo",
    "newDigest",
    "newDigestShort",
    "newMajor",
    "newMinor",
    "newName",
    "newNameLinked",
    "newNameSanitized",
    "newPatch",
    "newValue",
    "newVersion",
    "newVersionAgeInDays",
    "packageFile",
    "packageFileDir",
    "packageName",
    "packageScope",
    "parentDir",
    "parentOrg",
    "platform",
    "prettyDepType",
    "prettyNewMajor",
    "prettyNewVersion",
    "prTitle",
    "project",
    "recreateClosed",
    "references",
    "registryUrl",
    "registryUrls",
    "releaseNotes",
    "releases",
    "releaseTimestamp",
    "repoIsOnboarded",
    "repository",
    "schedule",
    "secrets",
    "semanticCommitScope",
    "semanticCommitType",
    "semanticPrefix",
    "separateMajorMinor",
    "separateMinorPatch",
    "separateMultipleMajor",
    "separateMultipleMinor",
    "sourceDirectory",
    "sourceRepo",
    "sourceRepoName",
    "sourceRepoOrg",
    "sourceRepoSlug",
    "sourceUrl",
    "sourceUrlIfAvailable",
    "timezone",
    "topLevelOrg",
    "toVersion",
    "updateType",
    "upgrades",
    "url",
    "username",
    "variables",
    "version",
    "versioning",
    "versions",
    "vulnerabilitySeverity",
    "header",
    "table",
    "warnings",
    "notes",
    "changelogs",
    "configDescription",
    "controls",
    "footer",
];

/// Looks at the templates of an option, if it is one that holds templates.
pub(crate) fn check_option(name: &str, node: &Node, reader: &mut Reader<'_>) {
    if TEMPLATES.contains(&name) {
        check_all(name, node, &|field| FIELDS.contains(&field), reader);
    }
}

/// Looks at one template of a custom manager, where further fields are the `groups` of its patterns.
pub(crate) fn check_custom(name: &str, node: &Node, groups: &[&str], reader: &mut Reader<'_>) {
    check_all(name, node, &|field| FIELDS.contains(&field) || groups.contains(&field), reader);
}

fn check_all(name: &str, node: &Node, is_field: &dyn Fn(&str) -> bool, reader: &mut Reader<'_>) {
    match &node.value {
        NodeValue::String(text) => check(name, text, node, is_field, reader),
        NodeValue::Array(items) => items.iter().for_each(|item| check_all(name, item, is_field, reader)),
        NodeValue::Object(members) => {
            for member in members {
                check_all(name, &member.value, is_field, reader);
            }
        }
        _ => {}
    }
}

fn check(name: &str, text: &str, node: &Node, is_field: &dyn Fn(&str) -> bool, reader: &mut Reader<'_>) {
    let fields = match template::fields(text) {
        Ok(fields) => fields,
        Err(error) => {
            reader.error(
                node.place,
                format!("`{name}`: {error}"),
                "templates are Handlebars: `{{{depName}}}`, `{{#if isMajor}}..{{/if}}`",
            );
            return;
        }
    };
    for field in fields.iter().filter(|field| !is_field(field)) {
        let hint = closest(field, FIELDS.iter().copied()).map_or_else(
            || "look the field up in the list of fields, or remove it".to_owned(),
            |close| format!("did you mean `{close}`?"),
        );
        reader.warning(
            node.place,
            format!("`{name}`: there is no field `{field}`, so it is always empty"),
            hint,
        );
    }
}
