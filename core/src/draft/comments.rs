//! Comments on pull requests, each written once. The headings are those people know, so that one that another bot wrote is not repeated.

use super::fit::shortened;
use super::markdown::{code, plain};
use crate::plan::Branch;
use crate::update::UpdateType;

/// The most characters of a title in a comment.
const MAX_TITLE: usize = 300;

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comment {
    /// A person closed the pull request, and that is respected.
    Closed,
    /// A person committed to the branch, so it is left alone.
    Edited,
    /// Nobody needs the branch any more, but a person committed to it.
    Abandoned,
}

impl Comment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Edited, Self::Abandoned];

    /// Returns the word in `suppressNotifications` that keeps it from being written.
    pub fn suppressed_by(self) -> &'static str {
        match self {
            Self::Closed => "prIgnoreNotification",
            Self::Edited | Self::Abandoned => "prEditedNotification",
        }
    }

    /// Returns its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Closed => "Renovate Ignore Notification",
            Self::Edited => "Edited/Blocked Notification",
            Self::Abandoned => "Autoclosing Skipped",
        }
    }

    /// Returns whether `text` is a comment of this kind.
    pub fn is(self, text: &str) -> bool {
        let first = text.trim_start().lines().next().unwrap_or_default();
        first.strip_prefix("### ").is_some_and(|heading| heading.trim() == self.heading())
    }

    /// Returns the whole comment. `branch` is the update it is about; `None` where no update of this run belongs to the branch.
    pub fn text(self, branch: Option<&Branch>) -> String {
        let words = match self {
            Self::Closed => branch.map_or_else(|| closed(None), |branch| closed(Some(branch))),
            Self::Edited => {
                "Somebody committed to this branch, so it is left as it is: no rebase, no newer version.\n\n\
                 To have it made anew, tick the box in the text above. **The commits that are not the bot's are then lost.**"
                    .to_owned()
            }
            Self::Abandoned => {
                "Nothing in the repository needs this update any more. It stays open only because somebody committed to its branch: \
                 close it when you have what you want from it."
                    .to_owned()
            }
        };
        format!("### {}\n\n{words}\n", self.heading())
    }
}

fn closed(branch: Option<&Branch>) -> String {
    let Some(branch) = branch else {
        return "You closed this pull request, so it does not come again.".to_owned();
    };
    let title = plain(&shortened(&branch.pr_title, MAX_TITLE));
    let first = branch.upgrades.first();
    let major =
        first.and_then(|first| first.update.new_major).filter(|_| branch.update_type == UpdateType::Major);
    let until = match major {
        Some(major) => format!(
            "It comes again once you are on version {major} by your own hand and there is a newer one."
        ),
        None => "It comes again when there is a newer version.".to_owned(),
    };
    let names: std::collections::BTreeSet<&str> =
        branch.upgrades.iter().map(|upgrade| upgrade.dep.dep_name.as_str()).collect();
    let never = match (names.len(), names.first()) {
        (1, Some(name)) => {
            format!("To hear no more of it, add {} to `ignoreDeps`.", code(&shortened(name, MAX_TITLE)))
        }
        _ => "To hear no more of it, set `enabled: false` in a package rule.".to_owned(),
    };
    format!(
        "You closed this pull request, so **{title}** does not come again. {until}\n\n{never} To have it back, tick its box on the Dependency Dashboard."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::planned;

    #[test]
    fn each_is_known_by_its_heading() {
        for comment in Comment::ALL {
            let text = comment.text(None);
            for other in Comment::ALL {
                assert_eq!(other.is(&text), other == comment, "{text}");
            }
            assert!(!comment.is(&format!("> {text}")) && !comment.is(""), "{text}");
        }
        assert!(Comment::Edited.is("### Edited/Blocked Notification\r\n\r\nother words"));
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let plan = planned("{}", &[line]);
        assert_eq!(Comment::Closed.text(plan.branches.first()), expected);
    }

    #[test]
    fn a_closed_update_says_when_it_comes_again() {
        check(
            "kubernetes docker ghcr.io/larkspur/finch 1.2.0 > 1.2.0 1.3.0",
            "### Renovate Ignore Notification\n\n\
             You closed this pull request, so **Update ghcr.io/larkspur/finch Docker tag to v1.3.0** does not come again. \
             It comes again when there is a newer version.\n\n\
             To hear no more of it, add `ghcr.io/larkspur/finch` to `ignoreDeps`. To have it back, tick its box on the Dependency Dashboard.\n",
        );
        check(
            "kubernetes docker ghcr.io/larkspur/finch 1.2.0 > 1.2.0 2.0.0",
            "### Renovate Ignore Notification\n\n\
             You closed this pull request, so **Update ghcr.io/larkspur/finch Docker tag to v2** does not come again. \
             It comes again once you are on version 2 by your own hand and there is a newer one.\n\n\
             To hear no more of it, add `ghcr.io/larkspur/finch` to `ignoreDeps`. To have it back, tick its box on the Dependency Dashboard.\n",
        );
    }
}
