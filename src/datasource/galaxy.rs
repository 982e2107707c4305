//! Roles of Ansible Galaxy. <https://galaxy.ansible.com/api/v1/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// Ansible Galaxy, for roles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Galaxy;

#[derive(Deserialize)]
struct Found {
    results: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    name: String,
    github_user: Option<String>,
    github_repo: Option<String>,
    #[serde(default)]
    summary_fields: Summary,
}

#[derive(Default, Deserialize)]
struct Summary {
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    release_date: Option<Timestamp>,
    created: Option<Timestamp>,
}

/// Returns the two parts of `owner.name`.
pub(super) fn parts(package: &str) -> Option<(&str, &str)> {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    package.split_once('.').filter(|(owner, name)| is_name(owner) && is_name(name))
}

impl Registry for Galaxy {
    fn id(&self) -> DatasourceId {
        DatasourceId::GALAXY
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let (owner, name) = parts(package).ok_or("it is not the name of a role: write `owner.name`")?;
        let mut url = below(registry, "https://galaxy.ansible.com", &["api", "v1", "roles", ""])?;
        url.query_pairs_mut().append_pair("owner__username", owner).append_pair("name", name);
        Ok(url)
    }

    fn shape(&self, _: &str) -> String {
        "galaxy/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let found: Found = json(document)?;
        let wanted = parts(package).map(|(_, name)| name).unwrap_or_default();
        let Some(role) = found.results.into_iter().find(|role| role.name == wanted) else {
            return Ok(ReleaseList::default());
        };
        let release = |version: Version| Release {
            timestamp: version.release_date.or(version.created),
            ..Release::of(version.name)
        };
        let repository = role
            .github_user
            .zip(role.github_repo)
            .filter(|(user, repo)| !user.is_empty() && !repo.is_empty());
        Ok(ReleaseList {
            releases: role.summary_fields.versions.into_iter().map(release).collect(),
            source_url: repository.map(|(user, name)| format!("https://github.com/{user}/{name}")),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_role_is_found_with_its_dates_and_source() {
        let document = r#"{"count": 2, "results": [
            {"name": "other", "summary_fields": {}},
            {"name": "quay", "github_user": "harbour", "github_repo": "ansible-role-quay", "summary_fields": {"versions": [
                {"id": 1, "name": "2.0.0", "release_date": "2024-05-01T10:00:00Z", "created": "2024-06-01T10:00:00Z"},
                {"id": 2, "name": "1.0.0", "release_date": null}
            ]}}
        ]}"#;
        let target = "/base/api/v1/roles/?owner__username=harbour&name=quay";
        let list = ask(Galaxy, "harbour.quay", target, document).await.unwrap();
        assert_eq!(versions(&list), ["2.0.0", "1.0.0"]);
        assert_eq!(list.releases[0].timestamp, "2024-05-01T10:00:00Z".parse().ok());
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/harbour/ansible-role-quay"));
        let target = "/base/api/v1/roles/?owner__username=harbour&name=none";
        assert!(ask(Galaxy, "harbour.none", target, document).await.is_err());
        assert!(ask(Galaxy, "https://github.com/harbour/quay", "/none", "").await.is_err());
    }
}
