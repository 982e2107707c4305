//! Custom managers of the owner that read files and find nothing in them.

use updraft_core::config::Included;
use updraft_core::config::custom_manager::{CustomManager, MatchString, MatchStringsStrategy};
use updraft_core::manager::{Extraction, ManagerContext};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::case::{Case, count};

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let own = case.config().custom_managers.iter().filter(|custom| custom.file.is_some());
    own.filter_map(|custom| examine_one(case, custom)).collect()
}

fn examine_one(case: &Case<'_>, custom: &CustomManager) -> Option<Problem> {
    let path = custom.file.as_ref()?;
    let files = files_of(case, custom);
    if files.is_empty() {
        // Its patterns are told on their own.
        return None;
    }
    let finds = |custom: CustomManager| {
        let found = updraft_managers::custom(custom).extract(&files, &ManagerContext::default());
        // A match that makes no dependency is told where it stands.
        found != Extraction::default()
    };
    let name = match custom.description.as_str() {
        "" => "the custom manager".to_owned(),
        description => format!("the custom manager `{description}`"),
    };
    let read = count(files.len(), "file", "files");
    if !finds(custom.clone()) {
        let them = if files.len() == 1 { "it" } else { "any of them" };
        let message = format!("{name} reads {read} and finds nothing in {them}");
        let pattern = custom.match_strings.first().and_then(|text| text.span);
        return Some(
            Problem::warning(message)
                .at(path, pattern.unwrap_or(custom.span))
                .hint("try its `matchStrings` on one of the files; remove it when it is not needed any more"),
        );
    }
    if custom.match_strings_strategy != MatchStringsStrategy::Any || custom.match_strings.len() < 2 {
        return None;
    }
    let alone = |text: &MatchString| CustomManager { match_strings: vec![text.clone()], ..custom.clone() };
    let dead: Vec<&MatchString> = custom.match_strings.iter().filter(|text| !finds(alone(text))).collect();
    let span: ByteSpan = dead.first()?.span?;
    let message = format!(
        "{} of the {} `matchStrings` of {name} match nothing in {read}",
        dead.len(),
        custom.match_strings.len()
    );
    Some(Problem::note(message).at(path, span).hint("remove what is not needed any more"))
}

/// Returns the files that a custom manager reads.
fn files_of<'a>(case: &Case<'a>, custom: &CustomManager) -> Vec<&'a SourceFile> {
    let manager = updraft_managers::custom(custom.clone());
    let own = case.config().files_of(&manager.id(), &manager.file_patterns());
    let is_read = |file: &&SourceFile| {
        case.config().ignored(&file.path).is_none()
            && matches!(own.includes(&file.path), Included::ByDefault | Included::ByConfig(_))
    };
    case.files().iter().filter(is_read).collect()
}
