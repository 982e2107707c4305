//! Offers a configuration to a repository that has none.

use std::sync::Arc;

use updraft_core::draft::onboarding;
use updraft_core::forge::PullState;

use super::deed::{self, About, Deed};
use super::job::identities;
use crate::forge::{
    Change, CommitHead, Forge, ForgeError, NewCommit, NewFile, NewPull, Repository, is_same_text,
};
use crate::run::Outcome;
use crate::settings::RunSettings;

/// Why a configuration is offered.
const UNCONFIGURED: &str = "the repository has no configuration";

/// Where a configuration is offered.
pub(super) struct Site<'a> {
    pub(super) forge: &'a dyn Forge,
    pub(super) repository: &'a Repository,
    pub(super) base: &'a CommitHead,
    pub(super) settings: &'a RunSettings,
}

/// What became of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It waits for the owner.
    Open,
    /// The owner closed it.
    Declined,
}

impl Site<'_> {
    /// Opens the pull request, or brings it up to date.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn offer(&self, outcome: &Outcome) -> Result<Answer, ForgeError> {
        let forge = self.forge;
        let tell = |deed, about| deed::tell(forge.writes(), deed, about);
        let history = forge.pulls_of(onboarding::BRANCH).await?;
        let open = history.iter().find(|pull| pull.state == PullState::Open);
        if open.is_none() && history.iter().any(|pull| pull.state == PullState::Closed) {
            return Ok(Answer::Declined);
        }
        let body = body(self.repository, outcome);
        if let Some(pull) = open {
            if !is_same_text(&pull.body, &body) {
                forge.change_pull(pull.number, &Change { body: Some(body), ..Change::default() }).await?;
                let reason = "it has another text now";
                tell(Deed::PullEdited, About::pull(pull.number).title(onboarding::TITLE).reason(reason));
            }
            return Ok(Answer::Open);
        }
        if forge.head(onboarding::BRANCH).await?.is_none() {
            let account = forge.account().await?;
            let options = &outcome.reading.config.options;
            let (author, _) =
                identities(options, self.settings.git_author.as_deref(), &account, self.repository);
            let file = NewFile {
                path: onboarding::FILE.to_owned(),
                mode: "100644".to_owned(),
                text: Arc::from(onboarding::CONFIG),
            };
            let commit = NewCommit {
                parent: self.base.clone(),
                files: vec![file],
                message: onboarding::COMMIT_MESSAGE.to_owned(),
                author,
            };
            let head = forge.commit(&commit).await?;
            forge.create_branch(onboarding::BRANCH, &head.sha).await?;
            tell(Deed::BranchCreated, About::because(UNCONFIGURED));
        }
        let new = NewPull {
            head: onboarding::BRANCH.to_owned(),
            base: self.repository.default_branch.clone(),
            title: onboarding::TITLE.to_owned(),
            body,
            is_draft: false,
        };
        let pull = forge.create_pull(&new).await?;
        tell(Deed::PullOpened, About::pull(pull.number).title(onboarding::TITLE).reason(UNCONFIGURED));
        Ok(Answer::Open)
    }
}

/// Returns the text of the pull request.
fn body(repository: &Repository, outcome: &Outcome) -> String {
    let mut files: Vec<(String, String)> = outcome
        .findings
        .iter()
        .map(|finding| (finding.dep.found.manager.to_string(), finding.dep.found.file.to_string()))
        .collect();
    files.sort();
    files.dedup();
    onboarding::body(&onboarding::Onboarding {
        base: &repository.default_branch,
        files,
        branches: outcome.branches.iter().map(|ready| &ready.branch).collect(),
        problems: &outcome.problems,
    })
}
