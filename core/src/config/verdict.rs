//! What each rule has to say of one dependency, and what keeps the others from it.

use super::Config;
use super::apply::{Facts, Overrides, compared, holds};
use super::rule::{Matcher, Subject, VersionMatcher};

/// Whether a condition of a rule holds for a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// It does not.
    No,
    /// It depends on what is not known yet: a registry's answer, the kind of update.
    Open,
    /// It does.
    Yes,
}

/// What one rule has to say of one dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which rule: an index into [`Config::rules`].
    pub index: usize,
    /// Whether each of its matchers holds, in the order of [`PackageRule::matchers`](super::PackageRule::matchers).
    pub matchers: Vec<Holds>,
    /// What the first matcher that does not hold was compared with; `None` where all may hold.
    pub saw: Option<Saw>,
}

/// What a matcher that does not hold was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saw {
    /// Which matcher: an index into [`Verdict::matchers`].
    pub matcher: usize,
    /// The values; empty when the dependency has none of the kind.
    pub values: Vec<String>,
}

impl Verdict {
    /// Returns whether the rule as a whole holds.
    pub fn holds(&self) -> Holds {
        self.matchers.iter().copied().min().unwrap_or(Holds::Yes)
    }
}

impl Config {
    /// Returns what every rule has to say, in order, of what `facts` describe, where nothing is looked up yet.
    ///
    /// Rules match here as they do in [`Config::apply`]; a matcher that needs something unknown is [`Holds::Open`] instead of failing.
    pub fn verdicts(&self, facts: &Facts<'_>) -> Vec<Verdict> {
        let mut names = Overrides::default();
        let facts = &self.placed(facts);
        let mut verdicts = self.judge(facts, &mut names);
        if names.has_renamed() {
            let second = self.judge(&names.seen(facts), &mut names.clone());
            for (mine, later) in verdicts.iter_mut().zip(second) {
                if later.holds() > mine.holds() {
                    *mine = later;
                }
            }
        }
        verdicts
    }

    fn judge(&self, facts: &Facts<'_>, names: &mut Overrides) -> Vec<Verdict> {
        self.walk(facts, names, |index, rule, seen| {
            let state = |matcher: &Matcher| {
                if holds(matcher, seen) {
                    Holds::Yes
                } else if is_known(matcher, seen) {
                    Holds::No
                } else {
                    Holds::Open
                }
            };
            let matchers: Vec<Holds> = rule.matchers.iter().map(state).collect();
            let failed = matchers.iter().position(|holds| *holds == Holds::No);
            let saw = failed.zip(failed.and_then(|at| rule.matchers.get(at))).map(|(matcher, failed)| Saw {
                matcher,
                values: values(failed, seen).into_iter().map(str::to_owned).collect(),
            });
            let verdict = Verdict { index, matchers, saw };
            (verdict.holds() == Holds::Yes, verdict)
        })
    }
}

/// Returns whether all is known that a matcher asks for.
fn is_known(matcher: &Matcher, facts: &Facts<'_>) -> bool {
    match matcher {
        Matcher::List(subject, _) => match subject {
            Subject::Repositories => facts.repository.is_some(),
            Subject::BaseBranches => facts.base_branch.is_some(),
            Subject::UpdateTypes => facts.update_type.is_some(),
            Subject::SourceUrls => facts.source_url.is_some(),
            Subject::NewValue => facts.new_value.is_some(),
            _ => true,
        },
        // Patterns see the value where there is no version yet, which is the same but for ranges and moving tags.
        Matcher::CurrentVersion(VersionMatcher::Pattern(_)) => {
            facts.current_version.or(facts.current_value).is_some()
        }
        Matcher::CurrentVersion(VersionMatcher::Range(_)) => {
            facts.versioning.is_some() && facts.current_version.is_some()
        }
        Matcher::CurrentAge(_) => facts.current_version_timestamp.is_some(),
        Matcher::Jsonata(_) => facts.update_type.is_some(),
        Matcher::Never(..) => true,
    }
}

/// Returns what a matcher is compared with.
fn values<'f>(matcher: &Matcher, facts: &Facts<'f>) -> Vec<&'f str> {
    match matcher {
        Matcher::List(subject, _) => compared(*subject, facts),
        Matcher::CurrentVersion(_) => facts.current_version.or(facts.current_value).into_iter().collect(),
        Matcher::CurrentAge(_) | Matcher::Jsonata(_) | Matcher::Never(..) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{ConfigFile, Resolution, resolve};
    use super::*;
    use crate::name::RepoPath;
    use crate::update::UpdateType;

    #[track_caller]
    fn check(rules: &str, facts: &Facts<'_>, expected: &str) {
        let text = format!("{{packageRules: [{rules}]}}");
        let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: text.into() };
        let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else { panic!() };
        assert_eq!(config.problems, [], "{rules}");
        let told: Vec<String> = config
            .verdicts(facts)
            .into_iter()
            .map(|verdict| match &verdict.saw {
                Some(saw) => {
                    let name = config.rules[verdict.index].matchers[saw.matcher].name();
                    format!("{name} saw {}", saw.values.join(" "))
                }
                None => format!("{:?}", verdict.holds()),
            })
            .collect();
        assert_eq!(told.join(", "), expected, "{rules}");
    }

    fn image() -> Facts<'static> {
        Facts {
            manager: Some("kubernetes"),
            dep_name: Some("ghcr.io/fjord/app"),
            package_name: Some("ghcr.io/fjord/app"),
            datasource: Some("docker"),
            current_value: Some("1.2.3"),
            ..Facts::default()
        }
    }

    #[test]
    fn a_rule_that_fails_names_the_matcher_and_what_it_saw() {
        check("{matchDatasources: ['helm']}", &image(), "matchDatasources saw docker");
        check("{matchDepTypes: ['action']}", &image(), "matchDepTypes saw ");
        check("{matchCategories: ['helm']}", &image(), "matchCategories saw kubernetes");
        check("{matchCurrentVersion: '/^0/'}", &image(), "matchCurrentVersion saw 1.2.3");
        check("{matchCurrentValue: '/^0/'}", &image(), "matchCurrentValue saw 1.2.3");
    }

    #[test]
    fn what_only_a_registry_knows_stays_open() {
        check("{matchUpdateTypes: ['major']}", &image(), "Open");
        check(
            "{matchUpdateTypes: ['major'], matchDatasources: ['helm']}",
            &image(),
            "matchDatasources saw docker",
        );
        check("{matchSourceUrls: ['**']}, {matchCurrentAge: '> 3 days'}", &image(), "Open, Open");
        check("{matchCurrentVersion: '<2'}", &image(), "Open");
        let major = Facts { update_type: Some(UpdateType::Major), ..image() };
        check(
            "{matchUpdateTypes: ['major']}, {matchUpdateTypes: ['minor']}",
            &major,
            "Yes, matchUpdateTypes saw major",
        );
    }

    #[test]
    fn new_names_count_for_the_rules_that_follow_and_for_all_in_the_end() {
        check(
            "{matchDepNames: ['app']}, {matchDatasources: ['docker'], overrideDepName: 'app'}, {matchDepNames: ['app']}",
            &image(),
            "Yes, Yes, Yes",
        );
    }
}
