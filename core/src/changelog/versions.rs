//! Which versions an update passes: the ones whose notes are of interest.

use crate::update::{Choice, Dropped, Update};
use crate::versioning::Versioning;

/// Returns the versions from behind the current one up to the new one, newest first: those of the same flavour that are
/// meant for everybody, and prereleases only of the very release that a prerelease is updated to.
///
/// Empty when the update changes no version, or does not go up.
pub fn versions<'a>(choice: &'a Choice, update: &'a Update, versioning: &dyn Versioning) -> Vec<&'a str> {
    let (Some(current), Some(new)) = (choice.current_version.as_deref(), update.new_version.as_deref())
    else {
        return Vec::new();
    };
    if !versioning.is_greater_than(new, current) {
        return Vec::new();
    }
    let mut versions = vec![new];
    for candidate in &choice.candidates {
        let version = candidate.version.as_str();
        let is_between =
            versioning.is_greater_than(version, current) && versioning.is_greater_than(new, version);
        let is_shown = match &candidate.dropped {
            Some(Dropped::NotAVersion | Dropped::ExtractVersion(_) | Dropped::Incompatible) => false,
            Some(Dropped::Unstable) => leads_to(version, new, versioning),
            _ => versioning.is_stable(version) || leads_to(version, new, versioning),
        };
        if is_between && is_shown && !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions.sort_by(|left, right| versioning.compare(right, left));
    versions
}

/// Whether a version is a prerelease of the same release as `new`, itself one.
fn leads_to(version: &str, new: &str, versioning: &dyn Versioning) -> bool {
    let base = |version| (versioning.major(version), versioning.minor(version), versioning.patch(version));
    !versioning.is_stable(new) && base(version) == base(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::{Candidate, UpdateType};
    use crate::versioning::versioning;

    #[track_caller]
    fn check(id: &str, (current, new): (&str, &str), published: &str, expected: &[&str]) {
        let versioning = versioning(id).unwrap();
        let candidates = published.split(' ').map(|version| Candidate {
            version: version.to_owned(),
            timestamp: None,
            dropped: versioning
                .is_compatible(version, current)
                .then_some(())
                .map_or(Some(Dropped::Incompatible), |()| None),
        });
        let choice = Choice {
            current_version: Some(current.to_owned()),
            candidates: candidates.collect(),
            ..Choice::default()
        };
        let update = Update { new_version: Some(new.to_owned()), ..Update::new(UpdateType::Minor) };
        assert_eq!(versions(&choice, &update, &*versioning), expected);
    }

    #[test]
    fn the_current_one_is_not_and_the_new_one_is() {
        let published = "2.0.0 1.6.0 1.5.0-rc.1 1.5.0 1.4.2 1.4.1";
        check("semver", ("1.4.2", "1.6.0"), published, &["1.6.0", "1.5.0"]);
        check("semver", ("1.6.0", "1.4.2"), published, &[]);
        check("semver", ("1.6.0", "1.6.0"), published, &[]);
        check("semver", ("1.6.0", "3.0.0"), published, &["3.0.0", "2.0.0"]);
    }

    #[test]
    fn other_flavours_are_not() {
        check(
            "docker",
            ("1.2-alpine", "1.4-alpine"),
            "1.4 1.4-alpine 1.3-alpine 1.3 1.3.1-alpine",
            &["1.4-alpine", "1.3-alpine"],
        );
    }

    #[test]
    fn prereleases_lead_to_a_prerelease() {
        check(
            "semver",
            ("1.0.0-rc.1", "1.0.0-rc.3"),
            "1.0.0-rc.3 1.0.0-rc.2 0.9.0",
            &["1.0.0-rc.3", "1.0.0-rc.2"],
        );
        check(
            "semver",
            ("1.0.0", "2.0.0-rc.2"),
            "2.0.0-rc.2 2.0.0-rc.1 1.1.0-rc.1 1.1.0",
            &["2.0.0-rc.2", "2.0.0-rc.1", "1.1.0"],
        );
    }
}
