//! Comments that are written once and kept up to date.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::GithubRepository;
use super::client::{Call, Sends as _, once, pages};
use super::pulls::User;
use crate::forge::ForgeError;

#[derive(Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<User>,
}

impl GithubRepository {
    pub(super) async fn write_comment(
        &self,
        number: u64,
        heading: &str,
        text: &str,
    ) -> Result<(), ForgeError> {
        // A comment for another machine is nothing but its text.
        let (first_line, body) = if heading.is_empty() {
            (text.lines().next().unwrap_or_default().to_owned(), text.to_owned())
        } else {
            let first_line = format!("### {heading}");
            (first_line.clone(), format!("{first_line}\n\n{text}"))
        };
        let task = format!("comment on #{number}");
        let call = Call::change(
            Method::POST,
            self.route(format!("/issues/{number}/comments")),
            &task,
            json!({"body": body}),
        );
        let Some(comment) = self.comment_under(number, &first_line).await? else {
            let there = || async { Ok(self.comment_under(number, &first_line).await?.map(|_| ())) };
            return once(|| async { self.send(&call).await.map(|_| ()) }, there).await;
        };
        // GitHub may have given the lines other ends.
        let lines = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        if lines(comment.body.as_deref().unwrap_or_default()).trim_end() == lines(&body).trim_end() {
            return Ok(());
        }
        let route = self.route(format!("/issues/comments/{}", comment.id));
        self.send(&Call::set(Method::PATCH, route, task, json!({"body": body}))).await.map(|_| ())
    }

    /// Returns our comment with a first line.
    async fn comment_under(&self, number: u64, first_line: &str) -> Result<Option<Comment>, ForgeError> {
        let account = self.read_account().await?;
        let first = Call::get(
            self.route(format!("/issues/{number}/comments?per_page=100")),
            format!("read the comments of #{number}"),
        );
        let comments: Vec<Vec<Comment>> = pages(self, first).await?;
        Ok(comments.into_iter().flatten().find(|comment| {
            let is_ours =
                comment.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(&account.login));
            let line = comment.body.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
            is_ours && line.trim_end() == first_line
        }))
    }
}
