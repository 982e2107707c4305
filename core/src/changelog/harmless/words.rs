//! The words of a text, gone through letter by letter: what mentions, refers, ticks or opens a tag is broken.

use std::ops::Range;

use super::anatomy::{Anatomy, dissect};
use super::{BREAK, Home, address};

/// What a stretch of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Words that may become links.
    Words,
    /// The words of a link or of an image.
    Linked,
    /// A link's address, or an entity: in order already.
    Settled,
    /// Code.
    Code,
}

/// Returns `text` with its words made harmless. Its structure is simple already: no HTML, no references, links in order.
pub(super) fn tame(text: &str, home: &Home<'_>) -> String {
    let mut tamer = Tamer {
        home,
        tame: String::with_capacity(text.len() + text.len() / 8),
        previous: '\n',
        place: Start::OfLine,
        run: Run::Plain,
    };
    for (kind, range) in stretches(text) {
        let stretch = text.get(range).unwrap_or_default();
        match kind {
            Kind::Code => tamer.code(stretch),
            Kind::Settled => tamer.keep(stretch),
            Kind::Words | Kind::Linked => tamer.words(stretch, kind),
        }
    }
    tamer.tame
}

/// Divides the text: which bytes are code, which are addresses, which are the words of a link.
fn stretches(text: &str) -> Vec<(Kind, Range<usize>)> {
    let Anatomy { code, links, entities, .. } = dissect(text);
    let mut marks: Vec<(Range<usize>, Kind)> = code.into_iter().map(|range| (range, Kind::Code)).collect();
    marks.extend(entities.into_iter().map(|(range, _)| (range, Kind::Settled)));
    for link in &links {
        marks.push((link.inner.end..link.whole.end, Kind::Settled));
    }
    marks.sort_by_key(|(range, _)| range.start);
    let mut outer: Vec<Range<usize>> =
        links.iter().filter(|link| link.depth == 0).map(|link| link.whole.clone()).collect();
    outer.sort_by_key(|range| range.start);
    let mut outer = outer.into_iter().peekable();
    let mut stretches = Vec::new();
    // Divides a stretch between marks into words inside and outside of links.
    let mut between = |range: Range<usize>, stretches: &mut Vec<(Kind, Range<usize>)>| {
        let mut at = range.start;
        while at < range.end {
            while outer.peek().is_some_and(|link| link.end <= at) {
                outer.next();
            }
            let (kind, end) = match outer.peek() {
                Some(link) if link.start <= at => (Kind::Linked, link.end.min(range.end)),
                Some(link) => (Kind::Words, link.start.min(range.end)),
                None => (Kind::Words, range.end),
            };
            stretches.push((kind, at..end));
            at = end;
        }
    };
    let mut at = 0;
    for (range, kind) in marks {
        if range.end <= at {
            continue;
        }
        between(at..range.start, &mut stretches);
        stretches.push((kind, range.start.max(at)..range.end));
        at = range.end;
    }
    between(at..text.len(), &mut stretches);
    stretches
}

/// Whether nothing but the marks of lists and quotes stands before, on the same line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    OfLine,
    Passed,
}

/// What the characters since the last space are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// Words.
    Plain,
    /// An address, and whatever clings to it.
    Address,
}

struct Tamer<'a> {
    home: &'a Home<'a>,
    tame: String,
    /// The character before, as it was.
    previous: char,
    place: Start,
    run: Run,
}

impl Tamer<'_> {
    fn keep(&mut self, text: &str) {
        for character in text.chars() {
            self.character(character);
        }
    }

    fn character(&mut self, character: char) {
        self.write(character);
        self.pass(character);
    }

    fn write(&mut self, character: char) {
        self.tame.push(character);
        if character.is_whitespace() {
            self.run = Run::Plain;
        } else if self.tame.ends_with("://") || (character == '.' && is_suffix(&self.tame, "www.")) {
            self.run = Run::Address;
        }
    }

    /// Notes that a character was dealt with.
    fn pass(&mut self, character: char) {
        self.previous = character;
        self.place = match character {
            '\n' => Start::OfLine,
            ' ' | '\t' | '>' | '-' | '*' | '+' | '.' | ')' | '0'..='9' => self.place,
            _ => Start::Passed,
        };
    }

    /// Writes something else for some characters.
    fn instead(&mut self, read: &str, written: &str) {
        for character in written.chars() {
            self.write(character);
        }
        for character in read.chars() {
            self.pass(character);
        }
    }

    /// Code is shown as it is, but for what a bot may take for its own marker wherever it stands.
    fn code(&mut self, text: &str) {
        // To GitHub a bare address reaches up to the next space: it would swallow the backtick, and so open the code.
        if self.run == Run::Address {
            self.write(' ');
        }
        let safe = text.replace("<!--", &format!("<{BREAK}!--"));
        self.keep(&safe);
    }

    fn words(&mut self, text: &str, kind: Kind) {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let taken = match character {
                '<' => {
                    self.instead("<", "&lt;");
                    1
                }
                '>' if self.tame.ends_with("--") => {
                    self.instead(">", "&gt;");
                    1
                }
                '@' => {
                    self.character('@');
                    self.break_before(rest.get(1..), self.is_mail());
                    1
                }
                '#' => self.number(rest, kind),
                '[' => self.bracket(rest),
                ']' if rest.starts_with("]:") => {
                    self.instead("]:", "]\u{200b}:");
                    2
                }
                'g' | 'G' if !self.previous.is_ascii_alphanumeric() => self.github(rest),
                'h' | 'H' | 'w' | 'W' if !self.previous.is_ascii_alphabetic() => self.address(rest, kind),
                _ => 0,
            };
            let taken = if taken == 0 {
                self.character(character);
                character.len_utf8()
            } else {
                taken
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// An `@` after a letter is part of an e-mail address.
    fn is_mail(&self) -> Keep {
        let before = self.tame.chars().rev().nth(1);
        if before.is_some_and(|before| before.is_ascii_alphanumeric()) { Keep::Yes } else { Keep::No }
    }

    fn break_before(&mut self, rest: Option<&str>, keep: Keep) {
        let next = rest.and_then(|rest| rest.chars().next());
        if keep == Keep::No && next.is_none_or(|next| !next.is_whitespace() && next != BREAK) {
            self.tame.push(BREAK);
        }
    }

    /// Deals with a `#`: the number of an issue becomes a link around the back-reference.
    fn number(&mut self, rest: &str, kind: Kind) -> usize {
        let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let number = rest.get(1..=digits).unwrap_or_default();
        let after = rest.get(1 + digits..).and_then(|rest| rest.chars().next());
        let is_whole = after.is_none_or(|after| !after.is_ascii_alphanumeric() && after != '_');
        if kind == Kind::Words && is_whole && address::is_number(number) && self.previous != '\\' {
            if let Some((slug, link)) = self.named(number) {
                self.tame.truncate(self.tame.len() - slug.len());
                let slug = slug.replace('_', "\\_");
                self.instead(&format!("#{number}"), &format!("[{slug}#{BREAK}{number}]({link})"));
                return 1 + digits;
            }
            let stands_alone =
                !self.previous.is_alphanumeric() && !matches!(self.previous, '_' | '/' | '&' | '-' | '.');
            if let (true, Some(source)) = (stands_alone, self.home.source)
                && let Some(link) = address::of_link(&source.issue(number), self.home)
            {
                self.instead(&format!("#{number}"), &format!("[#{BREAK}{number}]({link})"));
                return 1 + digits;
            }
        }
        self.character('#');
        if digits > 0 {
            self.tame.push(BREAK);
        }
        1
    }

    /// Deals with `GH-12`, another way to write the number of an issue, and with an address without its scheme.
    fn github(&mut self, rest: &str) -> usize {
        let length = match rest.get(3..).and_then(|rest| rest.bytes().next()) {
            Some(b'0'..=b'9') if is_prefix(rest, "gh-") => 3,
            _ if is_prefix(rest, "github.com") => {
                let ends = rest.get(10..).is_some_and(|rest| rest.starts_with(['/', '\\', ':']));
                if ends && !matches!(self.previous, '@' | '.' | '-') { 10 } else { return 0 }
            }
            _ => return 0,
        };
        self.keep(rest.get(..length).unwrap_or_default());
        self.tame.push(BREAK);
        length
    }

    /// Returns the `owner/name` that was just written, and where its issue is.
    fn named(&self, number: &str) -> Option<(String, String)> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        let length = self.tame.bytes().rev().take(201).take_while(is_part).count();
        let start = self.tame.len() - length;
        let slug = self.tame.get(start..)?;
        let (owner, name) = slug.split_once('/')?;
        let before = self.tame.get(..start)?.chars().next_back();
        let stands_alone =
            before.is_none_or(|before| before.is_whitespace() || matches!(before, '(' | '[' | ',' | ';'));
        if length > 200 || !stands_alone || !address::is_name(owner) || !address::is_name(name) {
            return None;
        }
        let issue = format!("https://github.com/{slug}/issues/{number}");
        Some((slug.to_owned(), address::of_link(&issue, self.home)?))
    }

    /// Deals with a `[`: a box to tick becomes a picture of one, a footnote becomes words.
    fn bracket(&mut self, rest: &str) -> usize {
        if rest.starts_with("[^") {
            self.instead("[^", "[&#94;");
            return 2;
        }
        let mut inside = rest.chars().skip(1);
        let (Some(mark), Some(']')) = (inside.next(), inside.next()) else { return 0 };
        if self.place == Start::Passed || inside.next() == Some('(') {
            return 0;
        }
        let taken = 2 + mark.len_utf8();
        match mark {
            'x' | 'X' => self.instead("[x]", "☑"),
            _ if mark.is_whitespace() => self.instead("[x]", "☐"),
            _ => return 0,
        }
        taken
    }

    /// Deals with an address that GitHub makes a link although nothing says that it is one.
    fn address(&mut self, rest: &str, kind: Kind) -> usize {
        let Some(length) = address_length(rest) else { return 0 };
        let found = rest.get(..length).unwrap_or_default();
        let is_github = address::on_github(found).is_some_and(|path| !path.is_empty());
        if !is_github {
            self.instead(found, &bare(found));
        } else if let (Some(words), Some(link)) =
            (address::short(found, self.home), address::of_link(&with_scheme(found), self.home))
        {
            let words = if kind == Kind::Words { format!("[{words}]({link})") } else { words };
            self.instead(found, &words);
            return length;
        } else {
            let link = address::of_link(&with_scheme(found), self.home).unwrap_or_default();
            self.instead(found, &bare(&link));
        }
        length
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

/// Returns an address that stands by itself without what is more than an address: a mention, another address in it.
fn bare(found: &str) -> String {
    let (scheme, rest) = found.split_once("://").map_or(("", found), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{}", rest.replace('@', "%40").replace("://", "%3A//"))
}

fn with_scheme(found: &str) -> String {
    if found.contains("://") { found.to_owned() } else { format!("https://{found}") }
}

fn is_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_suffix(text: &str, suffix: &str) -> bool {
    let start = text.len().checked_sub(suffix.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// Returns the length of the address that `text` begins with, if it begins with one.
fn address_length(text: &str) -> Option<usize> {
    let host_at = ["https://", "http://", "www."].into_iter().find(|start| is_prefix(text, start))?.len();
    let rest = text.get(host_at..)?;
    let host =
        rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')).count();
    // No host begins with a dash or a dot, so what follows one is words.
    if !rest.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let after = rest.get(host..)?;
    if after.starts_with(['@', '_', '%']) || after.starts_with(|next: char| !next.is_ascii()) {
        return None;
    }
    let ends = |character: char| {
        character.is_whitespace() || matches!(character, '<' | '>' | '`' | '[' | ']' | '|' | '*' | '"' | '\\')
    };
    let mut length = host_at + text.get(host_at..)?.find(ends).unwrap_or(rest.len());
    loop {
        let found = text.get(..length)?;
        let last = found.chars().next_back()?;
        let is_trailing = match last {
            '?' | '!' | '.' | ',' | ':' | ';' | '_' | '~' | '\'' | '}' => true,
            ')' => found.matches(')').count() > found.matches('(').count(),
            _ => false,
        };
        if !is_trailing {
            break;
        }
        length -= last.len_utf8();
    }
    (length > host_at).then_some(length)
}
