//! A problem as a picture: the source line with carets under what is wrong.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use updraft_core::problem::{Problem, Severity};
use updraft_core::secret::masked;

use super::layout::wrap;
use super::printable::printable;

/// The longest source line that is shown whole, in bytes: a minified file must not flood the terminal.
const MAX_LINE_BYTES: usize = 240;

/// No annotation yet: turns a title into a group that elements can be added to.
const NOTHING: [Snippet<'static, annotate_snippets::Annotation<'static>>; 0] = [];

/// Returns `problem` as people read it; `text` is the file it points into, if that is at hand. What is said of it breaks between words
/// where a line would be longer than `width`, if there is one.
pub fn picture(problem: &Problem, text: Option<&str>, renderer: &Renderer, width: Option<usize>) -> String {
    let (level, name) = match problem.severity {
        Severity::Error => (Level::ERROR, "error"),
        Severity::Warning => (Level::WARNING, "warning"),
        Severity::Note => (Level::NOTE, "note"),
    };
    let message = broken(&problem.message, width, name.len() + 2);
    let mut group = level.primary_title(message).elements(NOTHING);
    let mut last_line = 0;
    let path = problem.file.as_ref().map(|file| printable(file.as_str()).into_owned());
    if let (Some(path), Some(span), Some(text)) = (&path, problem.span, text) {
        let (line_start, shown) = lines_around(text, span.start, span.end);
        let first_line = text.get(..line_start).map_or(1, |before| before.matches('\n').count() + 1);
        last_line = first_line + shown.matches('\n').count();
        let start = floor(shown, span.start.saturating_sub(line_start).min(shown.len()));
        let end = floor(shown, span.end.saturating_sub(line_start).clamp(start, shown.len())).max(start);
        group = group.element(
            Snippet::source(masked(text, line_start..line_start + shown.len()))
                .path(path.as_str())
                .line_start(first_line)
                .annotation(AnnotationKind::Primary.span(start..end)),
        );
    } else if let Some(path) = &path {
        group = group.element(annotate_snippets::Origin::path(path.as_str()));
    }
    if let Some(hint) = &problem.hint {
        let margin = if last_line == 0 { 0 } else { last_line.to_string().len() };
        let hint = broken(hint, width, margin + " = hint: ".len());
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    renderer.render(&[group])
}

/// Returns a text that begins in column `indent` in lines that fit into `width`. The renderer puts the further ones under the first.
fn broken(text: &str, width: Option<usize>, indent: usize) -> String {
    wrap(&printable(text), width.map(|width| width.saturating_sub(indent)), 0)
}

/// Returns where the lines that hold `start..end` begin, and those lines, cut to a bearable length on character borders.
fn lines_around(text: &str, start: usize, end: usize) -> (usize, &str) {
    let start = floor(text, start.min(text.len()));
    let end = floor(text, end.clamp(start, text.len()));
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line_end = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| end + at);
    let from = if start - line_start > MAX_LINE_BYTES {
        floor(text, start - MAX_LINE_BYTES / 2)
    } else {
        line_start
    };
    let to = floor(text, line_end.min(end.min(start + MAX_LINE_BYTES) + MAX_LINE_BYTES));
    (from, text.get(from..to.max(from)).unwrap_or("").trim_end_matches('\r'))
}

/// Returns the nearest character border at or before `at`.
fn floor(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use updraft_core::name::RepoPath;
    use updraft_core::span::ByteSpan;

    use super::*;

    #[test]
    fn points_at_the_bytes_with_a_hint_below() {
        let text = "{\n  packageRules: [\n    { matchPackageNames: \"grafana\" },\n";
        let at = text.find("\"grafana\"").unwrap();
        let problem = Problem::error("`matchPackageNames` wants a list of strings")
            .at(&RepoPath::new("renovate.json5").unwrap(), ByteSpan::new(at, at + 9))
            .hint("write `[\"grafana\"]`");
        let expected = "error: `matchPackageNames` wants a list of strings\n \
            --> renovate.json5:3:26\n  \
            |\n\
            3 |     { matchPackageNames: \"grafana\" },\n  \
            |                          ^^^^^^^^^\n  \
            |\n  \
            = hint: write `[\"grafana\"]`";
        assert_eq!(picture(&problem, Some(text), &Renderer::plain(), None), expected);
    }

    #[test]
    fn what_is_said_breaks_between_words() {
        let problem = Problem::error("the registry shows it to nobody without a credential")
            .at(&RepoPath::new("apps.yaml").unwrap(), ByteSpan::new(0, 5))
            .hint("give it a host rule, or a login in a Docker `config.json`");
        let expected = "error: the registry shows it to nobody\n       \
            without a credential\n \
            --> apps.yaml:1:1\n  \
            |\n\
            1 | image\n  \
            | ^^^^^\n  \
            |\n  \
            = hint: give it a host rule, or a\n          \
            login in a Docker\n          \
            `config.json`";
        assert_eq!(picture(&problem, Some("image"), &Renderer::plain(), Some(40)), expected);
    }

    #[test]
    fn shows_only_a_part_of_an_endless_line() {
        let text = format!("a: {}ä", "ä".repeat(5_000));
        let problem =
            Problem::error("too long").at(&RepoPath::new("a.yaml").unwrap(), ByteSpan::new(6_000, 6_001));
        assert!(picture(&problem, Some(&text), &Renderer::plain(), None).len() < 2_000);
    }

    #[test]
    fn foreign_text_cannot_leave_its_line() {
        let text = "a: \u{1b}[31mb\u{7}\n";
        let path = RepoPath::new("a\u{1b}]0;x\u{7}.yaml").unwrap();
        let problem = Problem::error("bad `\u{1b}[2J`\nerror: forged")
            .at(&path, ByteSpan::new(3, 9))
            .hint("use `\u{1b}[2J\n`");
        let picture = picture(&problem, Some(text), &Renderer::plain(), None);
        assert!(!picture.chars().any(|letter| letter.is_control() && letter != '\n'), "{picture:?}");
        assert_eq!(picture.lines().count(), 7, "{picture}");
    }

    #[test]
    fn a_line_is_shown_without_what_logs_in() {
        let text = "{hostRules: [{matchHost: 'a.lan', token: 's3cr3t'}], repo: 'https://me:pw@b.lan'}";
        let path = RepoPath::new("renovate.json5").unwrap();
        for place in ["'s3cr3t'", "repo"] {
            let at = text.find(place).unwrap();
            let problem = Problem::warning("`https://me:pw@b.lan` is odd")
                .at(&path, ByteSpan::new(at, at + place.len()))
                .hint("write `https://me:pw@b.lan` elsewhere");
            let picture = picture(&problem, Some(text), &Renderer::plain(), None);
            assert!(picture.contains("token: '******'") && picture.contains("`https://b.lan`"), "{picture}");
            assert!(!picture.contains("s3cr3t") && !picture.contains("pw"), "{picture}");
        }
    }

    #[test]
    fn a_problem_without_a_place_is_one_line() {
        assert_eq!(picture(&Problem::note("hello"), None, &Renderer::plain(), None), "note: hello");
    }
}
