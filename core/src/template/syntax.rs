//! Makes a template's text one that the engine reads as the JavaScript one would, and refuses one that nests too deep.

use serde_json::Value;

use super::TemplateError;

/// How deep blocks may stand in each other, and brackets inside one tag.
const MAX_DEPTH: usize = 40;

/// Returns `template` with every string literal inside a tag written as a JSON string.
///
/// In Handlebars a backslash in a literal means itself unless the quote follows; the engine reads JSON escapes instead.
pub(super) fn normalize(template: &str) -> Result<String, TemplateError> {
    let mut output = String::with_capacity(template.len() + 16);
    let mut rest = template;
    let mut blocks: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{") {
        let (before, tag) = rest.split_at(start);
        output.push_str(before);
        if let Some(end) = literal_end(before, tag) {
            let (text, next) = tag.split_at(end);
            output.push_str(text);
            rest = next;
            continue;
        }
        let braces = (tag.len() - tag.trim_start_matches('{').len()).min(4);
        let inner = tag.trim_start_matches('{').trim_start_matches('~');
        let inverse = inner.strip_prefix('^').filter(|name| !name.starts_with(['}', '~']));
        if let Some(opened) = inverse.or_else(|| inner.strip_prefix('#')) {
            blocks.push(name(opened));
            if blocks.len() > MAX_DEPTH {
                return Err(TemplateError::TooLarge(format!("its blocks nest deeper than {MAX_DEPTH}")));
            }
        } else if let Some(closed) = inner.strip_prefix('/').map(name).filter(|_| braces < 4) {
            match blocks.pop() {
                Some(opened) if opened == closed => {}
                Some(opened) => {
                    return Err(TemplateError::Syntax(format!(
                        "`{{{{/{closed}}}}}` closes `{{{{#{opened}}}}}`"
                    )));
                }
                None => return Err(TemplateError::Syntax(format!("`{{{{/{closed}}}}}` closes nothing"))),
            }
        }
        if let Some(name) = inverse {
            // `{{^name}}` is the other half of `{{#name}}`, which is all the engine knows.
            output.push_str("{{#");
            rest = copy_tag(name, 2, &mut output)?;
            output.push_str("{{else}}");
        } else {
            let (open, inner) = tag.split_at(braces);
            output.push_str(open);
            rest = copy_tag(inner, braces, &mut output)?;
        }
    }
    if let Some(opened) = blocks.pop() {
        return Err(TemplateError::Syntax(format!("`{{{{#{opened}}}}}` is never closed")));
    }
    output.push_str(rest);
    Ok(output)
}

/// Returns the name a block starts or ends with.
fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['*', '>', ' ']);
    let end = tag.find(|char: char| char.is_whitespace() || matches!(char, '}' | '~' | '('));
    tag.get(..end.unwrap_or(tag.len())).unwrap_or_default()
}

/// Returns how many bytes of `tag` are plain text: an escaped tag, or a comment.
fn literal_end(before: &str, tag: &str) -> Option<usize> {
    let past = |from: usize, close: &str| {
        tag.get(from..).and_then(|rest| rest.find(close)).map_or(tag.len(), |at| from + at + close.len())
    };
    if before.ends_with('\\') {
        return Some(past(0, "}}"));
    }
    let inner = tag.get(2..)?;
    if inner.starts_with("!--") || inner.starts_with("~!--") {
        return Some(past(past(6, "--"), "}}"));
    }
    (inner.starts_with('!') || inner.starts_with("~!")).then(|| past(2, "}}"))
}

/// Copies the rest of a tag that was opened with so many `braces`, and returns what follows it.
fn copy_tag<'a>(text: &'a str, braces: usize, output: &mut String) -> Result<&'a str, TemplateError> {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(char) = rest.chars().next() {
        match char {
            '"' | '\'' => {
                let (literal, after) = read_literal(rest, char)
                    .ok_or_else(|| TemplateError::Syntax(format!("a string {char} is not closed")))?;
                output.push_str(&Value::String(literal).to_string());
                rest = after;
                continue;
            }
            '(' | '[' | '{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(TemplateError::TooLarge(format!(
                        "its brackets nest deeper than {MAX_DEPTH}"
                    )));
                }
            }
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' if rest.starts_with("}}") => {
                let close = (rest.len() - rest.trim_start_matches('}').len()).min(braces);
                let (close, after) = rest.split_at(close);
                output.push_str(close);
                return Ok(after);
            }
            _ => {}
        }
        output.push(char);
        rest = rest.get(char.len_utf8()..).unwrap_or_default();
    }
    Err(TemplateError::Syntax("a tag `{{` is not closed".to_owned()))
}

/// Returns the literal that `text` starts with, and what follows it; `None` when it is not closed.
fn read_literal(text: &str, quote: char) -> Option<(String, &str)> {
    let mut literal = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == quote {
            return Some((literal, text.get(at + 1..)?));
        }
        if char == '\\' && chars.peek().is_some_and(|(_, next)| *next == quote) {
            literal.push(quote);
            chars.next();
        } else {
            literal.push(char);
        }
    }
    None
}
