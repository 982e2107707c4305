//! Modules of Go, as the module mirror lists their versions. <https://go.dev/ref/mod#goproxy-protocol>

use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below};
use super::source_url::SourceUrl;

/// Hosts whose repositories are `owner/name`, and a module where no folder of it is one by itself.
const FORGES: &[&str] = &["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];

/// The module mirror.
#[derive(Clone, Copy, Debug, Default)]
pub struct Go;

impl Registry for Go {
    fn id(&self) -> DatasourceId {
        DatasourceId::GO
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let module = module(package);
        let is_sound = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+!".contains(&byte))
        };
        if module.is_empty()
            || !module.iter().all(|part| is_sound(part))
            || !module.iter().take(1).all(|host| host.contains('.'))
        {
            return Err("it is not the path of a Go module".to_owned());
        }
        let mut segments: Vec<String> = module.iter().map(|part| escaped(part)).collect();
        segments.extend(["@v".to_owned(), "list".to_owned()]);
        below(registry, "https://proxy.golang.org", &segments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn accept(&self) -> &'static str {
        "text/plain, */*"
    }

    fn shape(&self, _: &str) -> String {
        "go/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let text = std::str::from_utf8(document).map_err(|_| "it is not UTF-8 text".to_owned())?;
        if text.trim_start().starts_with('<') {
            return Err("it is an HTML page where a list of versions was expected".to_owned());
        }
        let module = module(package);
        let source = module.get(..3).filter(|_| module.first().is_some_and(|host| FORGES.contains(host)));
        Ok(ReleaseList {
            releases: text.split_whitespace().map(Release::of).collect(),
            source_url: source
                .and_then(|parts| SourceUrl::parse(&format!("https://{}", parts.join("/"))))
                .map(|url| url.repository),
            dependency_url: Some(format!("https://pkg.go.dev/{}", module.join("/"))),
            ..ReleaseList::default()
        })
    }
}

/// Returns the parts of the module that a package is of: on forges the repository, with the major version behind it.
fn module(package: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = package.split('/').collect();
    if parts.first().is_some_and(|host| FORGES.contains(host)) {
        let is_major = |part: &&str| {
            part.strip_prefix('v')
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        parts.truncate(if parts.get(3).is_some_and(is_major) { 4 } else { 3 });
    }
    parts
}

/// Returns a part of a path as the mirror spells it: with `!` and a small letter for each capital one.
fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for letter in part.chars() {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_line_is_a_version() {
        let list = ask(
            Go,
            "github.com/DarthSim/hivemind",
            "/base/github.com/!darth!sim/hivemind/@v/list",
            "v1.0.1\nv1.1.0\n",
        )
        .await
        .unwrap();
        assert_eq!(versions(&list), ["v1.0.1", "v1.1.0"]);
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/DarthSim/hivemind"));
    }

    #[test]
    fn a_package_is_of_the_module_around_it() {
        for (package, expected) in [
            ("github.com/o/n/cmd/x", Some("github.com/o/n")),
            ("github.com/o/n/v4/cmd/x", Some("github.com/o/n/v4")),
            ("gopkg.in/yaml.v3", Some("gopkg.in/yaml.v3")),
            ("golang.org/x/tools/gopls", Some("golang.org/x/tools/gopls")),
            ("fmt", None),
            ("", None),
            ("github.com/o/..", None),
            ("github.com//n", None),
            ("github.com/o/n?x", None),
        ] {
            let expected = expected.map(|module| format!("https://proxy.golang.org/{module}/@v/list"));
            assert_eq!(
                Go.address(None, package).ok().as_ref().map(Url::as_str),
                expected.as_deref(),
                "{package}"
            );
        }
    }
}
