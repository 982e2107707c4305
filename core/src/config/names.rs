//! Names Renovate knows and updraft does not act on, so that a typo can be told from an option without effect.

use super::json::Property;
use super::options::OPTIONS;
use super::reader::Reader;
use super::rule::Subject;

/// Renovate's managers; a member of this name holds options for that manager.
const MANAGERS: &[&str] = &[
    "ansible",
    "ansible-galaxy",
    "ant",
    "argocd",
    "asdf",
    "azure-pipelines",
    "batect",
    "batect-wrapper",
    "bazel",
    "bazel-module",
    "bazelisk",
    "bicep",
    "bitbucket-pipelines",
    "bitrise",
    "buildkite",
    "buildpacks",
    "bun",
    "bun-version",
    "bundler",
    "cake",
    "cargo",
    "cdnurl",
    "circleci",
    "cloudbuild",
    "cocoapods",
    "composer",
    "conan",
    "copier",
    "cpanfile",
    "crossplane",
    "crow",
    "custom",
    "deno",
    "deps-edn",
    "devbox",
    "devcontainer",
    "docker-compose",
    "dockerfile",
    "droneci",
    "fleet",
    "flux",
    "flux-operator",
    "fvm",
    "git-submodules",
    "github-actions",
    "gitlabci",
    "gitlabci-include",
    "glasskube",
    "gleam",
    "gomod",
    "gradle",
    "gradle-wrapper",
    "grafana",
    "haskell-cabal",
    "helm-requirements",
    "helm-values",
    "helmfile",
    "helmsman",
    "helmv3",
    "hermit",
    "homeassistant-manifest",
    "homebrew",
    "html",
    "jenkins",
    "jsonnet-bundler",
    "kotlin-script",
    "kubernetes",
    "kustomize",
    "leiningen",
    "maven",
    "maven-wrapper",
    "meteor",
    "mint",
    "mise",
    "mix",
    "nix",
    "nodenv",
    "npm",
    "nuget",
    "nvm",
    "ocb",
    "osgi",
    "pep621",
    "pep723",
    "pip-compile",
    "pip_requirements",
    "pip_setup",
    "pipenv",
    "pixi",
    "poetry",
    "pre-commit",
    "pub",
    "puppet",
    "pyenv",
    "quadlet",
    "renovate-config",
    "renovate-config-presets",
    "ruby-version",
    "runtime-version",
    "rust-toolchain",
    "sbt",
    "scalafmt",
    "setup-cfg",
    "sveltos",
    "swift",
    "talos",
    "tekton",
    "terraform",
    "terraform-version",
    "terragrunt",
    "terragrunt-version",
    "tflint-plugin",
    "travis",
    "typst",
    "unity3d",
    "velaci",
    "vendir",
    "woodpecker",
    "xcodegen",
];

/// Options of Renovate that a repository may hold but that change nothing in updraft.
const WITHOUT_EFFECT: &[&str] = &[
    "abandonmentThreshold",
    "allowPlugins",
    "allowScripts",
    "autoApprove",
    "autoReplaceGlobalMatch",
    "azureWorkItemId",
    "baseBranches",
    "bbAutoResolvePrTasks",
    "bbUseDefaultReviewers",
    "bumpVersion",
    "bumpVersions",
    "changelogs",
    "cloneSubmodules",
    "cloneSubmodulesFilter",
    "composerIgnorePlatformReqs",
    "confidential",
    "configWarningReuseIssue",
    "constraints",
    "constraintsFiltering",
    "constraintsVersioning",
    "customizeDashboard",
    "defaultRegistryUrlTemplate",
    "dependencyDashboardOSVVulnerabilitySummary",
    "dependencyDashboardReportAbandonment",
    "env",
    "expandCodeOwnersGroups",
    "excludeCommitPaths",
    "encrypted",
    "experimentalFlags",
    "filterUnavailableUsers",
    "forkModeDisallowMaintainerEdits",
    "gitLabIgnoreApprovals",
    "githubTokenWarn",
    "goGetDirs",
    "ignorePlugins",
    "ignorePrAuthor",
    "ignoreReviewers",
    "ignoreScripts",
    "includeForks",
    "installTools",
    "logLevelRemap",
    "lookupName",
    "matchConfidence",
    "minimumConfidence",
    "npmToken",
    "npmrc",
    "npmrcMerge",
    "packageFile",
    "postUpdateOptions",
    "postUpgradeTasks",
    "printConfig",
    "replacementApproach",
    "requiredStatusChecks",
    "rollbackPrsFrom",
    "separateLocalReleases",
    "skipArtifactsUpdate",
    "skipInstalls",
    "statusCheckVerify",
    "toolSettings",
    "transitiveRemediation",
    "unicodeEmoji",
    "updateInternalDeps",
    "updateLockFiles",
    "updatePinnedDependencies",
    "useBaseBranchConfig",
    "variables",
    "vulnerabilityFixStrategy",
    "vulnerabilityFixVersion",
    "vulnerabilitySeverity",
    "secrets",
    "assignCommitAuthors",
    "allowCommandTemplating",
    "dockerfileUpdate",
    "malwareAlerts",
    "ignoreDeprecated",
    "prEditedNotification",
    "hashedBranchLengthOld",
    "onboardingAutoCloseAge",
    "branchAutomergeFailureComment",
    "checkedBranches",
];

/// Options that belong to the process and may not stand in a repository.
const PROCESS_ONLY: &[&str] = &[
    "allowCustomCrateRegistries",
    "allowedCommands",
    "allowedEnv",
    "allowedHeaders",
    "allowedPostUpgradeCommands",
    "allowedUnsafeExecutions",
    "autodiscover",
    "autodiscoverFilter",
    "autodiscoverNamespaces",
    "autodiscoverProjects",
    "autodiscoverRepoOrder",
    "autodiscoverRepoSort",
    "autodiscoverTopics",
    "baseDir",
    "bbUseDevelopmentBranch",
    "binarySource",
    "cacheDir",
    "cacheHardTtlMinutes",
    "cachePrivatePackages",
    "cacheTtlOverride",
    "configFileNames",
    "containerbaseDir",
    "customEnvVariables",
    "deleteAdditionalConfigFile",
    "deleteConfigFile",
    "detectGlobalManagerConfig",
    "detectHostRulesFromEnv",
    "dockerChildPrefix",
    "dockerCliOptions",
    "dockerMaxPages",
    "dockerSidecarImage",
    "dockerUser",
    "dryRun",
    "encryptedWarning",
    "endpoint",
    "executionTimeout",
    "exposeAllEnv",
    "force",
    "forceCli",
    "forceRefresh",
    "forkCreation",
    "forkOrg",
    "forkToken",
    "gitNoVerify",
    "gitPrivateKey",
    "gitPrivateKeyPassphrase",
    "gitTimeout",
    "gitUrl",
    "globalExtends",
    "httpCacheTtlDays",
    "includeMirrors",
    "inheritConfig",
    "inheritConfigFileName",
    "inheritConfigRepoName",
    "inheritConfigStrict",
    "logContext",
    "logFile",
    "logFileLevel",
    "logLevel",
    "mergeConfidenceDatasources",
    "mergeConfidenceEndpoint",
    "migratePresets",
    "onboarding",
    "onboardingBranch",
    "onboardingCommitMessage",
    "onboardingConfig",
    "onboardingConfigFileName",
    "onboardingNoDeps",
    "onboardingPrTitle",
    "onboardingRebaseCheckbox",
    "optimizeForDisabled",
    "password",
    "persistRepoData",
    "platform",
    "prCommitsPerRunLimit",
    "presetCachePersistence",
    "privateKey",
    "privateKeyOld",
    "privateKeyPath",
    "processEnv",
    "productLinks",
    "redisPrefix",
    "redisUrl",
    "reportPath",
    "reportType",
    "repositories",
    "repositoryCache",
    "repositoryCacheForceLocal",
    "repositoryCacheType",
    "requireConfig",
    "s3Endpoint",
    "s3PathStyle",
    "token",
    "trustLevel",
    "useCloudMetadataServices",
    "userAgent",
    "username",
    "writeDiscoveredRepos",
];

/// Renovate's datasources.
const DATASOURCES: &[&str] = &[
    "artifactory",
    "aws-eks-addon",
    "aws-machine-image",
    "aws-rds",
    "azure-bicep-resource",
    "azure-pipelines-tasks",
    "azure-tags",
    "bazel",
    "bitbucket-server-tags",
    "bitbucket-tags",
    "bitrise",
    "buildpacks-registry",
    "cdnjs",
    "clojure",
    "conan",
    "conda",
    "cpan",
    "crate",
    "dart",
    "dart-version",
    "deb",
    "deno",
    "devbox",
    "docker",
    "dotnet-version",
    "elm-package",
    "endoflife-date",
    "flutter-version",
    "forgejo-releases",
    "forgejo-tags",
    "galaxy",
    "galaxy-collection",
    "git-refs",
    "git-tags",
    "gitea-releases",
    "gitea-tags",
    "github-digest",
    "github-release-attachments",
    "github-releases",
    "github-runners",
    "github-tags",
    "gitlab-packages",
    "gitlab-releases",
    "gitlab-tags",
    "glasskube-packages",
    "go",
    "golang-version",
    "gradle-version",
    "grafana-dashboards",
    "hackage",
    "helm",
    "hermit",
    "hex",
    "hexpm-bob",
    "java-version",
    "jenkins-plugins",
    "jsr",
    "julia-general-metadata",
    "kubernetes-api",
    "maven",
    "nextcloud",
    "node-version",
    "npm",
    "nuget",
    "orb",
    "packagist",
    "pod",
    "puppet-forge",
    "pypi",
    "python-version",
    "repology",
    "rpm",
    "ruby-version",
    "rubygems",
    "rust-version",
    "sbt-package",
    "sbt-plugin",
    "terraform-module",
    "terraform-provider",
    "typst",
    "unity3d",
    "unity3d-packages",
];

/// The words of `matchUpdateTypes`.
const UPDATE_TYPES: &[&str] = &[
    "major",
    "minor",
    "patch",
    "pin",
    "pinDigest",
    "digest",
    "lockFileMaintenance",
    "lockfileUpdate",
    "rollback",
    "bump",
    "replacement",
];

/// The words of `matchCategories`.
const CATEGORIES: &[&str] = &[
    "ansible",
    "batect",
    "bazel",
    "c",
    "cd",
    "ci",
    "custom",
    "dart",
    "docker",
    "dotnet",
    "elixir",
    "golang",
    "haskell",
    "helm",
    "iac",
    "java",
    "js",
    "kubernetes",
    "node",
    "packer",
    "perl",
    "php",
    "python",
    "ruby",
    "rust",
    "swift",
    "terraform",
];

/// Returns the word that is probably meant by a pattern which is one mistyped word; `None` when nothing seems wrong.
pub(crate) fn mistyped(subject: Subject, pattern: &str) -> Option<&'static str> {
    let words: &[&[&str]] = match subject {
        Subject::Managers => &[MANAGERS, &["custom.regex", "custom.jsonata"]],
        Subject::Datasources => &[DATASOURCES],
        Subject::UpdateTypes => &[UPDATE_TYPES],
        Subject::Categories => &[CATEGORIES],
        _ => return None,
    };
    let word = pattern.strip_prefix('!').unwrap_or(pattern);
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let known = || words.iter().flat_map(|words| words.iter().copied());
    if !is_word || known().any(|other| other.eq_ignore_ascii_case(word)) {
        return None;
    }
    closest(word, known())
}

/// Returns the names of all managers.
pub(crate) fn managers() -> impl Iterator<Item = &'static str> {
    MANAGERS.iter().copied()
}

/// Returns the options that change nothing.
pub(crate) fn without_effect() -> impl Iterator<Item = &'static str> {
    WITHOUT_EFFECT.iter().copied()
}

/// Returns whether `name` is the name of a manager.
pub(crate) fn is_manager(name: &str) -> bool {
    MANAGERS.contains(&name)
}

/// Returns the list's own copy of a manager's name.
pub(crate) fn manager_name(name: &str) -> Option<&'static str> {
    MANAGERS.iter().copied().find(|manager| *manager == name)
}

/// Says that a member is no option, and what may be meant.
pub(crate) fn report_unknown(property: &Property, reader: &mut Reader<'_>) {
    let name = property.name.as_str();
    let place = property.name_place;
    if PROCESS_ONLY.contains(&name) {
        let message = format!("`{name}` is a setting of the bot's process and is ignored in a repository");
        reader.warning(
            place,
            message,
            "set it with a flag or the environment of the bot, and remove it here",
        );
    } else if WITHOUT_EFFECT.contains(&name) {
        reader.without_effect(name, place);
    } else {
        let options = OPTIONS.iter().map(|option| option.name);
        let known = options.chain(MANAGERS.iter().copied()).chain(WITHOUT_EFFECT.iter().copied());
        let hint = if super::rule::MATCHERS.contains(&name) {
            "matchers belong into an entry of `packageRules`".to_owned()
        } else {
            closest(name, known).map_or_else(
                || "remove it, or look its name up in the list of options".to_owned(),
                |close| format!("did you mean `{close}`?"),
            )
        };
        reader.warning(place, format!("there is no option `{name}`"), hint);
    }
}

/// Returns the candidate that is spelled most like `word`, if one is close enough to be meant.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > 64 {
        return None;
    }
    let limit = (length / 3).clamp(1, 3);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 2 * limit)
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters to add, drop, change or swap to make one word of the other.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let left: Vec<char> = left.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut cost =
                (last[column] + usize::from(a != b)).min(last[column + 1] + 1).min(current[column] + 1);
            let is_swap = row > 0 && column > 0 && left[row - 1] == *b && right[column - 1] == *a;
            if is_swap {
                cost = cost.min(before[column - 1] + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let candidates = ["enabled", "packageRules", "groupName", "labels", "pin"];
        for (word, meant) in [
            ("enable", Some("enabled")),
            ("packagerules", Some("packageRules")),
            ("pakcageRules", Some("packageRules")),
            ("groupNme", Some("groupName")),
            ("nothing", None),
            ("pi", Some("pin")),
            ("", None),
        ] {
            assert_eq!(closest(word, candidates.into_iter()), meant, "{word}");
        }
    }

    #[test]
    fn no_name_is_in_two_lists() {
        let options: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        for name in WITHOUT_EFFECT.iter().chain(PROCESS_ONLY).chain(MANAGERS) {
            let count = [WITHOUT_EFFECT, PROCESS_ONLY, MANAGERS, &options]
                .iter()
                .map(|list| list.iter().filter(|other| *other == name).count())
                .sum::<usize>();
            assert_eq!(count, 1, "{name}");
        }
    }
}
