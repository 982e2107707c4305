//! The check after editing: what is found in the new text is what was meant, and nothing else.

use std::borrow::Borrow;

use crate::dep::{Dep, Lock};
use crate::name::DatasourceId;
use crate::update::Update;

/// How the dependencies of an edited file differ from what was meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Dependencies appeared or vanished.
    #[error("`{file}` held {before} dependencies before the edit and holds {after} after it")]
    Count {
        /// The file.
        file: String,
        /// How many there were.
        before: usize,
        /// How many there are.
        after: usize,
    },
    /// A dependency does not say what was meant.
    #[error("`{dep}` in `{file}` should have {part} `{expected}` after the edit, and has `{found}`")]
    Differs {
        /// The file.
        file: String,
        /// The dependency, as it was called before.
        dep: String,
        /// What differs: `value`, `digest`, `name`, ...
        part: &'static str,
        /// What was meant.
        expected: String,
        /// What was found.
        found: String,
    },
}

/// Checks that `after`, extracted from the edited file, is `before` with exactly `intended` done to it.
///
/// `intended` names dependencies by their index in `before`. Both lists must be of the same file, made by the same
/// managers, in the same order.
///
/// # Errors
///
/// Names the first dependency that differs, and how.
pub fn verify(
    before: &[impl Borrow<Dep>],
    after: &[impl Borrow<Dep>],
    intended: &[(usize, &Update)],
) -> Result<(), VerifyError> {
    if before.len() != after.len() {
        let any = before.first().map(Borrow::borrow).or(after.first().map(Borrow::borrow));
        let file = any.map(|dep: &Dep| dep.file.to_string()).unwrap_or_default();
        return Err(VerifyError::Count { file, before: before.len(), after: after.len() });
    }
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        let (old, new): (&Dep, &Dep) = (old.borrow(), new.borrow());
        let mut expected = Expected::of(old);
        for (_, update) in intended.iter().filter(|(at, _)| *at == index) {
            expected.update(update);
        }
        expected.check(old, new)?;
    }
    Ok(())
}

/// What a dependency must say after the edit.
struct Expected<'a> {
    value: Option<&'a str>,
    digest: Option<&'a str>,
    /// The version in its lock file.
    locked: Option<&'a str>,
    /// The name another package brings; `None` keeps both names.
    new_name: Option<&'a str>,
}

impl<'a> Expected<'a> {
    fn of(dep: &'a Dep) -> Self {
        Self {
            value: dep.current_value.as_deref(),
            digest: dep.current_digest.as_deref(),
            locked: dep.lock.as_ref().and_then(Lock::version),
            new_name: None,
        }
    }

    fn update(&mut self, update: &'a Update) {
        if self.locked.is_some() && update.new_value.is_some() {
            self.locked = update.new_version.as_deref();
        }
        self.value = update.new_value.as_deref().or(self.value);
        self.digest = update.new_digest.as_deref().or(self.digest);
        self.new_name = update.new_name.as_deref().or(self.new_name);
    }

    fn check(&self, old: &Dep, new: &Dep) -> Result<(), VerifyError> {
        let differs = |part: &'static str, expected: &str, found: &str| {
            Err(VerifyError::Differs {
                file: old.file.to_string(),
                dep: old.dep_name.clone(),
                part,
                expected: expected.to_owned(),
                found: found.to_owned(),
            })
        };
        let same = |part: &'static str, expected: Option<&str>, found: Option<&str>| {
            if expected == found { Ok(()) } else { differs(part, shown(expected), shown(found)) }
        };
        match self.new_name {
            Some(name) if name != new.dep_name && name != new.package_name => {
                return differs("name", name, &new.dep_name);
            }
            Some(_) => {}
            None => {
                same("name", Some(&old.dep_name), Some(&new.dep_name))?;
                same("package name", Some(&old.package_name), Some(&new.package_name))?;
                same("registry", Some(&old.registry_urls.join(" ")), Some(&new.registry_urls.join(" ")))?;
            }
        }
        same("manager", Some(old.manager.as_str()), Some(new.manager.as_str()))?;
        same(
            "datasource",
            old.datasource.as_ref().map(DatasourceId::as_str),
            new.datasource.as_ref().map(DatasourceId::as_str),
        )?;
        same("value", self.value, new.current_value.as_deref())?;
        same("digest", self.digest, new.current_digest.as_deref())?;
        same("locked version", self.locked, new.lock.as_ref().and_then(Lock::version))?;
        same("skip reason", skip(old), skip(new))
    }
}

fn shown(text: Option<&str>) -> &str {
    text.unwrap_or("(none)")
}

fn skip(dep: &Dep) -> Option<&'static str> {
    dep.skip.as_ref().map(|skip| skip.reason.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dep::{Part, Slot};
    use crate::name::{ManagerId, RepoPath};
    use crate::span::ByteSpan;
    use crate::update::UpdateType;

    fn dep(name: &str, value: &str, digest: Option<&str>) -> Dep {
        let file = RepoPath::new("a.yaml").unwrap();
        let mut dep = Dep::new(ManagerId::fixed("flux"), &file, ByteSpan::default(), name);
        dep.current_value = Some(value.to_owned());
        dep.current_digest = digest.map(ToOwned::to_owned);
        dep
    }

    fn update(value: Option<&str>, digest: Option<&str>) -> Update {
        Update {
            new_value: value.map(ToOwned::to_owned),
            new_digest: digest.map(ToOwned::to_owned),
            ..Update::new(UpdateType::Patch)
        }
    }

    /// Says `ok` or the error's text for an edit of the first of two dependencies.
    #[track_caller]
    fn check(update: &Update, after: &[Dep], expected: &str) {
        let before = [dep("grafana", "1.0.0", Some("d1")), dep("loki", "2.0.0", None)];
        let found = verify(&before, after, &[(0, update)])
            .map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(found, expected);
    }

    #[test]
    fn accepts_exactly_what_was_meant() {
        check(
            &update(Some("1.1.0"), Some("d2")),
            &[dep("grafana", "1.1.0", Some("d2")), dep("loki", "2.0.0", None)],
            "ok",
        );
        check(
            &update(None, Some("d2")),
            &[dep("grafana", "1.0.0", Some("d2")), dep("loki", "2.0.0", None)],
            "ok",
        );
    }

    #[test]
    fn names_the_dependency_that_differs() {
        let meant = update(Some("1.1.0"), Some("d2"));
        check(
            &meant,
            &[dep("grafana", "1.1.0", Some("d2")), dep("loki", "2.1.0", None)],
            "`loki` in `a.yaml` should have value `2.0.0` after the edit, and has `2.1.0`",
        );
        check(
            &meant,
            &[dep("grafana", "1.1.0", Some("d1")), dep("loki", "2.0.0", None)],
            "`grafana` in `a.yaml` should have digest `d2` after the edit, and has `d1`",
        );
        check(
            &meant,
            &[dep("grafana", "1.1.0", Some("d2"))],
            "`a.yaml` held 2 dependencies before the edit and holds 1 after it",
        );
        check(
            &meant,
            &[dep("grafana", "1.1.0", Some("d2")), dep("promtail", "2.0.0", None)],
            "`loki` in `a.yaml` should have name `loki` after the edit, and has `promtail`",
        );
    }

    #[test]
    fn a_lock_file_follows() {
        let locked = |version: &str| {
            let slot = Slot::new(Part::Version, ByteSpan::default(), version);
            let lock =
                Lock { file: RepoPath::new("a.lock").unwrap(), slots: vec![slot], derived: Vec::new() };
            Dep { lock: Some(lock), ..dep("grafana", "1.0.0", None) }
        };
        let meant = Update { new_version: Some("1.1.0".to_owned()), ..update(Some("1.1.0"), None) };
        let after = |lock: Dep| [Dep { current_value: Some("1.1.0".to_owned()), ..lock }];
        let found = |after: &[Dep]| verify(&[locked("1.0.0")], after, &[(0, &meant)]).is_ok();
        assert!(found(&after(locked("1.1.0"))));
        assert!(!found(&after(locked("1.0.0"))));
        assert!(!found(&after(dep("grafana", "1.1.0", None))));
    }

    #[test]
    fn a_replacement_brings_its_new_name() {
        let meant = Update { new_name: Some("alloy".to_owned()), ..update(Some("1.1.0"), Some("d2")) };
        check(&meant, &[dep("alloy", "1.1.0", Some("d2")), dep("loki", "2.0.0", None)], "ok");
        check(
            &meant,
            &[dep("grafana", "1.1.0", Some("d2")), dep("loki", "2.0.0", None)],
            "`grafana` in `a.yaml` should have name `alloy` after the edit, and has `grafana`",
        );
    }
}
