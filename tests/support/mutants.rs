//! Changes of JSON as hosts make them that say null, leave things out, or mean something else by a field.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Of the first entry of each list.
    Null,
    /// Of every entry of each list.
    Missing,
    /// Of the last entry of each list.
    OtherKind,
}

impl Change {
    pub(crate) const ALL: [Self; 3] = [Self::Null, Self::Missing, Self::OtherKind];
}

/// Returns a value with each part of it changed in each way, and what was changed.
pub(crate) fn changed(value: &Value) -> Vec<(String, Value)> {
    let each = |way: Vec<String>| {
        Change::ALL.map(|how| {
            let mut changed = value.clone();
            change(&mut changed, &way, how);
            (format!("{} {how:?}", way.join(".")), changed)
        })
    };
    ways_into(value).into_iter().flat_map(each).collect()
}

/// Returns the ways to all values inside of one, the names of fields one after the other; `[]` is the entries of a list.
pub(crate) fn ways_into(value: &Value) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    ways(value, &[], &mut found);
    found
}

fn ways(value: &Value, way: &[String], found: &mut BTreeSet<Vec<String>>) {
    found.insert(way.to_vec());
    let mut go = |step: &str, inner: &Value| ways(inner, &[way, &[step.to_owned()]].concat(), found);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| go(name, inner)),
        Value::Array(entries) => entries.iter().for_each(|inner| go("[]", inner)),
        _ => {}
    }
}

/// Changes what is at a way.
pub(crate) fn change(value: &mut Value, way: &[String], how: Change) {
    match (way, value) {
        ([], value) => match how {
            Change::Null | Change::Missing => *value = Value::Null,
            Change::OtherKind => *value = other_kind(value),
        },
        ([step, rest @ ..], Value::Array(entries)) if step == "[]" => {
            if rest.is_empty() && how == Change::Missing {
                entries.clear();
                return;
            }
            let count = entries.len();
            let is_meant = |index: usize| match how {
                Change::Null => index == 0,
                Change::Missing => true,
                Change::OtherKind => index + 1 == count,
            };
            for (_, entry) in entries.iter_mut().enumerate().filter(|(index, _)| is_meant(*index)) {
                change(entry, rest, how);
            }
        }
        ([name], Value::Object(fields)) if how == Change::Missing => {
            fields.remove(name);
        }
        ([name, rest @ ..], Value::Object(fields)) => {
            if let Some(inner) = fields.get_mut(name) {
                change(inner, rest, how);
            }
        }
        _ => {}
    }
}

fn other_kind(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!("perhaps"),
        Value::Number(_) => json!("many"),
        Value::Null | Value::String(_) => json!(7),
        Value::Array(_) => json!({"total": 0}),
        Value::Object(_) => json!([]),
    }
}
