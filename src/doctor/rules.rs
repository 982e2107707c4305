//! Rules of the owner that hold for no dependency, and why.

use std::collections::BTreeSet;

use serde::Serialize;
use updraft_core::config::rule::{Matcher, Subject, VersionMatcher};
use updraft_core::config::{Holds, PackageRule, closest, pattern::Pattern};
use updraft_core::dep::Dep;
use updraft_core::problem::Problem;

use super::case::{Case, count, listed, may_hold};
use super::repair::repair;

/// The most of a description that is part of a message, in characters.
const MAX_TITLE: usize = 60;

/// How far a rule of the owner reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleUse {
    /// Its number among all rules, from 0.
    pub index: usize,
    /// How many dependencies it holds for, whatever a registry says.
    pub dependencies: usize,
    /// How many more it may hold for: that depends on a registry's answer or the kind of update.
    pub depending: usize,
}

/// Returns how far each rule of the owner reaches.
pub fn uses(case: &Case<'_>) -> Vec<RuleUse> {
    let of =
        |index: usize, wanted: Holds| case.judged(index, move |verdict| verdict.holds() == wanted).count();
    case.own_rules()
        .map(|(index, _)| RuleUse {
            index,
            dependencies: of(index, Holds::Yes),
            depending: of(index, Holds::Open),
        })
        .collect()
}

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    if case.deps().is_empty() {
        // Where nothing was found at all, every rule would be told.
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (index, rule) in case.own_rules() {
        if case.judged(index, may_hold).next().is_some() {
            problems.extend(stale_names(case, rule));
        } else if rule.matchers.iter().any(|matcher| matches!(matcher, Matcher::Never(..))) {
            // That was said when the rule was read.
        } else {
            problems.push(Dead { case, index, rule }.problem());
        }
    }
    problems
}

/// A rule that holds for nothing.
struct Dead<'c, 'a> {
    case: &'c Case<'a>,
    index: usize,
    rule: &'a PackageRule,
}

impl Dead<'_, '_> {
    fn problem(&self) -> Problem {
        // A matcher that holds for nothing by itself is reason enough.
        let never = self.rule.matchers.iter().enumerate().find(|(at, _)| self.passing(*at) == 0);
        match never {
            Some((_, matcher)) => self.blamed(matcher),
            None => self.contradictory(),
        }
    }

    /// Returns how many dependencies one matcher may hold for, the others apart.
    fn passing(&self, matcher: usize) -> usize {
        self.case.judged(self.index, move |verdict| verdict.matchers.get(matcher) != Some(&Holds::No)).count()
    }

    /// Returns the dependencies that fail by one matcher alone.
    fn all_but(&self, matcher: usize) -> Vec<&Dep> {
        self.case
            .judged(self.index, move |verdict| {
                let mut others = verdict.matchers.iter().enumerate().filter(|(at, _)| *at != matcher);
                others.all(|(_, holds)| *holds != Holds::No)
            })
            .collect()
    }

    fn name(&self) -> String {
        let number = self.case.config().rule_number(self.index).unwrap_or_default();
        match self.rule.description.as_str() {
            "" => format!("rule #{number}"),
            description => format!("rule #{number} `{}`", shortened(description, MAX_TITLE)),
        }
    }

    fn at(&self, problem: Problem, matcher: &Matcher, entry: Option<&str>) -> Problem {
        self.case.at_member(problem, self.rule.place, matcher.name(), entry)
    }

    /// Says which matcher holds for nothing, and what was probably meant.
    fn blamed(&self, matcher: &Matcher) -> Problem {
        let name = self.name();
        match matcher {
            Matcher::List(_, list) if list.patterns().is_empty() => {
                let message = format!("{name} can never match: `{}` is empty", matcher.name());
                self.at(
                    Problem::warning(message).hint("add what it shall match, or remove it"),
                    matcher,
                    None,
                )
            }
            Matcher::List(subject, list) => self.unmatched(matcher, *subject, list.patterns()),
            Matcher::CurrentVersion(VersionMatcher::Range(text)) => {
                let message = format!("{name} matches nothing: no current version is `{text}`");
                self.at(Problem::note(message), matcher, None)
            }
            Matcher::CurrentVersion(VersionMatcher::Pattern(pattern)) => {
                let message = format!("{name} matches nothing: no current version matches `{pattern}`");
                self.at(Problem::note(message), matcher, None)
            }
            Matcher::CurrentAge(_) | Matcher::Jsonata(_) | Matcher::Never(..) => {
                let message = format!("{name} matches nothing: `{}` holds for no dependency", matcher.name());
                self.at(Problem::note(message), matcher, None)
            }
        }
    }

    fn unmatched(&self, matcher: &Matcher, subject: Subject, patterns: &[Pattern]) -> Problem {
        let positive: Vec<&Pattern> = patterns.iter().filter(|pattern| !pattern.is_negated()).collect();
        let named: Vec<&str> = positive.iter().map(|pattern| pattern.as_str()).collect();
        let (what, has) = words(subject);
        let message = match named.as_slice() {
            [] => format!("{} matches nothing: its `{}` leave nothing over", self.name(), matcher.name()),
            [one] => format!("{} matches nothing: no {what} {has} `{one}`", self.name()),
            several => format!("{} matches nothing: no {what} {has} any of {}", self.name(), listed(several)),
        };
        let hint =
            positive.iter().find_map(|pattern| Some((pattern.as_str(), self.meant(subject, pattern)?)));
        let (problem, entry) = match hint {
            Some((entry, hint)) => (Problem::warning(message).hint(hint), Some(entry)),
            None => (Problem::note(message).hint(self.otherwise(subject)), None),
        };
        let entry = entry.or_else(|| named.first().copied().filter(|_| named.len() == 1));
        self.at(problem, matcher, entry)
    }

    /// Returns what a pattern that matches nothing was probably meant to be.
    fn meant(&self, subject: Subject, pattern: &Pattern) -> Option<String> {
        let deps = self.case.deps();
        let holds = |other: &dyn Fn(&Dep) -> &str| {
            let found: Vec<&Dep> = deps.iter().filter(|dep| pattern.matches(other(dep))).collect();
            Some((found.len(), *found.first()?))
        };
        match subject {
            Subject::PackageNames => {
                if let Some((_, dep)) = holds(&|dep| &dep.dep_name) {
                    return Some(format!(
                        "the `packageName` of `{}` is `{}`: write that, or `matchDepNames`",
                        dep.dep_name, dep.package_name
                    ));
                }
            }
            Subject::DepNames => {
                if let Some((_, dep)) = holds(&|dep| &dep.package_name) {
                    return Some(format!(
                        "the `depName` of `{}` is `{}`: write that, or `matchPackageNames`",
                        dep.package_name, dep.dep_name
                    ));
                }
            }
            Subject::Managers if pattern.as_str() == "regex" => {
                return Some("the manager of regular expressions is called `custom.regex`".to_owned());
            }
            Subject::FileNames => {
                let paths = self.case.files().iter().map(|file| file.path.as_str());
                if paths.clone().any(|path| pattern.matches(path)) {
                    return None;
                }
                return repair(pattern.as_str(), &paths).map(|repair| {
                    let files = count(repair.matches, "file", "files");
                    format!("did you mean `{}`, which matches {files}? {}", repair.pattern, repair.why)
                });
            }
            _ => {}
        }
        let values: BTreeSet<&str> = deps.iter().filter_map(|dep| value(subject, dep)).collect();
        let near = repair(pattern.as_str(), &values.iter().copied()).map(|repair| {
            let example = Pattern::new(&repair.pattern)
                .ok()
                .and_then(|compiled| values.iter().find(|value| compiled.matches(value)).copied())
                .unwrap_or_default();
            format!("did you mean `{}`, which matches `{example}`? {}", repair.pattern, repair.why)
        });
        near.or_else(|| {
            let last = pattern.as_str().rsplit('/').next().unwrap_or_default();
            let parts = || values.iter().copied().map(|value| value.rsplit('/').next().unwrap_or(value));
            let close = closest(pattern.as_str(), values.iter().copied())
                .filter(|close| *close != pattern.as_str())
                .or_else(|| {
                    let part = closest(last, parts()).filter(|_| last.len() > 3 && is_plain(last))?;
                    values.iter().copied().find(|value| value.rsplit('/').next() == Some(part))
                })?;
            Some(format!("did you mean `{close}`?"))
        })
    }

    /// Returns what to do where nothing resembles what the rule names.
    fn otherwise(&self, subject: Subject) -> String {
        let seen = |of: Subject| -> Vec<&str> {
            let values: BTreeSet<&str> = self.case.deps().iter().filter_map(|dep| value(of, dep)).collect();
            values.into_iter().collect()
        };
        match subject {
            Subject::Managers | Subject::Datasources | Subject::DepTypes => {
                let seen = seen(subject);
                let shown: Vec<String> = seen.iter().take(12).map(|name| format!("`{name}`")).collect();
                format!("found here: {}", shown.join(", "))
            }
            _ => "remove it, unless it is for what is still to come".to_owned(),
        }
    }

    /// Says which matchers never hold together.
    fn contradictory(&self) -> Problem {
        let (blamed, others) = (0..self.rule.matchers.len())
            .map(|at| (at, self.all_but(at)))
            .max_by_key(|(_, others)| others.len())
            .unwrap_or_default();
        let name = self.name();
        let Some(matcher) = self.rule.matchers.get(blamed).filter(|_| !others.is_empty()) else {
            let names: Vec<&str> = self.rule.matchers.iter().map(Matcher::name).collect();
            let message = format!("{name} matches nothing: {} never hold together", listed(&names));
            let problem = Problem::warning(message).hint("remove it, or one of the matchers");
            return self.case.at_member(problem, self.rule.place, "", None);
        };
        let subject = match matcher {
            Matcher::List(subject, _) => Some(*subject),
            _ => None,
        };
        let values: BTreeSet<&str> =
            others.iter().filter_map(|dep| subject.and_then(|subject| value(subject, dep))).collect();
        let values: Vec<&str> = values.into_iter().collect();
        let message = format!(
            "{name} matches nothing: `{}` excludes {} that its other matchers hold for",
            matcher.name(),
            match others.as_slice() {
                [one] => format!("`{}`, the only dependency", one.dep_name),
                several => format!("all {} dependencies", several.len()),
            }
        );
        let hint = match values.as_slice() {
            [] => "they have no such property".to_owned(),
            values => format!("there it is {}", listed(values)),
        };
        self.at(Problem::warning(message).hint(hint), matcher, None)
    }
}

/// Says which names of a rule that holds for something are left over from what is gone.
fn stale_names(case: &Case<'_>, rule: &PackageRule) -> Option<Problem> {
    rule.matchers.iter().find_map(|matcher| {
        let Matcher::List(subject @ (Subject::PackageNames | Subject::DepNames), list) = matcher else {
            return None;
        };
        let is_stale = |pattern: &&Pattern| {
            !pattern.is_negated()
                && is_plain(pattern.as_str())
                && !case
                    .deps()
                    .iter()
                    .any(|dep| value(*subject, dep).is_some_and(|name| pattern.matches(name)))
        };
        let stale: Vec<&str> = list.patterns().iter().filter(is_stale).map(Pattern::as_str).collect();
        let first = stale.first()?;
        let message = format!(
            "{} of the {} entries of `{}` {} nothing that was found: {}",
            stale.len(),
            list.patterns().len(),
            matcher.name(),
            if stale.len() == 1 { "names" } else { "name" },
            listed(&stale)
        );
        let problem = Problem::note(message).hint("remove what is not used any more");
        Some(case.at_member(problem, rule.place, matcher.name(), Some(first)))
    })
}

/// Returns what people know a rule by: its description, or else what it matches.
pub(super) fn title(rule: &PackageRule) -> String {
    if !rule.description.is_empty() {
        return rule.description.clone();
    }
    let matchers = rule.matchers.iter().map(|matcher| format!("{} {}", matcher.name(), matcher.wants()));
    matchers.collect::<Vec<_>>().join("; ")
}

/// Returns the beginning of a text, in at most `width` characters.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Returns whether a pattern is one name, without anything that stands for several.
fn is_plain(pattern: &str) -> bool {
    !pattern.starts_with('/') && !pattern.contains(['*', '?', '[', '{', '('])
}

/// Returns what a matcher looks at, and how the two are joined in a sentence.
fn words(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::PackageNames => ("dependency", "has the `packageName`"),
        Subject::DepNames => ("dependency", "has the `depName`"),
        Subject::FileNames => ("dependency", "stands in a file that matches"),
        Subject::Managers => ("dependency", "is found by the manager"),
        Subject::Datasources => ("dependency", "has the datasource"),
        Subject::DepTypes => ("dependency", "has the `depType`"),
        Subject::CurrentValue => ("dependency", "has a current value that matches"),
        Subject::RegistryUrls => ("dependency", "has a registry that matches"),
        Subject::Categories => ("dependency", "has the category"),
        Subject::Repositories => ("repository", "but this one is looked at, which is not"),
        Subject::BaseBranches | Subject::UpdateTypes | Subject::SourceUrls | Subject::NewValue => {
            ("dependency", "has")
        }
    }
}

/// Returns what a matcher sees of a dependency.
fn value(subject: Subject, dep: &Dep) -> Option<&str> {
    match subject {
        Subject::PackageNames => Some(&dep.package_name),
        Subject::DepNames => Some(&dep.dep_name),
        Subject::FileNames => Some(dep.file.as_str()),
        Subject::Managers => Some(dep.manager.as_str()),
        Subject::Datasources => dep.datasource.as_ref().map(updraft_core::name::DatasourceId::as_str),
        Subject::DepTypes => dep.dep_type.as_deref(),
        Subject::CurrentValue => dep.current_value.as_deref(),
        Subject::RegistryUrls => dep.registry_urls.first().map(String::as_str),
        _ => None,
    }
}
