//! From an image's name to the registry and the repository in it.

use updraft_core::address::host_of;
use url::Url;

use crate::datasource::LookupError;

/// The host that serves Docker Hub's registry.
const DOCKER_HUB: &str = "index.docker.io";

/// Longest repository name that registries accept.
const NAME_LIMIT: usize = 255;

/// A repository in a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Repository {
    /// The registry's host, with its port where it has one.
    pub(super) host: String,
    /// The path inside the registry: `owner/name`.
    pub(super) path: String,
}

impl Repository {
    /// Returns the repository that `name` means, looked for in `registry` (an address or a host) when the name has no host of its own.
    ///
    /// A first part with `.` or `:` is a host. Without any host it is Docker Hub, where a name without `/` is below `library/`.
    ///
    /// # Errors
    /// No registry could have such a name.
    pub(super) fn parse(name: &str, registry: Option<&str>) -> Result<Self, LookupError> {
        let name = name.strip_prefix("oci://").unwrap_or(name).trim_matches('/');
        let (own_host, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) => (Some(first), rest),
            _ => (None, name),
        };
        let (host, prefix) = match (own_host, registry) {
            (Some(host), _) => (host, ""),
            (None, Some(registry)) => {
                let bare = registry.split_once("://").map_or(registry, |(_, rest)| rest).trim_matches('/');
                bare.split_once('/').unwrap_or((bare, ""))
            }
            (None, None) => (DOCKER_HUB, ""),
        };
        let mut path = if prefix.is_empty() { path.to_owned() } else { format!("{prefix}/{path}") };
        let host = match host.to_ascii_lowercase().as_str() {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB.to_owned(),
            other => other.to_owned(),
        };
        if host == DOCKER_HUB && !path.contains('/') {
            path = format!("library/{path}");
        }
        if !is_host(&host) {
            // Who writes a user into an address has not meant to show them.
            let shown = host_of(&host);
            return Err(LookupError::unsupported(name, format!("`{shown}` is not the name of a registry")));
        }
        if !is_path(&path) {
            return Err(LookupError::unsupported(name, "no registry could have a repository of this name"));
        }
        Ok(Self { host, path })
    }

    /// Returns the same name below `library/`, if it is a name that may be meant so: mirrors of Docker Hub keep its short names there.
    pub(super) fn in_library(&self) -> Option<Self> {
        (!self.path.contains('/'))
            .then(|| Self { host: self.host.clone(), path: format!("library/{}", self.path) })
    }

    pub(super) fn is_docker_hub(&self) -> bool {
        self.host == DOCKER_HUB
    }

    pub(super) fn is_quay(&self) -> bool {
        self.host == "quay.io"
    }

    /// Returns the name for people: `docker.io/library/nginx`, `ghcr.io/owner/name`.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.shown_host(), self.path)
    }

    /// Returns the host for people.
    pub(super) fn shown_host(&self) -> &str {
        if self.is_docker_hub() { "docker.io" } else { &self.host }
    }
}

fn is_host(host: &str) -> bool {
    let sound = !host.is_empty()
        && host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'_' | b'[' | b']')
        });
    // Whatever the address parser would read otherwise (a number that is an IP address, a port that is none) is no host either.
    sound
        && Url::parse(&format!("https://{host}/"))
            .is_ok_and(|url| crate::http::host_of(&url) == host.trim_end_matches(":443"))
}

fn is_path(path: &str) -> bool {
    path.len() <= NAME_LIMIT
        && path.split('/').all(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
                && part.bytes().any(|byte| byte != b'.')
        })
}

/// Whether a text may stand where a tag or a digest stands in an address.
pub(super) fn is_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'+');
    (1..=200).contains(&text.len()) && text.bytes().all(allowed) && text.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, registry: Option<&str>, expected: Option<(&str, &str)>) {
        let parsed = Repository::parse(name, registry).ok();
        let parsed = parsed.as_ref().map(|name| (name.host.as_str(), name.path.as_str()));
        assert_eq!(parsed, expected, "{name} {registry:?}");
    }

    #[test]
    fn a_first_part_with_a_dot_or_a_port_is_a_host() {
        check("nginx", None, Some(("index.docker.io", "library/nginx")));
        check("docker.io/nginx", None, Some(("index.docker.io", "library/nginx")));
        check("registry-1.docker.io/a/b", None, Some(("index.docker.io", "a/b")));
        check("grafana/loki", None, Some(("index.docker.io", "grafana/loki")));
        check("localhost/a", None, Some(("index.docker.io", "localhost/a")));
        check("ghcr.io/a/b/c", None, Some(("ghcr.io", "a/b/c")));
        check("GHCR.io/a/b", None, Some(("ghcr.io", "a/b")));
        check("registry.lan:5000/a", None, Some(("registry.lan:5000", "a")));
        check("oci://ghcr.io/a/b", None, Some(("ghcr.io", "a/b")));
        check("127.0.0.1:5000/a", None, Some(("127.0.0.1:5000", "a")));
    }

    #[test]
    fn a_registry_is_for_names_without_a_host() {
        check("nginx", Some("https://mirror.lan"), Some(("mirror.lan", "nginx")));
        check("a/b", Some("https://mirror.lan/hub/"), Some(("mirror.lan", "hub/a/b")));
        check("ghcr.io/a/b", Some("https://mirror.lan"), Some(("ghcr.io", "a/b")));
        check("nginx", Some("https://index.docker.io"), Some(("index.docker.io", "library/nginx")));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "",
            "/",
            "a//b",
            "ghcr.io/../x",
            "ghcr.io/a/./b",
            "ghcr.io/a?b",
            "ghcr.io/a#b",
            "ghcr.io/a@b",
            "u:p@ghcr.io/a",
            "ghcr.io:x/a",
            "ghcr.io/a b",
            "ghcr.io/a%2e",
            "1.2.3.4.5/a",
            "${REGISTRY}.x/a",
        ] {
            check(name, None, None);
        }
        check("a", Some("https://evil.org@ghcr.io"), None);
        check("a", Some("https://"), None);
    }

    #[test]
    fn short_names_may_be_in_the_library() {
        let name = Repository::parse("nginx", Some("https://mirror.lan")).unwrap();
        assert_eq!(name.in_library().map(|name| name.path), Some("library/nginx".to_owned()));
        assert_eq!(Repository::parse("ghcr.io/a/b", None).unwrap().in_library(), None);
    }
}
