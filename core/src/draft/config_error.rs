//! The issue about a configuration that cannot be used: what is wrong, where, and what to write instead.

use super::fit::shortened;
use super::markdown::{code, message};
use super::templates::tidy;
use crate::name::RepoPath;
use crate::problem::{Problem, Severity};
use crate::span::{ByteSpan, LineIndex};

/// The title of the issue.
pub const TITLE: &str = "Action Required: Fix Renovate Configuration";
/// How many errors are shown.
const SHOWN: usize = 20;
/// How many characters of a line are shown before the place that is wrong.
const BEFORE: usize = 60;
/// The most characters of a line that are shown.
const WIDTH: usize = 140;
/// The most characters of a message or hint.
const MAX_WORDS: usize = 600;

/// Returns the text of the issue about `problems`, the errors among them first. `text_of` knows the texts of the repository's files.
pub fn body<T: AsRef<str>>(problems: &[Problem], text_of: impl Fn(&RepoPath) -> Option<T>) -> String {
    let mut problems: Vec<&Problem> = problems.iter().collect();
    problems.sort_by_key(|problem| problem.severity);
    let mut body = "The configuration of this repository cannot be used. Until that is mended, no pull request is made or changed.\n\n\
                    **This issue closes itself** on the first run that can read the configuration again.\n\n"
        .to_owned();
    for problem in problems.iter().take(SHOWN) {
        body.push_str(&told(problem, &text_of));
    }
    if let Some(more) = problems.len().checked_sub(SHOWN + 1) {
        body.extend(["---\n\nand ", &(more + 1).to_string(), " more\n"]);
    }
    tidy(&body)
}

fn told<T: AsRef<str>>(problem: &Problem, text_of: &impl Fn(&RepoPath) -> Option<T>) -> String {
    let text = problem.file.as_ref().and_then(text_of);
    let picture = problem.span.zip(text).map(|(span, text)| Picture::of(text.as_ref(), span));
    let mut told = String::from("---\n\n");
    if let Some(file) = &problem.file {
        let path = shortened(file.as_str(), MAX_WORDS);
        let place = picture
            .as_ref()
            .map_or(path.clone(), |picture| format!("{path}:{}:{}", picture.line, picture.column));
        told.extend(["### ", &code(&place), "\n\n"]);
    }
    let sign = match problem.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    };
    told.extend([sign, " ", &message(&shortened(&problem.message, MAX_WORDS)), "\n\n"]);
    if let Some(picture) = picture {
        told.push_str(&picture.fenced);
    }
    if let Some(hint) = &problem.hint {
        told.extend(["💡 ", &message(&shortened(hint, MAX_WORDS)), "\n\n"]);
    }
    told
}

/// Lines of a file with carets under what is wrong.
struct Picture {
    line: usize,
    column: usize,
    fenced: String,
}

impl Picture {
    fn of(text: &str, span: ByteSpan) -> Self {
        let lines = LineIndex::new(text);
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let place = lines.position(text, start);
        let row = |line: usize| lines.line_span(text, line).and_then(|span| span.of(text));
        let column = place.column - 1;
        let from = column.saturating_sub(if column > BEFORE { BEFORE } else { column });
        let line = row(place.line).unwrap_or_default();
        let wrong =
            text.get(start..span.end.max(start)).unwrap_or_default().lines().next().unwrap_or_default();
        let room = from + WIDTH - column;
        let carets = wrong.chars().count().clamp(1, room);
        let number = place.line.to_string();
        let gutter = " ".repeat(number.len());
        let mut rows: Vec<String> = Vec::new();
        if let Some(before) = place.line.checked_sub(1).and_then(row).filter(|_| from == 0) {
            rows.push(format!("{:>width$} | {}", place.line - 1, visible(before, 0), width = number.len()));
        }
        rows.push(format!("{number} | {}", visible(line, from)));
        rows.push(format!("{gutter} | {}{}", " ".repeat(column - from), "^".repeat(carets)));
        let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
        let source = rows.join("\n");
        // A run of backticks in the source must not end the block.
        let fence = "`".repeat(longest_run(&source).max(2) + 1);
        Self { line: place.line, column: place.column, fenced: format!("{fence}text\n{source}\n{fence}\n\n") }
    }
}

/// Returns the part of a line from the character `from` on, each character one column wide.
fn visible(line: &str, from: usize) -> String {
    let is_plain = |letter: char| {
        !letter.is_control()
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    line.chars()
        .skip(from)
        .take(WIDTH)
        .map(|letter| match letter {
            '\t' => ' ',
            _ if is_plain(letter) => letter,
            _ => '\u{fffd}',
        })
        .collect()
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> RepoPath {
        RepoPath::new("renovate.json").unwrap()
    }

    #[track_caller]
    fn check(text: &str, span: (usize, usize), expected: &str) {
        let problem = Problem::error("bad").at(&file(), ByteSpan::new(span.0, span.1));
        let body = body(&[problem], |_| Some(text));
        assert!(body.contains(expected), "{expected}\n--- is not in:\n{body}");
    }

    #[test]
    fn names_file_line_and_what_to_do() {
        let text =
            "{\n  \"extends\": [\"config:recommended\"],\n  \"labels\": [\"deps\"\n  \"kubernetes\": {}\n}\n";
        let at = text.find("\"kubernetes\"").unwrap();
        let problems = [
            Problem::warning("there is no option `labls`").hint("did you mean `labels`?"),
            Problem::error("a comma is missing before `\"kubernetes\"`")
                .at(&file(), ByteSpan::new(at, at + 12))
                .hint("write `,`"),
        ];
        let expected = "The configuration of this repository cannot be used. Until that is mended, no pull request is made or changed.\n\n\
            **This issue closes itself** on the first run that can read the configuration again.\n\n\
            ---\n\n### `renovate.json:4:3`\n\n❌ a comma is missing before `\"kubernetes\"`\n\n\
            ```text\n3 |   \"labels\": [\"deps\"\n4 |   \"kubernetes\": {}\n  |   ^^^^^^^^^^^^\n```\n\n💡 write `,`\n\n\
            ---\n\n⚠️ there is no option `labls`\n\n💡 did you mean `labels`?\n";
        assert_eq!(body(&problems, |path| (*path == file()).then_some(text)), expected);
    }

    #[test]
    fn shows_a_place_without_its_text() {
        let problem = Problem::error("bad").at(&file(), ByteSpan::new(0, 1));
        assert!(body(&[problem], |_| None::<&str>).contains("### `renovate.json`\n\n❌ bad\n"));
    }

    #[test]
    fn carets_stand_below_what_is_wrong() {
        check("äö: x\n", (6, 7), "```text\n1 | äö: x\n  |     ^\n```");
        check("a\nb", (3, 3), "1 | a\n2 | b\n  |  ^\n```");
        check("a\tb\n", (2, 3), "1 | a b\n  |   ^\n```");
        check("ab\ncd\n", (1, 5), "1 | ab\n  |  ^\n```");
        check("ä", (1, 900), "1 | ä\n  | ^\n```");
        let long = format!("{}x{}", "a".repeat(5_000), "b".repeat(5_000));
        let expected = format!("1 | {}x{}\n  | {}^\n", "a".repeat(60), "b".repeat(79), " ".repeat(60));
        check(&long, (5_000, 5_001), &expected);
    }

    #[test]
    fn the_source_cannot_leave_its_block() {
        check("```` @me\n- [x] <!-- a -->", (0, 4), "`````text\n1 | ```` @me\n  | ^^^^\n`````\n");
        check("\u{1b}[2J\u{202e}x", (0, 1), "1 | \u{fffd}[2J\u{fffd}x\n");
    }

    #[test]
    fn any_number_of_errors_fits() {
        let problems: Vec<Problem> = (0..500)
            .map(|at| {
                Problem::error("x".repeat(10_000))
                    .at(&file(), ByteSpan::new(at, at + 900))
                    .hint("y".repeat(10_000))
            })
            .collect();
        let text = "`".repeat(1_000);
        let body = body(&problems, |_| Some(&text));
        assert!(
            body.chars().count() < 60_000 && body.ends_with("\nand 480 more\n"),
            "{}",
            body.chars().count()
        );
    }
}
