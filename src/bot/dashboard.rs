//! Keeps the Dependency Dashboard right, and the boxes that people tick while a run goes on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use updraft_core::dashboard::{Dashboard, Detected, Entry, LeftAlone, Tick, Ticks, body, ticks, with_ticks};
use updraft_core::forge::Issue;
use updraft_core::life::{Standing, lifts};
use updraft_core::plan::HoldReason;
use updraft_core::problem::Problem;
use updraft_core::template;

use super::deed::{self, About, Deed};
use super::job::Job;
use crate::forge::{Change, ForgeError, is_same_text};
use crate::report::{Report, build};

/// Returns the issue with a title: the first of the open ones, or else the newest.
pub(super) fn find_issue<'a>(issues: &'a [Issue], title: &str) -> Option<&'a Issue> {
    let with_title = || issues.iter().filter(|issue| issue.title == title);
    let open = with_title().filter(|issue| issue.is_open).min_by_key(|issue| issue.number);
    open.or_else(|| with_title().max_by_key(|issue| issue.number))
}

/// Closes all but the first of the open issues with a title: two runs at once may each have opened one.
async fn close_doubles(job: &Job<'_>, issues: &[Issue], title: &str) -> Result<(), ForgeError> {
    let first = find_issue(issues, title).map(|issue| issue.number);
    for issue in issues.iter().filter(|issue| issue.is_open && issue.title == title) {
        if Some(issue.number) != first {
            job.forge.change_issue(issue.number, &Change::closing()).await?;
            job.tell(Deed::IssueClosed, About::pull(issue.number).title(title).reason("there are two of it"));
        }
    }
    Ok(())
}

/// Writes the dashboard, or closes it where nobody wants one.
///
/// # Errors
/// The forge could not be asked, or did not do what was asked.
pub(super) async fn write(
    job: &mut Job<'_>,
    issues: &[Issue],
    others: &[(String, Option<u64>)],
) -> Result<(), ForgeError> {
    let options = job.options();
    let title = options.dependency_dashboard_title.clone().unwrap_or_default();
    let known = find_issue(issues, &title);
    close_doubles(job, issues, &title).await?;
    let is_empty = job.entries.is_empty() && others.is_empty();
    let closes_when_empty = options.dependency_dashboard_autoclose == Some(true);
    if !is_wanted(job) || (is_empty && closes_when_empty) {
        if let Some(issue) = known.filter(|issue| issue.is_open) {
            job.forge.change_issue(issue.number, &Change::closing()).await?;
            let reason = if is_empty { "there is nothing to show" } else { "nobody wants a dashboard" };
            job.tell(Deed::IssueClosed, About::pull(issue.number).title(&title).reason(reason));
        }
        return Ok(());
    }
    let new = text(job, others);
    let labels: BTreeSet<String> = options.dependency_dashboard_labels.iter().flatten().cloned().collect();
    let Some(issue) = known else {
        let issue = job.forge.create_issue(&title, &new, &labels).await?;
        job.tell(Deed::IssueOpened, About::pull(issue.number).title(&title));
        return close_doubles(job, &job.forge.issues().await?, &title).await;
    };
    // Between the beginning of this run and now somebody may have ticked a box, which must not be lost.
    let now = job.forge.issue(issue.number).await?;
    let mut ticked = meanwhile(&ticks(&now.body), &job.ticks);
    for name in undone(job) {
        ticked.branches.entry(name).or_default().insert(Tick::Retry);
    }
    let new = with_ticks(&new, &ticked);
    let change = Change {
        body: (!is_same_text(&now.body, &new)).then_some(new),
        open: (!now.is_open).then_some(true),
        ..Change::default()
    };
    if change == Change::default() {
        let about = About::pull(issue.number).title(&title).reason("it has nothing new to show");
        deed::tell_undone("issue left alone", None, about);
    } else {
        job.forge.change_issue(issue.number, &change).await?;
        job.tell(
            Deed::IssueEdited,
            About::pull(issue.number).title(&title).reason("it has something new to show"),
        );
    }
    let missing: BTreeSet<String> = labels.difference(&now.labels).cloned().collect();
    if !missing.is_empty() && now.labels.is_empty() {
        job.forge.add_labels(issue.number, &missing).await?;
        job.tell(Deed::LabelsAdded, About::pull(issue.number).title(&title));
    }
    Ok(())
}

/// Returns whether there is to be a dashboard: the owner wants one, or something can only be approved there.
fn is_wanted(job: &Job<'_>) -> bool {
    let needs_tick = |standing: &Standing| match standing {
        Standing::Held(hold) => hold.reason == HoldReason::NeedsApproval,
        Standing::AwaitsPullApproval => true,
        _ => false,
    };
    job.options().dependency_dashboard == Some(true)
        || job.entries.iter().any(|entry| needs_tick(&entry.standing))
}

/// Returns the branches that a tick asked for and that went wrong. The tick stays, or else what it lifted would hold them back again.
fn undone(job: &Job<'_>) -> Vec<String> {
    let went_wrong =
        |entry: &&Entry| matches!(entry.standing, Standing::Errored { .. } | Standing::Frozen { .. });
    let is_asked = |entry: &&Entry| {
        let (ticks, name) = (&job.ticks, &entry.branch_name);
        let ready = job.outcome.branches.iter().find(|ready| ready.branch.branch_name == *name);
        let hold = ready.and_then(|ready| ready.branch.hold.as_ref());
        ticks.branches.contains_key(name)
            || hold.is_some_and(|hold| lifts(ticks, name, hold))
            || (ticks.unlimit_all && !job.heads.contains_key(name))
            || (ticks.rebase_all && job.pulls.contains_key(name))
    };
    job.entries.iter().filter(went_wrong).filter(is_asked).map(|entry| entry.branch_name.clone()).collect()
}

/// Returns the boxes that were ticked after the run began.
fn meanwhile(now: &Ticks, before: &Ticks) -> Ticks {
    let mut branches: BTreeMap<String, BTreeSet<Tick>> = BTreeMap::new();
    for (name, ticks) in &now.branches {
        let known = before.branches.get(name).cloned().unwrap_or_default();
        let new: BTreeSet<Tick> = ticks.difference(&known).copied().collect();
        if !new.is_empty() {
            branches.insert(name.clone(), new);
        }
    }
    Ticks {
        branches,
        approve_all: now.approve_all && !before.approve_all,
        unlimit_all: now.unlimit_all && !before.unlimit_all,
        unschedule_all: now.unschedule_all && !before.unschedule_all,
        rebase_all: now.rebase_all && !before.rebase_all,
    }
}

fn text(job: &Job<'_>, others: &[(String, Option<u64>)]) -> String {
    let options = job.options();
    let outcome = job.outcome;
    let report = build::of_outcome(outcome);
    let problems: Vec<Problem> = {
        let reading = &outcome.reading;
        let all = reading.config.problems.iter().chain(&reading.snapshot.problems);
        all.chain(&reading.extraction.problems)
            .chain(&outcome.problems)
            .chain(&job.problems)
            .cloned()
            .collect()
    };
    let fields = json!({
        "repository": job.repository.slug, "baseBranch": job.repository.default_branch, "platform": "github",
    });
    let fill = |own: &Option<String>| {
        own.as_ref().map(|text| template::render(text, &fields).unwrap_or_else(|_| text.clone()))
    };
    let (header, footer) =
        (fill(&options.dependency_dashboard_header), fill(&options.dependency_dashboard_footer));
    body(&Dashboard {
        header: header.as_deref(),
        footer: footer.as_deref(),
        web_url: &job.repository.web_url,
        base: &job.repository.default_branch,
        entries: &job.entries,
        others,
        problems: &problems,
        detected: &detected(&report),
        left_alone: &left_alone(&report),
    })
}

/// Returns the dependencies that are looked after, sorted.
fn detected(report: &Report) -> Vec<Detected> {
    let mut detected: Vec<Detected> = report
        .deps()
        .filter(|(_, dep)| dep.skip_reason.is_none())
        .map(|(file, dep)| {
            let new_values = dep.updates.iter().filter_map(|update| {
                let digest = || update.new_digest.as_deref().map(updraft_core::name::short_digest);
                let same = update.new_value.as_deref() == dep.current_value;
                update.new_value.as_deref().filter(|_| !same).or_else(digest)
            });
            Detected {
                manager: file.manager.to_owned(),
                file: file.path.to_owned(),
                dep_name: dep.dep_name.to_owned(),
                current_value: dep.current_value.map(str::to_owned),
                current_digest: dep.current_digest.map(str::to_owned),
                new_values: new_values.map(str::to_owned).collect(),
            }
        })
        .collect();
    detected.sort();
    detected
}

/// Returns what is left alone, by reason.
fn left_alone(report: &Report) -> Vec<LeftAlone> {
    let alone = report.skipped().into_iter().map(|((reason, detail), deps)| LeftAlone {
        reason: reason.replace('-', " "),
        detail: detail.to_owned(),
        places: deps.into_iter().map(|(name, place)| (name.to_owned(), place)).collect(),
    });
    alone.collect()
}
