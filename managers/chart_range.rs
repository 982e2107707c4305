//! Chart versions that are ranges: Helm and everything around it takes them wherever a version can stand.

/// Returns whether a chart version is a range and not one exact version.
///
/// An exact version has all three numbers; fewer stand for a wildcard
/// (<https://github.com/Masterminds/semver#checking-version-constraints>).
pub(crate) fn is_range(version: &str) -> bool {
    let core = version.trim().trim_start_matches(['v', 'V', '=']);
    let core = core.split(['-', '+']).next().unwrap_or(core);
    let parts: Vec<_> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.contains([' ', ',', '|']) || parts.len() != 3 || !parts.iter().all(number)
}

#[cfg(test)]
mod tests {
    use super::is_range;

    #[test]
    fn an_exact_version_has_three_numbers() {
        for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build.4", "1.2.3-a-b+c"] {
            assert!(!is_range(exact), "{exact}");
        }
        for range in [
            "1.2.x",
            "1.2",
            "1",
            "*",
            "^1.2.3",
            "~1.2.3",
            ">=1.2.3 <2.0.0",
            "1.2.3 - 1.4.5",
            ">1.2.3",
            "1.2.3 || 2.0.0",
            "",
        ] {
            assert!(is_range(range), "{range}");
        }
    }
}
