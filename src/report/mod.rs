//! What a run has to tell, and the ways to tell it: a table, a JSON document, Markdown.
//!
//! [`Report`] is the document `updraft.report/v1`; the other forms are drawn from it, so that no two of them can disagree.

pub mod build;
pub mod json_text;
pub mod layout;
pub mod markdown;
pub mod printable;
pub mod snippet;
pub mod table;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use updraft_core::dep::SkipReason;
use updraft_core::problem::{Problem, Severity};
use updraft_core::source::SourceFile;
use updraft_core::update::UpdateType;

/// The name and version of the document's shape.
pub const SCHEMA: &str = "updraft.report/v1";

/// Everything a run has to tell.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<'a> {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// `owner/name`, or the folder's name.
    pub repository: String,
    /// The time the run took as now.
    pub now: Timestamp,
    /// The configuration that was used.
    pub config: ConfigReport,
    /// What was found, by file and manager.
    pub files: Vec<FileReport<'a>>,
    /// The branches that would be written, held ones included; `None` when only extraction was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<BranchReport>>,
    /// What went wrong or is worth a look.
    pub problems: Vec<ProblemReport>,
    /// What the run cost.
    pub stats: Stats,
}

/// The configuration that was used.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigReport {
    /// The files it came from, the repository's own first.
    pub files: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<ProblemReport>,
    /// The presets whose texts could not be read, as they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread_presets: Vec<String>,
}

/// What the bot makes of a configuration that cannot be used.
const UNUSABLE: &str = "The configuration has errors: neither `updraft run` nor `--apply` writes anything until they are mended.";

/// What the bot makes of a configuration of which only a part is known.
const HALF_READ: &str =
    "Presets could not be read: `updraft run` writes nothing as long as it cannot read them either.";

/// What one manager found in one file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport<'a> {
    /// The file.
    pub path: &'a str,
    /// The manager.
    pub manager: &'a str,
    /// The dependencies, in file order.
    pub deps: Vec<DepReport<'a>>,
}

/// One dependency.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DepReport<'a> {
    /// The name people read.
    pub dep_name: &'a str,
    /// The name that is looked up.
    pub package_name: &'a str,
    /// Where it is looked up.
    pub datasource: Option<&'a str>,
    /// How its versions compare.
    pub versioning: Option<&'a str>,
    /// The value in the file.
    pub current_value: Option<&'a str>,
    /// The version the value stands for; `None` before a lookup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<&'a str>,
    /// The digest in the file.
    pub current_digest: Option<&'a str>,
    /// The registries it is looked up in.
    pub registry_urls: Vec<Cow<'a, str>>,
    /// The kind of dependency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dep_type: Option<&'a str>,
    /// Why it is left alone.
    pub skip_reason: Option<&'static str>,
    /// That in words, and what is particular about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_detail: Option<Cow<'a, str>>,
    /// The line it stands on, from 1.
    pub line: usize,
    /// The steps it could take.
    pub updates: Vec<UpdateReport>,
    /// What the owner should know about it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub warnings: &'a [String],
}

/// One step of one dependency.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateReport {
    /// The kind of step.
    pub update_type: UpdateType,
    /// The value the file gets.
    pub new_value: Option<String>,
    /// The version it stands for.
    pub new_version: Option<String>,
    /// The digest the file gets.
    pub new_digest: Option<String>,
    /// When it was published.
    pub release_timestamp: Option<Timestamp>,
    /// The branch it is part of.
    pub branch_name: Option<String>,
}

/// One branch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchReport {
    /// Its name.
    pub branch_name: String,
    /// The pull request's title.
    pub pr_title: String,
    /// The commit message.
    pub commit_message: String,
    /// The pull request's text.
    pub pr_body: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether it may merge by itself.
    pub automerge: bool,
    /// What holds it back.
    pub hold: Option<HoldReport>,
    /// The steps in it.
    pub upgrades: Vec<UpgradeReport>,
    /// The files it changes.
    pub files: Vec<String>,
    /// The change, for `git apply`.
    pub patch: String,
}

/// What holds a branch back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldReport {
    /// Why, in words.
    pub reason: String,
    /// Until when, if that is known.
    pub until: Option<Timestamp>,
}

/// One step inside a branch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeReport {
    /// The name people read.
    pub dep_name: String,
    /// The name that is looked up.
    pub package_name: String,
    /// Who found it.
    pub manager: String,
    /// The file it stands in.
    pub package_file: String,
    /// The line it stands on, from 1.
    pub line: usize,
    /// Where it is looked up.
    pub datasource: String,
    /// The kind of dependency.
    pub dep_type: Option<String>,
    /// The value in the file.
    pub current_value: Option<String>,
    /// The value the file gets.
    pub new_value: Option<String>,
    /// The version the value stands for.
    pub current_version: Option<String>,
    /// The version the new value stands for.
    pub new_version: Option<String>,
    /// The digest in the file.
    pub current_digest: Option<String>,
    /// The digest the file gets.
    pub new_digest: Option<String>,
    /// The kind of step.
    pub update_type: UpdateType,
    /// When the new version was published.
    pub release_timestamp: Option<Timestamp>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemReport {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is about.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Files read.
    pub files: usize,
    /// Dependencies found.
    pub deps: usize,
    /// Distinct packages asked for.
    pub lookups: usize,
    /// Requests sent.
    pub requests: u64,
    /// Answers taken from the cache, confirmed or still fresh.
    pub cache_hits: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Wall time, milliseconds.
    pub duration_ms: u64,
}

impl ProblemReport {
    /// Returns `problem` with its line and column, which are found in `files`.
    pub fn new(problem: &Problem, files: &[SourceFile]) -> Self {
        let file = problem.file.as_ref();
        let position = file.zip(problem.span).and_then(|(path, span)| {
            let source = find(files, path.as_str())?;
            Some(source.lines().position(&source.text, span.start))
        });
        Self {
            severity: problem.severity,
            file: file.map(ToString::to_string),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        }
    }
}

/// Returns the file at `path` among `files`, which are sorted by path.
pub fn find<'a>(files: &'a [SourceFile], path: &str) -> Option<&'a SourceFile> {
    files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().and_then(|at| files.get(at))
}

impl ConfigReport {
    /// Returns whether it cannot be used as it is: the bot writes nothing then.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns what to say where the bot would write nothing under it, whatever else is found.
    pub fn without_effect(&self) -> Option<&'static str> {
        match (self.has_errors(), self.unread_presets.is_empty()) {
            (true, _) => Some(UNUSABLE),
            (false, false) => Some(HALF_READ),
            (false, true) => None,
        }
    }
}

impl Report<'_> {
    /// Returns whether something could not be done: the exit code is 1 then.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().chain(&self.config.problems).any(|problem| problem.severity == Severity::Error)
    }

    /// Returns what to say where there is no branch: everything is up to date only where everything could be looked at.
    pub fn without_branches(&self) -> String {
        let is_unknown = |dep: &DepReport| dep.skip_reason == Some(SkipReason::LookupFailed.as_str());
        match (self.stats.deps, self.deps().filter(|(_, dep)| is_unknown(dep)).count()) {
            (0, _) => "No dependencies were found.".to_owned(),
            (_, 0) if self.has_errors() => "No branch would be written; the errors say why.".to_owned(),
            (_, 0) => "Everything is up to date.".to_owned(),
            (all, failed) if all == failed => "No dependency could be looked up.".to_owned(),
            (_, 1) => "No update was found; one dependency could not be looked up.".to_owned(),
            (_, failed) => format!("No update was found; {failed} dependencies could not be looked up."),
        }
    }

    /// Returns how many distinct packages there are.
    pub fn packages(&self) -> usize {
        self.deps().map(|(_, dep)| (&dep.datasource, &dep.package_name)).collect::<BTreeSet<_>>().len()
    }

    /// Returns every dependency with the file it stands in.
    pub fn deps(&self) -> impl Iterator<Item = (&FileReport<'_>, &DepReport<'_>)> {
        self.files.iter().flat_map(|file| file.deps.iter().map(move |dep| (file, dep)))
    }

    /// Returns the dependencies that are left alone, by reason and detail: their names and places.
    pub fn skipped(&self) -> BTreeMap<(&str, &str), Vec<(&str, String)>> {
        let mut reasons: BTreeMap<(&str, &str), Vec<(&str, String)>> = BTreeMap::new();
        for (file, dep) in self.deps() {
            if let Some(reason) = dep.skip_reason {
                let detail = dep.skip_detail.as_deref().unwrap_or("");
                let place = format!("{}:{}", file.path, dep.line);
                reasons.entry((reason, detail)).or_default().push((dep.dep_name, place));
            }
        }
        reasons
    }
}

/// Returns a digest or version as tables show it: digests cut to seven digits.
fn shown<'a>(value: Option<&'a str>, digest: Option<&'a str>) -> &'a str {
    value.or_else(|| digest.map(updraft_core::name::short_digest)).unwrap_or("")
}

impl DepReport<'_> {
    /// Returns the version it has, with the first digits of its digest.
    pub fn value(&self) -> String {
        match (self.current_value, self.current_digest) {
            (Some(value), Some(digest)) => format!("{value}@{}", updraft_core::name::short_digest(digest)),
            (value, digest) => shown(value, digest).to_owned(),
        }
    }

    /// Returns where it is looked up, or why it is not.
    pub fn source(&self) -> String {
        match self.skip_reason {
            Some(reason) => format!("{} (skipped)", reason.replace('-', " ")),
            None => self.datasource.unwrap_or_default().to_owned(),
        }
    }
}

impl UpgradeReport {
    /// Returns what it is and what it becomes: values, or digests where only those differ.
    pub fn change(&self) -> (&str, &str) {
        if self.update_type == UpdateType::PinDigest {
            let value = shown(self.current_value.as_deref(), None);
            return (value, shown(None, self.new_digest.as_deref()));
        }
        let same_value = self.new_value.is_none() || self.new_value == self.current_value;
        if self.update_type == UpdateType::Digest || same_value {
            return (shown(None, self.current_digest.as_deref()), shown(None, self.new_digest.as_deref()));
        }
        (
            shown(self.current_value.as_deref(), self.current_digest.as_deref()),
            shown(self.new_value.as_deref(), self.new_digest.as_deref()),
        )
    }

    /// Returns the short word for where it comes from.
    pub fn kind(&self) -> &'static str {
        match self.datasource.as_str() {
            "docker" => "image",
            "helm" => "helm",
            "github-runners" => "runner",
            "kubernetes-api" => "api",
            _ if self.manager == "github-actions" => "action",
            "github-releases" | "gitlab-releases" | "gitea-releases" | "forgejo-releases" => "release",
            "npm" | "pypi" | "crate" | "nuget" | "rubygems" | "packagist" | "conda" | "jsr" => "package",
            "go" | "terraform-module" => "module",
            "terraform-provider" => "provider",
            "galaxy" => "role",
            "galaxy-collection" => "collection",
            "grafana-dashboards" => "dashboard",
            language if language.ends_with("-version") => "version",
            _ => "tag",
        }
    }
}

/// Returns how long before `now` something was published, in words: "3 days old".
pub fn age(timestamp: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let seconds = now.as_second() - timestamp?.as_second();
    let (count, unit) = match seconds {
        i64::MIN..0 => return None,
        0..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..5_184_000 => (seconds / 86_400, "day"),
        5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    Some(format!("{count} {unit}{} old", if count == 1 { "" } else { "s" }))
}
