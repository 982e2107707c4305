//! Options that are known and change nothing here, or nothing as they are set, and why: said once for each, where it stands.

use std::collections::BTreeMap;

use super::json::{Node, NodeValue, Place};
use super::reader::{Reader, Source, locate};
use crate::problem::{Problem, Severity};

/// Options whose loss an owner would miss, so that it is a warning and not only a note.
const MISSED: &[&str] =
    &["lockFileMaintenance", "matchConfidence", "postUpgradeTasks", "vulnerabilityAlerts"];

/// Why an option changes nothing; the others are about package managers and forges that updraft does not work with.
const REASONS: &[(&str, &str)] = &[
    ("abandonmentThreshold", "nobody is told of packages that are not released any more"),
    ("autoApprove", "pull requests are approved by people"),
    (
        "branchAutomergeFailureComment",
        "a branch that cannot be merged gets a pull request, without a comment",
    ),
    ("bumpVersion", "the repository's own versions are not changed"),
    ("bumpVersions", "the repository's own versions are not changed"),
    ("changelogs", "release notes come from the source repository"),
    ("cloneSubmodules", "repositories are read without a clone"),
    (
        "configMigration",
        "no pull request is made for old spellings; `updraft config migrate` writes the new ones",
    ),
    ("constraints", "no foreign tool is run that it would be for"),
    ("constraintsFiltering", "releases are not filtered by what they need"),
    ("customizeDashboard", "the headings of the dashboard are fixed"),
    ("dependencyDashboardOSVVulnerabilitySummary", "OSV knows nothing of images, charts and actions"),
    ("dependencyDashboardReportAbandonment", "nobody is told of packages that are not released any more"),
    ("encrypted", "give credentials to the bot's process: `UPDRAFT_HOST_RULES`"),
    ("env", "no foreign tool is run that it would be for"),
    ("ignorePrAuthor", "pull requests are told from those of others by their branches"),
    (
        "lockFileMaintenance",
        "lock files are made anew by the tools they belong to, which updraft does not run",
    ),
    ("matchConfidence", "merge confidence is a paid service that is not asked, so the rule never matches"),
    ("milestone", "pull requests are not put into milestones"),
    ("minimumConfidence", "merge confidence is a paid service that is not asked"),
    ("osvVulnerabilityAlerts", "OSV knows nothing of images, charts and actions"),
    ("platformCommit", "commits are always made through the forge's API"),
    ("postUpdateOptions", "no foreign tool is run that it would be for"),
    ("postUpgradeTasks", "no commands are run"),
    ("replacementApproach", "there are aliases in npm only; here the name is always replaced"),
    ("requiredStatusChecks", "use `ignoreTests: true` to merge without checks"),
    ("secrets", "give credentials to the bot's process: `UPDRAFT_HOST_RULES`"),
    ("skipArtifactsUpdate", "lock files are not made anew by foreign tools"),
    ("transitiveRemediation", "alerts are not looked up"),
    ("unicodeEmoji", "emoji are written as they are"),
    ("vulnerabilityAlerts", "alerts are not looked up, and there are none for images and charts"),
];
const OTHERWISE: &str = "it is about package managers or forges that updraft does not work with";

/// Says of an option that is read and changes nothing as it is set here that it does not.
pub(crate) fn check_option(name: &str, node: &Node, reader: &mut Reader<'_>, place: Place) {
    let is_set = |flag: bool| matches!(node.value, NodeValue::Bool(set) if set == flag);
    let member = |name: &str, flag: bool| {
        node.member(name).is_some_and(|node| matches!(node.value, NodeValue::Bool(set) if set == flag))
    };
    let is_wanted = match name {
        "lockFileMaintenance" => member("enabled", true),
        "vulnerabilityAlerts" => !member("enabled", false),
        "osvVulnerabilityAlerts" | "configMigration" => is_set(true),
        "platformCommit" => node.as_str().is_some_and(|word| word != "auto"),
        "milestone" => true,
        _ => false,
    };
    if is_wanted {
        reader.without_effect(name, place);
    }
}

/// Options that managers and datasources have of their own, so that what stands at the top is heard by few dependencies, as in Renovate.
const GIVING_WAY: [&str; 2] = ["commitMessageTopic", "commitMessageExtra"];

/// Says of what the owner wrote at the top of their own file that it gives way to what managers and datasources have of their own.
pub(crate) fn check_top(origins: &BTreeMap<String, Vec<Place>>, sources: &[Source]) -> Vec<Problem> {
    let is_own =
        |place: &Place| sources.get(usize::from(place.source.0)).is_some_and(|source| source.file.is_some());
    let found = GIVING_WAY.iter().filter_map(|name| {
        let place = origins.get(*name)?.iter().rfind(|place| is_own(place))?;
        let message =
            format!("`{name}` at the top is not heard for images and charts, which have words of their own");
        let hint = "put it into an entry of `packageRules`, where it holds for everything";
        Some(locate(sources, Problem::note(message).hint(hint), *place))
    });
    found.collect()
}

/// Returns what to say of an option that changes nothing, and how loudly.
pub(crate) fn words(name: &str) -> (Severity, String) {
    let reason = REASONS.iter().find(|(known, _)| *known == name).map_or(OTHERWISE, |(_, reason)| reason);
    let severity = if MISSED.contains(&name) { Severity::Warning } else { Severity::Note };
    (severity, format!("`{name}` has no effect in updraft: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::super::options::OPTIONS;
    use super::*;

    #[test]
    fn every_reason_is_about_an_option() {
        for (name, _) in REASONS {
            let is_known = names::without_effect().any(|known| known == *name)
                || OPTIONS.iter().any(|option| option.name == *name);
            assert!(is_known, "{name}");
        }
    }
}
