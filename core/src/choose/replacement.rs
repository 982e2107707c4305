//! `replacementName`, `replacementVersion`: another package takes the place of this one.

use super::policy::Replacement;
use crate::dep::Dep;
use crate::update::{Choice, Update, UpdateType};

/// Adds the update that puts `replacement` in the place of `dep`, unless that changes nothing.
pub(super) fn add(dep: &Dep, replacement: Replacement, choice: &mut Choice) {
    let new_name = replacement.name.filter(|name| *name != dep.package_name && *name != dep.dep_name);
    let new_value = replacement.value.filter(|value| Some(value) != dep.current_value.as_ref());
    if new_name.is_none() && new_value.is_none() {
        return;
    }
    let new_version = new_value.clone().or_else(|| choice.current_version.clone());
    choice.updates.push(Update { new_value, new_version, new_name, ..Update::new(UpdateType::Replacement) });
}
