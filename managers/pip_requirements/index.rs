//! The indexes a file names: where its packages are looked up.

use updraft_core::address::without_user;

use super::line::{Content, Line};
use crate::scalar::{self, LONGEST};

/// The index of everyone, by the address pip knows it by.
const DEFAULT: &str = "https://pypi.org/simple";
/// The same, by the address it is asked at.
const DEFAULT_REGISTRY: &str = "https://pypi.org/pypi";
/// How many are asked.
const MOST: usize = 8;

/// The `--index-url` and `--extra-index-url` of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Indexes<'a> {
    own: Option<&'a str>,
    extra: Vec<&'a str>,
}

impl<'a> Indexes<'a> {
    pub(super) fn of(lines: &[Line<'a>]) -> Self {
        let mut found = Self::default();
        for line in lines {
            match line.content() {
                Content::Option { value, .. } if value.len() > LONGEST => {}
                Content::Option { name: "i" | "-index-url" | "-pypi-url", value } => found.own = Some(value),
                Content::Option { name: "-extra-index-url", value } if found.extra.len() < MOST => {
                    found.extra.push(value);
                }
                _ => {}
            }
        }
        found
    }

    /// Returns the registries to ask, none for the default alone, or the index whose address is not known.
    pub(super) fn addresses(&self) -> Result<Vec<String>, String> {
        let own = self.own.unwrap_or(DEFAULT);
        let all = std::iter::once(own)
            .chain(self.extra.iter().copied())
            .map(|address| without_user(address).into_owned());
        let all: Vec<String> = all.filter(|address| !address.is_empty()).collect();
        if let Some(unknown) = all.iter().find(|address| scalar::has_variable(address)) {
            return Err(unknown.clone());
        }
        let is_default = |address: &String| address.trim_end_matches('/') == DEFAULT;
        if all.iter().all(is_default) {
            return Ok(Vec::new());
        }
        Ok(all
            .into_iter()
            .map(|address| if is_default(&address) { DEFAULT_REGISTRY.to_owned() } else { address })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::lines;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], &str>) {
        let found = Indexes::of(&lines(text)).addresses();
        let expected = expected
            .map(|urls| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>())
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_index_replaces_the_default_and_an_extra_one_is_added() {
        check("a==1", Ok(&[]));
        check("-i https://pypi.org/simple/", Ok(&[]));
        check("--index-url https://a.example.org/pypi", Ok(&["https://a.example.org/pypi"]));
        check(
            "--extra-index-url=https://a.example.org/x\n--extra-index-url https://b.example.org",
            Ok(&["https://pypi.org/pypi", "https://a.example.org/x", "https://b.example.org"]),
        );
    }

    #[test]
    fn credentials_are_left_out() {
        check("-i https://me:secret@a.example.org/x", Ok(&["https://a.example.org/x"]));
        check("-i https://${TOKEN}@a.example.org/x", Ok(&["https://a.example.org/x"]));
        check("-i https://me:p@ss@a.example.org", Ok(&["https://a.example.org"]));
        check("-i https://a.example.org/${TEAM}", Err("https://a.example.org/${TEAM}"));
    }
}
