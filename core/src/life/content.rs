//! Whether a branch still brings what it should.

use std::fmt;

use super::merge::three_way;

/// One file that a branch changes or should change.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The file as it should be once the branch is merged.
    pub wanted: &'a str,
    /// The file on the base now.
    pub base: &'a str,
    /// The file where the branch left the base.
    pub ancestor: &'a str,
    /// The file on the branch.
    pub branch: &'a str,
}

/// What there is to say of a branch's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Merging it brings exactly what is wanted.
    Right,
    /// Merging it brings something else: an older version, a member more or less.
    Different,
    /// It cannot be merged.
    Conflicted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "it brings what is wanted",
            Self::Different => "it brings something else than is wanted now",
            Self::Conflicted => "it conflicts with its base",
        })
    }
}

/// Returns what there is to say of a file.
pub fn verdict(sides: Sides<'_>) -> Verdict {
    match three_way(sides.ancestor, sides.branch, sides.base) {
        None => Verdict::Conflicted,
        Some(merged) if merged == sides.wanted => Verdict::Right,
        Some(_) => Verdict::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, base: &str, ancestor: &str, branch: &str, expected: Verdict) {
        assert_eq!(verdict(Sides { wanted, base, ancestor, branch }), expected);
    }

    #[test]
    fn a_base_that_moved_elsewhere_changes_nothing() {
        let (old, new) = ("image: a:1\n\n\nargs: x\n", "image: a:2\n\n\nargs: x\n");
        check(new, old, old, new, Verdict::Right);
        check("image: a:2\n\n\nargs: y\n", "image: a:1\n\n\nargs: y\n", old, new, Verdict::Right);
    }

    #[test]
    fn a_newer_version_is_something_else() {
        check("a:3\n", "a:1\n", "a:1\n", "a:2\n", Verdict::Different);
    }

    #[test]
    fn a_base_that_moved_on_the_same_line_conflicts() {
        check("a:3\n", "a:2\n", "a:1\n", "a:3\n", Verdict::Conflicted);
    }
}
