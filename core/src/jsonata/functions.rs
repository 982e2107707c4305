//! The functions of JSONata's library that updraft has.

use std::ops::Range;
use std::rc::Rc;

use jiff::Timestamp;
use regex::Regex;

use super::evaluate::{Evaluator, Function, VALUES_A_STEP};
use super::value::Item;

/// How many bytes of a text are made, or looked at, in one step.
const BYTES_A_STEP: usize = 16;

/// Their names.
const NAMES: &[&str] = &[
    "abs",
    "append",
    "average",
    "boolean",
    "ceil",
    "contains",
    "count",
    "detectPlatform",
    "distinct",
    "each",
    "exists",
    "filter",
    "floor",
    "fromMillis",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "min",
    "not",
    "number",
    "reduce",
    "replace",
    "reverse",
    "round",
    "single",
    "sort",
    "split",
    "spread",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "values",
];

/// Functions that take what they are called on when their first argument is left out.
const ON_CONTEXT: &[&str] = &[
    "string",
    "number",
    "length",
    "lowercase",
    "uppercase",
    "trim",
    "substring",
    "substringBefore",
    "substringAfter",
    "contains",
    "split",
    "match",
    "replace",
    "abs",
    "floor",
    "ceil",
    "round",
    "keys",
    "spread",
    "boolean",
];

/// Returns the function's own name, if there is one of that name.
pub(super) fn find(name: &str) -> Option<&'static str> {
    NAMES.iter().copied().find(|known| *known == name)
}

/// How many arguments a function wants at least, where it may be called on what stands before it.
fn wanted(name: &str) -> usize {
    match name {
        "substring" | "substringBefore" | "substringAfter" | "contains" | "split" | "match" => 2,
        "replace" => 3,
        _ => 1,
    }
}

type Outcome = Result<Item, String>;

pub(super) fn call(evaluator: &Evaluator, name: &str, mut arguments: Vec<Item>, context: &Item) -> Outcome {
    if ON_CONTEXT.contains(&name) && arguments.len() < wanted(name) {
        arguments.insert(0, context.clone());
    }
    let first = arguments.first().cloned().unwrap_or(Item::Nothing);
    let second = arguments.get(1).cloned().unwrap_or(Item::Nothing);
    let third = arguments.get(2).cloned().unwrap_or(Item::Nothing);
    evaluator.count(first.items().len())?;
    match name {
        "boolean" => return Ok(Item::Bool(evaluator.is_truthy(&first)?)),
        "not" => return Ok(Item::Bool(!evaluator.is_truthy(&first)?)),
        "exists" => return Ok(Item::Bool(!matches!(first, Item::Nothing))),
        "count" => return Ok(number(first.items().len())),
        "append" => {
            evaluator.count(second.items().len())?;
            return Ok(Item::sequence([first.items(), second.items()].concat()));
        }
        "type" => return Ok(first.kind().map_or(Item::Nothing, Item::text)),
        "map" | "filter" | "single" | "reduce" | "each" | "sort" => {
            return higher(evaluator, name, &first, &second, &third, context);
        }
        _ => {}
    }
    if matches!(first, Item::Nothing) {
        return Ok(Item::Nothing);
    }
    match name {
        "string" => evaluator.print(&first).map(Item::text),
        "number" => match &first {
            Item::Number(_) => Ok(first),
            Item::Bool(flag) => Ok(number(usize::from(*flag))),
            Item::Text(text) => {
                text.trim().parse().map(Item::Number).map_err(|_| format!("`{text}` is no number"))
            }
            _ => Err("`$number` wants a text or a number".to_owned()),
        },
        "abs" | "floor" | "ceil" | "round" => rounded(name, &first, &second),
        "sum" | "max" | "min" | "average" => aggregate(name, &first),
        "length" | "lowercase" | "uppercase" | "trim" | "substring" | "substringBefore"
        | "substringAfter" | "contains" | "split" | "match" | "replace" => {
            text_function(evaluator, name, &first, &second, &third)
        }
        "join" | "reverse" | "distinct" | "keys" | "values" | "lookup" | "merge" | "spread" => {
            collection(evaluator, name, &first, &second)
        }
        "fromMillis" => match &first {
            Item::Number(millis) => {
                #[expect(clippy::cast_possible_truncation, reason = "a time out of range is refused below")]
                let time = Timestamp::from_millisecond(*millis as i64).map_err(|error| error.to_string())?;
                Ok(Item::text(time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()))
            }
            _ => Err("`$fromMillis` wants a number".to_owned()),
        },
        "toMillis" => {
            let text = evaluator.print(&first)?;
            let time: Timestamp = text.parse().map_err(|_| format!("`{text}` is no time"))?;
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age are exact")]
            Ok(Item::Number(time.as_millisecond() as f64))
        }
        "detectPlatform" => Ok(platform(&evaluator.print(&first)?).map_or(Item::Null, Item::text)),
        _ => Err(format!("`${name}` is not known")),
    }
}

fn collection(evaluator: &Evaluator, name: &str, first: &Item, second: &Item) -> Outcome {
    match name {
        "join" => {
            let separator = evaluator.print(second)?;
            let mut text = String::new();
            for (index, item) in first.items().iter().enumerate() {
                if index > 0 {
                    evaluator.count(separator.len() / BYTES_A_STEP)?;
                    text.push_str(&separator);
                }
                text.push_str(&evaluator.print(item)?);
            }
            Ok(Item::text(text))
        }
        "reverse" => Ok(Item::list(first.items().iter().rev().cloned().collect())),
        "distinct" => {
            let mut kept: Vec<Item> = Vec::new();
            'items: for item in first.items() {
                evaluator.count(kept.len())?;
                for other in &kept {
                    if evaluator.equal(other, item)? {
                        continue 'items;
                    }
                }
                kept.push(item.clone());
            }
            Ok(Item::sequence(kept))
        }
        "keys" => {
            let mut names: Vec<Rc<str>> = Vec::new();
            for item in first.items() {
                if let Item::Object(members) = item {
                    for (name, _) in members.iter() {
                        evaluator.count(names.len() / 16)?;
                        if !names.contains(name) {
                            names.push(Rc::clone(name));
                        }
                    }
                }
            }
            Ok(Item::sequence(names.into_iter().map(Item::Text).collect()))
        }
        "values" => Ok(match first {
            Item::Object(members) => {
                evaluator.count(members.len() / VALUES_A_STEP)?;
                Item::sequence(members.iter().map(|(_, value)| value.clone()).collect())
            }
            _ => Item::Nothing,
        }),
        "lookup" => {
            evaluator.count_look(first)?;
            Ok(first.member(&evaluator.print(second)?))
        }
        "merge" => {
            let mut merged: Vec<(Rc<str>, Item)> = Vec::new();
            for item in first.items() {
                if let Item::Object(members) = item {
                    for (name, value) in members.iter() {
                        evaluator.count(1 + merged.len() / 16)?;
                        match merged.iter_mut().find(|(other, _)| other == name) {
                            Some((_, old)) => *old = value.clone(),
                            None => merged.push((Rc::clone(name), value.clone())),
                        }
                    }
                }
            }
            Ok(Item::object(merged))
        }
        "spread" => {
            let mut spread = Vec::new();
            for item in first.items() {
                if let Item::Object(members) = item {
                    evaluator.count(members.len())?;
                    spread.extend(members.iter().map(|member| Item::object(vec![member.clone()])));
                }
            }
            Ok(Item::sequence(spread))
        }
        _ => Err(format!("`${name}` is not known")),
    }
}

/// Returns the kind of forge that an address belongs to, judged by its host's name.
fn platform(address: &str) -> Option<&'static str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next()?.to_ascii_lowercase();
    match host.as_str() {
        "codeberg.org" | "codefloe.com" => return Some("forgejo"),
        "dev.azure.com" => return Some("azure"),
        _ => {}
    }
    ["github", "gitlab", "gitea", "forgejo", "bitbucket"].into_iter().find(|name| host.contains(name))
}

#[expect(clippy::cast_precision_loss, reason = "lists are not that long")]
fn number(count: usize) -> Item {
    Item::Number(count as f64)
}

fn rounded(name: &str, value: &Item, digits: &Item) -> Outcome {
    let Item::Number(value) = value else { return Err(format!("`${name}` wants a number")) };
    Ok(Item::Number(match name {
        "abs" => value.abs(),
        "floor" => value.floor(),
        "ceil" => value.ceil(),
        _ => {
            let scale = if let Item::Number(digits) = digits { 10_f64.powf(digits.trunc()) } else { 1.0 };
            (value * scale).round_ties_even() / scale
        }
    }))
}

fn aggregate(name: &str, items: &Item) -> Outcome {
    let mut numbers = Vec::new();
    for item in items.items() {
        let Item::Number(number) = item else { return Err(format!("`${name}` wants numbers")) };
        numbers.push(*number);
    }
    let sum: f64 = numbers.iter().sum();
    let result = match name {
        "sum" => Some(sum),
        "max" => numbers.into_iter().reduce(f64::max),
        "min" => numbers.into_iter().reduce(f64::min),
        #[expect(clippy::cast_precision_loss, reason = "lists are not that long")]
        _ => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
    };
    Ok(result.map_or(Item::Nothing, Item::Number))
}

fn higher(
    evaluator: &Evaluator,
    name: &str,
    first: &Item,
    function: &Item,
    third: &Item,
    context: &Item,
) -> Outcome {
    let items = first.items();
    let with_index = |item: &Item, index: usize| vec![item.clone(), number(index), first.clone()];
    match name {
        "map" => {
            let mut results = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                results.extend(keep(evaluator.call(function, with_index(item, index), context)?));
            }
            Ok(Item::sequence(results))
        }
        "filter" | "single" => {
            let mut kept = Vec::new();
            for (index, item) in items.iter().enumerate() {
                if matches!(function, Item::Nothing)
                    || evaluator.is_truthy(&evaluator.call(function, with_index(item, index), context)?)?
                {
                    kept.push(item.clone());
                }
            }
            if name == "single" && kept.len() != 1 {
                return Err(format!("`$single` found {} values", kept.len()));
            }
            Ok(Item::sequence(kept))
        }
        "reduce" => {
            let mut rest = items.iter().cloned();
            let mut result = match third {
                Item::Nothing => rest.next().unwrap_or(Item::Nothing),
                start => start.clone(),
            };
            for item in rest {
                result = evaluator.call(function, vec![result, item], context)?;
            }
            Ok(result)
        }
        "each" => {
            let Item::Object(members) = first else { return Ok(Item::Nothing) };
            let mut results = Vec::new();
            for (name, value) in members.iter() {
                results.extend(keep(evaluator.call(
                    function,
                    vec![value.clone(), Item::Text(Rc::clone(name))],
                    context,
                )?));
            }
            Ok(Item::sequence(results))
        }
        _ => sorted(evaluator, items, function, context),
    }
}

fn keep(item: Item) -> Option<Item> {
    (!matches!(item, Item::Nothing)).then_some(item)
}

/// Sorts by insertion in halves: a comparison of one's own may be anything but an order.
fn sorted(evaluator: &Evaluator, items: &[Item], function: &Item, context: &Item) -> Outcome {
    let mut sorted: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let (mut low, mut high) = (0, sorted.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let other = sorted.get(middle).cloned().unwrap_or(Item::Nothing);
            let comes_after = if matches!(function, Item::Function(_)) {
                evaluator.is_truthy(&evaluator.call(function, vec![other, item.clone()], context)?)?
            } else {
                match (&other, item) {
                    (Item::Number(other), Item::Number(item)) => other > item,
                    (Item::Text(other), Item::Text(item)) => other > item,
                    _ => return Err("`$sort` wants only numbers or only texts".to_owned()),
                }
            };
            if comes_after { high = middle } else { low = middle + 1 }
        }
        evaluator.count(1 + sorted.len() / 64)?;
        sorted.insert(low, item.clone());
    }
    Ok(Item::list(sorted))
}

fn text_function(evaluator: &Evaluator, name: &str, first: &Item, second: &Item, third: &Item) -> Outcome {
    let Item::Text(text) = first else { return Err(format!("`${name}` wants a text")) };
    evaluator.count(text.len() / BYTES_A_STEP)?;
    let pattern = match second {
        Item::Function(function) => match &**function {
            Function::Pattern(regex) => Some(regex),
            _ => None,
        },
        _ => None,
    };
    let limit = match third {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a negative limit is none"
        )]
        Item::Number(limit) => limit.max(0.0) as usize,
        _ => usize::MAX,
    };
    match name {
        "length" => Ok(number(text.chars().count())),
        "lowercase" => Ok(Item::text(text.to_lowercase())),
        "uppercase" => Ok(Item::text(text.to_uppercase())),
        "trim" => Ok(Item::text(text.split_whitespace().collect::<Vec<_>>().join(" "))),
        "substring" => Ok(Item::text(substring(text, second, third))),
        "substringBefore" => {
            let mark = evaluator.print(second)?;
            Ok(Item::text(text.split_once(&mark).map_or(&**text, |(before, _)| before)))
        }
        "substringAfter" => {
            let mark = evaluator.print(second)?;
            Ok(Item::text(text.split_once(&mark).map_or(&**text, |(_, after)| after)))
        }
        "contains" => Ok(Item::Bool(match pattern {
            Some(regex) => regex.is_match(text),
            None => text.contains(&evaluator.print(second)?),
        })),
        "match" => {
            let regex = pattern.ok_or("`$match` wants a regular expression")?;
            Ok(Item::sequence(matches(evaluator, regex, text, limit)?))
        }
        "split" => {
            let mark = evaluator.print(second)?;
            match pattern {
                Some(regex) => parts(evaluator, regex.split(text).take(limit)),
                None if mark.is_empty() => {
                    parts(evaluator, text.chars().take(limit).map(|letter| letter.to_string()))
                }
                None => parts(evaluator, text.split(mark.as_str()).take(limit)),
            }
        }
        _ => {
            let (mark, replacement) = (evaluator.print(second)?, evaluator.print(third)?);
            match pattern {
                Some(regex) => {
                    let replacement = spelled(&replacement);
                    let found = regex
                        .captures_iter(text)
                        .filter_map(|captures| Some((captures.get(0)?.range(), captures)));
                    replaced(evaluator, text, found, |captures, out| captures.expand(&replacement, out))
                }
                None if mark.is_empty() => Err("`$replace` wants something to find".to_owned()),
                None => {
                    let found = text.match_indices(mark.as_str()).map(|(at, _)| (at..at + mark.len(), ()));
                    replaced(evaluator, text, found, |(), out| out.push_str(&replacement))
                }
            }
        }
    }
}

/// Returns the parts of a text as a list.
fn parts(evaluator: &Evaluator, parts: impl Iterator<Item = impl AsRef<str>>) -> Outcome {
    let mut list = Vec::new();
    for part in parts {
        evaluator.count(1)?;
        list.push(Item::text(part));
    }
    Ok(Item::list(list))
}

/// Returns `text` with what `write` writes in the places that were `found`, which come in order.
fn replaced<T>(
    evaluator: &Evaluator,
    text: &str,
    found: impl Iterator<Item = (Range<usize>, T)>,
    write: impl Fn(T, &mut String),
) -> Outcome {
    let mut result = String::new();
    let mut end = 0;
    for (place, one) in found {
        result.push_str(text.get(end..place.start).unwrap_or_default());
        let before = result.len();
        write(one, &mut result);
        evaluator.count(1 + (result.len() - before) / BYTES_A_STEP)?;
        end = place.end;
    }
    result.push_str(text.get(end..).unwrap_or_default());
    Ok(Item::text(result))
}

/// Returns a replacement as the `regex` crate spells it: `$1` must not run into the letters after it.
fn spelled(replacement: &str) -> String {
    let mut output = String::with_capacity(replacement.len() + 8);
    let mut chars = replacement.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '$' {
            output.push(char);
            continue;
        }
        let mut digits = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        if digits.is_empty() {
            output.push_str("$$");
            chars.next_if_eq(&'$');
        } else {
            output.push_str("${");
            output.push_str(&digits);
            output.push('}');
        }
    }
    output
}

/// Returns part of a text, counted in characters; a negative start counts from the end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "both are in range"
)]
fn substring(text: &str, start: &Item, length: &Item) -> String {
    let count = text.chars().count() as f64;
    let Item::Number(start) = start else { return text.to_owned() };
    let start = if *start < 0.0 { (count + start).max(0.0) } else { start.min(count) };
    let length = if let Item::Number(length) = length { length.clamp(0.0, count) } else { count };
    text.chars().skip(start as usize).take(length as usize).collect()
}

/// Returns up to `limit` matches as objects with `match`, `index` and `groups`.
pub(super) fn matches(
    evaluator: &Evaluator,
    regex: &Regex,
    text: &str,
    limit: usize,
) -> Result<Vec<Item>, String> {
    let mut found = Vec::new();
    let (mut at, mut index) = (0, 0);
    for captures in regex.captures_iter(text).take(limit) {
        let bytes: usize = captures.iter().flatten().map(|group| group.len()).sum();
        evaluator.count(captures.len() + bytes / BYTES_A_STEP)?;
        let Some(whole) = captures.get(0) else { continue };
        index += text.get(at..whole.start()).map_or(0, |between| between.chars().count());
        at = whole.start();
        let of_group = |group: Option<regex::Match<'_>>| Item::text(group.map_or("", |group| group.as_str()));
        found.push(Item::object(vec![
            ("match".into(), Item::text(whole.as_str())),
            ("index".into(), number(index)),
            ("groups".into(), Item::list(captures.iter().skip(1).map(of_group).collect())),
        ]));
    }
    Ok(found)
}
