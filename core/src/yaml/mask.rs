//! Hiding template tags from the YAML parser without moving a byte.

use std::ops::Range;

/// How a kind of tag begins and ends, and whether it may go on over several lines.
struct Syntax {
    open: &'static str,
    close: &'static str,
    lines: Lines,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// Go templates, Jinja, Jinja with the delimiters that keep YAML readable (makejinja), and the templates of a `ResourceSet`.
const SYNTAXES: [Syntax; 7] = [
    Syntax { open: "{{", close: "}}", lines: Lines::Many },
    Syntax { open: "{%", close: "%}", lines: Lines::Many },
    Syntax { open: "{#", close: "#}", lines: Lines::Many },
    Syntax { open: "#{", close: "}#", lines: Lines::One },
    Syntax { open: "#%", close: "%#", lines: Lines::One },
    Syntax { open: "#|", close: "|#", lines: Lines::Many },
    Syntax { open: "<<", close: ">>", lines: Lines::One },
];

/// What a line becomes that holds nothing but tags.
///
/// A comment suits most places; inside a block scalar, where a comment would end the scalar, blanks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoneTag {
    Comment,
    Blank,
}

/// Returns the places of the template tags in `text`, in order; empty when it holds none.
pub(super) fn tags(text: &str) -> Vec<Range<usize>> {
    let mut tags = Vec::new();
    // Up to where it is known that no closing mark follows: what keeps this linear on hostile text.
    let mut unclosed = [0; SYNTAXES.len()];
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['{', '#', '<'])) {
        let start = at + found;
        at = start + 1;
        let Some(rest) = text.get(start..) else { break };
        let known = SYNTAXES.iter().zip(&mut unclosed).find(|(syntax, _)| rest.starts_with(syntax.open));
        let Some((syntax, unclosed)) = known else { continue };
        if start < *unclosed {
            continue;
        }
        let inside = start + syntax.open.len();
        match syntax.close_in(text, inside) {
            Ok(end) => {
                tags.push(start..end);
                at = end;
            }
            Err(end) => *unclosed = end,
        }
    }
    tags
}

impl Syntax {
    /// Returns where the tag whose inside starts at `inside` ends, or else up to where there is no end for it.
    fn close_in(&self, text: &str, inside: usize) -> Result<usize, usize> {
        let rest = text.as_bytes().get(inside..).unwrap_or_default();
        for (at, byte) in rest.iter().enumerate() {
            if *byte == b'\n' && self.lines == Lines::One {
                return Err(inside + at);
            }
            if rest.get(at..).is_some_and(|rest| rest.starts_with(self.close.as_bytes())) {
                return Ok(inside + at + self.close.len());
            }
        }
        Err(text.len())
    }
}

/// Returns `text` with each tag replaced by as many bytes that mean nothing to YAML.
pub(super) fn mask(text: &str, tags: &[Range<usize>], hide_as: LoneTag) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for tag in tags {
        // The blanks a line starts with stay: they are its indentation.
        let mut indentation = false;
        for byte in bytes.iter_mut().take(tag.end).skip(tag.start) {
            match *byte {
                b'\n' | b'\r' => indentation = true,
                b' ' if indentation => {}
                _ => {
                    *byte = b'x';
                    indentation = false;
                }
            }
        }
    }
    let mut tags = tags.iter().peekable();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let mut inside = start;
        let mut lone_tag = false;
        let mut other = false;
        while let Some(tag) = tags.peek().filter(|tag| tag.start < end) {
            other |= !blank(text, inside, tag.start);
            lone_tag = true;
            inside = tag.end.min(end);
            if tag.end > end {
                break;
            }
            tags.next();
        }
        if lone_tag && !other && blank(text, inside, end) {
            hide_line(&mut bytes, start..end, hide_as);
        }
        start = end;
    }
    // Whole tags became ASCII, so this is UTF-8 still.
    String::from_utf8(bytes).unwrap_or_default()
}

fn blank(text: &str, from: usize, to: usize) -> bool {
    from >= to || text.get(from..to).is_some_and(|between| between.trim().is_empty())
}

fn hide_line(bytes: &mut [u8], line: Range<usize>, hide_as: LoneTag) {
    let Some(line) = bytes.get_mut(line) else { return };
    let mut first = true;
    for byte in line.iter_mut().filter(|byte| **byte == b'x') {
        *byte = match hide_as {
            LoneTag::Blank => b' ',
            LoneTag::Comment if first => b'#',
            LoneTag::Comment => b'x',
        };
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, hide_as: LoneTag, expected: &str) {
        let masked = mask(text, &tags(text), hide_as);
        assert_eq!(masked, expected);
        assert_eq!(masked.len(), text.len());
    }

    #[test]
    fn hides_tags_inside_a_line() {
        check("a: {{ b }}:1\n", LoneTag::Comment, "a: xxxxxxx:1\n");
        check("a: \"#{ b }#\" # c\n", LoneTag::Comment, "a: \"xxxxxxx\" # c\n");
        check("é: {% ä %}", LoneTag::Comment, "é: xxxxxxxx");
        check("a: << b >>\n<<: *c\n", LoneTag::Comment, "a: xxxxxxx\n<<: *c\n");
    }

    #[test]
    fn a_line_of_tags_becomes_a_comment_or_blank() {
        check("  {{- if a }}\r\nb: 1\r\n", LoneTag::Comment, "  #xxxxxxxxxx\r\nb: 1\r\n");
        check("  {% a %} {% b %}\n", LoneTag::Comment, "  #xxxxxx xxxxxxx\n");
        check("  {{- if a }}\nb: 1\n", LoneTag::Blank, "             \nb: 1\n");
    }

    #[test]
    fn a_tag_over_several_lines_keeps_its_line_breaks() {
        check("{{/*\n a */}}\nb: {{ c\n | d }} e\n", LoneTag::Comment, "#xxx\n #xxxxx\nb: xxxx\n xxxxxx e\n");
    }

    #[test]
    fn an_open_tag_is_left_alone() {
        check("a: {{ b\nc: #{ d\n", LoneTag::Comment, "a: {{ b\nc: #{ d\n");
    }
}
