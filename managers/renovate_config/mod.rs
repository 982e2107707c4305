#![doc = include_str!("README.md")]

use updraft_core::config::{Extended, PresetHost, PresetRef, extended};
use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

const ID: ManagerId = ManagerId::fixed("renovate-config");

/// Finds the presets that configurations extend.
#[derive(Clone, Copy, Debug)]
pub struct RenovateConfig;

impl Manager for RenovateConfig {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/^(?:\\.github/|\\.gitlab/)?renovate\\.json[5c]?$/", "/^\\.renovaterc(?:\\.json[5c]?)?$/"]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        let extension = file.path.file_name().rsplit_once('.').map_or("", |(_, extension)| extension);
        matches!(extension, "json" | "json5" | "jsonc") && file.text.contains("/renovate-schema.json")
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let entries =
            files.iter().flat_map(|file| extended(&file.text).into_iter().map(move |entry| (file, entry)));
        Extraction {
            deps: entries.filter_map(|(file, entry)| dep(file, &entry)).collect(),
            problems: Vec::new(),
        }
    }
}

/// Returns the preset that an entry names at a version.
fn dep(file: &SourceFile, entry: &Extended) -> Option<Dep> {
    let preset = PresetRef::parse(&entry.text, None);
    let tag = preset.tag.as_deref()?;
    let mut dep = Dep::new(ID, &file.path, entry.span, preset.repository.as_str());
    dep.current_value = Some(tag.to_owned());
    match preset.host {
        PresetHost::GitHub => dep.datasource = Some(DatasourceId::GITHUB_TAGS),
        PresetHost::GitLab => {
            dep.datasource = Some(DatasourceId::GIT_TAGS);
            dep.package_name = format!("https://gitlab.com/{}", preset.repository);
        }
        PresetHost::Gitea | PresetHost::Forgejo => {
            return Some(
                dep.skipped(SkipReason::UnsupportedDatasource, "it does not say on which server it is"),
            );
        }
        PresetHost::BuiltIn | PresetHost::Local | PresetHost::Web | PresetHost::Npm => return None,
    }
    if !preset.is_sound() {
        return Some(dep.skipped(SkipReason::InvalidName, ""));
    }
    if is_commit(tag) {
        return Some(dep.skipped(SkipReason::UnversionedReference, "it is pinned to a commit"));
    }
    if !tag.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some(dep.skipped(SkipReason::UnversionedReference, "it follows a branch"));
    }
    let slots = entry.text_span.and_then(|span| {
        // The repository stands behind the first `>`, and the tag behind the first `#`.
        Some(vec![
            slot(file, span, '>', &preset.repository, Part::Name)?,
            slot(file, span, '#', tag, Part::Value)?,
        ])
    });
    let Some(slots) = slots else {
        return Some(dep.skipped(SkipReason::InvalidValue, "it is written with escapes"));
    };
    dep.span = slots.last().map_or(dep.span, |slot| slot.span);
    // A repository elsewhere is looked up by its address, which this text does not spell.
    let is_github = preset.host == PresetHost::GitHub;
    dep.slots = slots.into_iter().filter(|slot| is_github || slot.part == Part::Value).collect();
    Some(dep)
}

/// Returns the slot of `text`, which stands behind the first `mark` inside `within`.
fn slot(file: &SourceFile, within: ByteSpan, mark: char, text: &str, part: Part) -> Option<Slot> {
    let start = within.start + within.of(&file.text)?.find(mark)? + mark.len_utf8();
    let span = ByteSpan::new(start, start + text.len());
    (span.of(&file.text) == Some(text)).then(|| Slot::new(part, span, text))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
