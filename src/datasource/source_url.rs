//! Where a package's source lives, from the many ways its metadata says so.

use url::Url;

/// A source repository's page and, where the text points into it, the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUrl {
    /// The page of the repository, without `.git` and without a slash at its end.
    pub repository: String,
    /// The folder inside it.
    pub directory: Option<String>,
}

impl SourceUrl {
    /// Reads `text`: `git@`, `git://` and `http://` become `https://`, and a link to a folder of a forge is taken apart.
    ///
    /// `None`: it is not a web address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("git+").unwrap_or(text);
        let web = match text.split_once("://") {
            Some(("https" | "http", _)) => text.to_owned(),
            Some(("git" | "ssh", rest)) => {
                format!("https://{}", rest.split_once('@').map_or(rest, |(_, rest)| rest))
            }
            Some(_) => return None,
            None => {
                let (host, path) = text.strip_prefix("git@")?.split_once(':')?;
                format!("https://{host}/{path}")
            }
        };
        let mut url = Url::parse(&web).ok()?;
        url.host_str()?;
        // Both fail only for addresses that cannot have a user at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        if is_forge(&url) {
            let _ = url.set_scheme("https");
            url.set_query(None);
        }
        let parts: Vec<String> =
            url.path_segments()?.filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let marker = parts.iter().position(|part| part == "tree" || part == "blob").filter(|at| *at >= 2);
        let Some(marker) = marker.filter(|_| is_forge(&url)) else {
            let page = url.as_str().trim_end_matches('/');
            return Some(Self { repository: page.trim_end_matches(".git").to_owned(), directory: None });
        };
        let end = if parts.get(marker - 1).is_some_and(|part| part == "-") { marker - 1 } else { marker };
        url.set_path(&parts.get(..end)?.join("/"));
        let directory = parts.get(marker + 2..).filter(|rest| !rest.is_empty()).map(|rest| rest.join("/"));
        Some(Self { repository: url.as_str().trim_end_matches(".git").to_owned(), directory })
    }

    /// Returns the GitHub repository a release's download belongs to.
    pub fn of_release_download(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://github.com/")?;
        let mut parts = rest.split('/');
        let (owner, name) = (parts.next()?, parts.next()?);
        let is_release = parts.next() == Some("releases") && parts.next() == Some("download");
        is_release.then(|| Self { repository: format!("https://github.com/{owner}/{name}"), directory: None })
    }

    /// Whether `text` is a repository on a forge whose name says that it holds charts.
    pub fn names_charts(text: &str) -> bool {
        let Some(found) = Self::parse(text) else { return false };
        let Ok(url) = Url::parse(&found.repository) else { return false };
        let name = url.path_segments().and_then(|mut parts| parts.nth(1)).unwrap_or_default().to_lowercase();
        is_forge(&url) && name.split(['-', '_', '.']).any(|word| matches!(word, "chart" | "charts" | "helm"))
    }

    /// Whether `text` is a repository on a forge.
    pub fn is_on_forge(text: &str) -> bool {
        Self::parse(text).and_then(|found| Url::parse(&found.repository).ok()).is_some_and(|url| {
            is_forge(&url)
                && url.path_segments().is_some_and(|parts| parts.filter(|part| !part.is_empty()).count() >= 2)
        })
    }
}

/// Hosts that are known to be forges, and those that say so by their name.
fn is_forge(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    matches!(host, "github.com" | "gitlab.com" | "bitbucket.org" | "codeberg.org" | "dev.azure.com")
        || ["github.", "gitlab.", "gitea.", "forgejo."].iter().any(|start| host.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, repository: Option<&str>, directory: Option<&str>) {
        let found = SourceUrl::parse(text);
        assert_eq!(found.as_ref().map(|url| url.repository.as_str()), repository, "{text}");
        assert_eq!(found.as_ref().and_then(|url| url.directory.as_deref()), directory, "{text}");
    }

    #[test]
    fn reads_the_ways_people_write_it() {
        check("https://github.com/a/b", Some("https://github.com/a/b"), None);
        check("https://github.com/a/b.git", Some("https://github.com/a/b"), None);
        check("http://github.com/a/b/", Some("https://github.com/a/b"), None);
        check("git@github.com:a/b.git", Some("https://github.com/a/b"), None);
        check("git://github.com/a/b.git", Some("https://github.com/a/b"), None);
        check("ssh://git@gitlab.com/a/b/c", Some("https://gitlab.com/a/b/c"), None);
        check("https://user:pw@example.org/x/?q=1", Some("https://example.org/x/?q=1"), None);
        check("a/b", None, None);
        check("", None, None);
    }

    #[test]
    fn takes_a_link_to_a_folder_apart() {
        check("https://github.com/a/b/tree/main/charts/c", Some("https://github.com/a/b"), Some("charts/c"));
        check("https://gitlab.com/g/a/b/-/tree/main/c/", Some("https://gitlab.com/g/a/b"), Some("c"));
        check("https://github.com/a/b/tree/main", Some("https://github.com/a/b"), None);
        check("https://github.com/a/tree", Some("https://github.com/a/tree"), None);
    }

    #[test]
    fn knows_repositories_of_charts_by_name() {
        for text in [
            "https://github.com/grafana/helm-charts",
            "https://gitlab.com/a/charts/tree/main/x",
            "https://github.com/a/b-helm",
        ] {
            assert!(SourceUrl::names_charts(text), "{text}");
        }
        for text in [
            "https://github.com/charts/grafana",
            "https://example.org/a/charts",
            "https://github.com/a/helmfile",
        ] {
            assert!(!SourceUrl::names_charts(text), "{text}");
        }
    }

    #[test]
    fn knows_a_release_download() {
        let found = SourceUrl::of_release_download("https://github.com/a/b/releases/download/c-1/c-1.tgz");
        assert_eq!(found.map(|url| url.repository).as_deref(), Some("https://github.com/a/b"));
        assert_eq!(SourceUrl::of_release_download("https://github.com/a/b/raw/c-1.tgz"), None);
    }
}
