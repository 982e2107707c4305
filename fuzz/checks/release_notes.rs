//! Whatever a publisher writes, what goes into a pull request is inert: a Markdown parser finds nothing in it that acts.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use updraft_core::changelog::{ChangelogFile, Home, Source, clean, cut, harmless};

const BREAK: char = '\u{200b}';

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let source = Source::parse("https://github.com/lakeside/fjord").unwrap();
    let tame = harmless(&text, &Home { source: Some(&source), reference: Some("v2"), folder: "" });
    assert_inert(&tame);
    assert_inert(&harmless(&tame, &Home::default()));
    let cleaned = clean(&text, "1.2.3");
    let short = cut(&cleaned, 500);
    assert!(short.len() <= cleaned.len().max(500) + 200);
    let changelog = ChangelogFile::read(&text);
    if let Some(section) = changelog.section("1.2.3", "fjord") {
        assert!(text.contains(section));
    }
}

/// What GitHub's Markdown may make of a text.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH
}

fn assert_inert(tame: &str) {
    assert!(!tame.contains("<!--"), "a comment: {tame:?}");
    let whole = format!("{tame}\n\n</details>\n\nEND\n");
    let events = Parser::new_ext(&whole, options()).into_offset_iter();
    assert_eq!(events.reference_definitions().iter().count(), 0, "{tame:?}");
    let (mut code, mut depth, mut ends) = (0, 0, 0);
    let mut words = String::new();
    for (event, range) in events {
        match event {
            Event::Start(tag) => {
                depth += 1;
                match tag {
                    Tag::CodeBlock(_) => code += 1,
                    Tag::Link { dest_url, .. } => {
                        let target = dest_url.to_lowercase();
                        let host = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
                        assert!(
                            host.is_some_and(|host| !host.starts_with("github.com/")),
                            "{target} in {tame:?}"
                        );
                    }
                    Tag::Image { dest_url, .. } => assert!(dest_url.starts_with("https://"), "{tame:?}"),
                    _ => words.push('\n'),
                }
            }
            Event::End(end) => {
                depth -= 1;
                code -= i32::from(end == TagEnd::CodeBlock);
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                assert_eq!(whole.get(range), Some("</details>\n"), "{tame:?}");
            }
            Event::TaskListMarker(_) => panic!("a box to tick: {tame:?}"),
            Event::Text(text) if code == 0 => {
                words.push_str(&text);
                ends += i32::from(&*text == "END" && depth == 1);
            }
            _ => words.push('\n'),
        }
    }
    assert_eq!(ends, 1, "what comes after it is not what it was: {tame:?}");
    for (at, _) in words.match_indices('@') {
        let before = words[..at].chars().next_back();
        let after = words[at + 1..].chars().next();
        assert!(
            before.is_some_and(|letter| letter.is_ascii_alphanumeric())
                || !after.is_some_and(|letter| letter.is_ascii_alphanumeric()),
            "somebody is mentioned: {tame:?}"
        );
        assert!(after != Some(BREAK) || tame.contains(BREAK));
    }
}
