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
    /// Tags of a GitLab repository.
    pub const GITLAB_TAGS: Self = Self::fixed("gitlab-tags");
    /// Releases of a GitLab repository.
    pub const GITLAB_RELEASES: Self = Self::fixed("gitlab-releases");
    /// Tags of a Gitea repository.
    pub const GITEA_TAGS: Self = Self::fixed("gitea-tags");
    /// Releases of a Gitea repository.
    pub const GITEA_RELEASES: Self = Self::fixed("gitea-releases");
    /// Tags of a Forgejo repository.
    pub const FORGEJO_TAGS: Self = Self::fixed("forgejo-tags");
    /// Releases of a Forgejo repository.
    pub const FORGEJO_RELEASES: Self = Self::fixed("forgejo-releases");
    /// Tags of a repository on Bitbucket.
    pub const BITBUCKET_TAGS: Self = Self::fixed("bitbucket-tags");
    /// Revisions of a dashboard on grafana.com.
    pub const GRAFANA_DASHBOARDS: Self = Self::fixed("grafana-dashboards");
    /// Roles of Ansible Galaxy.
    pub const GALAXY: Self = Self::fixed("galaxy");
    /// Collections of Ansible Galaxy.
    pub const GALAXY_COLLECTION: Self = Self::fixed("galaxy-collection");
    /// Providers of a Terraform or `OpenTofu` registry.
    pub const TERRAFORM_PROVIDER: Self = Self::fixed("terraform-provider");
    /// Modules of a Terraform or `OpenTofu` registry.
    pub const TERRAFORM_MODULE: Self = Self::fixed("terraform-module");
    /// Packages of `RubyGems`.
    pub const RUBYGEMS: Self = Self::fixed("rubygems");
    /// Packages of `NuGet`.
    pub const NUGET: Self = Self::fixed("nuget");
    /// Packages of Packagist.
    pub const PACKAGIST: Self = Self::fixed("packagist");
    /// Packages of conda channels.
    pub const CONDA: Self = Self::fixed("conda");
    /// Packages of the JavaScript Registry.
    pub const JSR: Self = Self::fixed("jsr");
    /// Versions of Java.
    pub const JAVA_VERSION: Self = Self::fixed("java-version");
    /// Versions of Python.
    pub const PYTHON_VERSION: Self = Self::fixed("python-version");
    /// Versions of Ruby.
    pub const RUBY_VERSION: Self = Self::fixed("ruby-version");
    /// Versions of .NET.
    pub const DOTNET_VERSION: Self = Self::fixed("dotnet-version");

    /// Returns the id of the entry `name` of `customDatasources`.
    pub fn custom(name: &str) -> Self {
        Self::new(format!("custom.{name}"))
    }
}

impl VersioningId {
    /// Tags of images: numbers, and a suffix that has to stay.
    pub const DOCKER: Self = Self::fixed("docker");
    /// Strict semantic versions.
    pub const SEMVER: Self = Self::fixed("semver");
    /// Semantic versions that may lack numbers, and ranges of one part.
    pub const SEMVER_PARTIAL: Self = Self::fixed("semver-partial");
    /// Whatever has numbers, read as a semantic version.
    pub const SEMVER_COERCED: Self = Self::fixed("semver-coerced");
    /// Semantic versions and npm's ranges.
    pub const NPM: Self = Self::fixed("npm");
    /// Charts' versions and ranges.
    pub const HELM: Self = Self::fixed("helm");
    /// Versions of Deno's packages, as npm's.
    pub const DENO: Self = Self::fixed("deno");
    /// Cargo's versions and requirements.
    pub const CARGO: Self = Self::fixed("cargo");
    /// Numbers, then anything.
    pub const LOOSE: Self = Self::fixed("loose");
    /// Names that only match themselves.
    pub const EXACT: Self = Self::fixed("exact");
    /// References to actions.
    pub const GITHUB_ACTIONS: Self = Self::fixed("github-actions");
    /// API versions of Kubernetes.
    pub const KUBERNETES_API: Self = Self::fixed("kubernetes-api");
    /// Python's versions and specifiers ([PEP 440](https://peps.python.org/pep-0440/)).
    pub const PEP440: Self = Self::fixed("pep440");
    /// Versions and constraints of Terraform.
    pub const HASHICORP: Self = Self::fixed("hashicorp");
    /// Versions and requirements of `RubyGems`.
    pub const RUBY: Self = Self::fixed("ruby");
    /// Versions and ranges of `NuGet`.
    pub const NUGET: Self = Self::fixed("nuget");
    /// Versions and ranges of Maven.
    pub const MAVEN: Self = Self::fixed("maven");
    /// Versions of Node.js, of which only lines with long-term support are stable.
    pub const NODE: Self = Self::fixed("node");
    /// Versions of Python and the constraints tools put on them.
    pub const PYTHON: Self = Self::fixed("python");
    /// Versions of packages of Red Hat.
    pub const REDHAT: Self = Self::fixed("redhat");
    /// Releases of Ubuntu.
    pub const UBUNTU: Self = Self::fixed("ubuntu");
    /// Releases of Debian.
    pub const DEBIAN: Self = Self::fixed("debian");
    /// Versions of Debian's packages.
    pub const DEB: Self = Self::fixed("deb");
    /// Versions of RPM packages.
    pub const RPM: Self = Self::fixed("rpm");
    /// Semantic versions that never leave their major number.
    pub const SAME_MAJOR: Self = Self::fixed("same-major");
    /// Commits.
    pub const GIT: Self = Self::fixed("git");
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
