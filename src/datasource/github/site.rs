//! Which GitHub a repository is on: github.com, a GitHub Enterprise Server, or a tenant of ghe.com.

use url::Url;

/// One GitHub, by the address of its website.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site(Url);

impl Site {
    /// Returns the site at `text`, the address of its website or of its API; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return None;
        }
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default();
        let website =
            host.strip_prefix("api.").filter(|host| *host == "github.com" || host.ends_with(".ghe.com"));
        if let Some(website) = website.map(str::to_owned) {
            url.set_host(Some(&website)).ok()?;
            url.set_path("/");
        }
        let path = url.path().trim_end_matches('/');
        let path = path
            .strip_suffix("/api/v3")
            .or_else(|| path.strip_suffix("/api/graphql"))
            .unwrap_or(path)
            .to_owned();
        url.set_path(&format!("{path}/"));
        Some(Self(url))
    }

    /// Returns the address of the website, with a slash at its end.
    pub fn website(&self) -> &Url {
        &self.0
    }

    /// Returns the host of the website.
    pub fn host(&self) -> String {
        crate::http::host_of(&self.0)
    }

    /// Returns where GraphQL queries go.
    pub fn graphql(&self) -> Url {
        let mut url = self.0.clone();
        let host = url.host_str().unwrap_or_default();
        if host == "github.com" || host.ends_with(".ghe.com") {
            let host = format!("api.{host}");
            // The host stays a valid one with a label more.
            let _ = url.set_host(Some(&host));
            url.set_path("/graphql");
        } else {
            url.set_path(&format!("{}api/graphql", self.0.path()));
        }
        url
    }
}

/// A repository on a GitHub.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// Where it is.
    pub site: Site,
    /// Its owner, in lower case: GitHub does not tell cases apart.
    pub owner: String,
    /// Its name, in lower case.
    pub name: String,
}

impl Repository {
    /// Returns the repository `owner/name`; `None` when `path` is not of that form.
    pub fn parse(site: Site, path: &str) -> Option<Self> {
        let (owner, name) = path.trim_matches('/').split_once('/')?;
        let name = name.strip_suffix(".git").unwrap_or(name);
        let sound = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        (sound(owner) && sound(name)).then(|| Self {
            site,
            owner: owner.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, website: &str, graphql: &str) {
        let site = Site::parse(text).unwrap();
        assert_eq!((site.website().as_str(), site.graphql().as_str()), (website, graphql), "{text}");
    }

    #[test]
    fn knows_the_website_and_the_api_of_each() {
        let hub = ("https://github.com/", "https://api.github.com/graphql");
        for text in [
            "https://github.com",
            "https://github.com/",
            "https://api.github.com",
            "https://api.github.com/graphql",
        ] {
            check(text, hub.0, hub.1);
        }
        for text in [
            "https://ghe.example.org",
            "https://ghe.example.org/api/v3/",
            "https://ghe.example.org/api/graphql",
        ] {
            check(text, "https://ghe.example.org/", "https://ghe.example.org/api/graphql");
        }
        check("https://api.acme.ghe.com/", "https://acme.ghe.com/", "https://api.acme.ghe.com/graphql");
        check(
            "https://u:p@ghe.example.org/x/",
            "https://ghe.example.org/x/",
            "https://ghe.example.org/x/api/graphql",
        );
        assert_eq!(Site::parse("ftp://github.com"), None);
        assert_eq!(Site::parse("github.com"), None);
    }

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        let parse = |path| {
            Repository::parse(Site::parse("https://github.com").unwrap(), path)
                .map(|repository| format!("{} {}", repository.owner, repository.name))
        };
        assert_eq!(parse("Owner/Name.git").as_deref(), Some("owner name"));
        assert_eq!(parse("k3s-io/k3s").as_deref(), Some("k3s-io k3s"));
        for path in ["", "owner", "owner/", "a/b/c", "a/..", "a b/c", "a/b\"c"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
