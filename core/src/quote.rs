//! Keeps versions from becoming numbers: `tag: 3.9` means `3.9`, but `tag: 3.10` means `3.1` to every reader of YAML.

use std::collections::BTreeSet;

use crate::edit::Edit;
use crate::source::SourceFile;
use crate::span::ByteSpan;
use crate::yaml::Style;

/// Returns `edits` with what they write in quotes where it stands in YAML without any, and would be read as a number that is spelled
/// differently; `None` when that is nowhere so.
///
/// `edits` are all of `file`. A file that is not YAML by its name, or cannot be read as such at that place, is left alone.
pub fn with_quoted_numbers(file: &SourceFile, edits: &[Edit]) -> Option<Vec<Edit>> {
    if !file.is_yaml_by_name() || !edits.iter().any(|edit| changes_as_number(&edit.new)) {
        return None;
    }
    let plain: BTreeSet<ByteSpan> = file
        .yaml()
        .documents()
        .iter()
        .flat_map(|document| document.root().walk())
        .filter(|step| step.node.style() == Some(Style::Plain))
        .map(|step| step.node.span())
        .collect();
    let mut quoted = edits.to_vec();
    for edit in quoted.iter_mut().filter(|edit| changes_as_number(&edit.new) && plain.contains(&edit.span)) {
        edit.new = format!("\"{}\"", edit.new);
    }
    (quoted != edits).then_some(quoted)
}

/// Returns whether `text` is a number to YAML, and another text once it was one: `3.10`, `1.0`, `007`, `1e3`.
fn changes_as_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.parse::<f64>().is_ok_and(|number| number.to_string() != text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;
    use crate::name::RepoPath;

    /// `before` holds the old value once.
    #[track_caller]
    fn check(name: &str, before: &str, old: &str, new: &str, expected: &str) {
        let file = SourceFile::new(RepoPath::new(name).unwrap(), before);
        let at = before.find(old).unwrap();
        let span = ByteSpan::new(at, at + old.len());
        let edits = vec![Edit { file: file.path.clone(), span, old: old.to_owned(), new: new.to_owned() }];
        let edits = with_quoted_numbers(&file, &edits).unwrap_or(edits);
        assert_eq!(apply(before, &edits).unwrap(), expected);
    }

    #[test]
    fn a_version_stays_a_version() {
        check("a.yaml", "tag: 3.9 # c\n", "3.9", "3.10", "tag: \"3.10\" # c\n");
        check("a.yaml", "tags: [3.9, b]\n", "3.9", "4.0", "tags: [\"4.0\", b]\n");
    }

    #[test]
    fn what_survives_as_a_number_stays_as_it_is_written() {
        check("a.yaml", "tag: 3.9\n", "3.9", "3.11", "tag: 3.11\n");
        check("a.yaml", "tag: 3.9\n", "3.9", "3.10.1", "tag: 3.10.1\n");
        check("a.yaml", "tag: 9\n", "9", "10", "tag: 10\n");
    }

    #[test]
    fn only_whole_plain_scalars_of_yaml_get_quotes() {
        check("a.yaml", "tag: '3.9'\n", "3.9", "3.10", "tag: '3.10'\n");
        check("a.yaml", "image: a:3.9\n", "3.9", "3.10", "image: a:3.10\n");
        check("a.yaml", "run: |\n  tag: 3.9\n", "3.9", "3.10", "run: |\n  tag: 3.10\n");
        check("a.yaml", "a: b # 3.9\n", "3.9", "3.10", "a: b # 3.10\n");
        check("Dockerfile", "ARG V=3.9\n", "3.9", "3.10", "ARG V=3.10\n");
    }
}
