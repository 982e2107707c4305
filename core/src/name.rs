//! Names that are checked once, where they enter, and trusted afterwards.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A file's path inside the repository: relative, `/` between parts, no `.` or `..` part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// Returns the path, or `None` when `text` is empty, absolute or leaves the repository.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.strip_prefix("./").unwrap_or(text);
        let sound = !text.is_empty()
            && !text.starts_with('/')
            && !text.contains(['\\', '\0'])
            && text.split('/').all(|part| !matches!(part, "" | "." | ".."));
        sound.then(|| Self(text.into()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the folder, `""` for the top of the repository.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// Returns the id spelled `text`, without a copy.
            pub const fn fixed(text: &'static str) -> Self {
                Self(Cow::Borrowed(text))
            }

            /// Returns the id spelled `text`.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Cow::Owned(text.into()))
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

id! {
    /// A manager's name as Renovate spells it: `flux`, `github-actions`, `custom.regex`, ...
    ManagerId
}
id! {
    /// A datasource's name as Renovate spells it: `docker`, `helm`, `github-tags`, `custom.<name>`, ...
    DatasourceId
}
id! {
    /// A versioning's name as Renovate spells it: `docker`, `semver`, `regex:<pattern>`, ...
    VersioningId
}

impl DatasourceId {
    /// Images and OCI artifacts in a container registry.
    pub const DOCKER: Self = Self::fixed("docker");
    /// Charts of a classic Helm repository (`index.yaml`).
    pub const HELM: Self = Self::fixed("helm");
    /// Tags of a GitHub repository.
    pub const GITHUB_TAGS: Self = Self::fixed("github-tags");
    /// Releases of a GitHub repository.
    pub const GITHUB_RELEASES: Self = Self::fixed("github-releases");
    /// A branch of a GitHub repository, followed by commit.
    pub const GITHUB_DIGEST: Self = Self::fixed("github-digest");
    /// GitHub's hosted runner images.
    pub const GITHUB_RUNNERS: Self = Self::fixed("github-runners");
    /// Tags of any git repository.
    pub const GIT_TAGS: Self = Self::fixed("git-tags");
    /// Branches and tags of any git repository, followed by commit.
    pub const GIT_REFS: Self = Self::fixed("git-refs");
    /// Kubernetes API versions of well-known kinds.
    pub const KUBERNETES_API: Self = Self::fixed("kubernetes-api");
    /// Packages of the npm registry.
    pub const NPM: Self = Self::fixed("npm");
    /// Packages of the Python Package Index.
    pub const PYPI: Self = Self::fixed("pypi");
    /// Packages of crates.io.
    pub const CRATE: Self = Self::fixed("crate");
    /// Modules of Go.
    pub const GO: Self = Self::fixed("go");
    /// Versions of Node.js.
    pub const NODE_VERSION: Self = Self::fixed("node-version");
    /// Versions of Go.
    pub const GOLANG_VERSION: Self = Self::fixed("golang-version");

    /// Returns the id of the entry `name` of `customDatasources`.
    pub fn custom(name: &str) -> Self {
        Self::new(format!("custom.{name}"))
    }
}

/// A content address: `sha256:<64 hex>` of a registry, or the 40 or 64 hex of a git commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Digest(String);

impl Digest {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first seven hex digits, as titles show them.
    pub fn short(&self) -> &str {
        short_digest(&self.0)
    }

    /// Returns the hex digits without the algorithm.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, hex)| hex)
    }
}

/// Returns the first seven hex digits of a digest's text, whatever its form.
pub fn short_digest(text: &str) -> &str {
    let hex = text.split_once(':').map_or(text, |(_, hex)| hex);
    hex.get(..7).unwrap_or(hex)
}

/// A text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a digest: expected `sha256:` and 64 hex digits, or a git commit of 40 or 64 hex digits"
)]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hex = |hex: &str, lengths: &[usize]| {
            lengths.contains(&hex.len())
                && hex.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
        };
        let sound = match text.split_once(':') {
            Some(("sha256", rest)) => hex(rest, &[64]),
            Some(("sha384", rest)) => hex(rest, &[96]),
            Some(("sha512", rest)) => hex(rest, &[128]),
            Some(_) => false,
            None => hex(text, &[40, 64]),
        };
        if sound { Ok(Self(text.to_owned())) } else { Err(DigestError(text.to_owned())) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_the_repository() {
        for text in ["", "/etc/passwd", "a/../b", "..", "a//b", "a\\b", "a/."] {
            assert_eq!(RepoPath::new(text), None, "{text}");
        }
        assert_eq!(
            RepoPath::new("./a/b.yaml").map(|path| path.file_name().to_owned()),
            Some("b.yaml".to_owned())
        );
    }

    #[test]
    fn a_digest_has_the_right_length_and_lower_case_hex() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(format!("sha256:{hex}").parse::<Digest>().is_ok());
        assert!(hex.parse::<Digest>().is_ok());
        for text in ["sha256:12", "", "md5:00", &format!("sha256:{}", hex.to_uppercase())] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
