//! Where a git repository can be asked over HTTP, from the many ways people write it.

use url::Url;

/// The address of a git repository: http or https, no credential, no query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitAddress(Url);

/// Forges that answer at `<repository>.git` and send everything else there first.
const WANT_SUFFIX: &[&str] = &["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"];

impl GitAddress {
    /// Reads `https://`, `ssh://`, `git://`, `git@host:path`, each also behind `git::` or `git+`.
    ///
    /// Repositories that are reached by ssh are asked over https on the same host; that works wherever they are
    /// public. `None`: a local path, or something that is no address at all.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("git::").or_else(|| text.strip_prefix("git+")).unwrap_or(text);
        let url = match text.split_once("://") {
            Some(("https" | "http", _)) => Url::parse(text).ok()?,
            Some(("ssh" | "git", rest)) => {
                let (authority, path) = rest.split_once('/')?;
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                over_https(without_port(host), path)?
            }
            Some(_) => return None,
            None => {
                let (authority, path) = text.split_once(':')?;
                let (user, host) = authority.split_once('@').unwrap_or(("", authority));
                if authority.contains('/') || (user.is_empty() && !host.contains('.')) {
                    return None;
                }
                over_https(host, path.trim_start_matches('/'))?
            }
        };
        Self::of(url)
    }

    /// Returns the address of the repository `path` (`owner/name`) on the forge at `base`.
    pub fn on_forge(base: &str, path: &str) -> Option<Self> {
        let sound =
            path.split('/').count() >= 2 && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !sound {
            return None;
        }
        let mut url = Url::parse(base).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(path.split('/'));
        Self::of(url)
    }

    fn of(mut url: Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return None;
        }
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        if path.is_empty() {
            return None;
        }
        let bare = path.strip_suffix(".git").unwrap_or(&path);
        let wants_suffix = WANT_SUFFIX.contains(&url.host_str().unwrap_or_default());
        let path = if wants_suffix { format!("{bare}.git") } else { path };
        url.set_path(&path);
        Some(Self(url))
    }

    /// Returns the address, as it is shown and compared.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Returns the page people open for it.
    pub fn page(&self) -> String {
        self.0.as_str().trim_end_matches(".git").to_owned()
    }

    /// Returns where the repository says what it has.
    pub(super) fn info_refs(&self) -> Url {
        let mut url = self.below("info/refs");
        url.set_query(Some("service=git-upload-pack"));
        url
    }

    /// Returns where the repository takes questions.
    pub(super) fn upload_pack(&self) -> Url {
        self.below("git-upload-pack")
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path()));
        url
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn over_https(host: &str, path: &str) -> Option<Url> {
    // Azure's ssh addresses are built otherwise than its https ones.
    if let (true, Some(path)) = (host.ends_with("ssh.dev.azure.com"), path.strip_prefix("v3/")) {
        let (project, name) = path.rsplit_once('/')?;
        return Url::parse(&format!("https://dev.azure.com/{project}/_git/{name}")).ok();
    }
    Url::parse(&format!("https://{host}/{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(GitAddress::parse(text).map(|address| address.url().to_string()).as_deref(), expected);
    }

    #[test]
    fn reads_the_ways_people_write_it() {
        check("https://github.com/owner/name", Some("https://github.com/owner/name.git"));
        check("https://github.com/owner/name.git/", Some("https://github.com/owner/name.git"));
        check("git::https://gitlab.com/a/b/c?ref=v1", Some("https://gitlab.com/a/b/c.git"));
        check("git+ssh://git@codeberg.org/a/b", Some("https://codeberg.org/a/b.git"));
        check("ssh://git@git.example.org:2222/a/b.git", Some("https://git.example.org/a/b.git"));
        check("git@github.com:owner/name.git", Some("https://github.com/owner/name.git"));
        check("git.example.org:a/b", Some("https://git.example.org/a/b"));
        check("git://git.kernel.org/pub/linux.git", Some("https://git.kernel.org/pub/linux.git"));
        check("git@ssh.dev.azure.com:v3/org/team/name", Some("https://dev.azure.com/org/team/_git/name"));
        check("http://git.lan:3000/a/b", Some("http://git.lan:3000/a/b"));
    }

    #[test]
    fn a_credential_in_it_is_dropped() {
        check("https://user:secret@git.example.org/a/b", Some("https://git.example.org/a/b"));
    }

    #[test]
    fn refuses_what_cannot_be_asked_over_http() {
        for text in [
            "",
            "./charts",
            "../x",
            "/srv/git/x",
            "file:///srv/git/x",
            "C:\\x",
            "owner/name",
            "https://x.org",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_forge_wants_at_least_two_parts() {
        let on = |path| GitAddress::on_forge("https://gitlab.com/", path).map(|at| at.url().to_string());
        assert_eq!(on("a/b/c").as_deref(), Some("https://gitlab.com/a/b/c.git"));
        assert_eq!(on("a"), None);
        assert_eq!(on("a/../b"), None);
    }

    #[test]
    fn knows_where_to_ask() {
        let address = GitAddress::parse("https://git.example.org/a/b").unwrap();
        assert_eq!(
            address.info_refs().as_str(),
            "https://git.example.org/a/b/info/refs?service=git-upload-pack"
        );
        assert_eq!(address.upload_pack().as_str(), "https://git.example.org/a/b/git-upload-pack");
    }
}
