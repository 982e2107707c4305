//! What a `chart:` means.

use std::ops::Range;

use updraft_core::dep::SkipReason;

use crate::scalar;

/// A chart, by the form of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chart<'a> {
    /// `oci://host/path/name`: everything after the scheme.
    Registry {
        /// The address without scheme.
        address: &'a str,
        /// Its last part.
        name: &'a str,
        /// Where the address stands in the text.
        at: Range<usize>,
    },
    /// `repository/name`.
    Repository {
        /// The name of the repository.
        repository: &'a str,
        /// The name of the chart.
        name: &'a str,
        /// Where the chart's name stands in the text.
        at: Range<usize>,
    },
    /// Something that cannot be followed.
    Other(SkipReason, &'static str),
}

/// Returns what `text`, the value of a `chart:`, means.
pub(super) fn parse(text: &str) -> Chart<'_> {
    if text.starts_with(['.', '/']) || text.starts_with("file://") {
        return Chart::Other(SkipReason::LocalChart, "");
    }
    if scalar::has_variable(text) {
        return Chart::Other(SkipReason::ContainsVariable, "");
    }
    if let Some(address) = text.strip_prefix("oci://") {
        let address = address.trim_end_matches('/');
        let name = address.rsplit('/').next().unwrap_or(address);
        let start = "oci://".len();
        return if name == address || !is_name(name) {
            Chart::Other(
                SkipReason::UnsupportedChartType,
                "it is not `oci://host/path/name`, in lower case and without a tag",
            )
        } else {
            Chart::Registry { address, name, at: start..start + address.len() }
        };
    }
    if text.contains("::") || text.contains("://") {
        return Chart::Other(
            SkipReason::UnsupportedChartType,
            "only `oci://host/path/name` and `repository/name` can be followed",
        );
    }
    match text.split_once('/') {
        Some((repository, name)) if is_name(name) => {
            Chart::Repository { repository, name, at: repository.len() + 1..text.len() }
        }
        Some(_) => Chart::Other(
            SkipReason::UnsupportedChartType,
            "names of charts have lower-case letters, digits and `.`, `_`, `-`",
        ),
        None => Chart::Other(SkipReason::UnknownRegistry, "it names no repository, so it may be a folder"),
    }
}

/// Returns whether a repository could have a chart of this name, which may have folders before it.
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    name.split('/').all(|part| !part.is_empty() && part.bytes().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, &str), SkipReason>) {
        let got = match parse(text) {
            Chart::Registry { address, name, at } => {
                assert_eq!(text.get(at), Some(address));
                Ok((address, name))
            }
            Chart::Repository { repository, name, at } => {
                assert_eq!(text.get(at), Some(name));
                Ok((repository, name))
            }
            Chart::Other(reason, _) => Err(reason),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn tells_registries_repositories_and_folders_apart() {
        check("oci://ghcr.io/org/charts/app", Ok(("ghcr.io/org/charts/app", "app")));
        check("oci://localhost:5000/app/", Ok(("localhost:5000/app", "app")));
        check("stable/app", Ok(("stable", "app")));
        check("repo/folder/app", Ok(("repo", "folder/app")));
        check("./charts/app", Err(SkipReason::LocalChart));
        check("../{{ .name }}", Err(SkipReason::LocalChart));
        check("/charts/app", Err(SkipReason::LocalChart));
        check("repo/{{ .name }}", Err(SkipReason::ContainsVariable));
    }

    #[test]
    fn leaves_alone_what_no_repository_can_have() {
        check("app", Err(SkipReason::UnknownRegistry));
        check("repo/App", Err(SkipReason::UnsupportedChartType));
        check("repo/app@1", Err(SkipReason::UnsupportedChartType));
        check("repo/", Err(SkipReason::UnsupportedChartType));
        check("oci://app", Err(SkipReason::UnsupportedChartType));
        check("oci://ghcr.io/org/app:1.2.3", Err(SkipReason::UnsupportedChartType));
        check("git::https://example.org/app.git?ref=v1", Err(SkipReason::UnsupportedChartType));
        check("https://example.org/app-1.2.3.tgz", Err(SkipReason::UnsupportedChartType));
        check("", Err(SkipReason::UnknownRegistry));
    }
}
