//! The values of an expression: JSON, nothing at all, and functions.

use std::ops::Deref;
use std::rc::Rc;
use std::slice;

use serde_json::{Map, Number, Value};

use super::evaluate::Function;

/// How many bytes of a text count as much as one value.
const BYTES_A_VALUE: usize = 16;

/// The members of a list or an object, and how large they are when all that they share is written out.
pub(super) struct Members<T> {
    members: Vec<T>,
    size: Size,
}

/// How large a value is when it is written out: values may share their parts, and be far larger then than what they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// How deep lists and objects nest in it; 0 for a value that is neither.
    pub(super) depth: u32,
    /// How many values it has, and texts by their length.
    pub(super) values: usize,
}

impl Size {
    fn of_text(text: &str) -> Self {
        Self { depth: 0, values: 1 + text.len() / BYTES_A_VALUE }
    }

    fn around(members: impl Iterator<Item = Self>) -> Self {
        members.fold(Self { depth: 1, values: 1 }, |whole, part| Self {
            depth: whole.depth.max(part.depth.saturating_add(1)),
            values: whole.values.saturating_add(part.values),
        })
    }
}

impl<T> Deref for Members<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.members
    }
}

/// A value.
#[derive(Clone)]
pub(super) enum Item {
    /// Nothing: a member that does not exist.
    Nothing,
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    List(Rc<Members<Item>>),
    Object(Rc<Members<(Rc<str>, Item)>>),
    Function(Rc<Function>),
}

impl Item {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        let size = Size::around(items.iter().map(Self::size));
        Self::List(Rc::new(Members { members: items, size }))
    }

    pub(super) fn object(members: Vec<(Rc<str>, Self)>) -> Self {
        let of_member = |(name, value): &(Rc<str>, Self)| {
            let (name, value) = (Size::of_text(name), value.size());
            Size { values: value.values.saturating_add(name.values), ..value }
        };
        let size = Size::around(members.iter().map(of_member));
        Self::Object(Rc::new(Members { members, size }))
    }

    /// Returns how large the value is when it is written out.
    pub(super) fn size(&self) -> Size {
        match self {
            Self::Text(text) => Size::of_text(text),
            Self::List(items) => items.size,
            Self::Object(members) => members.size,
            _ => Size { depth: 0, values: 1 },
        }
    }

    /// Returns the items of a path: none is nothing, one is itself.
    pub(super) fn sequence(mut items: Vec<Self>) -> Self {
        match items.len() {
            0 => Self::Nothing,
            1 => items.pop().unwrap_or(Self::Nothing),
            _ => Self::list(items),
        }
    }

    /// Returns the items of a list, or the value alone; none of nothing.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Nothing => &[],
            Self::List(items) => items,
            other => slice::from_ref(other),
        }
    }

    pub(super) fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::list(items.iter().map(Self::of_json).collect()),
            Value::Object(members) => Self::object(
                members.iter().map(|(name, value)| (name.as_str().into(), Self::of_json(value))).collect(),
            ),
        }
    }

    /// Returns the value as JSON; `None` for nothing and for functions.
    pub(super) fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Nothing | Self::Function(_) => return None,
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => json_number(*number),
            Self::Text(text) => Value::String(text.to_string()),
            Self::List(items) => items.iter().filter_map(Self::to_json).collect(),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .filter_map(|(name, value)| Some((name.to_string(), value.to_json()?)))
                    .collect::<Map<_, _>>(),
            ),
        })
    }

    pub(super) fn member(&self, name: &str) -> Self {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(key, _)| &**key == name)
                .map_or(Self::Nothing, |(_, value)| value.clone()),
            Self::List(items) => {
                let mut found = Vec::new();
                for item in items.iter() {
                    found.extend_from_slice(item.member(name).items());
                }
                Self::sequence(found)
            }
            _ => Self::Nothing,
        }
    }

    /// Returns whether the value counts as true, as `$boolean` says.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Nothing | Self::Null | Self::Function(_) => false,
            Self::Bool(flag) => *flag,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => items.iter().any(Self::is_truthy),
            Self::Object(members) => !members.is_empty(),
        }
    }

    /// Returns the value as `$string` prints it.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Nothing | Self::Function(_) => String::new(),
            other => other.to_json().map(|value| value.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => false,
            (Self::Number(left), Self::Number(right)) => (left - right).abs() < f64::EPSILON,
            _ => self.to_json().is_some_and(|left| Some(left) == other.to_json()),
        }
    }

    /// Returns what kind of value it is, in JSONata's words.
    pub(super) fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Self::Nothing => return None,
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
            Self::Function(_) => "function",
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers of this size are exact in both types")]
pub(super) fn json_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::Number((number as i64).into());
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
