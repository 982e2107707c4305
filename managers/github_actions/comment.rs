//! The comment behind a pinned action, which says what the commit is: `# v4.2.2`.

use updraft_core::span::ByteSpan;

use super::action_ref::is_version;

/// What a comment says a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note<'a> {
    /// A version, or the name of a branch.
    pub(super) value: &'a str,
    /// The bytes a new version takes the place of, counted from the start of the comment's text.
    ///
    /// They hold the value, and before it the words older tools needed (`renovate: tag=`), which go with the first update.
    pub(super) span: ByteSpan,
}

/// Returns what the text of a comment, without its `#`, says a commit is.
///
/// That is a version at its start, whatever follows, or a single word. Before it may stand `renovate:`, `pin`, `tag=`,
/// `ratchet:owner/repo@`, `owner/repo@` or `@`.
pub(super) fn note(comment: &str) -> Option<Note<'_>> {
    let mut rest = comment.trim_start();
    let start = comment.len() - rest.len();
    if let Some(after) = rest.strip_prefix("renovate:") {
        rest = after.trim_start();
    }
    if let Some(after) = rest.strip_prefix("pin ") {
        rest = after.trim_start();
    } else if let Some(after) =
        rest.strip_prefix("tag").and_then(|after| after.trim_start().strip_prefix('='))
    {
        rest = after.trim_start();
    }
    let mut keeps_prefix = false;
    if let Some(after) = after_repository(rest.strip_prefix("ratchet:").unwrap_or(rest)) {
        rest = after;
        keeps_prefix = true;
    }
    rest = rest.strip_prefix('@').unwrap_or(rest);

    let token_end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    let token = rest.get(..token_end)?.trim_end_matches(['.', '-', '/', '+']);
    if token.is_empty() || !(ends_with_version(token) || rest.trim_end() == token) {
        return None;
    }
    let value_start = comment.len() - rest.len();
    let span_start = if keeps_prefix { value_start } else { start };
    Some(Note { value: token, span: ByteSpan::new(span_start, value_start + token.len()) })
}

/// Returns what follows `owner/repo@` or `owner/repo/path@`.
fn after_repository(text: &str) -> Option<&str> {
    let end = text.find(|character| !is_word(character))?;
    let (name, rest) = text.split_at_checked(end)?;
    if name.contains('/') { rest.strip_prefix('@') } else { None }
}

/// Returns whether a word is a version, or a version behind a name (`cli-v1.2`, `cli/v1.2`).
fn ends_with_version(word: &str) -> bool {
    let behind_names = word.match_indices(['-', '/']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(behind_names).take(8).any(|at| word.get(at..).is_some_and(is_version))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | '/' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `replaced` is the text a new version takes the place of.
    #[track_caller]
    fn check(comment: &str, value: &str, replaced: &str) {
        let found = note(comment).map(|note| (note.value, note.span.of(comment).unwrap()));
        assert_eq!(found, Some((value, replaced)), "{comment}");
    }

    #[test]
    fn reads_the_version_at_the_start() {
        check(" v4.2.2", "v4.2.2", "v4.2.2");
        check("v4", "v4", "v4");
        check(" 4.1.1", "4.1.1", "4.1.1");
        check(" v5.0.0 # zizmor: ignore[unpinned-uses]", "v5.0.0", "v5.0.0");
        check(" v5, pinned", "v5", "v5");
        check(" v5. Do not touch", "v5", "v5");
        check(" cli-v1.2", "cli-v1.2", "cli-v1.2");
        check(" release/v1 is a branch", "release/v1", "release/v1");
        check(" v2.0.0-beta.1", "v2.0.0-beta.1", "v2.0.0-beta.1");
        check("\tv1 ", "v1", "v1");
        check(" @v1", "v1", "@v1");
    }

    #[test]
    fn drops_the_words_that_older_tools_needed() {
        check(" renovate: tag=v1.5.4", "v1.5.4", "renovate: tag=v1.5.4");
        check(" tag = v1", "v1", "tag = v1");
        check(" pin @v2", "v2", "pin @v2");
        check("renovate:pin v2", "v2", "renovate:pin v2");
    }

    #[test]
    fn keeps_the_words_another_tool_reads() {
        check(" ratchet:actions/checkout@v4", "v4", "v4");
        check(" actions/checkout@v4", "v4", "v4");
        check(" v4 ratchet:exclude", "v4", "v4");
    }

    #[test]
    fn reads_a_single_word_as_a_branch() {
        check(" main", "main", "main");
        check(" feat/some-thing ", "feat/some-thing", "feat/some-thing");
        check(" tag=main", "main", "tag=main");
    }

    #[test]
    fn reads_nothing_else() {
        for comment in
            ["", " ", " not a version v4", " ratchet:exclude", " zizmor: ignore[x]", " @", " ü", "#v1 b"]
        {
            assert_eq!(note(comment), None, "{comment}");
        }
    }
}
