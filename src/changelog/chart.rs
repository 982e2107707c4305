//! The changes that a chart tells of itself: the annotation `artifacthub.io/changes`.
//! <https://artifacthub.io/docs/topics/annotations/helm/>

use std::fmt::Write as _;

use serde::Deserialize;
use updraft_core::yaml;

/// The longest annotation that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// The annotation: lines, or entries with a kind and links.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Change {
    Line(String),
    Entry {
        kind: Option<String>,
        description: Option<String>,
        #[serde(default)]
        links: Vec<Link>,
    },
}

#[derive(Debug, Deserialize)]
struct Link {
    name: Option<String>,
    url: Option<String>,
}

/// Returns the annotation as Markdown that is still to be made harmless; `None` when it tells nothing.
pub(super) fn changes(annotation: &str) -> Option<String> {
    if annotation.len() > LONGEST {
        return None;
    }
    let changes: Vec<Change> = serde_json::from_value(yaml::value(annotation).ok()?).ok()?;
    let lines: Vec<String> = changes.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(change: &Change) -> Option<String> {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (kind, description, links) = match change {
        Change::Line(text) => (None, one_line(text), [].as_slice()),
        Change::Entry { kind, description, links } => {
            (kind.as_deref().map(one_line), one_line(description.as_deref()?), links.as_slice())
        }
    };
    if description.is_empty() {
        return None;
    }
    let mut line = String::from("- ");
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        // A `String` takes no error.
        let _ = write!(line, "**{kind}**: ");
    }
    line.push_str(&description);
    let links: Vec<String> = links
        .iter()
        .filter_map(|link| {
            let url = link.url.as_deref()?;
            Some(format!("[{}](<{url}>)", one_line(link.name.as_deref().unwrap_or("link"))))
        })
        .collect();
    if !links.is_empty() {
        let _ = write!(line, " ({})", links.join(", "));
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(annotation: &str, expected: Option<&str>) {
        assert_eq!(changes(annotation).as_deref(), expected, "{annotation}");
    }

    #[test]
    fn reads_both_forms() {
        check("- one\n- 'two\n  lines'\n", Some("- one\n- two lines"));
        check(
            "- kind: added\n  description: A perch\n  links:\n    - name: GitHub Issue\n      url: https://example.org/1\n- description: B\n- kind: fixed\n",
            Some("- **added**: A perch ([GitHub Issue](<https://example.org/1>))\n- B"),
        );
        check("nothing", None);
        check("[]", None);
        check("- {", None);
        check("- &a one\n- *a\n", Some("- one\n- one"));
    }

    #[test]
    fn what_repeats_itself_without_end_tells_nothing() {
        let many = |text: &str, times: usize| vec![text; times].join(",");
        check(&format!("[&a {{unknown: [{}]}}, {}]", many("x", 10_000), many("*a", 10_000)), None);
        check(&format!("[&a {}, {}]", "x".repeat(30_000), many("*a", 10_000)), None);
    }
}
