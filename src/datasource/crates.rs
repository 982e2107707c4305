//! Packages of crates.io and of other registries of Rust packages with a sparse index.
//! <https://doc.rust-lang.org/cargo/reference/registry-index.html>

use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// crates.io.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crates;

/// A line of the index.
#[derive(Deserialize)]
struct Line {
    vers: String,
    #[serde(default)]
    yanked: bool,
}

impl Registry for Crates {
    fn id(&self) -> DatasourceId {
        DatasourceId::CRATE
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let is_name = !package.is_empty()
            && package.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name {
            return Err("it is not the name of a crate".to_owned());
        }
        let name = package.to_lowercase();
        // Everything is ASCII here, so every byte is a character.
        let letters = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
        let folders = match name.len() {
            1 => vec!["1"],
            2 => vec!["2"],
            3 => vec!["3", letters(0..1)],
            _ => vec![letters(0..2), letters(2..4)],
        };
        // The address of the site means its index, and `sparse+` only says which kind of index it is.
        let index = registry.filter(|url| !matches!(url.host_str(), Some("crates.io" | "www.crates.io")));
        below(index, "https://index.crates.io", &[folders, vec![&name]].concat())
    }

    fn accept(&self) -> &'static str {
        "text/plain, */*"
    }

    fn shape(&self, _: &str) -> String {
        "crate/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let lines = document.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let releases = lines.map(|line| {
            let line: Line = json(line)?;
            Ok(Release { is_deprecated: line.yanked, ..Release::of(line.vers) })
        });
        Ok(ReleaseList {
            releases: releases.collect::<Result<_, String>>()?,
            dependency_url: Some(format!("https://crates.io/crates/{package}")),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_line_is_a_version() {
        let document = "{\"name\":\"Eza\",\"vers\":\"0.1.0\",\"yanked\":true}\n{\"vers\":\"0.2.0\"}\n";
        let list = ask(Crates, "Eza", "/base/3/e/eza", document).await.unwrap();
        assert_eq!(versions(&list), ["0.1.0", "0.2.0"]);
        assert_eq!(
            list.releases.iter().map(|release| release.is_deprecated).collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[test]
    fn the_folder_is_of_the_first_letters() {
        for (name, expected) in [
            ("a", Ok("https://index.crates.io/1/a")),
            ("ab", Ok("https://index.crates.io/2/ab")),
            ("serde_Json", Ok("https://index.crates.io/se/rd/serde_json")),
            ("", Err("it is not the name of a crate")),
            ("../x", Err("it is not the name of a crate")),
        ] {
            let found = Crates.address(None, name);
            assert_eq!(found.as_ref().map(Url::as_str).map_err(String::as_str), expected, "{name}");
        }
        let site = Url::parse("https://crates.io").unwrap();
        assert_eq!(
            Crates.address(Some(&site), "abcd").unwrap().as_str(),
            "https://index.crates.io/ab/cd/abcd"
        );
    }
}
