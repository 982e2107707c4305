//! Comments that name a dependency and update nothing.

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::manager::{Manager, ManagerContext};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::span_set::SpanSet;
use updraft_managers::annotation::Annotation;

use super::case::Case;

/// Endings of files in which such comments are examples.
const DOCUMENTS: [&str; 8] = [".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt", ".html", ".json5"];

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let files: Vec<&SourceFile> =
        case.files().iter().filter(|file| may_hold_annotations(case, file)).collect();
    let context = ManagerContext {
        registry_aliases: case.config().options.registry_aliases.clone().unwrap_or_default(),
    };
    let found = Annotation.extract(&files, &context).deps;
    found.iter().filter_map(|dep| examine_one(case, dep)).collect()
}

/// What the owner left out on purpose is not looked at, nor is a document, nor a configuration that shows an example.
fn may_hold_annotations(case: &Case<'_>, file: &SourceFile) -> bool {
    let name = file.path.file_name().to_ascii_lowercase();
    case.config().ignored(&file.path).is_none()
        && !DOCUMENTS.iter().any(|ending| name.ends_with(ending))
        && !case.config().files.contains(&file.path)
        && !name.contains("renovate")
}

/// Says why an annotation, which would be understood as `dep`, updates nothing.
fn examine_one(case: &Case<'_>, dep: &Dep) -> Option<Problem> {
    let comment = dep.origins.last()?.span;
    let file = case.files().iter().find(|file| file.path == dep.file)?;
    let lines = ByteSpan::new(
        comment.start.min(dep.span.start),
        end_of_line(&file.text, dep.span.end.max(comment.end)),
    );
    let readers: Vec<&Dep> = case
        .deps()
        .iter()
        .filter(|other| other.file == dep.file && is_alive(other))
        .filter(|other| {
            other.slots.iter().any(|slot| slot.span.overlaps(lines)) || other.span.overlaps(lines)
        })
        .collect();
    let live: Vec<&&Dep> = readers.iter().filter(|reader| !takes_reference(reader, &readers)).collect();
    if live.is_empty() {
        return Some(unread(case, dep, comment));
    }
    let taken = readers.iter().find(|reader| takes_reference(reader, &readers))?;
    let message = format!(
        "this annotation updates nothing: {} takes the whole image reference for a version",
        taken.found_in
    );
    let hint = "remove the comment: the image is updated without it";
    Some(Problem::note(message).at(&dep.file, comment).hint(hint))
}

fn is_alive(dep: &Dep) -> bool {
    dep.skip.as_ref().is_none_or(|skip| skip.reason != SkipReason::DeadAnnotation)
}

/// Returns whether a pattern took a whole reference for a version, inside of which somebody else reads the version.
fn takes_reference(dep: &Dep, others: &[&Dep]) -> bool {
    let value = |dep: &Dep| {
        dep.slots.iter().find(|slot| slot.part == Part::Value && !slot.span.is_empty()).map(|slot| slot.span)
    };
    let Some(own) = value(dep).filter(|_| dep.manager.as_str() == "custom.regex") else { return false };
    let inside = SpanSet::by_file(others.iter().filter_map(|other| Some((&other.file, value(other)?))));
    inside.get(&dep.file).is_some_and(|values| values.any_smaller_within(own))
}

/// Says why nobody reads an annotation.
fn unread(case: &Case<'_>, dep: &Dep, comment: ByteSpan) -> Problem {
    let files = case.config().files_of(&Annotation.id(), &Annotation.file_patterns());
    let problem = match &dep.skip {
        Some(skip) if skip.reason == SkipReason::DeadAnnotation => {
            Problem::warning(format!("this annotation updates nothing: {}", skip.detail))
                .hint("a comment stands right above its value, or behind it, as `# renovate: datasource=docker depName=owner/name`")
        }
        Some(skip) => Problem::note(format!("this annotation updates nothing: {}", skip.reason.explain()))
            .hint("remove the comment, or write the value out"),
        None if files.disabled().is_some() => Problem::warning(
            "this annotation updates nothing: no custom manager matches it, and `enabledManagers` names all others",
        )
        .hint("widen the patterns of the custom manager that should read it; without `enabledManagers`, updraft reads such comments by itself"),
        None => Problem::warning("this annotation updates nothing: no manager reads files like this one".to_owned())
            .hint("add a custom manager with a pattern for the file"),
    };
    problem.at(&dep.file, comment)
}

fn end_of_line(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end)
}
