//! Where a package's source is: what the owner says, what the new version says of itself, what its registry says.

use serde_json::Value;
use updraft_core::changelog::{Source, Website};
use updraft_core::name::DatasourceId;
use updraft_core::plan::Upgrade;
use updraft_core::template;

use super::chart;
use crate::datasource::github::Site;
use crate::datasource::source_url::SourceUrl;
use crate::datasource::{Datasources, Provenance};

/// Where a package comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The repository; `None` when nobody says, or it is on no website that is known.
    pub(super) source: Option<Source>,
    /// The folder in it.
    pub(super) folder: Option<String>,
    /// The changelog file, where the owner names one.
    pub(super) file: Option<File>,
    /// The changes of the new version as its package tells them, as Markdown.
    pub(super) changes: Option<String>,
}

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// The repository.
    pub(super) source: Source,
    /// The path in it.
    pub(super) path: String,
}

impl File {
    /// Returns the folder it is in, empty for the top.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Returns where the new version of a package comes from.
pub(super) async fn origin(datasources: &Datasources, upgrade: &Upgrade, sites: &[Site]) -> Origin {
    let field = |name: &str| upgrade.fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut origin = Origin { file: named_file(upgrade, sites), ..Origin::default() };
    let told = match &upgrade.dep.datasource {
        Some(id) if *id == DatasourceId::DOCKER => provenance(datasources, upgrade).await,
        Some(id) if *id == DatasourceId::HELM => changes(datasources, upgrade).await,
        _ => Provenance::default(),
    };
    origin.changes = told.changes.as_deref().and_then(chart::changes);
    let owners = upgrade.options.source_url.as_deref().and(field("sourceUrl"));
    let candidates =
        [owners, told.source_url.as_deref(), field("sourceUrl"), told.homepage.as_deref(), field("homepage")];
    for text in candidates.into_iter().flatten() {
        let Some(found) = SourceUrl::parse(text) else { continue };
        if let Some(source) = known(&found.repository, sites) {
            origin.source = Some(source);
            origin.folder = found.directory;
            break;
        }
    }
    if let Some(folder) = field("sourceDirectory") {
        origin.folder = Some(folder.trim_matches('/').to_owned());
    }
    origin.folder = origin.folder.filter(|folder| is_path(folder));
    origin.source = origin.source.or_else(|| origin.file.as_ref().map(|file| file.source.clone()));
    origin
}

/// Returns the repository and the two commits that a new digest lies between; `None` when they are not known.
pub(super) async fn of_digest(
    datasources: &Datasources,
    upgrade: &Upgrade,
    sites: &[Site],
) -> Option<(Source, String, String)> {
    let (old, new) = (upgrade.dep.current_digest.as_deref()?, upgrade.update.new_digest.as_deref()?);
    let field = upgrade.fields.get("sourceUrl").and_then(Value::as_str);
    if upgrade.dep.datasource != Some(DatasourceId::DOCKER) {
        let source = known(&SourceUrl::parse(field?)?.repository, sites)?;
        return (is_commit(old) && is_commit(new)).then(|| (source, old.to_owned(), new.to_owned()));
    }
    let lookup = upgrade.dep.lookup()?;
    let (before, after) =
        futures::join!(datasources.provenance(&lookup, old), datasources.provenance(&lookup, new));
    // An old image may be gone from its registry.
    let (before, after) = (before.ok()?, after.ok()?);
    let owners = upgrade.options.source_url.as_deref().and(field);
    let url = owners.or(after.source_url.as_deref()).or(field)?;
    let source = known(&SourceUrl::parse(url)?.repository, sites)?;
    let (before, after) = (before.revision?, after.revision?);
    (is_commit(&before) && is_commit(&after) && before != after).then_some((source, before, after))
}

/// Asks the new image or chart where it comes from, and the old one when the new one is silent.
async fn provenance(datasources: &Datasources, upgrade: &Upgrade) -> Provenance {
    let Some(lookup) = upgrade.dep.lookup() else { return Provenance::default() };
    let update = &upgrade.update;
    let new = update.new_value.as_deref().or(update.new_version.as_deref());
    let mut told = Provenance::default();
    for (at, reference) in [new, upgrade.dep.current_value.as_deref()].into_iter().enumerate() {
        let Some(reference) = reference else { continue };
        match datasources.provenance(&lookup, reference).await {
            Ok(found) => {
                told.source_url = told.source_url.or(found.source_url);
                told.homepage = told.homepage.or(found.homepage);
                told.changes = told.changes.or(found.changes.filter(|_| at == 0));
            }
            Err(error) => tracing::debug!(%error, reference, "an image does not say where it comes from"),
        }
        if told.source_url.is_some() {
            break;
        }
    }
    told
}

/// Asks a chart's index what changed in the new version; the list of releases told the source already.
async fn changes(datasources: &Datasources, upgrade: &Upgrade) -> Provenance {
    match (upgrade.dep.lookup(), upgrade.update.new_version.as_deref()) {
        (Some(lookup), Some(new)) => datasources.provenance(&lookup, new).await.unwrap_or_default(),
        _ => Provenance::default(),
    }
}

/// Returns the changelog file that `changelogUrl` names, when it is a file of a repository.
fn named_file(upgrade: &Upgrade, sites: &[Site]) -> Option<File> {
    let template = upgrade.options.changelog_url.as_deref()?;
    let url = template::render(template, &Value::Object(upgrade.fields.clone())).ok()?;
    let (page, rest) = url.split_once("/blob/")?;
    let source = known(page.trim_end_matches("/-"), sites)?;
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().filter(|path| is_path(path))?;
    Some(File { source, path: path.to_owned() })
}

/// Returns the repository at an address, on a website that is known by its name or to the process.
fn known(url: &str, sites: &[Site]) -> Option<Source> {
    let on_site = sites.iter().find_map(|site| {
        let base = site.website().as_str();
        Source::on(Website::GitHub, base, url.strip_prefix(base)?)
    });
    on_site.or_else(|| Source::parse(url))
}

/// Whether `text` is a path that stays inside a repository.
fn is_path(text: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    text.len() <= 500 && !text.contains(['\\', '\0', ':', '\n']) && text.split('/').all(is_part)
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for path in ["CHANGELOG.md", "charts/a b/CHANGELOG.md"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "/a", "a/../b", "a\\b", "HEAD:a", "a//b"] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn a_site_of_the_process_is_known() {
        let sites = [Site::parse("https://git.example.org/").unwrap()];
        let page = |url| known(url, &sites).map(|source| source.page());
        assert_eq!(page("https://git.example.org/o/r").as_deref(), Some("https://git.example.org/o/r"));
        assert_eq!(page("https://github.com/o/r").as_deref(), Some("https://github.com/o/r"));
        assert_eq!(page("https://other.example.org/o/r"), None);
    }
}
