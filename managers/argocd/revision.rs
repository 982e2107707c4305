//! What a `targetRevision` means where it is no version.

use crate::git_url;

/// Returns what Argo CD follows when `revision` names no tag of a git repository; `None` where it may name one.
pub(super) fn moving(revision: Option<&str>) -> Option<String> {
    let Some(revision) = revision.filter(|text| *text != "HEAD") else {
        return Some("Argo CD follows the default branch".to_owned());
    };
    if let Some(detail) = git_url::moving(revision) {
        return Some(detail.to_owned());
    }
    let is_range = revision.contains(['*', '^', '~', '<', '>', '=', '|', ' '])
        || revision.split('.').any(|part| matches!(part, "x" | "X"));
    is_range.then(|| format!("Argo CD follows the range `{revision}`"))
}

#[cfg(test)]
mod tests {
    use super::moving;

    #[track_caller]
    fn check(revision: Option<&str>, is_moving: bool) {
        assert_eq!(moving(revision).is_some(), is_moving, "{revision:?}");
    }

    #[test]
    fn tags_stand_still() {
        for tag in ["v1.2.3", "1.2", "release-1", "chart/app-1.2.3", "refs/tags/v1"] {
            check(Some(tag), false);
        }
        for moves in ["HEAD", "main", "feature/x", "1.x", "v1.*", ">=1.2.0", "1.2.0 - 1.3.0"] {
            check(Some(moves), true);
        }
        check(Some("0123456789012345678901234567890123456789"), true);
        check(None, true);
    }
}
