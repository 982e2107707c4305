//! The fields that an owner's templates may use. The names are Renovate's.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::slug::dep_name_sanitized;
use crate::config::{Config, Options};
use crate::dep::Dep;
use crate::name::{DatasourceId, short_digest};
use crate::release::ReleaseList;
use crate::update::{Choice, Update, UpdateType};
use crate::versioning::Versioning;

const SECONDS_A_DAY: i64 = 86_400;
/// Room for the fields that most updates have: each update keeps its own, and room that is doubled as they come is half empty.
const USUAL_FIELDS: usize = 80;

/// What the fields of one update are made of.
pub(super) struct Subject<'a> {
    pub dep: &'a Dep,
    pub choice: &'a Choice,
    pub update: &'a Update,
    pub releases: &'a ReleaseList,
    pub options: &'a Options,
    pub versioning: &'a dyn Versioning,
    pub config: &'a Config,
    pub now: Timestamp,
}

/// Collects fields; what is not known is left out, and so empty in a template.
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn text(&mut self, name: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.set(name, text.as_ref());
        }
    }

    fn number(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.set(name, number);
        }
    }
}

/// Returns the fields of one update.
pub(super) fn fields(subject: &Subject<'_>) -> Map<String, Value> {
    let mut fields = Fields(Map::with_capacity(USUAL_FIELDS + subject.dep.captures.len()));
    for (name, text) in &subject.dep.captures {
        fields.set(name, text.as_str());
    }
    of_dep(&mut fields, subject.dep);
    of_versions(&mut fields, subject);
    of_package(&mut fields, subject);
    of_options(&mut fields, subject.options);
    of_repository(&mut fields, subject.config);
    fields.0
}

fn of_dep(fields: &mut Fields, dep: &Dep) {
    fields.set("manager", dep.manager.as_str());
    fields.set("packageFile", dep.file.as_str());
    fields.set("packageFileDir", dep.file.folder());
    fields.set("parentDir", dep.file.folder().rsplit('/').next().unwrap_or_default());
    fields.set("depName", dep.dep_name.as_str());
    fields.set("depNameSanitized", dep_name_sanitized(&dep.dep_name));
    fields.set("packageName", dep.package_name.as_str());
    fields.set("lookupName", dep.package_name.as_str());
    fields.text("datasource", dep.datasource.as_ref().map(DatasourceId::as_str));
    fields.text("depType", dep.dep_type.as_deref());
    fields.set("prettyDepType", dep.dep_type.as_deref().unwrap_or("dependency"));
    fields.text("currentValue", dep.current_value.as_deref());
    fields.text("currentDigest", dep.current_digest.as_deref());
    fields.text("currentDigestShort", dep.current_digest.as_deref().map(short_digest));
    fields.set("registryUrls", dep.registry_urls.clone());
    let organisation = dep.package_name.rsplit_once('/').map(|(organisation, _)| organisation);
    fields.text("packageScope", organisation.filter(|scope| scope.starts_with('@')));
}

fn of_versions(fields: &mut Fields, subject: &Subject<'_>) {
    let Subject { dep, choice, update, versioning, .. } = subject;
    let kind = update.update_type;
    let shown = |version: &str| shown_version(*versioning, version).to_owned();
    let current = choice.current_version.as_deref().map(shown);
    let new = update.new_version.as_deref().map(shown);
    let new_value = update.new_value.as_deref().or(dep.current_value.as_deref());
    fields.set("versioning", versioning.id());
    fields.set("updateType", kind.as_str());
    fields.set("isMajor", kind == UpdateType::Major);
    fields.set("isMinor", kind == UpdateType::Minor);
    fields.set("isPatch", kind == UpdateType::Patch);
    fields.set("isPin", kind == UpdateType::Pin);
    fields.set("isPinDigest", kind == UpdateType::PinDigest);
    fields.set("isDigest", kind == UpdateType::Digest);
    fields.set("isRollback", kind == UpdateType::Rollback);
    fields.set("isReplacement", kind == UpdateType::Replacement);
    fields.set("isBreaking", update.is_breaking);
    let is_single = new_value.is_some_and(|value| versioning.is_single_version(value));
    fields.set("isSingleVersion", is_single);
    fields.set("isRange", new_value.is_some_and(|value| versioning.is_valid(value) && !is_single));
    fields.text("currentVersion", current.as_deref());
    fields.text("newVersion", new.as_deref());
    fields.text("newValue", new_value);
    let current_number = |part: fn(&dyn Versioning, &str) -> Option<u64>| {
        choice.current_version.as_deref().and_then(|version| part(*versioning, version))
    };
    fields.number("currentMajor", current_number(|versioning, version| versioning.major(version)));
    fields.number("currentMinor", current_number(|versioning, version| versioning.minor(version)));
    fields.number("currentPatch", current_number(|versioning, version| versioning.patch(version)));
    fields.number("newMajor", update.new_major);
    fields.number("newMinor", update.new_minor);
    fields.number("newPatch", update.new_patch);
    fields.text("prettyNewVersion", new.as_deref().map(pretty));
    fields.text("prettyNewMajor", update.new_major.map(|major| format!("v{major}")));
    // The names these fields had in former versions of Renovate.
    fields.text("fromVersion", current.as_deref());
    fields.text("toVersion", new.as_deref());
    for name in ["newValueMajor", "newVersionMajor"] {
        fields.number(name, update.new_major);
    }
    for name in ["newValueMinor", "newVersionMinor"] {
        fields.number(name, update.new_minor);
    }
    fields.text("newName", update.new_name.as_deref());
    fields.text("newNameSanitized", update.new_name.as_deref().map(dep_name_sanitized));
    fields.text("newDigest", update.new_digest.as_deref());
    fields.text("newDigestShort", update.new_digest.as_deref().map(short_digest));
    let (from, to) = displayed(dep, update);
    fields.text("displayFrom", from);
    fields.text("displayTo", to);
    fields.set("displayPending", update.pending_versions.join(", "));
    let age = |since: Option<Timestamp>| {
        since.map(|since| subject.now.duration_since(since).as_secs().div_euclid(SECONDS_A_DAY))
    };
    fields.text("releaseTimestamp", update.release_timestamp.map(|time| time.to_string()));
    fields.text("currentVersionTimestamp", choice.current_version_timestamp.map(|time| time.to_string()));
    if let Some(days) = age(update.release_timestamp) {
        fields.set("newVersionAgeInDays", days);
    }
    if let Some(days) = age(choice.current_version_timestamp) {
        fields.set("currentVersionAgeInDays", days);
    }
}

fn of_package(fields: &mut Fields, subject: &Subject<'_>) {
    let releases = subject.releases;
    let source = subject.options.source_url.as_deref().or(releases.source_url.as_deref());
    fields.text("sourceUrl", source);
    let directory = subject.options.source_directory.as_deref().or(releases.source_directory.as_deref());
    fields.text("sourceDirectory", directory);
    fields.text("homepage", releases.homepage.as_deref());
    fields.text("dependencyUrl", releases.dependency_url.as_deref());
    fields.text("registryUrl", releases.registry_url.as_deref());
    fields.text("changelogUrl", subject.options.changelog_url.as_deref());
    if let Some(slug) = source.and_then(source_slug) {
        let (organisation, name) = slug.rsplit_once('/').unwrap_or(("", slug));
        fields.set("sourceRepo", slug);
        fields.set("sourceRepoSlug", slug.replace('/', "-"));
        fields.set("sourceRepoOrg", organisation);
        fields.set("sourceRepoName", name);
    }
}

fn of_options(fields: &mut Fields, options: &Options) {
    fields.text("semanticCommitType", options.semantic_commit_type.as_deref());
    fields.text("semanticCommitScope", options.semantic_commit_scope.as_deref());
    fields.text("groupName", options.group_name.as_deref());
    fields.text("groupSlug", options.group_slug.as_deref());
    fields.set("separateMinorPatch", options.separate_minor_patch == Some(true));
    fields.set("separateMultipleMinor", options.separate_multiple_minor == Some(true));
    fields.set("isVulnerabilityAlert", false);
    fields.set("isLockfileUpdate", false);
}

fn of_repository(fields: &mut Fields, config: &Config) {
    fields.set("platform", "github");
    fields.text("baseBranch", config.base_branch.as_deref());
    let Some(repository) = config.repository.as_deref() else { return };
    fields.set("repository", repository);
    let (parent, project) = repository.rsplit_once('/').unwrap_or(("", repository));
    fields.set("parentOrg", parent);
    fields.set("topLevelOrg", parent.split('/').next().unwrap_or_default());
    fields.set("project", project);
}

/// Returns a version as titles show it: image tags without their flavour.
fn shown_version<'a>(versioning: &dyn Versioning, version: &'a str) -> &'a str {
    if versioning.id() == "docker" { version.split('-').next().unwrap_or(version) } else { version }
}

/// Returns a version with `v` before it, unless it begins otherwise.
fn pretty(version: &str) -> String {
    if version.starts_with(|first: char| first.is_ascii_digit()) {
        format!("v{version}")
    } else {
        version.to_owned()
    }
}

/// Returns what people see on both sides of the arrow.
fn displayed<'a>(dep: &'a Dep, update: &'a Update) -> (Option<&'a str>, Option<&'a str>) {
    let value = dep.current_value.as_deref();
    let digest = dep.current_digest.as_deref().map(short_digest);
    let new_digest = update.new_digest.as_deref().map(short_digest);
    match update.update_type {
        UpdateType::Digest => (digest, new_digest),
        UpdateType::PinDigest => (None, new_digest),
        _ if update.new_name.is_some() => (Some(&dep.dep_name), update.new_name.as_deref()),
        _ => (value.or(digest), update.new_value.as_deref().or(new_digest)),
    }
}

/// Returns `owner/name` of a repository's web address.
fn source_slug(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next()?.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // A folder of the repository may follow: `/tree/main/charts/app`.
    let path = path.split("/-/").next()?.split("/tree/").next()?;
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versioning::versioning;

    #[test]
    fn shows_image_tags_without_their_flavour() {
        let docker = versioning("docker").unwrap();
        let semver = versioning("semver").unwrap();
        assert_eq!(shown_version(&*docker, "26.5-alpine"), "26.5");
        assert_eq!(shown_version(&*semver, "1.2.3-rc.1"), "1.2.3-rc.1");
    }

    #[test]
    fn puts_a_v_before_numbers_only() {
        assert_eq!(pretty("1.2.3"), "v1.2.3");
        assert_eq!(pretty("v1.2.3"), "v1.2.3");
        assert_eq!(pretty("source.toolkit.fluxcd.io/v1"), "source.toolkit.fluxcd.io/v1");
    }

    #[test]
    fn finds_the_repository_in_an_address() {
        for (url, slug) in [
            ("https://github.com/grafana/helm-charts", Some("grafana/helm-charts")),
            ("https://github.com/grafana/helm-charts/tree/main/charts/loki", Some("grafana/helm-charts")),
            ("https://gitlab.com/a/b/c.git", Some("a/b/c")),
            ("https://github.com/", None),
            ("nonsense", None),
        ] {
            assert_eq!(source_slug(url), slug, "{url}");
        }
    }
}
