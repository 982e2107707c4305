//! As much of [HCL](https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md) as says where attributes stand: blocks, their labels,
//! texts and objects. Every other expression is stepped over.
//!
//! Nothing is an error: what cannot be read is left out, and reading goes on behind it.

use updraft_core::span::ByteSpan;

/// How deep blocks and objects are read; what is nested deeper is stepped over.
const DEPTH: usize = 24;

/// Attributes and blocks, in order.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) blocks: Vec<Block<'a>>,
}

/// `kind "label" { … }`
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: &'a str,
    pub(super) labels: Vec<&'a str>,
    pub(super) body: Body<'a>,
}

/// `name = value`
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// Where the name stands.
    pub(super) span: ByteSpan,
    pub(super) value: Value<'a>,
}

/// What an attribute is.
#[derive(Debug)]
pub(super) enum Value<'a> {
    /// A text in quotes.
    Text(Text<'a>),
    /// Something in braces.
    Object(Body<'a>),
    /// Any other expression.
    Other,
}

/// What stands between quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// As it is spelled.
    pub(super) text: &'a str,
    /// Where, without the quotes.
    pub(super) span: ByteSpan,
}

impl Text<'_> {
    /// Returns whether it holds a template or an escape, so that it does not mean what it spells.
    pub(super) fn is_template(&self) -> bool {
        ["${", "%{", "\\"].iter().any(|mark| self.text.contains(mark))
    }
}

impl<'a> Body<'a> {
    /// Returns the text of an attribute, unless it is another expression.
    pub(super) fn text(&self, name: &str) -> Option<Text<'a>> {
        match self.value(name)? {
            Value::Text(text) => Some(*text),
            _ => None,
        }
    }

    /// Returns the value of an attribute.
    pub(super) fn value(&self, name: &str) -> Option<&Value<'a>> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    /// Returns the blocks of one kind, right below.
    pub(super) fn blocks_of(&self, kind: &str) -> impl Iterator<Item = &Block<'a>> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

/// Reads a whole file.
pub(super) fn parse(text: &str) -> Body<'_> {
    let mut reader = Reader { text, at: 0 };
    let mut whole = Body::default();
    loop {
        let body = reader.body(DEPTH);
        whole.attributes.extend(body.attributes);
        whole.blocks.extend(body.blocks);
        // A brace too many ended it.
        if reader.peek().is_none() {
            return whole;
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn starts_with(&self, mark: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(mark.as_bytes()))
    }

    /// Returns the text between two places that marks of ASCII surround.
    fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Goes to the first `mark` from here, and over it; to the end where there is none.
    fn pass(&mut self, mark: &str) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let found = rest.windows(mark.len()).position(|window| window == mark.as_bytes());
        self.at = found.map_or(self.text.len(), |at| self.at + at + mark.len());
    }

    /// Steps over blanks and comments; a line break is left where it is.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'#') => self.line_end(),
                Some(b'/') if self.starts_with("//") => self.line_end(),
                Some(b'/') if self.starts_with("/*") => {
                    self.at += 2;
                    self.pass("*/");
                }
                _ => return,
            }
        }
    }

    fn line_end(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// Reads up to the brace that closes the body, and over it.
    fn body(&mut self, depth: usize) -> Body<'a> {
        let mut body = Body::default();
        loop {
            self.blanks();
            let start = self.at;
            let (name, span) = match self.peek() {
                None => return body,
                Some(b'}') => {
                    self.at += 1;
                    return body;
                }
                Some(b'\n' | b',') => {
                    self.at += 1;
                    continue;
                }
                Some(b'"') => {
                    let text = self.string();
                    (text.text, text.span)
                }
                Some(byte) if is_name(byte) => self.name(),
                Some(_) => {
                    self.expression();
                    self.at = self.at.max(start + 1);
                    continue;
                }
            };
            self.blanks();
            match self.peek() {
                Some(b'=' | b':') if !self.starts_with("==") => {
                    self.at += 1;
                    let value = self.value(depth);
                    body.attributes.push(Attribute { name, span, value });
                }
                _ => body.blocks.extend(self.block(name, depth)),
            }
        }
    }

    fn name(&mut self) -> (&'a str, ByteSpan) {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        (self.between(start, self.at), ByteSpan::new(start, self.at))
    }

    /// Reads the labels and the body of a block; `None` where it is none.
    fn block(&mut self, kind: &'a str, depth: usize) -> Option<Block<'a>> {
        let mut labels = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => labels.push(self.string().text),
                Some(b'{') => {
                    let body = self.braces(depth);
                    return Some(Block { kind, labels, body });
                }
                Some(byte) if is_name(byte) => labels.push(self.name().0),
                _ => {
                    self.expression();
                    return None;
                }
            }
            self.blanks();
        }
    }

    /// Reads what stands in braces, from the opening one on.
    fn braces(&mut self, depth: usize) -> Body<'a> {
        let Some(depth) = depth.checked_sub(1) else {
            self.expression();
            return Body::default();
        };
        self.at += 1;
        self.body(depth)
    }

    fn value(&mut self, depth: usize) -> Value<'a> {
        self.blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::Text(self.string()),
            Some(b'{') if !self.is_for() => Value::Object(self.braces(depth)),
            _ => Value::Other,
        };
        self.blanks();
        if start < self.at && matches!(self.peek(), None | Some(b'\n' | b',' | b'}' | b']' | b')')) {
            return value;
        }
        self.expression();
        Value::Other
    }

    /// Returns whether the brace here opens an expression that makes an object of a list: `{for key, value in …}`.
    fn is_for(&self) -> bool {
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        rest.trim_start().strip_prefix("for").is_some_and(|rest| rest.starts_with([' ', '\t', '\n']))
    }

    /// Steps over an expression: to the line break, comma or closing bracket that ends it.
    fn expression(&mut self) {
        let mut open = 0_usize;
        loop {
            self.blanks();
            match self.peek() {
                None => return,
                Some(b'\n' | b',') if open == 0 => return,
                Some(b'(' | b'[' | b'{') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b')' | b']' | b'}') => match open.checked_sub(1) {
                    Some(left) => {
                        open = left;
                        self.at += 1;
                    }
                    None => return,
                },
                Some(b'"') => {
                    self.string();
                }
                Some(b'<') if self.starts_with("<<") => self.heredoc(),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Steps over `<<NAME`, and all lines up to the one that holds the name alone.
    fn heredoc(&mut self) {
        self.at += 2;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let (name, _) = self.name();
        if name.is_empty() {
            return;
        }
        self.line_end();
        while self.peek().is_some() {
            self.at += 1;
            let start = self.at;
            self.line_end();
            if self.between(start, self.at).trim() == name {
                return;
            }
        }
    }

    /// Reads a text in quotes; a line break ends one that is not closed.
    fn string(&mut self) -> Text<'a> {
        self.at += 1;
        let start = self.at;
        // How many braces are open in each template inside of the text, and in the texts inside of those.
        let mut templates: Vec<Option<usize>> = Vec::new();
        while let Some(byte) = self.peek() {
            let top = templates.last_mut();
            match (byte, top) {
                (b'"', None) => {
                    let end = self.at;
                    self.at += 1;
                    return Text { text: self.between(start, end), span: ByteSpan::new(start, end) };
                }
                (b'\n', None) => break,
                // In a text, of whatever level.
                (b'\\', None | Some(None)) => self.at += 1,
                (b'$' | b'%', None | Some(None)) if self.starts_with("${") || self.starts_with("%{") => {
                    self.at += 1;
                    templates.push(Some(0));
                }
                // The end of a text inside of a template, or of the template.
                (b'"', Some(None)) | (b'}', Some(Some(0))) => {
                    templates.pop();
                }
                // In a template.
                (b'"', Some(Some(_))) => templates.push(None),
                (b'{', Some(Some(open))) => *open += 1,
                (b'}', Some(Some(open))) => *open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.text.len());
        Text { text: self.between(start, self.at), span: ByteSpan::new(start, self.at) }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(body: &Body<'_>, text: &str) -> String {
        let attribute = |attribute: &Attribute<'_>| {
            assert_eq!(attribute.span.of(text), Some(attribute.name));
            let value = match &attribute.value {
                Value::Text(value) => {
                    assert_eq!(value.span.of(text), Some(value.text));
                    format!("'{}'", value.text)
                }
                Value::Object(body) => show(body, text),
                Value::Other => "?".to_owned(),
            };
            format!("{}={value}", attribute.name)
        };
        let block = |block: &Block<'_>| {
            format!("{}({}){}", block.kind, block.labels.join(","), show(&block.body, text))
        };
        let parts: Vec<_> =
            body.attributes.iter().map(attribute).chain(body.blocks.iter().map(block)).collect();
        format!("{{{}}}", parts.join(" "))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(show(&parse(text), text), expected, "{text}");
    }

    #[test]
    fn reads_blocks_attributes_and_objects() {
        check("a = \"b\"\nc \"d\" e {\n  f = \"g\" # h\n}\n", "{a='b' c(d,e){f='g'}}");
        check("a = { b = \"c\", \"d\" : \"e\" }\r\nf {}", "{a={b='c' d='e'} f(){}}");
        check("/* a = \"b\" */ c = \"d\" // e = \"f\"\n#g = \"h\"", "{c='d'}");
        check("a { b = \"c\" }", "{a(){b='c'}}");
    }

    #[test]
    fn steps_over_other_expressions() {
        check("a = var.b\nc = \"d\"", "{a=? c='d'}");
        check("a = [\n  \"b\",\n  { c = \"d\" },\n]\ne = \"f\"", "{a=? e='f'}");
        check("a = {for b, c in d : b => {\n e = \"f\" } }\ng = \"h\"", "{a=? g='h'}");
        check("a = b == \"c\" ? \"d\" : \"e\"\nf = \"g\"", "{a=? f='g'}");
        check("a = \"b\" == c\nd = f(\"}\", {\n})\ng = \"h\"", "{a=? d=? g='h'}");
        check("a = <<-EOT\n  b = \"c\"\n  }\n  EOT\nd = \"e\"", "{a=? d='e'}");
        check("a = { b = 1 }.b\nc = \"d\"", "{a=? c='d'}");
    }

    #[test]
    fn a_text_may_hold_templates_with_texts() {
        check(
            r#"a = "b${c["d"]}e"
f = "g\"h""#,
            r#"{a='b${c["d"]}e' f='g\"h'}"#,
        );
        check(
            r#"a = "%{ if b == "}" }c%{ endif }"
d = "e""#,
            r#"{a='%{ if b == "}" }c%{ endif }' d='e'}"#,
        );
        let body = parse(r#"a = "b${c}""#);
        assert!(body.text("a").unwrap().is_template());
    }

    #[test]
    fn goes_on_behind_what_is_broken() {
        check("a = \"b\nc = \"d\"", "{a='b' c='d'}");
        check("}\na = \"b\"\n)\nc = \"d\"\n{\ne = \"f\"", "{a='b' c='d'}");
        check("a {\n  b = \"c\"", "{a(){b='c'}}");
        check("a = <<\nb = \"c\"", "{a=? b='c'}");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}x = \"y\"{}\nend = \"z\"", "a {\n".repeat(50_000), "}".repeat(50_000));
        assert_eq!(parse(&deep).text("end").unwrap().text, "z");
        parse(&"a = {".repeat(50_000));
        parse(&"\"${".repeat(50_000));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([a-c =:,.]|[{}()\\[\\]\"\\\\$%#\n]|<<-?A\n|\\$\\{|/\\*|\\*/|//|ä){0,60}") {
            show(&parse(&text), &text);
        }
    }
}
