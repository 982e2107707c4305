//! What in a Markdown text is code, a link, HTML or an entity, and where.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Returns the extensions that GitHub has and that matter to what is code and what is a link.
///
/// Footnotes are left out on purpose: they are made into words.
pub(in crate::changelog) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// A link or an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// All of it.
    pub(super) whole: Range<usize>,
    /// What stands between the brackets.
    pub(super) inner: Range<usize>,
    /// Where it leads, entities and escapes decoded.
    pub(super) target: String,
    /// What it is.
    pub(super) kind: LinkKind,
    /// How many links and images it stands in.
    pub(super) depth: usize,
}

/// What a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// Words that lead somewhere.
    Words,
    /// An image.
    Image,
    /// An address between `<` and `>`.
    Address,
    /// An e-mail address between `<` and `>`.
    Email,
}

/// A piece of HTML: its lines, without what the quote or list around it puts before each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Html {
    /// The lines, or parts of one.
    pub(super) lines: Vec<Range<usize>>,
    /// Where it stands.
    pub(super) place: Place,
}

/// Where HTML stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On lines of its own.
    Block,
    /// Among words.
    Words,
}

/// What a text is made of, each list in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Anatomy {
    /// Blocks and spans of code, fences and backticks included.
    pub(super) code: Vec<Range<usize>>,
    /// Links and images; one that stands in another comes before it.
    pub(super) links: Vec<Link>,
    /// Pieces of HTML.
    pub(super) html: Vec<Html>,
    /// Entities such as `&num;`, and what they stand for.
    pub(super) entities: Vec<(Range<usize>, String)>,
    /// Definitions of references: `[name]: address`.
    pub(super) definitions: Vec<Range<usize>>,
}

/// A link whose end is still to come.
struct Open {
    start: usize,
    inner_end: usize,
    target: String,
    kind: LinkKind,
}

impl Open {
    fn of(tag: &Tag<'_>, at: usize) -> Option<Self> {
        let (target, kind) = match tag {
            Tag::Link { link_type: LinkType::Autolink, dest_url, .. } => (dest_url, LinkKind::Address),
            Tag::Link { link_type: LinkType::Email, dest_url, .. } => (dest_url, LinkKind::Email),
            Tag::Link { dest_url, .. } => (dest_url, LinkKind::Words),
            Tag::Image { dest_url, .. } => (dest_url, LinkKind::Image),
            _ => return None,
        };
        let opening = if kind == LinkKind::Image { 2 } else { 1 };
        Some(Self { start: at, inner_end: at + opening, target: target.to_string(), kind })
    }

    fn close(self, whole: Range<usize>, depth: usize) -> Link {
        let opening = if self.kind == LinkKind::Image { 2 } else { 1 };
        let inner = self.start + opening..self.inner_end.min(whole.end);
        Link { whole, inner, target: self.target, kind: self.kind, depth }
    }
}

/// Takes a text apart.
pub(super) fn dissect(text: &str) -> Anatomy {
    let mut anatomy = Anatomy::default();
    let events = Parser::new_ext(text, options()).into_offset_iter();
    anatomy.definitions =
        events.reference_definitions().iter().map(|(_, found)| found.span.clone()).collect();
    anatomy.definitions.sort_by_key(|range| range.start);
    let mut open: Vec<Open> = Vec::new();
    let mut in_code = false;
    for (event, range) in events {
        if let Some(link) = open.last_mut() {
            link.inner_end = link.inner_end.max(match &event {
                Event::End(TagEnd::Link | TagEnd::Image) => 0,
                _ => range.end,
            });
        }
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                in_code = true;
                anatomy.code.push(range);
            }
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Code(_) => anatomy.code.push(range),
            Event::Start(Tag::HtmlBlock) => {
                anatomy.html.push(Html { lines: Vec::new(), place: Place::Block });
            }
            Event::Html(_) => match anatomy.html.last_mut() {
                Some(block) if block.place == Place::Block => block.lines.push(range),
                _ => anatomy.html.push(Html { lines: vec![range], place: Place::Block }),
            },
            Event::InlineHtml(_) => anatomy.html.push(Html { lines: vec![range], place: Place::Words }),
            Event::Text(decoded) if !in_code => {
                let source = text.get(range.clone()).unwrap_or_default();
                if source.starts_with('&') && *source != *decoded {
                    anatomy.entities.push((range, decoded.to_string()));
                }
            }
            Event::Start(tag) => {
                if let Some(link) = Open::of(&tag, range.start) {
                    if let Some(outer) = open.last_mut() {
                        // What it holds is measured by its own parts.
                        outer.inner_end = outer.inner_end.max(range.end);
                    }
                    open.push(link);
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some(link) = open.pop() {
                    let depth = open.len();
                    anatomy.links.push(link.close(range, depth));
                }
            }
            _ => {}
        }
    }
    anatomy
}

/// Returns the line that closes the last block of code, when it is open at the end of the text.
pub(in crate::changelog) fn open_fence(text: &str) -> Option<String> {
    let mut depth = 0_usize;
    let mut last = None;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    let is_fenced = matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_)));
                    last = is_fenced.then_some(range);
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let block = text.get(last?)?;
    let mark = block.trim_start().chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = block.trim_start().chars().take_while(|character| *character == mark).count();
    let is_closed = block.trim_end().lines().skip(1).last().is_some_and(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let line = line.trim();
        indent < 4 && line.chars().count() >= length && line.chars().all(|character| character == mark)
    });
    (!is_closed).then(|| String::from(mark).repeat(length))
}
