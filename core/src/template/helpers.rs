//! The helpers Renovate's templates may call. An argument of the wrong kind gives an empty result, not an error.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderError, RenderErrorReason, Renderable, ScopedJson,
};
use regex::Regex;
use serde_json::{Map, Value};

use crate::config::pattern;

/// How many parts `split` makes at most.
const MAX_PARTS: usize = 4096;
/// The longest text a helper makes, in bytes.
const MAX_TEXT: usize = 256 * 1024;
/// How many compiled patterns a thread keeps.
const MAX_KEPT: usize = 256;

type Function = fn(&[&Value]) -> Result<Value, String>;

/// What can be called, with its meaning.
const FUNCTIONS: &[(&str, Function)] = &[
    ("encodeURIComponent", |values| Ok(encode_uri(&text(values, 0)).into())),
    ("decodeURIComponent", |values| Ok(decode_uri(&text(values, 0)).into())),
    ("encodeBase64", |values| Ok(STANDARD.encode(text(values, 0)).into())),
    ("decodeBase64", |values| {
        let bytes = STANDARD.decode(text(values, 0).trim()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned().into())
    }),
    ("stringToPrettyJSON", |values| {
        let value: Value = serde_json::from_str(&text(values, 0)).map_err(|error| error.to_string())?;
        Ok(serde_json::to_string_pretty(&value).unwrap_or_default().into())
    }),
    ("toJSON", |values| Ok(values.first().map_or_else(String::new, ToString::to_string).into())),
    ("toArray", |values| Ok(Value::Array(values.iter().copied().cloned().collect()))),
    ("toObject", |values| {
        let pairs = values.chunks(2).filter(|pair| pair.len() == 2);
        Ok(Value::Object(pairs.map(|pair| (show(pair[0]), pair[1].clone())).collect::<Map<_, _>>()))
    }),
    ("replace", |values| replace(&text(values, 0), &text(values, 1), &text(values, 2)).map(Value::from)),
    ("lowercase", |values| Ok(text(values, 0).to_lowercase().into())),
    ("containsString", |values| Ok(text(values, 0).contains(&text(values, 1)).into())),
    ("equals", |values| Ok((argument(values, 0) == argument(values, 1)).into())),
    ("includes", |values| {
        let list = argument(values, 0).as_array();
        Ok(list.is_some_and(|list| list.contains(argument(values, 1))).into())
    }),
    ("split", |values| {
        let (subject, separator) = (text(values, 0), text(values, 1));
        let parts: Vec<Value> = if separator.is_empty() {
            subject.chars().take(MAX_PARTS).map(|char| char.to_string().into()).collect()
        } else {
            subject.split(separator.as_str()).take(MAX_PARTS).map(Value::from).collect()
        };
        Ok(parts.into())
    }),
    ("and", |values| Ok(values.iter().all(|value| value.is_truthy(false)).into())),
    ("or", |values| Ok(values.iter().any(|value| value.is_truthy(false)).into())),
    ("lookupArray", |values| {
        let key = text(values, 1);
        let list = argument(values, 0).as_array();
        let found =
            list.into_iter().flatten().filter_map(|item| item.get(&key)).filter(|value| !value.is_null());
        Ok(Value::Array(found.cloned().collect()))
    }),
    ("distinct", |values| {
        let mut kept: Vec<Value> = Vec::new();
        for item in argument(values, 0).as_array().into_iter().flatten().take(MAX_PARTS) {
            if !kept.contains(item) {
                kept.push(item.clone());
            }
        }
        Ok(kept.into())
    }),
    ("add", |values| {
        let sum: f64 = values.iter().filter_map(|value| number(value)).sum();
        Ok(integral(sum))
    }),
    ("length", |values| {
        Ok(match argument(values, 0) {
            Value::Array(list) => list.len().into(),
            Value::String(text) => text.encode_utf16().count().into(),
            Value::Object(map) => map.get("length").cloned().unwrap_or_default(),
            _ => Value::Null,
        })
    }),
    ("print", |values| Ok(show(argument(values, 0)).into())),
    ("step", |_| if super::step() { Ok(Value::Null) } else { Err("too many steps".to_owned()) }),
];

/// The names that are calls and not fields.
pub(super) const NAMES: &[&str] = &[
    "encodeURIComponent",
    "decodeURIComponent",
    "encodeBase64",
    "decodeBase64",
    "stringToPrettyJSON",
    "toJSON",
    "toArray",
    "toObject",
    "replace",
    "lowercase",
    "containsString",
    "equals",
    "includes",
    "split",
    "and",
    "or",
    "lookupArray",
    "distinct",
    "add",
    "if",
    "unless",
    "each",
    "with",
    "lookup",
];

pub(super) fn register(handlebars: &mut Handlebars<'static>) {
    // What the engine brings along but the JavaScript one does not know could hide a field of the same name.
    for name in ["raw", "log", "eq", "ne", "gt", "gte", "lt", "lte", "not", "len"] {
        handlebars.unregister_helper(name);
    }
    for (name, function) in FUNCTIONS {
        handlebars.register_helper(name, Box::new(Call(*function)));
    }
    handlebars.register_helper("block", Box::new(Block));
}

struct Call(Function);

impl HelperDef for Call {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let values: Vec<&Value> = helper.params().iter().map(handlebars::PathAndJson::value).collect();
        let result = (self.0)(&values)
            .map_err(|message| RenderErrorReason::Other(format!("`{}`: {message}", helper.name())))?;
        Ok(ScopedJson::Derived(result))
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let result = self.call_inner(helper, registry, context, state)?;
        Ok(output.write(&show(result.as_json()))?)
    }
}

/// `{{#name}}..{{/name}}` over a field: once for each item of a list, once inside an object, or by truth.
struct Block;

impl HelperDef for Block {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let subject = helper.param(0).map_or(&Value::Null, handlebars::PathAndJson::value);
        let items: &[Value] = match subject {
            Value::Array(items) => items,
            Value::Object(_) => std::slice::from_ref(subject),
            _ => &[],
        };
        let Some(body) = helper.template() else { return Ok(()) };
        for item in items {
            let mut block = BlockContext::new();
            block.set_base_value(item.clone());
            state.push_block(block);
            let result = body.render(registry, context, state, output);
            state.pop_block();
            result?;
        }
        if !items.is_empty() {
            return Ok(());
        }
        let shown = if subject.is_truthy(false) { Some(body) } else { helper.inverse() };
        shown.map_or(Ok(()), |shown| shown.render(registry, context, state, output))
    }
}

fn argument<'a>(values: &[&'a Value], index: usize) -> &'a Value {
    values.get(index).copied().unwrap_or(&Value::Null)
}

fn text(values: &[&Value], index: usize) -> String {
    show(argument(values, index))
}

/// Returns `value` as JavaScript prints it; nothing for null.
fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(show).collect::<Vec<_>>().join(","),
        Value::Object(_) => "[object Object]".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers of this size are exact in both types")]
fn integral(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { (number as i64).into() } else { number.into() }
}

fn encode_uri(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            output.push(char::from(byte));
        } else {
            let _ = write!(output, "%{byte:02X}");
        }
    }
    output
}

fn decode_uri(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut output = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(code) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            output.push(code);
            at += 3;
        } else {
            output.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&output).into_owned()
}

thread_local! {
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

/// Returns `subject` with every match of the pattern `find` replaced; `$1`, `$<name>`, `$&` and `$$` as in JavaScript.
fn replace(find: &str, replacement: &str, subject: &str) -> Result<String, String> {
    PATTERNS.with(|patterns| {
        let patterns = &mut *patterns.borrow_mut();
        if !patterns.contains_key(find) {
            if patterns.len() >= MAX_KEPT {
                patterns.clear();
            }
            patterns.insert(find.to_owned(), pattern::regex(find).map_err(|error| error.to_string())?);
        }
        let Some(regex) = patterns.get(find) else { return Ok(subject.to_owned()) };
        let mut output = String::with_capacity(subject.len());
        let mut end = 0;
        for captures in regex.captures_iter(subject) {
            let Some(whole) = captures.get(0) else { continue };
            output.push_str(subject.get(end..whole.start()).unwrap_or_default());
            expand(replacement, &captures, &mut output);
            end = whole.end();
            if output.len() > MAX_TEXT {
                return Err(format!("the result is longer than {MAX_TEXT} bytes"));
            }
        }
        output.push_str(subject.get(end..).unwrap_or_default());
        Ok(output)
    })
}

fn expand(replacement: &str, captures: &regex::Captures<'_>, output: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        let (before, dollar) = rest.split_at(at);
        output.push_str(before);
        let after = dollar.get(1..).unwrap_or_default();
        let group = |index: usize| captures.get(index).map_or("", |group| group.as_str());
        rest = if let Some(next) = after.strip_prefix('$') {
            output.push('$');
            next
        } else if let Some(next) = after.strip_prefix('&') {
            output.push_str(group(0));
            next
        } else if let Some((name, next)) = after.strip_prefix('<').and_then(|named| named.split_once('>')) {
            output.push_str(captures.name(name).map_or("", |group| group.as_str()));
            next
        } else {
            // Two digits are one number only when there are that many groups.
            let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
            let index = (1..=digits).rev().find_map(|length| {
                let index: usize = after.get(..length)?.parse().ok()?;
                (1..captures.len()).contains(&index).then_some((index, length))
            });
            if let Some((index, length)) = index {
                output.push_str(group(index));
                after.get(length..).unwrap_or_default()
            } else {
                output.push('$');
                after
            }
        };
    }
    output.push_str(rest);
}
