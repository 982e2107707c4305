//! What a repository on GitLab, Gitea or Forgejo tells of its releases. Everybody may ask, so no token is needed, and none is shown where
//! everybody would read what it opens.
//!
//! <https://docs.gitlab.com/api/releases/> <https://docs.gitea.com/api/>

use serde::Deserialize;
use updraft_core::changelog::{Source, Website};
use url::Url;

use super::github::Release;
use crate::forge::Visibility;
use crate::http::{Access, Http, Identity, Reply, Request};

/// How many releases are asked for; most updates pass a few versions only.
const RELEASES: &str = "50";

/// A release as either tells it.
#[derive(Deserialize)]
struct Entry {
    tag_name: String,
    name: Option<String>,
    /// The notes, of Gitea.
    body: Option<String>,
    /// The notes, of GitLab.
    description: Option<String>,
}

/// Returns the newest releases of a repository with their notes, newest first; none when it is on no such forge. Unless its `readers` are few,
/// they are those that everybody sees.
///
/// # Errors
/// The forge does not answer, or not with what was asked for; one line says why.
pub(super) async fn releases(
    http: &Http,
    source: &Source,
    readers: Visibility,
) -> Result<Vec<Release>, String> {
    let Some((url, host_type)) = address(source) else { return Ok(Vec::new()) };
    let request = Request::get(url).accept("application/json");
    let request = match readers {
        Visibility::Private => request.host_type(host_type),
        Visibility::Internal | Visibility::Public => request.access(Access::Anonymous(Identity::Anonymous)),
    };
    let reply = http.send(&request).await.and_then(Reply::success).map_err(|error| error.to_string())?;
    let entries: Vec<Entry> = reply.json().map_err(|error| error.to_string())?;
    let release = |entry: Entry| Release {
        tag: entry.tag_name,
        name: entry.name.unwrap_or_default(),
        body: entry.description.or(entry.body).unwrap_or_default(),
    };
    Ok(entries.into_iter().map(release).collect())
}

/// Returns where the list is, and the kind of host rules for it.
fn address(source: &Source) -> Option<(Url, &'static str)> {
    let mut url = Url::parse(source.base()).ok()?;
    let (host_type, size) = match source.website() {
        Website::GitHub => return None,
        Website::GitLab => {
            let project = ["api", "v4", "projects", source.slug(), "releases"];
            url.path_segments_mut().ok()?.pop_if_empty().extend(project);
            ("gitlab-releases", "per_page")
        }
        Website::Gitea => {
            let repository = ["api", "v1", "repos"].into_iter().chain(source.slug().split('/'));
            url.path_segments_mut().ok()?.pop_if_empty().extend(repository).push("releases");
            ("gitea-releases", "limit")
        }
    };
    url.query_pairs_mut().append_pair(size, RELEASES);
    Some((url, host_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Answer, Server, client, client_with};

    #[tokio::test]
    async fn releases_of_both_are_read_with_their_notes() {
        let server = Server::start(|seen| match seen.target.as_str() {
            "/api/v4/projects/lake%2Fside%2Fboat/releases?per_page=50" => {
                Answer::ok(r#"[{"tag_name": "v1.1.0", "name": "Sails", "description": "- faster", "released_at": "2024-05-01T00:00:00Z"}]"#)
            }
            "/api/v1/repos/fjord/boat/releases?limit=50" => {
                Answer::ok(r#"[{"tag_name": "v2.0.0", "name": "", "body": "- oars"}, {"tag_name": "v1.0.0", "name": null, "body": null}]"#)
            }
            _ => Answer::status(404),
        })
        .await;
        let read = async |website, path| {
            let source = Source::on(website, &server.origin, path).unwrap();
            releases(&client(), &source, Visibility::Public).await
        };
        let release = |tag: &str, name: &str, body: &str| Release {
            tag: tag.to_owned(),
            name: name.to_owned(),
            body: body.to_owned(),
        };
        assert_eq!(
            read(Website::GitLab, "lake/side/boat").await,
            Ok(vec![release("v1.1.0", "Sails", "- faster")])
        );
        let expected = vec![release("v2.0.0", "", "- oars"), release("v1.0.0", "", "")];
        assert_eq!(read(Website::Gitea, "fjord/boat").await, Ok(expected));
        assert_eq!(read(Website::GitHub, "fjord/boat").await, Ok(Vec::new()));
        assert!(read(Website::Gitea, "fjord/none").await.is_err());
    }

    #[tokio::test]
    async fn a_token_opens_what_only_few_will_read() {
        let server =
            Server::start(|seen| match seen.header("private-token").or(seen.header("authorization")) {
                Some(_) => Answer::ok(r#"[{"tag_name": "v1.0.0", "body": "- hush"}]"#),
                None => Answer::status(404),
            })
            .await;
        for website in [Website::GitLab, Website::Gitea] {
            let http = client_with(&[server.token_rule("secret")]);
            let source = Source::on(website, &server.origin, "fjord/boat").unwrap();
            for (readers, expected) in [
                (Visibility::Public, None),
                (Visibility::Internal, None),
                (Visibility::Private, Some("v1.0.0")),
            ] {
                let found = releases(&http, &source, readers).await.unwrap_or_default();
                assert_eq!(
                    found.first().map(|release| release.tag.as_str()),
                    expected,
                    "{website:?} {readers:?}"
                );
            }
        }
    }
}
