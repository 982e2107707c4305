//! Tells the owner of a configuration that cannot be used, and takes that back once it can.

use std::collections::BTreeSet;

use updraft_core::draft::config_error;
use updraft_core::forge::Issue;
use updraft_core::problem::{Problem, Severity};

use super::dashboard::find_issue;
use super::deed::{self, About, Deed};
use crate::forge::{Change, Forge, ForgeError, is_same_text};
use crate::report::find;
use crate::run::Reading;

/// Why the issue is there.
const BROKEN: &str = "the configuration cannot be used";

fn tell(forge: &dyn Forge, deed: Deed, number: u64, reason: &str) {
    deed::tell(forge.writes(), deed, About::pull(number).title(config_error::TITLE).reason(reason));
}

/// Opens the issue, or brings it up to date.
///
/// # Errors
/// The forge did not do what was asked.
pub(super) async fn open(forge: &dyn Forge, reading: &Reading, issues: &[Issue]) -> Result<(), ForgeError> {
    if reading.config.options.suppresses("configErrorIssue") {
        return Ok(());
    }
    let errors: Vec<Problem> = reading
        .config
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .cloned()
        .collect();
    let files = &reading.snapshot.files;
    let body = config_error::body(&errors, |path| find(files, path.as_str()).map(|file| &*file.text));
    match find_issue(issues, config_error::TITLE) {
        None => {
            let issue = forge.create_issue(config_error::TITLE, &body, &BTreeSet::new()).await?;
            tell(forge, Deed::IssueOpened, issue.number, BROKEN);
            Ok(())
        }
        Some(issue) => {
            let change = Change {
                body: (!is_same_text(&issue.body, &body)).then_some(body),
                open: (!issue.is_open).then_some(true),
                ..Change::default()
            };
            if change != Change::default() {
                forge.change_issue(issue.number, &change).await?;
                tell(forge, Deed::IssueEdited, issue.number, BROKEN);
            }
            Ok(())
        }
    }
}

/// Closes the issue, if there is one.
///
/// # Errors
/// The forge did not do what was asked.
pub(super) async fn close(forge: &dyn Forge, issues: &[Issue]) -> Result<(), ForgeError> {
    match find_issue(issues, config_error::TITLE).filter(|issue| issue.is_open) {
        Some(issue) => {
            forge.change_issue(issue.number, &Change::closing()).await?;
            tell(forge, Deed::IssueClosed, issue.number, "the configuration can be used again");
            Ok(())
        }
        None => Ok(()),
    }
}
