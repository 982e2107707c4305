//! Puts updates into branches, and settles what happens where two of them want the same bytes.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Upgrade;
use super::message::Breadth;
use crate::edit::Taken;
use crate::update::UpdateType;

/// The members of a branch, and those that had to go.
#[derive(Default)]
pub(super) struct Members {
    pub kept: Vec<Upgrade>,
    /// Members that wait although others can go ahead.
    pub waiting: Vec<Upgrade>,
}

/// Settles who of `upgrades`, all of one branch, is in it.
///
/// The result does not depend on the order of the input.
pub(super) fn members(mut upgrades: Vec<Upgrade>) -> Members {
    // The winner of each byte comes first: the highest version.
    upgrades.sort_by(|left, right| newest_first(left, right).then_with(|| in_order(left, right)));
    let (waiting, ready): (Vec<_>, Vec<_>) =
        upgrades.into_iter().partition(|upgrade| upgrade.update.pending.is_some());
    let (mut kept, waiting) = if ready.is_empty() { (waiting, ready) } else { (ready, waiting) };
    let mut taken = Taken::default();
    let mut deps = BTreeSet::new();
    kept.retain(|upgrade| {
        let dep = &upgrade.found;
        let is_first = deps.insert((dep.file.clone(), dep.span, dep.manager.clone(), dep.dep_name.clone()));
        is_first && taken.take_all(upgrade.edits.as_deref().unwrap_or_default())
    });
    kept.sort_by(in_order);
    Members { kept, waiting }
}

/// Orders the members of a branch: the first lends it its options.
fn in_order(left: &Upgrade, right: &Upgrade) -> Ordering {
    left.dep
        .dep_name
        .cmp(&right.dep.dep_name)
        .then_with(|| left.dep.manager.cmp(&right.dep.manager))
        .then_with(|| left.dep.file.cmp(&right.dep.file))
        .then_with(|| left.dep.span.cmp(&right.dep.span))
        .then_with(|| left.update.update_type.cmp(&right.update.update_type))
        .then_with(|| left.update.new_version.cmp(&right.update.new_version))
        .then_with(|| left.update.new_value.cmp(&right.update.new_value))
        .then_with(|| left.update.new_digest.cmp(&right.update.new_digest))
}

/// Orders by what is newer. Versions of different versionings are told apart by their numbers only.
fn newest_first(left: &Upgrade, right: &Upgrade) -> Ordering {
    let numbers = |upgrade: &Upgrade| {
        let update = &upgrade.update;
        (update.new_major, update.new_minor, update.new_patch, update.update_type)
    };
    let key = |upgrade: &Upgrade| {
        upgrade.update.new_version.as_deref().and_then(|version| upgrade.versioning.key(version))
    };
    numbers(right)
        .cmp(&numbers(left))
        .then_with(|| right.versioning.id().cmp(left.versioning.id()))
        .then_with(|| key(right).cmp(&key(left)))
}

/// Returns how many dependencies and versions a branch with these members spans.
pub(super) fn breadth(members: &[Upgrade]) -> Breadth {
    let distinct = |field: &dyn Fn(&Upgrade) -> Option<String>| {
        members.iter().filter_map(field).collect::<BTreeSet<String>>().len()
    };
    let names = distinct(&|upgrade| Some(upgrade.dep.dep_name.clone()));
    let text = |upgrade: &Upgrade, version: &str, digest: &str| {
        let is_digest = matches!(upgrade.update.update_type, UpdateType::Digest | UpdateType::PinDigest);
        Some(upgrade.fields.get(if is_digest { digest } else { version })?.as_str()?.to_owned())
    };
    let to = distinct(&|upgrade| text(upgrade, "newVersion", "newDigest"));
    let from = distinct(&|upgrade| text(upgrade, "currentVersion", "currentDigest"));
    match (names > 1, to > 1, from > 1) {
        (false, false, false) => Breadth::Single,
        (false, false, true) => Breadth::SeveralFrom,
        (true, false, false) => Breadth::Group,
        (true, false, true) => Breadth::GroupFrom,
        (false, true, _) => Breadth::Versions,
        (true, true, _) => Breadth::GroupVersions,
    }
}
