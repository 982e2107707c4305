//! `ARG` defaults, and what a reference reads like once they are filled in.

use std::collections::BTreeMap;

use updraft_core::span::ByteSpan;

use super::instruction::{unquoted, words};
use super::placed::PlacedText;

/// The longest text variables may make, in bytes: a reference is shorter, and doubling variables would not end.
const MAX_LENGTH: usize = 1024;
/// How many variables are remembered.
const MAX_ARGS: usize = 1000;

/// The variables that have a default, in the part of the file read so far.
#[derive(Debug, Default)]
pub(super) struct Args {
    defaults: BTreeMap<String, PlacedText>,
}

/// Which `ARG` wins when a name comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Before the first `FROM`: the later one.
    Global,
    /// In a stage: one that is known outside, because `FROM` only sees those.
    Stage,
}

/// A text whose variables are filled in.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// The text.
    pub(super) text: PlacedText,
    /// The names of the `ARG`s in it.
    pub(super) args: Vec<String>,
}

impl Args {
    /// Remembers the defaults of an `ARG` instruction.
    pub(super) fn read(&mut self, instruction: &PlacedText, scope: Scope) {
        let text = instruction.as_str();
        for word in words(text).skip(1) {
            let Some(equals) = word.of(text).and_then(|word| word.find('=')) else { continue };
            let Some(name) = ByteSpan::new(word.start, word.start + equals).of(text) else { continue };
            let known = self.defaults.contains_key(name);
            if (known && scope == Scope::Stage) || (!known && self.defaults.len() >= MAX_ARGS) {
                continue;
            }
            let value = unquoted(text, ByteSpan::new(word.start + equals + 1, word.end));
            match self.expand(&instruction.part(value)) {
                Some(value) => self.defaults.insert(name.to_owned(), value.text),
                None => self.defaults.remove(name),
            };
        }
    }

    /// Returns the default of a variable, with the variables in it filled in.
    pub(super) fn value(&self, name: &str) -> Option<&PlacedText> {
        self.defaults.get(name)
    }

    /// Returns `text` with `$NAME`, `${NAME}` and `${NAME:-default}` filled in; `None` when a variable is unknown.
    pub(super) fn expand(&self, text: &PlacedText) -> Option<Expanded> {
        let whole = text.as_str();
        let mut expanded = Expanded::default();
        let mut at = 0;
        while let Some(dollar) = whole.get(at..)?.find('$').map(|offset| at + offset) {
            expanded.text.push_part(text, ByteSpan::new(at, dollar));
            let variable = Variable::read(whole, dollar)?;
            match (
                self.defaults.get(variable.name).filter(|value| !value.as_str().is_empty()),
                variable.default,
            ) {
                (Some(value), _) => {
                    expanded.text.push_part(value, ByteSpan::new(0, value.as_str().len()));
                    expanded.args.push(variable.name.to_owned());
                }
                (None, Some(default)) => expanded.text.push_part(text, default),
                (None, None) => return None,
            }
            if expanded.text.as_str().len() > MAX_LENGTH {
                return None;
            }
            at = variable.end;
        }
        expanded.text.push_part(text, ByteSpan::new(at, whole.len()));
        (expanded.text.as_str().len() <= MAX_LENGTH).then_some(expanded)
    }
}

/// One variable in a text.
struct Variable<'a> {
    name: &'a str,
    default: Option<ByteSpan>,
    /// The byte after it.
    end: usize,
}

impl<'a> Variable<'a> {
    /// Reads the variable whose `$` is at byte `dollar`.
    fn read(text: &'a str, dollar: usize) -> Option<Self> {
        let start = dollar + 1;
        let is_inner = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let name_at = |start: usize| {
            let rest = text.get(start..)?;
            let name = rest.get(..rest.find(|character| !is_inner(character)).unwrap_or(rest.len()))?;
            name.starts_with(|first: char| !first.is_ascii_digit()).then_some(name)
        };
        if !text.get(start..)?.starts_with('{') {
            let name = name_at(start)?;
            return Some(Self { name, default: None, end: start + name.len() });
        }
        let name = name_at(start + 1)?;
        let close = start + text.get(start..)?.find('}')?;
        let after = start + 1 + name.len();
        let default = match text.get(after..close)? {
            "" => None,
            rest if rest.starts_with(":-") && !rest.contains('$') => Some(ByteSpan::new(after + 2, close)),
            _ => return None,
        };
        Some(Self { name, default, end: close + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(text: &str) -> PlacedText {
        let mut placed = PlacedText::default();
        placed.push(text, ByteSpan::new(0, text.len()));
        placed
    }

    fn args() -> Args {
        let mut args = Args::default();
        args.read(&placed("ARG A=1.2 B=\"x y\" C='z' EMPTY= NONE"), Scope::Global);
        args.read(&placed("ARG D=${A}-alpine"), Scope::Global);
        args.read(&placed("ARG A=9 STAGE=s"), Scope::Stage);
        args
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let expanded = args().expand(&placed(text)).map(|expanded| expanded.text.as_str().to_owned());
        assert_eq!(expanded.as_deref(), expected, "{text}");
    }

    #[test]
    fn fills_in_the_defaults() {
        check("a:$A", Some("a:1.2"));
        check("a:${A}-b", Some("a:1.2-b"));
        check("$C/$A", Some("z/1.2"));
        check("${B}", Some("x y"));
        check("a:$D", Some("a:1.2-alpine"));
        check("$STAGE", Some("s"));
        check("${NEW:-b:1}", Some("b:1"));
        check("${EMPTY:-b:1}", Some("b:1"));
        check("${A:-b:1}", Some("1.2"));
    }

    #[test]
    fn gives_up_on_what_it_cannot_know() {
        for text in [
            "$NEW",
            "${NEW}",
            "${A",
            "${A:+b}",
            "${A#1}",
            "$",
            "a$",
            "$1",
            "${NEW:-$A}",
            "${NONE}",
            "${EMPTY}",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn doubling_variables_come_to_an_end() {
        let mut args = Args::default();
        args.read(&placed("ARG A0=xxxxxxxx"), Scope::Global);
        for step in 1..60 {
            let line = format!("ARG A{step}=$A{0}$A{0}", step - 1);
            args.read(&placed(&line), Scope::Global);
        }
        assert!(args.expand(&placed("$A59")).is_none());
        assert!(args.expand(&placed("$A3")).is_some());
    }
}
