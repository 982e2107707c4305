//! What the token may do, area by area, as far as GitHub tells.
//!
//! A classic token's scopes stand in a header of every reply, an App's permissions in the reply that brings its token. Of a fine-grained token GitHub
//! says nothing; what it may not do shows when it is tried.
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps>

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;

use crate::forge::{Allowed, Grant};

/// The header that names a classic token's scopes.
const SCOPES: &str = "x-oauth-scopes";

/// One area: its name, as fine-grained tokens and Apps spell it, what is wanted there, and what is missing without.
struct Area {
    name: &'static str,
    wanted: &'static str,
    without: &'static str,
    /// The scopes of a classic token that include it.
    scopes: &'static [&'static str],
}

const AREAS: [Area; 7] = [
    Area {
        name: "contents",
        wanted: "write",
        without: "no branch is written",
        scopes: &["repo", "public_repo"],
    },
    Area {
        name: "pull_requests",
        wanted: "write",
        without: "no pull request is opened",
        scopes: &["repo", "public_repo"],
    },
    Area {
        name: "issues",
        wanted: "write",
        without: "there is no Dependency Dashboard",
        scopes: &["repo", "public_repo"],
    },
    Area {
        name: "workflows",
        wanted: "write",
        without: "updates of `.github/workflows` are skipped",
        scopes: &["workflow"],
    },
    Area {
        name: "statuses",
        wanted: "write",
        without: "commits do not say whether their updates are old enough",
        scopes: &["repo", "repo:status", "public_repo"],
    },
    Area {
        name: "checks",
        wanted: "read",
        without: "automerging sees no check runs",
        scopes: &["repo", "public_repo"],
    },
    Area {
        name: "administration",
        wanted: "read",
        without: "the demands of a protected branch are not known",
        scopes: &["repo", "public_repo"],
    },
];

/// Returns what a classic token may do, by a reply to it; `None` when the token is none of these.
pub(super) fn scopes(headers: &HeaderMap) -> Option<Vec<String>> {
    let header = headers.get(SCOPES)?.to_str().ok()?;
    Some(header.split(',').map(|scope| scope.trim().to_owned()).filter(|scope| !scope.is_empty()).collect())
}

/// Returns what a token with these scopes may do.
pub(super) fn of_scopes(scopes: &[String]) -> Vec<Grant> {
    grants(|area| {
        let includes = |scope: &&str| scopes.iter().any(|own| own == *scope);
        if area.scopes.iter().any(includes) { Allowed::Yes } else { Allowed::No }
    })
}

/// Returns what an App with these permissions may do.
pub(super) fn of_permissions(permissions: &BTreeMap<String, String>) -> Vec<Grant> {
    grants(|area| match permissions.get(area.name).map(String::as_str) {
        Some("write" | "admin") => Allowed::Yes,
        Some("read") if area.wanted == "read" => Allowed::Yes,
        _ => Allowed::No,
    })
}

/// Returns what a token may do of which nothing is known.
pub(super) fn unknown() -> Vec<Grant> {
    grants(|_| Allowed::Unknown)
}

fn grants(allowed: impl Fn(&Area) -> Allowed) -> Vec<Grant> {
    let grant = |area: &Area| Grant {
        name: area.name,
        wanted: area.wanted,
        allowed: allowed(area),
        without: area.without,
    };
    AREAS.iter().map(grant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(grants: &[Grant], missing: &[&str]) {
        let found: Vec<&str> =
            grants.iter().filter(|grant| grant.allowed != Allowed::Yes).map(|grant| grant.name).collect();
        assert_eq!(found, missing);
    }

    #[test]
    fn scopes_of_classic_tokens_cover_several_areas() {
        let headers = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(SCOPES, value.parse().unwrap());
            headers
        };
        check(&of_scopes(&scopes(&headers("repo, workflow")).unwrap()), &[]);
        check(&of_scopes(&scopes(&headers("repo")).unwrap()), &["workflows"]);
        check(
            &of_scopes(&scopes(&headers("")).unwrap()),
            &["contents", "pull_requests", "issues", "workflows", "statuses", "checks", "administration"],
        );
        assert_eq!(scopes(&HeaderMap::new()), None, "a fine-grained token has none");
    }

    #[test]
    fn reading_is_not_enough_where_something_is_written() {
        let granted = ["contents", "pull_requests", "issues", "checks", "metadata"]
            .map(|name| (name.to_owned(), if name == "issues" { "read" } else { "write" }.to_owned()));
        check(&of_permissions(&granted.into()), &["issues", "workflows", "statuses", "administration"]);
    }
}
