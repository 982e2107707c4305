//! One log line for each decision of a run, at debug level: what becomes of every step of every dependency, and why.
//!
//! The reasons are those that the report and `explain` give; here they only find their line.

use std::borrow::Cow;

use jiff::Timestamp;
use tracing::{Level, debug, debug_span};
use updraft_core::config::{Config, Facts, RuleTrace};
use updraft_core::name::short_digest;
use updraft_core::plan::{Hold, Upgrade};
use updraft_core::problem::Problem;
use updraft_core::update::{Choice, Update};

use crate::logging::DECISIONS;
use crate::report::build::{self, BranchOf};
use crate::run::{Finding, Outcome};

/// What becomes of one step of a dependency, or of the dependency where there is none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Decision<'o> {
    /// What, in words that are always the same.
    what: &'static str,
    /// Why.
    reason: Option<Cow<'o, str>>,
    /// When that ends, where time ends it.
    until: Option<Timestamp>,
    /// The step.
    update: Option<&'o Update>,
    /// The branch that takes it.
    branch: Option<&'o str>,
    /// The rules of the owner that hold.
    rules: String,
}

/// Logs what becomes of every dependency: a line for each step, or one where there is none.
pub fn log_dependencies(outcome: &Outcome) {
    if !tracing::enabled!(target: DECISIONS, Level::DEBUG) {
        return;
    }
    let branch_of = BranchOf::new(&outcome.branches);
    for finding in &outcome.findings {
        let dep = &finding.dep.dep;
        let span = debug_span!(
            target: DECISIONS,
            "dependency",
            depName = dep.dep_name,
            packageName = dep.package_name,
            datasource = dep.datasource.as_ref().map(tracing::field::display),
            manager = dep.manager.as_str(),
        );
        let _inside = span.enter();
        for decision in decisions(outcome, finding, &branch_of) {
            tell(outcome, finding, &decision);
        }
    }
}

/// Logs what becomes of every branch, where nothing else is done with them than to plan them.
pub fn log_branches(outcome: &Outcome) {
    for ready in &outcome.branches {
        let branch = &ready.branch;
        let (until, reason) = match &branch.hold {
            Some(hold) => (hold.until.map(tracing::field::display), Some(hold.to_string())),
            None => (None, None),
        };
        let what = if branch.hold.is_some() { "branch held" } else { "branch planned" };
        debug!(target: DECISIONS, branch = branch.branch_name, title = branch.pr_title, reason, until, "{what}");
    }
}

fn tell(outcome: &Outcome, finding: &Finding, decision: &Decision<'_>) {
    let dep = &finding.dep.dep;
    let update = decision.update;
    debug!(
        target: DECISIONS,
        reason = decision.reason.as_deref(),
        until = decision.until.map(tracing::field::display),
        currentValue = dep.current_value,
        currentDigest = dep.current_digest.as_deref().map(short_digest),
        newValue = update.and_then(|update| update.new_value.as_deref()),
        newDigest = update.and_then(|update| update.new_digest.as_deref()).map(short_digest),
        updateType = update.map(|update| update.update_type.as_str()),
        passedOver = update.and_then(|update| passed_over(&finding.choice, update.new_version.as_deref())),
        branch = decision.branch,
        rules = Some(decision.rules.as_str()).filter(|rules| !rules.is_empty()),
        packageFile = dep.file.as_str(),
        line = build::line_of(&finding.dep.found, &outcome.reading.snapshot.files),
        "{}",
        decision.what
    );
}

fn decisions<'o>(outcome: &'o Outcome, finding: &'o Finding, branch_of: &BranchOf<'o>) -> Vec<Decision<'o>> {
    let config = &outcome.reading.config;
    let found = &finding.dep.found;
    let rules = || rules(config, &config.apply(&Facts::of(found)).rules);
    if let Some(skip) = finding.skip() {
        let reason = match skip.detail.as_str() {
            "" => format!("{}, {}", skip.reason.as_str(), skip.reason.explain()),
            detail => format!("{}, {detail}", skip.reason.as_str()),
        };
        let what = "dependency left alone";
        return vec![Decision { what, reason: Some(reason.into()), rules: rules(), ..Decision::default() }];
    }
    let steps = &finding.choice.updates;
    if steps.is_empty() {
        let reason = passed_over(&finding.choice, None).map(Cow::from);
        return vec![Decision { what: "up to date", reason, rules: rules(), ..Decision::default() }];
    }
    steps.iter().map(|update| step(outcome, finding, update, branch_of)).collect()
}

/// Returns what becomes of a step: it is in a branch, which may be held back, or why it is in none.
fn step<'o>(
    outcome: &'o Outcome,
    finding: &'o Finding,
    update: &'o Update,
    branch_of: &BranchOf<'o>,
) -> Decision<'o> {
    let (config, found) = (&outcome.reading.config, &finding.dep.found);
    let is_it = |upgrade: &&Upgrade| *upgrade.found == **found && upgrade.update == *update;
    let decision = Decision { update: Some(update), ..Decision::default() };
    if let Some(ready) = branch_of.step(found, update) {
        let branch = &ready.branch;
        let traces = branch.upgrades.iter().find(is_it).map(|upgrade| &upgrade.rules);
        let decision = Decision {
            branch: Some(&branch.branch_name),
            rules: traces.map(|traces| rules(config, traces)).unwrap_or_default(),
            ..decision
        };
        return match &branch.hold {
            Some(hold) => Decision {
                what: "update held",
                reason: Some(hold.to_string().into()),
                until: hold.until,
                ..decision
            },
            None => Decision { what: "update", ..decision },
        };
    }
    // It belongs to a branch whose other members go ahead.
    let waiting = outcome.branches.iter().find_map(|ready| {
        let upgrade = ready.branch.waiting.iter().find(is_it)?;
        Some((ready, upgrade, Hold::too_young(upgrade.update.pending.as_ref()?)))
    });
    if let Some((ready, upgrade, hold)) = waiting {
        return Decision {
            what: "update held",
            reason: Some(hold.to_string().into()),
            until: hold.until,
            branch: Some(&ready.branch.branch_name),
            rules: rules(config, &upgrade.rules),
            ..decision
        };
    }
    let is_about = |problem: &&Problem| {
        problem.file.as_ref() == Some(&found.file) && problem.span.is_some_and(|span| span == found.span)
    };
    let reason = match outcome.problems.iter().find(is_about) {
        Some(problem) => problem.message.as_str().into(),
        None => "another update takes its place, or a rule disables it".into(),
    };
    Decision { what: "update left out", reason: Some(reason), ..decision }
}

/// Returns the newest release that somebody could miss where `taken` is what is taken, and why it was not.
fn passed_over(choice: &Choice, taken: Option<&str>) -> Option<String> {
    let newer = choice.candidates.iter().map_while(|candidate| {
        let dropped = candidate.dropped.as_ref()?;
        (taken != Some(&candidate.version)).then_some((&candidate.version, dropped))
    });
    let mut notable = newer.filter(|(_, dropped)| dropped.is_notable());
    notable.next().map(|(version, dropped)| format!("{version} dropped: {dropped}"))
}

/// Returns the rules that the owner wrote and that hold, as `explain` numbers them.
fn rules(config: &Config, traces: &[RuleTrace]) -> String {
    let holding = traces.iter().filter(|trace| trace.failed.is_none());
    let named: Vec<String> = holding
        .filter_map(|trace| {
            let number = config.rule_number(trace.index)?;
            let description = config.rules.get(trace.index).map(|rule| rule.description.as_str());
            Some(match description {
                None | Some("") => format!("#{number}"),
                Some(description) => format!("#{number} {description}"),
            })
        })
        .collect();
    named.join(", ")
}
