//! Every manager reads any file of its kind; what it finds can be edited, and an edit changes nothing but what it names.
//!
//! The first line chooses the manager, and may name the file.

use updraft_core::dep::Dep;
use updraft_core::edit;
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use updraft_core::update::{Update, UpdateType};
use updraft_core::verify::verify;
use updraft_managers::{ALL, extract};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (head, body) = super::two(&text);
    let (chosen, name) = head.split_once(' ').unwrap_or((head, "a/values.yaml"));
    let Some(path) = RepoPath::new(name) else { return };
    let chosen = ALL.iter().position(|manager| manager.id().as_str() == chosen);
    let deps = extracted(&path, body, chosen);
    for dep in &deps {
        assert!(dep.span.of(body).is_some(), "{dep:?}");
        for slot in &dep.slots {
            assert_eq!(slot.span.of(body), Some(slot.text.as_str()), "{dep:?}");
        }
    }
    for (index, dep) in deps.iter().enumerate().filter(|(_, dep)| dep.skip.is_none()).take(4) {
        let update = update(dep);
        let Ok(edits) = edit::edits(dep, &update, &serde_json::Map::new()) else { continue };
        let Ok(edited) = edit::apply(body, &edits) else { continue };
        let (mut untouched, mut rest) = (body, edited.as_str());
        if let Some(first) = edits.iter().map(|edit| edit.span.start).min() {
            assert_eq!(untouched.get(..first), rest.get(..first));
        }
        if let Some(last) = edits.iter().map(|edit| edit.span.end).max() {
            untouched = &untouched[last..];
            rest = &rest[rest.len() - untouched.len()..];
            assert_eq!(untouched, rest);
        }
        // Whether it holds is for the proof to say; it must be able to.
        let _ = verify(&deps, &extracted(&path, &edited, chosen), &[(index, &update)]);
    }
}

/// Returns what the chosen manager finds, or all of them together where none is chosen.
fn extracted(path: &RepoPath, text: &str, chosen: Option<usize>) -> Vec<Dep> {
    let file = SourceFile::new(path.clone(), text);
    let selects = |index: usize, _: &SourceFile| chosen.is_none_or(|chosen| chosen == index);
    extract::extract(ALL, &[&file], &selects, &[], 1).deps
}

fn update(dep: &Dep) -> Update {
    let digest = dep.current_digest.as_deref().map(|digest| match digest.split_once(':') {
        Some((algorithm, hex)) => format!("{algorithm}:{}", "0".repeat(hex.len())),
        None => "0".repeat(digest.len()),
    });
    Update {
        new_value: dep.current_value.as_ref().map(|_| "987.6.5".to_owned()),
        new_version: Some("987.6.5".to_owned()),
        new_digest: digest,
        ..Update::new(UpdateType::Major)
    }
}
