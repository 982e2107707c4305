//! Comments that say which version a pinned commit is, and are wrong: no such tag exists, or it is another commit.

use std::sync::Arc;

use futures::future::join_all;
use updraft_core::choose::prepare;
use updraft_core::config::Config;
use updraft_core::dep::{Dep, Part};
use updraft_core::problem::Problem;
use updraft_core::release::{Lookup, Release, ReleaseList};
use updraft_core::span::ByteSpan;

use super::case::Case;
use crate::datasource::Datasources;

/// Pinned commits with a comment, and what their repositories say of their tags.
#[derive(Debug, Default)]
pub struct Tags(Vec<(Dep, Arc<ReleaseList>)>);

impl Tags {
    /// Asks for the tags of everything that is pinned to a commit with a comment. Who does not answer is left out.
    pub async fn of(deps: &[Dep], config: &Config, datasources: &Datasources) -> Self {
        let pinned = deps.iter().filter(|dep| comment(dep).is_some());
        let pinned: Vec<(&Dep, Lookup)> =
            pinned.filter_map(|dep| Some((dep, prepare(&Arc::new(dep.clone()), config).lookup()?))).collect();
        datasources.prepare(pinned.iter().map(|(_, lookup)| lookup));
        let asked = pinned.iter().map(|(dep, lookup)| async {
            let list = datasources.releases(lookup).await.ok()?;
            Some(((*dep).clone(), list))
        });
        Self(join_all(asked).await.into_iter().flatten().collect())
    }
}

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let tags = case.tags().0.iter();
    tags.filter_map(|(dep, list)| {
        let (version, span) = comment(dep)?;
        let wrong = Wrong::of(version, dep.current_digest.as_deref()?, &list.releases)?;
        let message = format!("`{}` is pinned to a commit, and {}", dep.dep_name, wrong.message);
        Some(Problem::warning(message).at(&dep.file, span).hint(wrong.hint))
    })
    .collect()
}

/// Returns the version that stands beside a pinned commit, and where.
fn comment(dep: &Dep) -> Option<(&str, ByteSpan)> {
    let is_commit = dep.current_digest.as_deref().is_some_and(|digest| matches!(digest.len(), 40 | 64));
    let slot = dep.slots.iter().find(|slot| slot.part == Part::ValueNote && !slot.span.is_empty())?;
    (dep.skip.is_none() && is_commit).then_some((slot.text.as_str(), slot.span))
}

/// What is wrong with a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    message: String,
    hint: String,
}

impl Wrong {
    /// Returns what is wrong with saying `version` of `commit`; `None` when it is right, or cannot be judged.
    fn of(version: &str, commit: &str, releases: &[Release]) -> Option<Self> {
        if releases.iter().all(|release| release.digest.is_none()) {
            return None;
        }
        let names: Vec<&str> = releases
            .iter()
            .filter(|release| release.digest.as_deref() == Some(commit))
            .map(|release| release.version.as_str())
            .collect();
        let hint = match names.iter().max_by_key(|name| name.len()) {
            Some(name) => format!("write `{name}`, which is that commit"),
            None => {
                "no tag is that commit: pin the commit of a release, and write its tag beside it".to_owned()
            }
        };
        let message = match releases.iter().find(|release| release.version == version) {
            // Branches are not in the list.
            None if !version.starts_with(|first: char| first.is_ascii_digit() || first == 'v') => {
                return None;
            }
            None => format!("`{version}` beside it is no tag there"),
            // A tag of a whole line of releases moves on.
            Some(release)
                if release.digest.as_deref() == Some(commit) || version.matches('.').count() < 2 =>
            {
                return None;
            }
            Some(_) => format!("`{version}` beside it is another commit"),
        };
        Some(Self { message, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, commit: &str, expected: Option<(&str, &str)>) {
        let release =
            |version: &str, digest: &str| Release { digest: Some(digest.to_owned()), ..Release::of(version) };
        let releases = [release("v1", "b"), release("v1.0.0", "a"), release("v1.1.0", "b")];
        let wrong = Wrong::of(version, commit, &releases);
        let wrong = wrong.as_ref().map(|wrong| (wrong.message.as_str(), wrong.hint.as_str()));
        assert_eq!(wrong, expected, "{version} {commit}");
    }

    #[test]
    fn a_tag_of_the_commit_is_right() {
        check("v1.0.0", "a", None);
        check("v1.1.0", "b", None);
        check("v1", "b", None);
    }

    #[test]
    fn a_tag_that_moves_was_right_once() {
        check("v1", "a", None);
    }

    #[test]
    fn what_is_no_tag_is_named_with_what_is() {
        let hint = "write `v1.1.0`, which is that commit";
        check("1.1.0", "b", Some(("`1.1.0` beside it is no tag there", hint)));
        check("v2", "b", Some(("`v2` beside it is no tag there", hint)));
        check("v1.0.0", "b", Some(("`v1.0.0` beside it is another commit", hint)));
    }

    #[test]
    fn a_commit_without_a_tag_is_said_to_have_none() {
        let hint = "no tag is that commit: pin the commit of a release, and write its tag beside it";
        check("v1.0.0", "c", Some(("`v1.0.0` beside it is another commit", hint)));
        check("v1", "c", None);
    }

    #[test]
    fn branches_and_lists_without_commits_are_not_judged() {
        check("main", "c", None);
        assert_eq!(Wrong::of("v9", "c", &[Release::of("v1")]), None);
    }
}
