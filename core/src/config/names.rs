//! Names Renovate knows and updraft does not act on, so that a typo can be told from an option without effect.

mod lists;

use lists::{
    CATEGORIES, DATASOURCES, MANAGERS, NOTIFICATIONS, PROCESS_ONLY, UPDATE_TYPES, VERSIONINGS, WITHOUT_EFFECT,
};

use super::json::Property;
use super::options::OPTIONS;
use super::reader::Reader;
use super::rule::Subject;
use crate::problem::Severity;

/// What is wrong with a word that should be one of a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// What is wrong: one line.
    pub(crate) message: String,
    /// What to do: one line.
    pub(crate) hint: String,
    /// A slip is a warning; a name that may be new in Renovate is worth a note.
    pub(crate) severity: Severity,
}

/// A kind of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `flux`, `custom.regex`
    Manager,
    /// `docker`
    Datasource,
    /// `semver`
    Versioning,
    /// `major`
    UpdateType,
    /// `kubernetes`
    Category,
    /// `prIgnoreNotification`
    Notification,
}

impl Kind {
    /// Returns what the patterns of a matcher are held against, where that is a name of a list.
    pub(crate) fn of(subject: Subject) -> Option<Self> {
        match subject {
            Subject::Managers => Some(Self::Manager),
            Subject::Datasources => Some(Self::Datasource),
            Subject::UpdateTypes => Some(Self::UpdateType),
            Subject::Categories => Some(Self::Category),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Datasource => "datasource",
            Self::Versioning => "versioning",
            Self::UpdateType => "update type",
            Self::Category => "category",
            Self::Notification => "notification",
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Manager => MANAGERS,
            Self::Datasource => DATASOURCES,
            Self::Versioning => VERSIONINGS,
            Self::UpdateType => UPDATE_TYPES,
            Self::Category => CATEGORIES,
            Self::Notification => NOTIFICATIONS,
        }
    }

    fn has(self, name: &str) -> bool {
        self.names().iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}

/// Returns what is wrong with a word that is no name of its kind; `None` for what is one, and for patterns.
pub(crate) fn doubt(kind: Kind, pattern: &str) -> Option<Doubt> {
    let word = pattern.strip_prefix('!').unwrap_or(pattern);
    let is_word = !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_word || kind.has(word) || (kind == Kind::Manager && word == "regex") {
        return None;
    }
    let message = format!("there is no {} `{word}`", kind.word());
    let other = match kind {
        Kind::Manager if Kind::Datasource.has(word) => {
            Some(format!("it is a datasource: write `matchDatasources: [\"{word}\"]`"))
        }
        Kind::Datasource if Kind::Manager.has(word) => {
            Some(format!("it is a manager: write `matchManagers: [\"{word}\"]`"))
        }
        Kind::Datasource if Kind::Category.has(word) => {
            Some(format!("it is a category: write `matchCategories: [\"{word}\"]`"))
        }
        _ => None,
    };
    let close =
        || closest(word, kind.names().iter().copied()).map(|close| format!("did you mean `{close}`?"));
    Some(match other.or_else(close) {
        Some(hint) => Doubt { message, hint, severity: Severity::Warning },
        None => Doubt {
            message: format!("updraft knows no {} `{word}`", kind.word()),
            hint: "check its name; if it is new in Renovate, it has no effect here".to_owned(),
            severity: Severity::Note,
        },
    })
}

/// Returns the names of all managers.
pub(crate) fn managers() -> impl Iterator<Item = &'static str> {
    MANAGERS.iter().copied()
}

/// Returns the options that change nothing.
pub(crate) fn without_effect() -> impl Iterator<Item = &'static str> {
    WITHOUT_EFFECT.iter().copied()
}

/// Returns whether `name` is the name of a manager.
pub(crate) fn is_manager(name: &str) -> bool {
    MANAGERS.contains(&name)
}

/// Returns the list's own copy of a manager's name.
pub(crate) fn manager_name(name: &str) -> Option<&'static str> {
    MANAGERS.iter().copied().find(|manager| *manager == name)
}

/// Says that a member is no option, and what may be meant.
pub(crate) fn report_unknown(property: &Property, reader: &mut Reader<'_>) {
    let name = property.name.as_str();
    let place = property.name_place;
    if PROCESS_ONLY.contains(&name) {
        let message = format!("`{name}` is a setting of the bot's process and is ignored in a repository");
        reader.warning(
            place,
            message,
            "set it with a flag or the environment of the bot, and remove it here",
        );
    } else if WITHOUT_EFFECT.contains(&name) {
        reader.without_effect(name, place);
    } else {
        let options = OPTIONS.iter().map(|option| option.name);
        let known = options.chain(MANAGERS.iter().copied()).chain(WITHOUT_EFFECT.iter().copied());
        let hint = if super::rule::MATCHERS.contains(&name) {
            "matchers belong into an entry of `packageRules`".to_owned()
        } else if super::read_custom::is_member(name) {
            "it belongs into an entry of `customManagers`".to_owned()
        } else {
            closest(name, known).map_or_else(
                || "remove it, or look its name up in the list of options".to_owned(),
                |close| format!("did you mean `{close}`?"),
            )
        };
        reader.warning(place, format!("there is no option `{name}`"), hint);
    }
}

/// Returns the candidate that is spelled most like `word`, if one is close enough to be meant.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > 64 {
        return None;
    }
    let limit = (length / 3).clamp(1, 3);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 2 * limit)
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters to add, drop, change or swap to make one word of the other.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let left: Vec<char> = left.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut cost =
                (last[column] + usize::from(a != b)).min(last[column + 1] + 1).min(current[column] + 1);
            let is_swap = row > 0 && column > 0 && left[row - 1] == *b && right[column - 1] == *a;
            if is_swap {
                cost = cost.min(before[column - 1] + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let candidates = ["enabled", "packageRules", "groupName", "labels", "pin"];
        for (word, meant) in [
            ("enable", Some("enabled")),
            ("packagerules", Some("packageRules")),
            ("pakcageRules", Some("packageRules")),
            ("groupNme", Some("groupName")),
            ("nothing", None),
            ("pi", Some("pin")),
            ("", None),
        ] {
            assert_eq!(closest(word, candidates.into_iter()), meant, "{word}");
        }
    }

    #[track_caller]
    fn check(kind: Kind, word: &str, expected: Option<(Severity, &str)>) {
        let found = doubt(kind, word);
        assert_eq!(found.as_ref().map(|doubt| (doubt.severity, doubt.hint.as_str())), expected, "{word}");
    }

    #[test]
    fn doubts_words_that_are_no_names() {
        use Severity::{Note, Warning};
        check(Kind::Datasource, "docker", None);
        check(Kind::Datasource, "custom.k3s", None);
        check(Kind::Datasource, "git*", None);
        check(Kind::Datasource, "!dokcer", Some((Warning, "did you mean `docker`?")));
        check(
            Kind::Datasource,
            "kustomize",
            Some((Warning, "it is a manager: write `matchManagers: [\"kustomize\"]`")),
        );
        check(
            Kind::Manager,
            "docker",
            Some((Warning, "it is a datasource: write `matchDatasources: [\"docker\"]`")),
        );
        check(
            Kind::Manager,
            "somethingnew",
            Some((Note, "check its name; if it is new in Renovate, it has no effect here")),
        );
        check(Kind::Versioning, "semvr", Some((Warning, "did you mean `semver`?")));
        check(Kind::UpdateType, "lockfileMaintenance", None);
        check(
            Kind::Notification,
            "prIgnoreNotifications",
            Some((Warning, "did you mean `prIgnoreNotification`?")),
        );
    }

    #[test]
    fn no_name_is_in_two_lists() {
        let options: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        for name in WITHOUT_EFFECT.iter().chain(PROCESS_ONLY).chain(MANAGERS) {
            let count = [WITHOUT_EFFECT, PROCESS_ONLY, MANAGERS, &options]
                .iter()
                .map(|list| list.iter().filter(|other| *other == name).count())
                .sum::<usize>();
            assert_eq!(count, 1, "{name}");
        }
    }
}
