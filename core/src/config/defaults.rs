//! What Renovate does when nobody says anything: for all, for each manager, for each datasource.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::json::{self, SourceId};
use super::options::Options;
use super::reader::Reader;

/// The options that hold for everything.
const GLOBAL: &str = r#"{
  enabled: true,
  ignorePaths: [],
  separateMajorMinor: true,
  separateMinorPatch: false,
  separateMultipleMajor: false,
  separateMultipleMinor: false,
  maxMajorIncrement: 500,
  minimumGroupSize: 1,
  groupSingleUpdates: false,
  ignoreUnstable: true,
  respectLatest: true,
  rollbackPrs: false,
  rangeStrategy: "auto",
  minimumReleaseAgeBehaviour: "timestamp-required",
  internalChecksFilter: "strict",
  internalChecksAsSuccess: false,
  fetchChangeLogs: "pr",
  automerge: false,
  automergeType: "pr",
  automergeStrategy: "auto",
  automergeComment: "automergeComment",
  platformAutomerge: true,
  ignoreTests: false,
  pruneBranchAfterAutomerge: true,
  updateNotScheduled: true,
  semanticCommits: "auto",
  semanticCommitType: "chore",
  semanticCommitScope: "deps",
  commitMessage: "{{{commitMessagePrefix}}} {{{commitMessageAction}}} {{{commitMessageTopic}}} {{{commitMessageExtra}}} {{{commitMessageSuffix}}}",
  commitMessageAction: "Update",
  commitMessageTopic: "dependency {{depName}}",
  commitMessageExtra: "to {{#if isPinDigest}}{{{newDigestShort}}}{{else}}{{#if isMajor}}{{prettyNewMajor}}{{else}}{{#if isSingleVersion}}{{prettyNewVersion}}{{else}}{{#if newValue}}{{{newValue}}}{{else}}{{{newDigestShort}}}{{/if}}{{/if}}{{/if}}{{/if}}",
  commitMessageLowerCase: "auto",
  commitBodyTable: false,
  platformCommit: "auto",
  branchPrefix: "renovate/",
  additionalBranchPrefix: "",
  branchName: "{{{branchPrefix}}}{{{additionalBranchPrefix}}}{{{branchTopic}}}",
  branchTopic: "{{{depNameSanitized}}}-{{{newMajor}}}{{#if separateMinorPatch}}{{#if isPatch}}.{{{newMinor}}}{{/if}}{{/if}}{{#if separateMultipleMinor}}{{#if isMinor}}.{{{newMinor}}}{{/if}}{{/if}}.x",
  branchNameStrict: false,
  prBodyTemplate: "{{{header}}}{{{table}}}{{{warnings}}}{{{notes}}}{{{changelogs}}}{{{configDescription}}}{{{controls}}}{{{footer}}}",
  prBodyColumns: ["Package", "Type", "Update", "Change", "Pending"],
  prPriority: 0,
  prCreation: "immediate",
  prNotPendingHours: 25,
  draftPR: false,
  labels: [],
  assignees: [],
  reviewers: [],
  rebaseLabel: "rebase",
  stopUpdatingLabel: "stop-updating",
  rebaseWhen: "auto",
  recreateWhen: "auto",
  pruneStaleBranches: true,
  prHourlyLimit: 2,
  prConcurrentLimit: 10,
  commitHourlyLimit: 0,
  dependencyDashboard: false,
  dependencyDashboardTitle: "Dependency Dashboard",
  dependencyDashboardApproval: false,
  dependencyDashboardAutoclose: false,
  group: {
    branchTopic: "{{{groupSlug}}}",
    commitMessageTopic: "{{{groupName}}}",
  },
  digest: {
    branchTopic: "{{{depNameSanitized}}}-digest",
    commitMessageExtra: "to {{newDigestShort}}",
    commitMessageTopic: "{{{depName}}} digest",
  },
  pin: {
    rebaseWhen: "behind-base-branch",
    groupName: "Pin Dependencies",
    groupSlug: "pin-dependencies",
    commitMessageAction: "Pin",
    group: { commitMessageTopic: "dependencies", commitMessageExtra: "" },
  },
  pinDigest: {
    groupName: "Pin Dependencies",
    groupSlug: "pin-dependencies",
    commitMessageAction: "Pin",
    group: { commitMessageTopic: "dependencies", commitMessageExtra: "" },
  },
  rollback: {
    branchTopic: "{{{depNameSanitized}}}-rollback",
    commitMessageAction: "Roll back",
    semanticCommitType: "fix",
  },
  replacement: {
    branchTopic: "{{{depNameSanitized}}}-replacement",
    commitMessageAction: "Replace",
    commitMessageExtra: "with {{newName}} {{#if isMajor}}{{{prettyNewMajor}}}{{else}}{{#if isSingleVersion}}{{{prettyNewVersion}}}{{else}}{{{newValue}}}{{/if}}{{/if}}",
  },
  lockFileMaintenance: {
    enabled: false,
    recreateWhen: "always",
    rebaseWhen: "behind-base-branch",
    branchTopic: "lock-file-maintenance",
    commitMessageAction: "Lock file maintenance",
    commitMessageTopic: null,
    commitMessageExtra: null,
    schedule: ["before 4am on monday"],
    groupName: null,
  },
  vulnerabilityAlerts: {
    groupName: null,
    schedule: [],
    dependencyDashboardApproval: false,
    minimumReleaseAge: null,
    rangeStrategy: "auto",
    commitMessageSuffix: "[SECURITY]",
    branchTopic: "{{{datasource}}}-{{{depNameSanitized}}}-vulnerability",
    prCreation: "immediate",
  },
}"#;

/// The options of each manager.
const MANAGERS: &str = r#"{
  "github-actions": {
    commitMessageTopic: "{{{depName}}} {{#if (equals datasource 'docker')}}Docker tag{{else}}action{{/if}}",
  },
  "helm-values": { commitMessageTopic: "helm values {{depName}}", pinDigests: false },
  "custom.regex": { pinDigests: false },
  "custom.jsonata": { pinDigests: false },
  "pre-commit": { enabled: false, commitMessageTopic: "pre-commit hook {{depName}}" },
  "git-submodules": { enabled: false },
  "nix": { enabled: false, commitMessageTopic: "nixpkgs", commitMessageExtra: "to {{newValue}}" },
  "homeassistant-manifest": {},
  "ansible-galaxy": {},
  "terraform": { commitMessageTopic: "Terraform {{depName}}" },
  "terraform-version": { commitMessageTopic: "Terraform" },
  "terragrunt": { commitMessageTopic: "Terragrunt dependency {{depName}}" },
  "terragrunt-version": { commitMessageTopic: "Terragrunt" },
  "tflint-plugin": { commitMessageTopic: "TFLint plugin {{depName}}" },
  "helm-requirements": { commitMessageTopic: "helm chart {{depName}}" },
  "helmv3": { commitMessageTopic: "helm chart {{depName}}" },
  "helmfile": { commitMessageTopic: "helm chart {{depName}}" },
  "argocd": {},
}"#;

/// The options of each datasource.
const DATASOURCES: &str = r#"{
  docker: {
    commitMessageTopic: "{{{depName}}} Docker tag",
    commitMessageExtra: "to {{#if isPinDigest}}{{{newDigestShort}}}{{else}}{{#if isMajor}}{{prettyNewMajor}}{{else}}{{#if isSingleVersion}}{{prettyNewVersion}}{{else}}{{#if newValue}}{{{newValue}}}{{else}}{{{newDigestShort}}}{{/if}}{{/if}}{{/if}}{{/if}}",
    digest: {
      branchTopic: "{{{depNameSanitized}}}-{{{currentValue}}}",
      commitMessageExtra: "to {{newDigestShort}}",
      commitMessageTopic: "{{{depName}}}{{#if currentValue}}:{{{currentValue}}}{{/if}} Docker digest",
      group: { commitMessageTopic: "{{{groupName}}}", commitMessageExtra: "" },
    },
    pin: {
      commitMessageExtra: "",
      groupName: "Docker digests",
      group: { commitMessageTopic: "{{{groupName}}}", branchTopic: "digests-pin" },
    },
  },
  helm: {
    commitMessageTopic: "Helm release {{depName}}",
    group: { commitMessageTopic: "{{{groupName}}} Helm releases" },
  },
}"#;

/// What holds before the owner says anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) global: Options,
    pub(crate) managers: BTreeMap<String, Options>,
    pub(crate) datasources: BTreeMap<String, Options>,
}

impl Defaults {
    /// Reads the tables above; a test holds them free of mistakes.
    pub(crate) fn read() -> &'static Self {
        static READ: LazyLock<Defaults> = LazyLock::new(|| Defaults {
            global: read_options(GLOBAL),
            managers: read_table(MANAGERS),
            datasources: read_table(DATASOURCES),
        });
        &READ
    }
}

fn read_options(text: &str) -> Options {
    let Ok(node) = json::parse(text, SourceId(0)) else { return Options::default() };
    Options::read_object(&node, &mut Reader::of_own_tables(), |_| false)
}

fn read_table(text: &str) -> BTreeMap<String, Options> {
    let Ok(node) = json::parse(text, SourceId(0)) else { return BTreeMap::new() };
    let mut reader = Reader::of_own_tables();
    let members = node.properties().iter();
    members
        .map(|member| (member.name.clone(), Options::read_object(&member.value, &mut reader, |_| false)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_no_mistake() {
        for text in [GLOBAL, MANAGERS, DATASOURCES] {
            let node = json::parse(text, SourceId(0)).unwrap();
            let mut reader = Reader::new(&[]);
            if text == GLOBAL {
                Options::read_object(&node, &mut reader, |_| false);
            } else {
                for member in node.properties() {
                    Options::read_object(&member.value, &mut reader, |_| false);
                }
            }
            assert_eq!(reader.problems, []);
        }
    }
}
