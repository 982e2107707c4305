//! What every text holds that a regular expression matches, read off the expression without parsing it as a whole.
//!
//! It is asked of every default pattern of every manager at the start of every run, so it has to cost next to nothing. Where it is not sure,
//! it knows of no such text.

/// Returns the longest text that stands in whatever `expression` matches, as far as one look at it tells; empty when there is none.
pub(super) fn needle(expression: &str) -> String {
    let mut longest = String::new();
    let mut run = String::new();
    let mut rest = expression.chars();
    while let Some(letter) = rest.next() {
        let literal = match letter {
            '\\' => match rest.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => Some(escaped),
                // A class, a border, or a character by its number, whose digits are no text.
                Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'b' | 'B' | 'A' | 'z') => None,
                _ => return String::new(),
            },
            '.' | '^' | '$' => None,
            // What is repeated may be left out; even behind a `+`, as something may follow that repeats the whole.
            '?' | '*' | '+' | '{' => {
                run.pop();
                if letter == '{' && !rest.any(|end| end == '}') {
                    return String::new();
                }
                None
            }
            '[' if skip_class(&mut rest) => None,
            '(' if skip_group(&mut rest) => None,
            // One of two wholes, or a class or group that is not for this reader.
            '|' | ')' | '[' | '(' => return String::new(),
            letter => Some(letter),
        };
        if let Some(literal) = literal {
            run.push(literal);
            continue;
        }
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
        run.clear();
    }
    if run.len() > longest.len() { run } else { longest }
}

/// Passes over a class whose `[` was read; returns whether it ends, and holds no other.
fn skip_class(rest: &mut std::str::Chars<'_>) -> bool {
    let mut is_first = true;
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => {
                rest.next();
            }
            '[' => return false,
            '^' if is_first => continue,
            ']' if !is_first => return true,
            _ => {}
        }
        is_first = false;
    }
    false
}

/// Passes over a group whose `(` was read; returns whether it ends, and changes nothing for what follows it.
fn skip_group(rest: &mut std::str::Chars<'_>) -> bool {
    let mut depth = 1_usize;
    while depth > 0 {
        match rest.next() {
            None => return false,
            Some('\\') => {
                rest.next();
            }
            Some('[') if !skip_class(rest) => return false,
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            // `(?:` only groups; others set flags, which may hold for the rest.
            Some('?') if rest.as_str().starts_with(|flag: char| flag.is_ascii_lowercase() || flag == '-') => {
                return false;
            }
            Some(_) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use regex_syntax::hir::{Hir, HirKind};

    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: &str) {
        assert_eq!(needle(expression), expected, "{expression}");
    }

    #[test]
    fn the_longest_run_of_plain_characters_is_known() {
        check("(^|/)kustomization\\.ya?ml$", "kustomization.y");
        check("(^|/)([^/]+\\.)?[Dd]ockerfile$", "ockerfile");
        check("^.devcontainer/devcontainer.json$", "devcontainer/devcontainer");
        check("\\.tf$", ".tf");
        check("a", "a");
        check("abb+c?de{2,}f(gh(i[)]j))?k", "ab");
        check("[]a]bc[^]]d", "bc");
        check("ö*aé", "aé");
        check("(?:a)bc", "bc");
        check("(?P<name>a)bc", "bc");
    }

    #[test]
    fn what_may_be_missing_or_be_otherwise_is_not() {
        for expression in [
            "abc|xyz",
            "(?i)abc",
            "((?i)a)bc",
            "(abc)?",
            "(",
            "abc)",
            "a[bc",
            "[[:alpha:]]abc",
            "a{2",
            "\\x61bc",
            "\\pLabc",
            "",
        ] {
            check(expression, "");
        }
    }

    /// Pieces of expressions; most of what they make up is one.
    const PIECES: [&str; 23] = [
        "a", "bc", "\\.", "/", "(", ")", "(?:", "[", "]", "[^/]", "?", "*", "+", "{2}", "|", "^", "$", ".",
        "\\d", "(^|/)", "ya?ml", "-", "é",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        /// The parser of the expressions has the last word, whatever the expression is.
        #[test]
        fn no_text_without_it_is_matched(places in vec(0..PIECES.len(), 1..9)) {
            let expression: String = places.iter().map(|place| PIECES[*place]).collect();
            let found = needle(&expression);
            if let Ok(parsed) = regex_syntax::parse(&expression) {
                prop_assert!(found.is_empty() || holds(&parsed, &found), "{expression}: {found}");
            }
        }
    }

    /// Returns whether `text` stands in what follows each other in whatever `parsed` matches.
    fn holds(parsed: &Hir, text: &str) -> bool {
        let mut run = Vec::new();
        follow(parsed, &mut run);
        run.split(|byte| *byte == GAP).any(|run| String::from_utf8_lossy(run).contains(text))
    }

    /// Stands for anything; no UTF-8 has it.
    const GAP: u8 = 0xff;

    /// Adds what `part` matches to `run`.
    fn follow(part: &Hir, run: &mut Vec<u8>) {
        match part.kind() {
            HirKind::Literal(literal) => run.extend_from_slice(&literal.0),
            HirKind::Concat(all) => all.iter().for_each(|part| follow(part, run)),
            HirKind::Repetition(repetition) if repetition.min > 0 => {
                follow(&repetition.sub, run);
                run.push(GAP);
            }
            _ => run.push(GAP),
        }
    }
}
