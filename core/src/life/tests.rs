//! Tables: what was before and what is planned in, what is to be done out.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::limits::Counts;
use super::past::{ABANDONED, AUTOCLOSED, Past, is_immortal, is_left_over, past};
use super::policy::must_be_up_to_date;
use super::*;
use crate::dashboard::Tick;
use crate::forge::{Protection, PullRequest, PullState};
use crate::plan::Branch;
use crate::plan::tests::planned;

const APP: &str = "kubernetes docker ghcr.io/acme/app 1.2.0 > 1.2.0 1.3.0";
const TITLE: &str = "Update ghcr.io/acme/app Docker tag to v1.3.0";

fn branch(options: &str, lines: &[&str]) -> Branch {
    let plan = planned(options, lines);
    assert_eq!(plan.problems, []);
    plan.branches.into_iter().next().unwrap()
}

fn now() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn pull(number: u64, state: PullState, title: &str, closed_at: &str) -> PullRequest {
    PullRequest {
        number,
        node_id: String::new(),
        title: title.to_owned(),
        body: String::new(),
        state,
        head: "renovate/ghcr.io-acme-app-1.x".to_owned(),
        head_sha: String::new(),
        base: "main".to_owned(),
        labels: BTreeSet::new(),
        assignees: BTreeSet::new(),
        reviewers: BTreeSet::new(),
        is_draft: false,
        auto_merge: None,
        created_at: None,
        closed_at: closed_at.parse().ok(),
    }
}

/// Says in a word and a number what `history` means for an update to 1.3.0.
fn before(options: &str, history: &[PullRequest]) -> String {
    before_branch(&branch(options, &[APP]), history)
}

fn before_branch(branch: &Branch, history: &[PullRequest]) -> String {
    match past(history, branch, "main", now()) {
        Past::Nothing => "nothing".to_owned(),
        Past::Closed(pull) => format!("closed {}", pull.number),
        Past::Autoclosed(pull) => format!("autoclosed {}", pull.number),
        Past::Merged(pull) => format!("merged {}", pull.number),
    }
}

#[test]
fn what_a_person_closed_does_not_come_again_for_the_same_title() {
    let closed = pull(1, PullState::Closed, TITLE, "2020-01-01T00:00:00Z");
    assert_eq!(before("{}", std::slice::from_ref(&closed)), "closed 1");
    assert_eq!(before("{recreateWhen: 'always'}", std::slice::from_ref(&closed)), "nothing");
    let other =
        pull(1, PullState::Closed, "Update ghcr.io/acme/app Docker tag to v1.2.9", "2026-03-11T00:00:00Z");
    assert_eq!(before("{}", &[other]), "nothing");
    let elsewhere = PullRequest { base: "next".to_owned(), ..closed };
    assert_eq!(before("{}", &[elsewhere]), "nothing");
}

#[test]
fn what_was_closed_stays_closed_when_the_style_of_commits_changes() {
    let semantic = "{semanticCommits: 'enabled'}";
    let titles = [TITLE, "chore(deps): update ghcr.io/acme/app docker tag to v1.3.0"];
    assert_eq!(branch(semantic, &[APP]).pr_title, titles[1]);
    for title in titles {
        let closed = pull(1, PullState::Closed, title, "2020-01-01T00:00:00Z");
        for options in ["{semanticCommits: 'disabled'}", semantic] {
            assert_eq!(before(options, std::slice::from_ref(&closed)), "closed 1", "{options} {title}");
        }
    }
    let other = pull(1, PullState::Closed, "fix: update ghcr.io/acme/app docker tag to v1.2.9", "");
    assert_eq!(before(semantic, &[other]), "nothing");
}

#[test]
fn what_the_bot_closed_is_opened_again_for_a_week() {
    let title = format!("{TITLE}{AUTOCLOSED}");
    let check = |at: &str, expected: &str| {
        assert_eq!(before("{}", &[pull(2, PullState::Closed, &title, at)]), expected, "{at}");
    };
    check("2026-03-05T12:00:01Z", "autoclosed 2");
    check("2026-03-04T11:59:59Z", "nothing");
    let abandoned = pull(3, PullState::Closed, &format!("{TITLE}{ABANDONED}"), "2026-03-11T00:00:00Z");
    assert_eq!(before("{}", &[abandoned]), "nothing");
}

#[test]
fn the_newest_pull_request_with_the_title_decides() {
    let merged = pull(2, PullState::Merged, TITLE, "2026-03-01T00:00:00Z");
    let closed = pull(1, PullState::Closed, TITLE, "2026-02-01T00:00:00Z");
    assert_eq!(before("{}", &[merged.clone(), closed.clone()]), "merged 2");
    assert_eq!(before("{}", &[closed, merged]), "closed 1");
}

#[test]
fn what_was_merged_is_left_over_until_somebody_commits_again() {
    let at =
        |number, state, sha: &str| PullRequest { head_sha: sha.to_owned(), ..pull(number, state, TITLE, "") };
    let check = |history: &[PullRequest], expected: bool| {
        assert_eq!(is_left_over(history, "main", "b"), expected, "{history:?}");
    };
    check(&[at(1, PullState::Merged, "b")], true);
    check(&[at(2, PullState::Closed, "c"), at(1, PullState::Merged, "b")], true);
    check(&[at(1, PullState::Merged, "a")], false);
    check(&[at(2, PullState::Merged, "c"), at(1, PullState::Merged, "b")], false);
    check(&[at(1, PullState::Closed, "b")], false);
    check(&[PullRequest { base: "staging".to_owned(), ..at(1, PullState::Merged, "b") }], false);
    check(&[], false);
}

#[test]
fn closing_cannot_be_respected_where_the_title_names_no_version() {
    let group = "{packageRules: [{matchPackageNames: ['*'], groupName: 'Everything'}]}";
    let other = "kubernetes docker ghcr.io/acme/other 2.0.0 > 2.0.0 2.0.1";
    assert!(is_immortal(&branch(group, &[APP, other])));
    assert!(!is_immortal(&branch(group, &[APP])), "a group of one says its version");
    assert!(!is_immortal(&branch("{}", &[APP])));
}

#[test]
fn a_merged_title_without_a_version_says_nothing_of_the_next_update() {
    let group = "packageRules: [{matchPackageNames: ['*'], groupName: 'Everything'}]";
    let other = "kubernetes docker ghcr.io/acme/other 2.0.0 > 2.0.0 2.0.1";
    for more in ["", ", recreateWhen: 'never'"] {
        let branch = branch(&format!("{{{group}{more}}}"), &[APP, other]);
        let merged = pull(1, PullState::Merged, &branch.pr_title, "2026-03-01T00:00:00Z");
        assert_eq!(before_branch(&branch, &[merged]), "nothing", "{more}");
    }
}

#[test]
fn the_lowest_limit_of_a_branch_holds_and_zero_is_none() {
    let counts = Counts { open_pulls: 3, branches: 5, pulls_this_hour: 1, commits_this_hour: 2 };
    let check = |options: &str, expected: Option<&str>| {
        let limit = counts.forbid_branch(&branch(options, &[APP]));
        assert_eq!(limit.as_deref(), expected, "{options}");
    };
    let rest = "prHourlyLimit: 0, branchConcurrentLimit: 0, commitHourlyLimit: 0";
    check(&format!("{{prConcurrentLimit: 0, {rest}}}"), None);
    check(&format!("{{prConcurrentLimit: 4, {rest}}}"), None);
    check(&format!("{{prConcurrentLimit: 3, {rest}}}"), Some("prConcurrentLimit 3"));
    check("{prConcurrentLimit: 4, prHourlyLimit: 0}", Some("branchConcurrentLimit 4"));
    check("{prConcurrentLimit: 0, prHourlyLimit: 1}", Some("prHourlyLimit 1"));
    check("{prConcurrentLimit: 0, prHourlyLimit: 0, commitHourlyLimit: 2}", Some("commitHourlyLimit 2"));
    let rule = "{prConcurrentLimit: 0, prHourlyLimit: 0, packageRules: [{matchPackageNames: ['*'], prConcurrentLimit: 2}]}";
    check(rule, Some("prConcurrentLimit 2"));
}

#[test]
fn a_branch_is_kept_on_top_of_its_base_where_that_matters_for_merging() {
    let strict = Protection { must_be_up_to_date: true, ..Protection::default() };
    let labels = BTreeSet::from(["keep".to_owned()]);
    let check = |options: &str, expected: [bool; 3]| {
        let branch = branch(options, &[APP]);
        let found = [
            must_be_up_to_date(&branch, &Protection::default(), &BTreeSet::new()),
            must_be_up_to_date(&branch, &strict, &BTreeSet::new()),
            must_be_up_to_date(&branch, &Protection::default(), &labels),
        ];
        assert_eq!(found, expected, "{options}: plain, with a strict base, with a label");
    };
    check("{}", [false, true, false]);
    check("{automerge: true}", [true, true, true]);
    check("{automerge: true, rebaseWhen: 'conflicted'}", [false, false, false]);
    check("{rebaseWhen: 'behind-base-branch'}", [true, true, true]);
    check("{rebaseWhen: 'automerging'}", [false, false, false]);
    check("{rebaseWhen: 'never', keepUpdatedLabel: 'keep'}", [false, false, true]);
}

#[test]
fn a_tick_lifts_what_holds_its_own_branch() {
    let hold = |reason| Hold { reason, until: None, detail: String::new() };
    let own =
        |tick| Ticks { branches: [("a".to_owned(), BTreeSet::from([tick]))].into(), ..Ticks::default() };
    let all = Ticks { unschedule_all: true, ..Ticks::default() };
    let check = |ticks: &Ticks, reason, expected| {
        assert_eq!(lifts(ticks, "a", &hold(reason)), expected, "{reason:?}");
    };
    check(&own(Tick::Unschedule), HoldReason::OutsideSchedule, true);
    check(&own(Tick::Approve), HoldReason::OutsideSchedule, true);
    check(&own(Tick::Rebase), HoldReason::OutsideSchedule, false);
    check(&own(Tick::Approve), HoldReason::Silent, false);
    check(&all, HoldReason::OutsideSchedule, true);
    check(&all, HoldReason::NeedsApproval, false);
    assert!(!lifts(&own(Tick::Approve), "b", &hold(HoldReason::NeedsApproval)));
}
