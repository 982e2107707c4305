//! A source repository on the web, and the addresses of what is in it.

use std::fmt::Write as _;

/// The software that shows a repository on the web; it decides how addresses are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Website {
    /// GitHub: github.com, a tenant of ghe.com, or a server of one's own.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea and Forgejo; codeberg.org is one.
    Gitea,
}

/// A source repository on the web.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    website: Website,
    base: String,
    slug: String,
}

impl Source {
    /// Returns the repository at `url`, the address of its page; `None` when that is no https address, or of no website that is known.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.trim().strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let host = host.to_ascii_lowercase();
        let (name, port) = host.split_once(':').unwrap_or((&host, "1"));
        if !is_sound(name) || port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let website = website(name)?;
        let name = if host == "www.github.com" { "github.com" } else { &host };
        Self::on(website, &format!("https://{name}"), path)
    }

    /// Returns the repository at a path of a website that is known to be one; `None` when the path leads to no repository.
    /// `base` is the address of the website; what follows the repository in the path is left out.
    pub fn on(website: Website, base: &str, path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
        let path = path.split("/-/").next().unwrap_or_default();
        let mut parts: Vec<&str> = path.split('/').collect();
        if website != Website::GitLab {
            parts.truncate(2);
        }
        if let Some(last) = parts.last_mut() {
            *last = last.strip_suffix(".git").unwrap_or(last);
        }
        let is_repository = parts.len() >= 2
            && parts.len() <= 20
            && parts.iter().all(|part| is_sound(part) && !matches!(*part, "." | ".."));
        let base = base.trim_end_matches('/').to_owned();
        is_repository.then(|| Self { website, base, slug: parts.join("/") })
    }

    /// Returns what software shows it.
    pub fn website(&self) -> Website {
        self.website
    }

    /// Returns the address of the website, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns `owner/name`; a repository of GitLab may be deeper.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Returns the repository's page.
    pub fn page(&self) -> String {
        format!("{}/{}", self.base, self.slug)
    }

    /// Returns the page that shows what changed from one tag or commit to another.
    pub fn compare(&self, from: &str, to: &str) -> String {
        let (from, to) = (encode(from), encode(to));
        match self.website {
            Website::GitHub | Website::Gitea => format!("{}/compare/{from}...{to}", self.page()),
            Website::GitLab => format!("{}/-/compare/{from}...{to}", self.page()),
        }
    }

    /// Returns the page of the release of a tag.
    pub fn release(&self, tag: &str) -> String {
        let tag = encode(tag);
        match self.website {
            Website::GitHub | Website::Gitea => format!("{}/releases/tag/{tag}", self.page()),
            Website::GitLab => format!("{}/-/releases/{tag}", self.page()),
        }
    }

    /// Returns the page of an issue or pull request.
    pub fn issue(&self, number: &str) -> String {
        match self.website {
            Website::GitHub | Website::Gitea => format!("{}/issues/{number}", self.page()),
            Website::GitLab => format!("{}/-/issues/{number}", self.page()),
        }
    }

    /// Returns the page of a file, at a tag or commit; `None` is the newest.
    pub fn file(&self, reference: Option<&str>, path: &str) -> String {
        self.at("blob", reference, path)
    }

    /// Returns the bytes of a file, such as an image, at a tag or commit; `None` is the newest.
    pub fn raw(&self, reference: Option<&str>, path: &str) -> String {
        self.at("raw", reference, path)
    }

    fn at(&self, view: &str, reference: Option<&str>, path: &str) -> String {
        let reference = encode(reference.unwrap_or("HEAD"));
        let path = path.trim_start_matches('/');
        match (self.website, view) {
            (Website::GitHub, _) => format!("{}/{view}/{reference}/{path}", self.page()),
            (Website::GitLab, _) => format!("{}/-/{view}/{reference}/{path}", self.page()),
            (Website::Gitea, "raw") => format!("{}/raw/{reference}/{path}", self.page()),
            (Website::Gitea, _) => format!("{}/src/{reference}/{path}", self.page()),
        }
    }
}

fn is_sound(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// What a host shows, by its name.
fn website(host: &str) -> Option<Website> {
    let starts = |names: &[&str]| names.iter().any(|name| host.starts_with(name));
    if matches!(host, "github.com" | "www.github.com") || host.ends_with(".ghe.com") || starts(&["github."]) {
        Some(Website::GitHub)
    } else if host == "gitlab.com" || starts(&["gitlab."]) {
        Some(Website::GitLab)
    } else if host == "codeberg.org" || starts(&["gitea.", "forgejo."]) {
        Some(Website::Gitea)
    } else {
        None
    }
}

/// Returns a tag as a part of an address; slashes stay.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'+' => {
                encoded.push(char::from(byte));
            }
            _ => {
                // A `String` takes no error.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<&str>) {
        assert_eq!(Source::parse(url).map(|source| source.page()).as_deref(), expected, "{url}");
    }

    #[test]
    fn reads_the_page_of_a_repository() {
        check("https://github.com/lakeside/fjord", Some("https://github.com/lakeside/fjord"));
        check("https://github.com/Lakeside/Fjord.git", Some("https://github.com/Lakeside/Fjord"));
        check("https://www.github.com/a/b/tree/main/charts", Some("https://github.com/a/b"));
        check("https://gitlab.com/a/b/c/-/tree/main", Some("https://gitlab.com/a/b/c"));
        check("https://gitlab.lan:8443/a/b", Some("https://gitlab.lan:8443/a/b"));
        check("https://codeberg.org/a/b/", Some("https://codeberg.org/a/b"));
        for url in [
            "https://example.org/a/b",
            "http://github.com/a/b",
            "https://github.com/a",
            "https://github.com/a/..",
            "https://github.com/a/b c",
            "https://u@github.com/a/b",
            "https://github.com:x/a/b",
            "",
        ] {
            check(url, None);
        }
    }

    #[test]
    fn makes_the_addresses_of_each_website() {
        let of = |url: &str| {
            let source = Source::parse(url).unwrap();
            [
                source.compare("v1", "a/v2 (x)"),
                source.release("v2"),
                source.issue("7"),
                source.file(Some("v2"), "docs/a.md"),
                source.raw(None, "/a.png"),
            ]
        };
        assert_eq!(
            of("https://github.com/o/r"),
            [
                "https://github.com/o/r/compare/v1...a/v2%20%28x%29",
                "https://github.com/o/r/releases/tag/v2",
                "https://github.com/o/r/issues/7",
                "https://github.com/o/r/blob/v2/docs/a.md",
                "https://github.com/o/r/raw/HEAD/a.png",
            ]
        );
        assert_eq!(of("https://gitlab.com/o/r")[0], "https://gitlab.com/o/r/-/compare/v1...a/v2%20%28x%29");
        assert_eq!(of("https://codeberg.org/o/r")[3], "https://codeberg.org/o/r/src/v2/docs/a.md");
    }
}
