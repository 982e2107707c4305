//! Comments on pull requests, each written once. The headings are those people know, so that what another bot wrote is not said again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::fit::shortened;
use super::markdown::{code, plain};
use super::{filled, safe_fields};
use crate::plan::Branch;
use crate::template::Fields;
use crate::update::UpdateType;

/// The most characters of a title or name in a comment.
const MAX_WORDS: usize = 300;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its heading, without marks; one pull request has at most one comment of the bot with the same heading.
    pub heading: Cow<'static, str>,
    /// Its text below the heading.
    pub text: String,
}

/// Returns what to say when a person committed to a branch, so that it is left alone.
pub fn edited() -> Comment {
    Comment {
        heading: "Edited/Blocked Notification".into(),
        text: "Somebody changed this branch or where it goes, so it is left as it is: no rebase, no newer version.\n\n\
               To have it made anew, tick the box in the text above. **Commits that are not the bot's are then lost.**\n"
            .to_owned(),
    }
}

/// Returns what to say when nobody needs a branch any more, but a person committed to it.
pub fn abandoned() -> Comment {
    Comment {
        heading: "Autoclosing Skipped".into(),
        text: "Nothing in the repository needs this update any more. It stays open only because somebody changed its branch: close it \
               when you have what you want from it.\n"
            .to_owned(),
    }
}

/// Returns what to say when a person closed the pull request of `branch` and that is respected.
pub fn ignored(branch: &Branch) -> Comment {
    let title = plain(&shortened(&branch.pr_title, MAX_WORDS));
    let major = branch.upgrades.first().and_then(|first| first.update.new_major);
    let until = match major.filter(|_| branch.update_type == UpdateType::Major) {
        Some(major) => format!("You hear of version {major} again once you moved to it yourself."),
        None => "You hear of it again when there is a newer version.".to_owned(),
    };
    let names: BTreeSet<&str> = branch.upgrades.iter().map(|upgrade| upgrade.dep.dep_name.as_str()).collect();
    let never = match (names.len(), names.first()) {
        (1, Some(name)) => format!("add {} to `ignoreDeps`", code(&shortened(name, MAX_WORDS))),
        _ => "set `enabled: false` in a package rule".to_owned(),
    };
    let own = OwnWords::of(branch);
    let kind = match branch.update_type {
        UpdateType::Major => "ignoreMajor",
        UpdateType::Digest => "ignoreDigest",
        _ => "ignoreOther",
    };
    let usual = || {
        format!(
            "You closed this pull request, so **{title}** does not come again. {until}\n\n\
             - To have it back, tick its box on the Dependency Dashboard.\n\
             - To hear no more of it at all, {never}.\n"
        )
    };
    Comment {
        heading: own.say("ignoreTopic").map_or("Renovate Ignore Notification".into(), Cow::Owned),
        text: own.say(kind).map_or_else(usual, |text| format!("{text}\n")),
    }
}

/// The words that the owner wants instead of the usual ones: `userStrings`.
struct OwnWords<'a> {
    words: Option<&'a BTreeMap<String, String>>,
    fields: Fields,
}

impl<'a> OwnWords<'a> {
    fn of(branch: &'a Branch) -> Self {
        let fields = branch.upgrades.first().map(safe_fields).unwrap_or_default();
        Self { words: branch.options.user_strings.as_ref(), fields: Fields::from(fields) }
    }

    /// Returns what the owner says under a name, `None` when that is nothing.
    fn say(&self, name: &str) -> Option<String> {
        let text = filled(self.words?.get(name)?, &self.fields);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::planned;

    #[track_caller]
    fn check(options: &str, lines: &[&str], expected: &str) {
        let plan = planned(options, lines);
        assert_eq!(ignored(&plan.branches[0]).text, expected);
    }

    #[test]
    fn the_owners_own_words_take_the_place_of_the_usual_ones() {
        let options =
            "{userStrings: {ignoreTopic: 'Not {{{depName}}}', ignoreOther: 'So no {{{newVersion}}}.'}}";
        let lines = ["kubernetes docker ghcr.io/lakeside/fjord 1.2.0 > 1.2.0 1.3.0 2.0.0"];
        let branches = planned(options, &lines).branches;
        let minor = ignored(&branches[0]);
        assert_eq!((&*minor.heading, &*minor.text), ("Not ghcr.io/lakeside/fjord", "So no 1.3.0.\n"));
        assert!(ignored(&branches[1]).text.contains("does not come again"), "no words are given for majors");
    }

    #[test]
    fn a_closed_update_says_when_it_comes_again() {
        check(
            "{}",
            &["kubernetes docker ghcr.io/lakeside/fjord 1.2.0 > 1.2.0 1.3.0"],
            "You closed this pull request, so **Update ghcr.io/lakeside/fjord Docker tag to v1.3.0** does not come again. \
             You hear of it again when there is a newer version.\n\n\
             - To have it back, tick its box on the Dependency Dashboard.\n\
             - To hear no more of it at all, add `ghcr.io/lakeside/fjord` to `ignoreDeps`.\n",
        );
        check(
            "{groupName: 'birds'}",
            &["flux helm fjord 1.2.0 > 1.2.0 2.0.0", "flux helm river 1.2.0 > 1.2.0 2.0.0"],
            "You closed this pull request, so **Update birds Helm releases to v2 (major)** does not come again. \
             You hear of version 2 again once you moved to it yourself.\n\n\
             - To have it back, tick its box on the Dependency Dashboard.\n\
             - To hear no more of it at all, set `enabled: false` in a package rule.\n",
        );
    }
}
