use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::*;

fn source() -> Source {
    Source::parse("https://github.com/lakeside/fjord").unwrap()
}

fn tame(text: &str) -> String {
    harmless(text, &Home { source: Some(&source()), reference: Some("v2"), folder: "" })
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(tame(text).replace(BREAK, "·"), expected, "{text}");
}

#[test]
fn nobody_is_mentioned() {
    check("thanks @maintainer!", "thanks @·maintainer!");
    check("**@o/team** and (@me)", "**@·o/team** and (@·me)");
    check("mail a.b@example.org", "mail a.b@example.org");
    check("&commat;me &#64;me &#x40;me \\@me", "@·me @·me @·me \\@·me");
    check("<b>a</b>@me", "a@me");
    check("a*@me*", "a*@·me*");
    check("`@me` and\n\n    @me\n\n```\n@me\n```", "`@me` and\n\n    @me\n\n```\n@me\n```");
    check("@\u{200d}me at 10 @ 5", "@·\u{200d}me at 10 @ 5");
    check("https://example.org/@me", "https://example.org/%40me");
    check("https://---#12", "https://---#·12");
    check("[@me](https://example.org/@me)", "[@·me](https://example.org/@me)");
    check("http://a/` @me `", "http://a/ ` @me `");
    check("www.a.b/(` @me `)", "www.a.b/( ` @me `)");
}

#[test]
fn no_issue_is_closed_or_linked() {
    let issue = "https://redirect.github.com/lakeside/fjord/issues/12";
    check("Fixes #12.", &format!("Fixes [#·12]({issue})."));
    check("closes: o/r#3", "closes: [o/r#·3](https://redirect.github.com/o/r/issues/3)");
    check("resolves foo#3 and GH-12", "resolves foo#·3 and GH-·12");
    check(
        "fix https://github.com/o/r/issues/3, x",
        "fix [o/r#·3](https://redirect.github.com/o/r/issues/3), x",
    );
    check(
        "by @a in https://github.com/lakeside/fjord/pull/7",
        "by @·a in [#·7](https://redirect.github.com/lakeside/fjord/pull/7)",
    );
    check(
        "fixes [x](https://github.com/o/r/pull/3 \"@me\")",
        "fixes [x](https://redirect.github.com/o/r/pull/3)",
    );
    check("[#12](https://github.com/o/r/pull/3)", "[#·12](https://redirect.github.com/o/r/pull/3)");
    check("<https://github.com/o/r/pull/3>", "[o/r#·3](https://redirect.github.com/o/r/pull/3)");
    check("fixes \\#12 &#35;12 &num;12", &format!("fixes \\#·12 [#·12]({issue}) [#·12]({issue})"));
    check("https:/&#47;github.com/o/r/issues/3", "[o/r#·3](https://redirect.github.com/o/r/issues/3)");
    check("https\\://github.com/o/r/issues/3", "https\\://github.com·/o/r/issues/3");
    check("1https://github.com/o/r/issues/3", "1[o/r#·3](https://redirect.github.com/o/r/issues/3)");
    check(
        "[fix]\n\n[fix]: https://github.com/o/r/issues/3",
        "[fix](https://redirect.github.com/o/r/issues/3)",
    );
    check("colour #123abc, &#60;", "colour #·123abc, &#60;");
    check(
        "**Full Changelog**: https://github.com/lakeside/fjord/compare/v1...v2",
        "**Full Changelog**: [`v1...v2`](https://redirect.github.com/lakeside/fjord/compare/v1...v2)",
    );
}

#[test]
fn html_becomes_words_and_markdown() {
    check("a <!-- rebase-check --> b", "a  b");
    check("<!--renovate-debug:e30=-->\nb", "b");
    check("a\n\n<!-- never\n\nends @me", "a\n\n&lt;!-- never\n\nends @·me");
    check("<details>\n<summary>More</summary>\n\n- a\n\n</details>", "More\n\n- a");
    check("</details>\n\n---\n\nx", "---\n\nx");
    check("set <version> or <T, U>", "set &lt;version> or &lt;T, U>");
    check("<<!-- -->script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>");
    check(
        "<a href=\"https://github.com/o/r/issues/3\">it</a>",
        "[it](https://redirect.github.com/o/r/issues/3)",
    );
    check("<img src='https://a.b/c.png' alt='x'>", "![x](https://a.b/c.png)");
    check("<ul>\n    <li>one</li>\n    <li>two</li>\n</ul>", "- one\n- two");
    check("`<!-- rebase-check -->`", "`<·!-- rebase-check -->`");
    check("a --> b", "a --&gt; b");
    check("> <!-- a\n> b -->\n> c", "> \n> \n> c");
}

#[test]
fn there_is_nothing_to_tick() {
    check("- [ ] a\n- [x] b", "- ☐ a\n- ☑ b");
    check("> 1. - [X] <!-- rebase-branch=x -->all", "> 1. - ☑ all");
    check("* [\u{a0}] a", "* ☐ a");
    check("- <b>[x]</b> a", "- ☑ a");
    check("- [x](https://a.b) and a[x]", "- [x](https://a.b) and a[x]");
}

#[test]
fn images_come_from_https() {
    check("![a](https://a.b/c.png)", "![a](https://a.b/c.png)");
    check("![a](http://a.b/c.png)", "[a](http://a.b/c.png)");
    check("![a](c.png)", "![a](https://github.com/lakeside/fjord/raw/v2/c.png)");
    check("[![a](http://a.b/c.svg)](https://a.b)", "[a](https://a.b)");
    check("![a](data:image/png;base64,AAAA)", "a");
    check("[a](javascript:alert(1))", "a");
}

#[test]
fn what_is_open_is_closed() {
    check("```\ncode", "```\ncode\n```");
    check("````md\n```\nx\n```", "````md\n```\nx\n```\n````");
    check("~~~\n@me", "~~~\n@me\n~~~");
    check("- a\n  ```\n  b", "- a\n  ```\n  b");
    check("a\n```sh\nb\n```", "a\n```sh\nb\n```");
}

#[test]
fn what_cannot_be_seen_is_gone() {
    check("a\u{202e}b\u{200b}c\u{feff}d\u{e0041}\r\ne\rf\u{0}", "abcd\ne\nf");
    check("&#8203;@me&ZeroWidthSpace;&shy;", "@·me");
}

#[test]
fn references_do_not_reach_the_text_around() {
    check(
        "[a][b], [b], [c]\n\n[b]: https://a.b\n[b]: https://c.d",
        "[a](https://a.b), [b](https://a.b), [c]",
    );
    check("a[^1]\n\n[^1]: note", "a[&#94;1]\n\n&#91;^1]·: note");
}

#[test]
fn ordinary_notes_stay_as_they_are() {
    let notes = "## What's Changed\n\n- **a** _b_ ~~c~~ `d` in [e](https://example.org)\n  1. f\n\n| a | b |\n|---|---|\n| `x` | y |\n\n> [!NOTE]\n> h\n\n```yaml\na: 1 # @me <b>\n```";
    check(notes, notes);
}

#[test]
fn a_long_text_is_cut() {
    let long = "- a line about nothing much\n".repeat(10_000);
    let short = tame(&long);
    assert!(short.len() < LONGEST && short.ends_with("much"), "{}", short.len());
    assert_eq!(tame(&"a".repeat(100_000)).len(), LONGEST);
}

/// Asserts that a text does nothing, as a parser sees it.
fn assert_inert(tame: &str) -> Result<(), TestCaseError> {
    let whole = format!("{tame}\n\n</details>\n\nEND\n");
    prop_assert!(!tame.contains("<!--"), "a comment");
    let events = Parser::new_ext(&whole, options()).into_offset_iter();
    prop_assert_eq!(events.reference_definitions().iter().count(), 0);
    let (mut code, mut ends, mut depth) = (0, 0, 0_i32);
    let mut words = String::new();
    for (event, range) in events {
        match event {
            Event::Start(tag) => {
                depth += 1;
                match tag {
                    Tag::Paragraph | Tag::Item | Tag::Heading { .. } | Tag::TableCell => words.push('\n'),
                    Tag::CodeBlock(_) => code += 1,
                    // GitHub looks at each piece of text by itself.
                    Tag::Emphasis | Tag::Strong | Tag::Strikethrough => words.push('|'),
                    Tag::Link { dest_url, .. } => {
                        let target = dest_url.to_lowercase();
                        let host = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
                        prop_assert!(host.is_some_and(|host| !host.starts_with("github.com/")), "{target}");
                    }
                    Tag::Image { dest_url, .. } => {
                        prop_assert!(dest_url.starts_with("https://"), "{dest_url}");
                    }
                    _ => {}
                }
            }
            Event::End(end) => {
                depth -= 1;
                match end {
                    TagEnd::CodeBlock => code -= 1,
                    TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => words.push('|'),
                    _ => {}
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => prop_assert_eq!(whole.get(range), Some("</details>\n")),
            Event::TaskListMarker(_) => prop_assert!(false, "a box to tick"),
            Event::Text(text) if code == 0 => {
                for character in text.chars() {
                    prop_assert!(
                        !is_invisible(character) || matches!(character, BREAK | '\t'),
                        "{character:?}"
                    );
                    words.push(character);
                }
                ends += i32::from(&*text == "END" && depth == 1);
            }
            Event::Code(_) => words.push('`'),
            _ => words.push('\n'),
        }
    }
    prop_assert_eq!(ends, 1, "what follows is not a paragraph of its own");
    assert_words(&words)
}

/// Asserts that words neither mention nor refer.
fn assert_words(words: &str) -> Result<(), TestCaseError> {
    let mut previous = ' ';
    // What follows a `#` in an address is a place on that page.
    let address = regex::Regex::new(r"(https?://|www\.)[[:alnum:]][^\s`]*#").unwrap();
    let words = address.replace_all(words, "x");
    let mut characters = words.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        prop_assert!(
            character != '@' || previous.is_ascii_alphanumeric() || !next.is_ascii_alphanumeric(),
            "a mention"
        );
        prop_assert!(character != '#' || !next.is_ascii_digit(), "an issue");
        previous = character;
    }
    let lower = words.to_lowercase();
    prop_assert!(
        !lower.contains("https://github.com/") && !lower.contains("http://github.com/"),
        "a link: {lower}"
    );
    Ok(())
}

/// Pieces of hostile notes, to be put together in any order.
const PIECES: &[&str] = &[
    "@me",
    "@o/team ",
    "&commat;",
    "&#64;",
    "me",
    " ",
    "\n",
    "\n\n",
    "    ",
    "  ",
    "\t",
    "> ",
    "- ",
    "* ",
    "1. ",
    "[ ] ",
    "[x] ",
    "[x]",
    "[X]\n",
    "`",
    "``",
    "```",
    "```\n",
    "~~~",
    "~~~\n",
    "````",
    "<",
    ">",
    "<!--",
    "-->",
    "<!-- rebase-check -->",
    "</details>",
    "<details>",
    "<summary>",
    "<b>",
    "</b>",
    "<a href='https://github.com/o/r/issues/3'>",
    "</a>",
    "<img src=x>",
    "<img src=\"http://t/\">",
    "<script>",
    "<?",
    "?>",
    "<![CDATA[",
    "]]>",
    "<!x",
    "fixes ",
    "#12",
    "#",
    "12",
    "o/r#3",
    "GH-3",
    "https://github.com/o/r/issues/3",
    "https://",
    "http://",
    "www.",
    "github.com",
    "/o/r/pull/3",
    ":",
    "/",
    "&#47;",
    "&#58;",
    "&lt;",
    "&",
    "amp;",
    ";",
    "[",
    "]",
    "(",
    ")",
    "](",
    "![",
    "[a]: https://github.com/o/r/issues/3\n",
    "[a]",
    "[a][a]",
    "[^1]",
    "[^1]: ",
    "\"",
    "'",
    "\\",
    "|",
    "|---|",
    "---",
    "===",
    "# ",
    "*",
    "_",
    "**",
    "~~",
    "$",
    "\u{200b}",
    "\u{202e}",
    "\r",
    "\u{e9}",
    "a",
    "=",
    "!",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_inert(picks in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = picks.iter().map(|pick| PIECES[*pick]).collect();
        let tame = tame(&text);
        assert_inert(&tame).map_err(|error| TestCaseError::fail(format!("{error}\n--- from\n{text:?}\n--- to\n{tame:?}")))?;
        let again = super::tests::tame(&tame);
        assert_inert(&again).map_err(|error| TestCaseError::fail(format!("again: {error}\n--- from\n{tame:?}\n--- to\n{again:?}")))?;
    }

    #[test]
    fn no_text_breaks_it(text in any::<String>()) {
        assert_inert(&tame(&text))?;
    }
}
