//! `spec.resourcesTemplate` of a `ResourceSet`: objects inside of a text.

use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Document, Node, Style};

/// What starts a document.
const MARKER: &str = "---";

/// Returns `file` with nothing in it but the templates of its `ResourceSet`s, each at its place; `None` where there is none.
pub(super) fn only(file: &SourceFile) -> Option<SourceFile> {
    if !file.text.contains("resourcesTemplate:") {
        return None;
    }
    let roots = file.yaml().documents().iter().map(Document::root);
    let templates: Vec<ByteSpan> = roots
        .filter(|root| root.get("kind").and_then(Node::as_str) == Some("ResourceSet"))
        .filter_map(|root| root.at(&["spec", "resourcesTemplate"]))
        .filter(|node| node.style() == Some(Style::Literal) && !node.alias())
        .map(Node::span)
        .collect();
    let mut text = String::with_capacity(file.text.len());
    for template in &templates {
        // The line above the template holds its key, which leaves room for the marker.
        let start = file.lines().line_span(&file.text, file.line(template.start))?.start;
        let above = file.lines().line_span(&file.text, file.line(template.start).checked_sub(1)?)?;
        let hidden = file.text.get(text.len()..above.start)?;
        blank(&mut text, hidden);
        text.push_str(MARKER);
        let hidden = file.text.get(text.len()..start)?;
        blank(&mut text, hidden);
        for line in file.text.get(start..template.end)?.split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches(' ').len();
            // A marker counts at the start of a line only.
            match line.trim_start_matches(' ').strip_prefix(MARKER) {
                Some(rest) if rest.trim_start().is_empty() => {
                    text.push_str(MARKER);
                    text.extend(std::iter::repeat_n(' ', indent));
                    text.push_str(rest);
                }
                _ => text.push_str(line),
            }
        }
    }
    (!templates.is_empty()).then(|| SourceFile::new(file.path.clone(), text))
}

/// Adds as many blanks as `hidden` has bytes, and its line breaks.
fn blank(text: &mut String, hidden: &str) {
    text.extend(hidden.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

#[cfg(test)]
mod tests {
    use updraft_core::name::RepoPath;

    use super::*;

    #[test]
    fn a_template_keeps_its_place() {
        let text = "# ä\nkind: ResourceSet\nspec:\n  resourcesTemplate: |\n    ---\n    a: ä\n    --- \n    b: 1\n  other: x\n---\nkind: \
                    ResourceSet\nspec:\n  resourcesTemplate: |-\n   c: 2\n---\nkind: ResourceSet\nspec: {resourcesTemplate: 'd: 3'}\n";
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text);
        let found = only(&file).unwrap();
        let documents = found.yaml().documents().iter().map(Document::root);
        let values: Vec<_> = documents.flat_map(Node::entries).map(|(_, value)| value.span()).collect();
        assert_eq!(values.iter().map(|span| span.of(text).unwrap()).collect::<Vec<_>>(), ["ä", "1", "2"]);
        assert!(found.yaml().errors().is_empty());
    }

    #[test]
    fn other_kinds_have_none() {
        let file = SourceFile::new(
            RepoPath::new("a.yaml").unwrap(),
            "kind: X\nspec:\n  resourcesTemplate: |\n    a: 1\n",
        );
        assert!(only(&file).is_none());
    }
}
