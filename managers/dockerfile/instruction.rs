//! From the lines of a Dockerfile to its instructions: directives, continuations, comments, here-documents.

use std::collections::BTreeMap;

use updraft_core::span::ByteSpan;

use super::placed::PlacedText;

/// A Dockerfile, cut into instructions.
#[derive(Debug, Default)]
pub(super) struct Instructions {
    /// The value of the `# syntax=` directive.
    pub(super) syntax: Option<PlacedText>,
    /// The instructions in order, without the bodies of their here-documents.
    pub(super) list: Vec<PlacedText>,
}

/// Returns the instructions of a Dockerfile.
///
/// The rules are those of the [Dockerfile reference](https://docs.docker.com/reference/dockerfile/).
pub(super) fn instructions(text: &str) -> Instructions {
    let lines = Lines::new(text);
    let mut found = Instructions::default();
    let (mut at, escape) = directives(&lines, &mut found);
    let mut ends = None;
    while at < lines.count() {
        let mut instruction = PlacedText::default();
        at = read_instruction(&lines, at, escape, &mut instruction);
        if instruction.as_str().trim().is_empty() {
            continue;
        }
        for heredoc in heredocs(instruction.as_str()) {
            let ends = ends.get_or_insert_with(|| Terminators::new(&lines));
            // One that nothing ends is no here-document: rather read on than lose the rest of the file.
            at = ends.after(at, heredoc).map_or(at, |end| end + 1);
        }
        found.list.push(instruction);
    }
    found
}

/// Returns the words of an instruction, quotes included.
pub(super) fn words(text: &str) -> impl Iterator<Item = ByteSpan> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find(|character: char| !character.is_whitespace())?;
        let mut quote = None;
        let end = text.get(start..)?.char_indices().find(|(_, character)| {
            match quote {
                Some(open) if *character == open => quote = None,
                None if matches!(character, '"' | '\'') => quote = Some(*character),
                _ => {}
            }
            quote.is_none() && character.is_whitespace()
        });
        at = end.map_or(text.len(), |(offset, _)| start + offset);
        Some(ByteSpan::new(start, at))
    })
}

/// Returns the span without the quotes around it.
pub(super) fn unquoted(text: &str, span: ByteSpan) -> ByteSpan {
    let quoted = span.len() >= 2
        && span.of(text).is_some_and(|word| {
            ['"', '\''].iter().any(|quote| word.starts_with(*quote) && word.ends_with(*quote))
        });
    if quoted { ByteSpan::new(span.start + 1, span.end - 1) } else { span }
}

/// The lines of a file, without their ends and without a byte order mark.
struct Lines<'a> {
    text: &'a str,
    spans: Vec<ByteSpan>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut spans = Vec::new();
        for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
            spans.push(ByteSpan::new(start, start + line.trim_end_matches(['\n', '\r']).len()));
            start += line.len();
        }
        Self { text, spans }
    }

    fn count(&self) -> usize {
        self.spans.len()
    }

    fn span(&self, line: usize) -> ByteSpan {
        self.spans.get(line).copied().unwrap_or_default()
    }

    fn line(&self, line: usize) -> &'a str {
        self.span(line).of(self.text).unwrap_or_default()
    }
}

/// Reads the parser directives; returns the first line after them and the escape character.
fn directives(lines: &Lines<'_>, found: &mut Instructions) -> (usize, char) {
    let mut escape = '\\';
    let mut at = usize::from(lines.line(0).starts_with("#!"));
    while at < lines.count() {
        let line = lines.line(at);
        let Some((name, value)) = line.trim_start().strip_prefix('#').and_then(|rest| rest.split_once('='))
        else {
            break;
        };
        let value_end = lines.span(at).end - (line.len() - line.trim_end().len());
        let place = ByteSpan::new(value_end.saturating_sub(value.trim().len()), value_end);
        match name.trim().to_ascii_lowercase().as_str() {
            "syntax" => {
                let mut text = PlacedText::default();
                text.push(lines.text, place);
                found.syntax = Some(text);
            }
            "escape" if value.trim() == "`" => escape = '`',
            "escape" | "check" => {}
            _ => break,
        }
        at += 1;
    }
    (at, escape)
}

/// Reads the instruction that starts at line `at`, or skips a blank or comment line; returns the next line.
fn read_instruction(lines: &Lines<'_>, at: usize, escape: char, instruction: &mut PlacedText) -> usize {
    for line_number in at..lines.count() {
        let line = lines.line(line_number);
        let span = lines.span(line_number);
        let inner = line.trim();
        let is_noise = inner.is_empty() || inner.starts_with('#');
        if is_noise {
            // Inside an instruction such lines are as if they were not there.
            if line_number == at {
                return at + 1;
            }
            continue;
        }
        let Some(kept) = continued(line, escape) else {
            instruction.push(lines.text, span);
            return line_number + 1;
        };
        instruction.push(lines.text, ByteSpan::new(span.start, span.start + kept.len()));
    }
    lines.count()
}

/// Returns the line without its escape character, when it goes on in the next line.
fn continued(line: &str, escape: char) -> Option<&str> {
    let kept = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!kept.ends_with(escape)).then_some(kept)
}

/// How a here-document ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heredoc<'a> {
    word: &'a str,
    tabs: Tabs,
}

/// Whether tabs may stand before the word that ends a here-document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tabs {
    Refused,
    /// `<<-`
    Allowed,
}

/// Returns the here-documents that an instruction opens.
fn heredocs(instruction: &str) -> Vec<Heredoc<'_>> {
    let mut parts = words(instruction).filter_map(|span| span.of(instruction));
    let keyword = parts.next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    parts.filter_map(heredoc).collect()
}

/// Reads `<<EOF`, `<<-EOF`, `<<"EOF"` and `3<<EOF`, also with more right behind it (`<<EOF;`, `<<EOF|sh`).
fn heredoc(word: &str) -> Option<Heredoc<'_>> {
    let rest = word.trim_start_matches(|character: char| character.is_ascii_digit()).strip_prefix("<<")?;
    let (rest, tabs) = match rest.strip_prefix('-') {
        Some(rest) => (rest, Tabs::Allowed),
        None => (rest, Tabs::Refused),
    };
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let word = match quote {
        Some(quote) => rest.get(1..)?.split_once(quote)?.0,
        None => rest.split([';', '|', '&', '>', '<', '(', ')', '"', '\'']).next()?,
    };
    (!word.is_empty()).then_some(Heredoc { word, tabs })
}

/// Where the lines stand that could end a here-document; built once, so that a file of nothing but openings
/// costs no more than any other.
struct Terminators<'a> {
    lines: BTreeMap<&'a str, Vec<usize>>,
    untabbed: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Terminators<'a> {
    fn new(lines: &Lines<'a>) -> Self {
        let mut found = Self { lines: BTreeMap::new(), untabbed: BTreeMap::new() };
        for number in 0..lines.count() {
            let line = lines.line(number);
            found.lines.entry(line).or_default().push(number);
            found.untabbed.entry(line.trim_start_matches('\t')).or_default().push(number);
        }
        found
    }

    /// Returns the line that ends `heredoc`, at or after line `at`.
    fn after(&self, at: usize, heredoc: Heredoc<'_>) -> Option<usize> {
        let lines = match heredoc.tabs {
            Tabs::Refused => &self.lines,
            Tabs::Allowed => &self.untabbed,
        };
        let numbers = lines.get(heredoc.word)?;
        numbers.get(numbers.partition_point(|number| *number < at)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = instructions(text);
        let list: Vec<&str> = found.list.iter().map(PlacedText::as_str).collect();
        assert_eq!(list, expected);
    }

    #[test]
    fn joins_continued_lines() {
        check("FROM \\\n  a:1\nRUN x\n", &["FROM   a:1", "RUN x"]);
        check("FROM \\  \r\na:1\r\n", &["FROM a:1"]);
        check("RUN a \\\n# not this\n\n  # nor this\n b\nFROM c", &["RUN a  b", "FROM c"]);
        check("RUN a\\\\\nFROM c", &["RUN a\\\\", "FROM c"]);
        check("RUN a \\", &["RUN a "]);
    }

    #[test]
    fn directives_stand_at_the_top_only() {
        let found = instructions("\u{feff}# escape=`\n#syntax = a/b:1 \nFROM `\n a\nRUN b\\\nRUN c");
        assert_eq!(found.syntax.as_ref().map(PlacedText::as_str), Some("a/b:1"));
        let list: Vec<&str> = found.list.iter().map(PlacedText::as_str).collect();
        assert_eq!(list, ["FROM  a", "RUN b\\", "RUN c"]);
        assert_eq!(instructions("# a comment\n# syntax=a/b:1\nFROM c").syntax, None);
        assert_eq!(instructions("\n# syntax=a/b:1\nFROM c").syntax, None);
        assert!(instructions("#!/usr/bin/docker\n# syntax=a/b:1").syntax.is_some());
    }

    #[test]
    fn skips_the_bodies_of_here_documents() {
        check("RUN <<EOF\nFROM x\nEOF\nFROM a", &["RUN <<EOF", "FROM a"]);
        check("RUN <<-'E' cat >a\n\tFROM x\n\tE\nFROM a", &["RUN <<-'E' cat >a", "FROM a"]);
        check("COPY <<A <<\"B\" /\nFROM x\nA\nFROM y\nB\nFROM a", &["COPY <<A <<\"B\" /", "FROM a"]);
        check("RUN <<EOF\r\nFROM x\r\nEOF\r\nFROM a\r\n", &["RUN <<EOF", "FROM a"]);
        check("RUN python3 <<EOF|sh\nFROM x\nEOF\nFROM a", &["RUN python3 <<EOF|sh", "FROM a"]);
    }

    #[test]
    fn takes_nothing_else_for_a_here_document() {
        check("RUN <<EOF\nFROM a", &["RUN <<EOF", "FROM a"]);
        check("RUN cat <<<EOF\nFROM a\nEOF", &["RUN cat <<<EOF", "FROM a", "EOF"]);
        check("RUN echo 'a <<EOF'\nFROM a\nEOF", &["RUN echo 'a <<EOF'", "FROM a", "EOF"]);
        check("RUN echo $((1 <<2))\nFROM a", &["RUN echo $((1 <<2))", "FROM a"]);
        check("ENV a=<<EOF\nFROM a\nEOF", &["ENV a=<<EOF", "FROM a", "EOF"]);
    }

    #[test]
    fn a_file_of_openings_is_read_in_no_time() {
        let text = "RUN <<EOF\n".repeat(50_000);
        assert_eq!(instructions(&text).list.len(), 50_000);
    }
}
