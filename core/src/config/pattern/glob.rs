//! Translates minimatch globs into regular expressions.

use super::PatternError;

/// How many patterns braces may stand for.
const MAX_EXPANSIONS: usize = 512;
/// How deep braces and extended globs may nest.
const MAX_DEPTH: usize = 8;

/// A glob as expressions: the first must match and none of the excluding ones may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) matches: String,
    pub(super) excludes: Vec<String>,
}

/// Returns the expressions of the glob `text`.
pub(super) fn translate(text: &str) -> Result<Translated, PatternError> {
    let mut alternatives = Vec::new();
    let mut excludes = Vec::new();
    for pattern in expand_braces(text)? {
        let mut holes = 0;
        alternatives.push(path(&pattern, None, &mut holes)?);
        for hole in 0..holes {
            excludes.push(format!("^(?:{})$", path(&pattern, Some(hole), &mut 0)?));
        }
    }
    Ok(Translated { matches: format!("(?s)^(?:{})$", alternatives.join("|")), excludes })
}

/// Returns the expression of one pattern without braces.
///
/// `!(..)` matches anything, except the one with the number `hole`, which matches what it says. The number of them is
/// added to `holes`.
fn path(pattern: &str, hole: Option<usize>, holes: &mut usize) -> Result<String, PatternError> {
    let mut output = String::with_capacity(pattern.len() + 16);
    let parts = split_parts(pattern);
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        if *part == "**" {
            while parts.next_if(|next| **next == "**").is_some() {}
            output.push_str(if parts.peek().is_some() { "(?:.*/)?" } else { ".*" });
            continue;
        }
        let mut writer = Part { chars: part.chars().collect(), at: 0, hole, holes: *holes };
        if *part == "*" {
            output.push_str("[^/]+");
        } else {
            output.push_str(&writer.sequence(0)?);
        }
        *holes = writer.holes;
        if parts.peek().is_some() {
            output.push('/');
        }
    }
    Ok(output)
}

/// Splits at the slashes that stand in no class and no bracket.
fn split_parts(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut escaped) = (0, 0_usize, false);
    for (at, char) in pattern.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                parts.push(pattern.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(pattern.get(start..).unwrap_or_default());
    parts
}

struct Part {
    chars: Vec<char>,
    at: usize,
    hole: Option<usize>,
    holes: usize,
}

impl Part {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Reads up to the end, or up to `|` or `)` inside an extended glob.
    fn sequence(&mut self, depth: usize) -> Result<String, PatternError> {
        let mut output = String::new();
        while let Some(char) = self.peek(0) {
            if depth > 0 && matches!(char, '|' | ')') {
                break;
            }
            if matches!(char, '!' | '@' | '?' | '*' | '+') && self.peek(1) == Some('(') && self.closes() {
                if depth >= MAX_DEPTH {
                    return Err(PatternError::new(format!("the glob nests deeper than {MAX_DEPTH}")));
                }
                self.at += 2;
                output.push_str(&self.extended(char, depth)?);
                continue;
            }
            self.at += 1;
            match char {
                '*' => {
                    while self.peek(0) == Some('*') {
                        self.at += 1;
                    }
                    output.push_str("[^/]*");
                }
                '?' => output.push_str("[^/]"),
                '[' => self.class(&mut output),
                '\\' => {
                    let escaped = self.peek(0).unwrap_or('\\');
                    self.at += 1;
                    push_literal(&mut output, escaped);
                }
                _ => push_literal(&mut output, char),
            }
        }
        Ok(output)
    }

    /// Returns whether the bracket that follows is closed.
    fn closes(&self) -> bool {
        let mut depth = 0_usize;
        for char in self.chars.iter().skip(self.at + 1) {
            match char {
                '(' => depth += 1,
                ')' if depth == 1 => return true,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        false
    }

    fn extended(&mut self, kind: char, depth: usize) -> Result<String, PatternError> {
        let number = self.holes;
        if kind == '!' {
            self.holes += 1;
        }
        let mut alternatives = vec![self.sequence(depth + 1)?];
        while self.peek(0) == Some('|') {
            self.at += 1;
            alternatives.push(self.sequence(depth + 1)?);
        }
        self.at += 1;
        let inner = alternatives.join("|");
        Ok(match kind {
            '?' => format!("(?:{inner})?"),
            '*' => format!("(?:{inner})*"),
            '+' => format!("(?:{inner})+"),
            '!' if self.hole != Some(number) => "[^/]*".to_owned(),
            _ => format!("(?:{inner})"),
        })
    }

    /// Reads a class whose `[` was read; a `[` that is not closed is itself.
    fn class(&mut self, output: &mut String) {
        let start = self.at;
        let mut class = String::from("[");
        if matches!(self.peek(0), Some('!' | '^')) {
            class.push_str("^/");
            self.at += 1;
        }
        let first = self.at;
        while let Some(char) = self.peek(0) {
            self.at += 1;
            match char {
                ']' if self.at > first + 1 => {
                    output.push_str(&class);
                    output.push(']');
                    return;
                }
                '[' if self.peek(0) == Some(':') => {
                    let name: String =
                        self.chars.iter().skip(self.at + 1).take_while(|c| c.is_ascii_alphabetic()).collect();
                    let after = self.at + 1 + name.len();
                    if self.chars.get(after) == Some(&':')
                        && self.chars.get(after + 1) == Some(&']')
                        && is_posix(&name)
                    {
                        class.push_str("[:");
                        class.push_str(&name);
                        class.push_str(":]");
                        self.at = after + 2;
                    } else {
                        class.push_str("\\[");
                    }
                }
                '-' if self.at > first + 1 && !matches!(self.peek(0), Some(']') | None) => {
                    let low = self.chars.get(self.at - 2).copied();
                    let high = self.peek(0);
                    // A range that runs backwards would be no expression at all.
                    if low <= high && low != Some(']') { class.push('-') } else { class.push_str("\\-") }
                }
                '\\' => {
                    let escaped = self.peek(0).unwrap_or('\\');
                    self.at += 1;
                    push_in_class(&mut class, escaped);
                }
                _ => push_in_class(&mut class, char),
            }
        }
        self.at = start;
        output.push_str("\\[");
    }
}

fn is_posix(name: &str) -> bool {
    matches!(
        name,
        "alnum"
            | "alpha"
            | "ascii"
            | "blank"
            | "cntrl"
            | "digit"
            | "graph"
            | "lower"
            | "print"
            | "punct"
            | "space"
            | "upper"
            | "word"
            | "xdigit"
    )
}

fn push_literal(output: &mut String, char: char) {
    output.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
}

fn push_in_class(class: &mut String, char: char) {
    if matches!(char, '[' | ']' | '\\' | '^' | '-' | '&' | '~') {
        class.push('\\');
    }
    class.push(char);
}

/// Returns the patterns that the braces of `text` stand for; a brace without a comma or `..` is itself.
fn expand_braces(text: &str) -> Result<Vec<String>, PatternError> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    let mut rounds = 0_usize;
    while let Some(pattern) = open.pop() {
        rounds += 1;
        if done.len() + open.len() > MAX_EXPANSIONS || rounds > 4 * MAX_EXPANSIONS {
            return Err(PatternError::new(format!(
                "the braces stand for more than {MAX_EXPANSIONS} patterns"
            )));
        }
        match first_brace(&pattern) {
            None => done.push(pattern),
            Some((before, options, after)) => {
                // The last option first, so that the results keep their order.
                open.extend(options.iter().rev().map(|option| format!("{before}{option}{after}")));
            }
        }
    }
    Ok(done)
}

/// Returns the text before the first brace that has options, the options, and the text after it.
fn first_brace(text: &str) -> Option<(&str, Vec<String>, &str)> {
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => {
                if let Some((options, after)) = brace_options(text.get(at + 1..)?) {
                    return Some((text.get(..at)?, options, after));
                }
            }
            _ => {}
        }
    }
    None
}

/// Reads the options of a brace whose `{` was read.
fn brace_options(text: &str) -> Option<(Vec<String>, &str)> {
    let mut depth = 0_usize;
    let mut escaped = false;
    let mut start = 0;
    let mut options = Vec::new();
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            ',' if depth == 0 => {
                options.push(text.get(start..at)?.to_owned());
                start = at + 1;
            }
            '}' if depth == 0 => {
                let last = text.get(start..at)?;
                let after = text.get(at + 1..)?;
                if options.is_empty() {
                    return Some((number_range(last)?, after));
                }
                options.push(last.to_owned());
                return Some((options, after));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns the numbers of `1..3`.
fn number_range(text: &str) -> Option<Vec<String>> {
    let (low, high) = text.split_once("..")?;
    let (low, high) = (low.parse::<i32>().ok()?, high.parse::<i32>().ok()?);
    if i64::from(low).abs_diff(i64::from(high)) > MAX_EXPANSIONS as u64 {
        return None;
    }
    let numbers: Vec<String> = (low.min(high)..=low.max(high)).map(|number| number.to_string()).collect();
    Some(if low > high { numbers.into_iter().rev().collect() } else { numbers })
}

#[cfg(test)]
mod tests {
    use super::super::{Case, Pattern};

    #[track_caller]
    fn check(glob: &str, matching: &[&str], other: &[&str]) {
        let pattern = Pattern::glob(glob, Case::Sensitive).unwrap_or_else(|error| panic!("{glob}: {error}"));
        for text in matching {
            assert!(pattern.matches(text), "{glob} should match {text}: {:?}", super::translate(glob));
        }
        for text in other {
            assert!(!pattern.matches(text), "{glob} should not match {text}: {:?}", super::translate(glob));
        }
    }

    #[test]
    fn a_star_stays_within_its_part() {
        check("*.yaml", &["a.yaml", ".yaml", ".a.yaml"], &["a/b.yaml", "a.yml"]);
        check("a/*/c", &["a/b/c"], &["a/c", "a//c", "a/b/d/c"]);
        check("*", &["a"], &["a/b", ""]);
        check("a?c", &["abc"], &["ac", "a/c"]);
    }

    #[test]
    fn two_stars_cross_parts_only_as_a_whole_part() {
        check("**/test/**", &["test/a", "a/test/b/c", "a/test/.b"], &["test", "a/tests/b"]);
        check("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["ab", "a/xb"]);
        check("a/**", &["a/b", "a/b/c"], &["ab"]);
        check("**", &["a", "a/b/c"], &[]);
        check("**/**/x.*", &["x.y", "a/b/x.y"], &["ax.y"]);
        check("**cilium**", &["cilium", "my-cilium-x"], &["quay.io/cilium/cilium"]);
        check(
            "kubernetes/**/*.y{,a}ml",
            &["kubernetes/a.yml", "kubernetes/b/c.yaml"],
            &["x/kubernetes/a.yml"],
        );
    }

    #[test]
    fn braces_stand_for_their_options() {
        check("{a,b/{c,d}}.x", &["a.x", "b/c.x", "b/d.x"], &["c.x", "b.x"]);
        check("v{1..3}", &["v1", "v3"], &["v4", "v{1..3}"]);
        check("a{b}c", &["a{b}c"], &["abc"]);
        check("{a,b", &["{a,b"], &["a"]);
    }

    #[test]
    fn extended_globs_as_in_bash() {
        check("a@(b|c)d", &["abd", "acd"], &["ad", "abcd"]);
        check("a?(b)c", &["ac", "abc"], &["abbc"]);
        check("a*(b)c", &["ac", "abbc"], &["adc"]);
        check("a+(b|c)", &["ab", "abc"], &["a"]);
        check(
            "apps/!(x|y)/k.yaml",
            &["apps/z/k.yaml", "apps/xx/k.yaml"],
            &["apps/x/k.yaml", "apps/y/k.yaml", "apps/a/b/k.yaml"],
        );
        check("a/!(*.test).js", &["a/b.js"], &["a/b.test.js"]);
        check("a(b", &["a(b"], &["ab"]);
        check("a+(b", &["a+(b"], &["ab"]);
    }

    #[test]
    fn classes_and_escapes() {
        check("[a-c]x", &["ax", "cx"], &["dx"]);
        check("[!a]x", &["bx"], &["ax", "/x"]);
        check("[[:digit:]]", &["5"], &["a"]);
        check("[z-a]x", &["zx", "-x", "ax"], &["bx"]);
        check(r"a\*b", &["a*b"], &["axb"]);
        check("a[b", &["a[b"], &["ab"]);
        check("[]a]", &["]", "a"], &["b"]);
    }

    #[test]
    fn a_hostile_glob_is_refused_or_bounded() {
        assert!(Pattern::new(&"{a,b}".repeat(40)).is_err());
        assert!(Pattern::new(&"@(a".repeat(2000)).is_ok());
        assert!(Pattern::new(&format!("{}a{}", "@(".repeat(100), ")".repeat(100))).is_err());
        assert!(Pattern::new(&"{".repeat(5000)).is_ok());
    }
}
