//! Where a backend takes a tool from: which datasource knows its versions, and under which name.

use std::collections::BTreeSet;

use updraft_core::dep::SkipReason;
use updraft_core::name::{DatasourceId, VersioningId};

use super::registry;
use super::tool::Tool;
use crate::git_url::GitUrl;

/// Where the versions of a tool are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) datasource: DatasourceId,
    pub(super) package_name: String,
    pub(super) versioning: Option<VersioningId>,
    /// How a version is taken out of a release's name; `None` where they are the same.
    pub(super) extract_version: Option<String>,
}

/// Why there is none.
pub(super) type Unknown = (SkipReason, String);

impl Source {
    fn new(datasource: DatasourceId, package_name: impl Into<String>) -> Self {
        Self { datasource, package_name: package_name.into(), versioning: None, extract_version: None }
    }
}

/// Returns where `tool` comes from.
///
/// `short` is the name people call it by: the part of a tag before its number may be that, as in `kustomize/v5.0.0`. `version` is
/// what is asked for.
pub(super) fn of(tool: &Tool<'_>, short: &str, version: &str) -> Result<Source, Unknown> {
    let name = tool.name;
    let Some(backend) = tool.backend else {
        let Some(key) = registry::full_key(name) else {
            let detail = format!(
                "mise's registry as updraft knows it has no `{name}`: a backend in front of it, such as `aqua:`, would say where it comes from"
            );
            return Err((SkipReason::UnsupportedDatasource, detail));
        };
        let mut source = of(&Tool::parse(key), name, version)?;
        if registry::is_released(name) {
            source.datasource = DatasourceId::GITHUB_RELEASES;
        }
        return Ok(source);
    };
    let source = match backend {
        "core" => core_tool(name, version),
        "aqua" => {
            on_github(DatasourceId::GITHUB_TAGS, name).map(|source| with_tags(source, tool, short, version))
        }
        "github" | "ubi" => on_github(DatasourceId::GITHUB_RELEASES, name)
            .map(|source| with_tags(source, tool, short, version)),
        "spm" => on_github(DatasourceId::GITHUB_RELEASES, &repository_of(name))
            .map(|source| with_tags(source, tool, short, version)),
        "asdf" | "vfox" if !name.contains('/') => return of(&tool.without_backend(), short, version),
        "npm" => Some(Source::new(DatasourceId::NPM, name)),
        "pipx" => pipx(tool, short, version),
        "cargo" if name.contains("://") => in_git(name),
        "cargo" => Some(Source::new(DatasourceId::CRATE, name)),
        "go" => Some(Source::new(DatasourceId::GO, name)),
        "gem" => Some(Source::new(DatasourceId::fixed("rubygems"), name)),
        "dotnet" => Some(Source::new(DatasourceId::fixed("nuget"), name)),
        _ => None,
    };
    let source = source.filter(|source| !source.package_name.is_empty());
    source.ok_or_else(|| {
        let detail = format!("`{}` is not a package of a kind that updraft can look up", tool.full);
        (SkipReason::UnsupportedDatasource, detail)
    })
}

/// Returns the GitHub repository that the first two parts of a name are; aqua has packages of other hosts, too, named by them.
fn on_github(datasource: DatasourceId, name: &str) -> Option<Source> {
    let mut parts = name.split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    let is_name = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    (is_name(owner) && is_name(repository) && !owner.contains('.'))
        .then(|| Source::new(datasource, format!("{owner}/{repository}")))
}

/// Adds how tags spell a version that is written without what stands before its number.
fn with_tags(source: Source, tool: &Tool<'_>, short: &str, version: &str) -> Source {
    let extract_version = if let Some(prefix) = tool.option("version_prefix") {
        (!version.starts_with(prefix)).then(|| format!("^{}(?<version>.+)$", regex::escape(prefix)))
    } else if version.starts_with(|first: char| first.is_ascii_digit()) {
        let is_word = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let names =
            [short, tool.name, &source.package_name].map(|name| name.rsplit('/').next().unwrap_or(name));
        let names: BTreeSet<&str> = names.into_iter().filter(is_word).collect();
        let names = names.into_iter().collect::<Vec<_>>().join("|");
        Some(format!("^(?:(?:{names})[-_/]?)?v?(?<version>\\d.*)$"))
    } else {
        None
    };
    Source { extract_version, ..source }
}

/// Returns `owner/name` of `https://github.com/owner/name.git`; anything else as it is.
fn repository_of(name: &str) -> String {
    GitUrl::parse(name).and_then(GitUrl::github).map_or_else(|| name.to_owned(), str::to_owned)
}

fn in_git(url: &str) -> Option<Source> {
    let parsed = GitUrl::parse(url)?;
    Some(match parsed.github() {
        Some(repository) => Source::new(DatasourceId::GITHUB_TAGS, repository),
        None => Source::new(DatasourceId::GIT_TAGS, url),
    })
}

/// Returns a Python program: from the Python index, or from a git repository.
fn pipx(tool: &Tool<'_>, short: &str, version: &str) -> Option<Source> {
    let name = tool.name;
    if let Some(url) = name.strip_prefix("git+") {
        return in_git(url).map(|source| with_tags(source, tool, short, version));
    }
    if name.contains('/') {
        return on_github(DatasourceId::GITHUB_TAGS, name)
            .map(|source| with_tags(source, tool, short, version));
    }
    Some(Source::new(DatasourceId::PYPI, name))
}

/// Returns a language that mise installs by itself.
fn core_tool(name: &str, version: &str) -> Option<Source> {
    let tags = |repository: &str, pattern: &str| {
        let mut source = Source::new(DatasourceId::GITHUB_TAGS, repository);
        source.extract_version = Some(pattern.to_owned());
        source
    };
    let releases = |repository: &str, pattern: &str| Source {
        datasource: DatasourceId::GITHUB_RELEASES,
        ..tags(repository, pattern)
    };
    let mut source = match name {
        "bun" => releases("oven-sh/bun", r"^bun-v(?<version>\d\S*)$"),
        "deno" => releases("denoland/deno", r"^v(?<version>\d\S*)$"),
        "dotnet" => Source::new(DatasourceId::fixed("dotnet-version"), "dotnet-sdk"),
        "elixir" => tags("elixir-lang/elixir", r"^v(?<version>\d\S*)$"),
        "erlang" => tags("erlang/otp", r"^OTP-(?<version>\d\S*)$"),
        "go" => tags("golang/go", r"^go(?<version>\d\S*)$"),
        "java" => Source::new(DatasourceId::fixed("java-version"), "java-jdk"),
        "node" | "nodejs" => Source::new(DatasourceId::NODE_VERSION, "node"),
        "python" => tags("python/cpython", r"^v(?<version>\d\S*)$"),
        "ruby" => Source::new(DatasourceId::fixed("ruby-version"), "ruby-version"),
        "rust" => tags("rust-lang/rust", r"^(?<version>\d\S*)$"),
        "swift" => releases("swiftlang/swift", r"^swift-(?<version>\d\S*)-RELEASE$"),
        "zig" => tags("ziglang/zig", r"^(?<version>\d\S*)$"),
        _ => return None,
    };
    // To mise fewer numbers are a range: `3.12` installs the newest 3.12.
    if is_partial(version) {
        source.versioning = Some(VersioningId::fixed("npm"));
    }
    Some(source)
}

/// Returns whether a version has one or two numbers, and nothing else.
fn is_partial(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() < 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[track_caller]
    fn find(key: &str, version: &str) -> Source {
        let tool = Tool::parse(key);
        of(&tool, tool.name.rsplit('/').next().unwrap(), version)
            .unwrap_or_else(|error| panic!("{key}: {error:?}"))
    }

    #[track_caller]
    fn check(key: &str, datasource: &str, package: &str) {
        let found = find(key, "1.2.3");
        assert_eq!((found.datasource.as_str(), found.package_name.as_str()), (datasource, package), "{key}");
    }

    #[track_caller]
    fn check_tag(key: &str, version: &str, tag: &str, expected: Option<&str>) {
        let pattern = find(key, version).extract_version.expect(key);
        let pattern = Regex::new(&pattern).unwrap();
        let found = pattern.captures(tag).map(|found| found.name("version").unwrap().as_str());
        assert_eq!(found, expected, "{key} {tag} {pattern}");
    }

    #[test]
    fn backends_are_looked_up_where_they_take_their_tools_from() {
        check("aqua:helm/helm", "github-tags", "helm/helm");
        check("aqua:kubernetes/kubernetes/kubectl", "github-tags", "kubernetes/kubernetes");
        check("github:o/n", "github-releases", "o/n");
        check("ubi:o/n[exe=x]", "github-releases", "o/n");
        check("npm:@scope/name", "npm", "@scope/name");
        check("pipx:makejinja", "pypi", "makejinja");
        check("pipx:harlequin[s3]", "pypi", "harlequin");
        check("pipx:o/n", "github-tags", "o/n");
        check("pipx:git+https://github.com/o/n.git", "github-tags", "o/n");
        check("cargo:eza", "crate", "eza");
        check("cargo:https://github.com/o/n", "github-tags", "o/n");
        check("cargo:https://git.example.org/o/n", "git-tags", "https://git.example.org/o/n");
        check("go:github.com/o/n/cmd/x", "go", "github.com/o/n/cmd/x");
        check("gem:rubocop", "rubygems", "rubocop");
        check("dotnet:tool", "nuget", "tool");
        check("spm:o/n", "github-releases", "o/n");
        check("spm:https://github.com/o/n.git", "github-releases", "o/n");
        check("core:python", "github-tags", "python/cpython");
        check("asdf:node", "node-version", "node");
        check("kubectl", "github-tags", "kubernetes/kubernetes");
        check("kustomize", "github-releases", "kubernetes-sigs/kustomize");
        check("oxfmt", "npm", "oxfmt");
        check("nodejs", "node-version", "node");
    }

    #[test]
    fn what_is_unknown_is_said() {
        for key in [
            "aqua:gitlab.com/o/n",
            "aqua:o",
            "http:x",
            "no-such-tool",
            "npm:",
            ":",
            "",
            "vfox:o/n",
            &"asdf:".repeat(100_000),
        ] {
            let tool = Tool::parse(key);
            let error = of(&tool, tool.name, "1").unwrap_err();
            assert_eq!(error.0, SkipReason::UnsupportedDatasource, "{key}");
        }
    }

    #[test]
    fn a_version_is_found_behind_the_names_of_its_tool() {
        check_tag("aqua:helm/helm", "3.1.0", "v3.2.0", Some("3.2.0"));
        check_tag("aqua:helm/helm", "3.1.0", "3.2.0", Some("3.2.0"));
        check_tag("aqua:helm/helm", "3.1.0", "dev-v3.2.0", None);
        check_tag("aqua:kubernetes-sigs/kustomize", "5.1.0", "kustomize/v5.2.0", Some("5.2.0"));
        check_tag("aqua:kubernetes-sigs/kustomize", "5.1.0", "api/v6.0.0", None);
        check_tag("aqua:jqlang/jq", "1.7", "jq-1.8.1", Some("1.8.1"));
        check_tag("github:o/n[version_prefix=b]", "4000", "b4001", Some("4001"));
        check_tag("core:bun", "1.0.0", "bun-v1.2.0", Some("1.2.0"));
        check_tag("core:erlang", "27.0", "OTP-28.1", Some("28.1"));
        assert_eq!(find("github:o/n", "v1.0").extract_version, None);
        assert_eq!(find("github:o/n[version_prefix=r-]", "r-1.0").extract_version, None);
    }

    #[test]
    fn languages_with_fewer_numbers_are_ranges() {
        for (version, expected) in
            [("3.12", Some("npm")), ("3", Some("npm")), ("3.12.1", None), ("3.13t", None)]
        {
            let found = find("python", version).versioning;
            assert_eq!(found.as_ref().map(VersioningId::as_str), expected, "{version}");
        }
    }
}
