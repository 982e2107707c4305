//! Edits of bytes: from the slots of a dependency to the new text of its file, all or nothing.
//!
//! A file is never printed anew. Each edit names the bytes it replaces and what must stand there; everything else
//! survives byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::dep::{Dep, Part, Slot};
use crate::name::RepoPath;
use crate::span::ByteSpan;
use crate::template;
use crate::update::Update;

/// One replacement of bytes in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// The file.
    pub file: RepoPath,
    /// The bytes that are replaced; empty for an insertion.
    pub span: ByteSpan,
    /// What must stand there now.
    pub old: String,
    /// What stands there afterwards.
    pub new: String,
}

/// Why an update cannot be written into its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is not what the edit was made for.
    #[error("`{file}` holds `{found}` at byte {at} where `{expected}` was found before")]
    Stale {
        /// The file.
        file: RepoPath,
        /// The first byte.
        at: usize,
        /// What the edit wants to replace.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The span ends past the file's end, or cuts a character.
    #[error("`{file}` has no text at bytes {}..{}", span.start, span.end)]
    OutOfRange {
        /// The file.
        file: RepoPath,
        /// The bytes asked for.
        span: ByteSpan,
    },
    /// Two edits want the same bytes, with different results.
    #[error("two edits of `{file}` meet at byte {at}: `{first}` and `{second}`")]
    Overlapping {
        /// The file.
        file: RepoPath,
        /// Where they meet.
        at: usize,
        /// What the first one writes.
        first: String,
        /// What the second one writes.
        second: String,
    },
    /// The edits belong to more than one file.
    #[error("edits of `{0}` and of `{1}` were mixed")]
    Mixed(RepoPath, RepoPath),
    /// The file holds a digest, the update changes the value, and no new digest is known.
    #[error("`{0}` is pinned to a digest, and the digest of its new version is not known")]
    MissingDigest(String),
    /// A lock file holds the version, and the update does not say which one its value stands for.
    #[error("the lock file of `{0}` wants one version, and the update names none")]
    MissingVersion(String),
    /// The new text could change the meaning of the file around it.
    #[error("`{0}` holds a character that cannot be written into a file")]
    UnsafeText(String),
    /// The dependency has no place that spells what changes.
    #[error("nothing in the file spells the part of `{0}` that changes")]
    NothingToEdit(String),
    /// A user's template cannot be rendered.
    #[error("the replacement template of `{dep}` fails")]
    Template {
        /// The dependency.
        dep: String,
        /// Why.
        #[source]
        source: template::TemplateError,
    },
}

/// Returns the edits that make `update` true for `dep` and in its lock file, in file order.
///
/// What is derived from them is not among them: see [`crate::derived`].
///
/// `fields` is what users' templates may use; the dependency's captures are added to it.
///
/// # Errors
///
/// When a digest is missing, a template fails, a text cannot be written safely, or no slot spells what changes.
pub fn edits(dep: &Dep, update: &Update, fields: &Map<String, Value>) -> Result<Vec<Edit>, EditError> {
    let texts = Texts::of(dep, update);
    let written = [texts.name, texts.new_value, texts.version, texts.digest];
    if let Some(text) = written.into_iter().flatten().find(|text| text.chars().any(char::is_control)) {
        return Err(EditError::UnsafeText(text.escape_debug().to_string()));
    }
    let mut edits = Vec::new();
    let locked = dep.lock.iter().flat_map(|lock| lock.slots.iter().map(move |slot| (&lock.file, slot)));
    for (file, slot) in dep.slots.iter().map(|slot| (&dep.file, slot)).chain(locked) {
        let Some(new) = texts.slot(dep, slot, fields)? else { continue };
        let new = if slot.span.is_empty() { format!("{}{new}", slot.lead) } else { new };
        if new != slot.text {
            edits.push(Edit { file: file.clone(), span: slot.span, old: slot.text.clone(), new });
        }
    }
    edits.sort();
    edits.dedup();
    let spells_name = |slot: &Slot| matches!(slot.part, Part::Name | Part::Template(_));
    let keeps_old_name = texts.name.is_some() && !dep.slots.iter().any(spells_name);
    if keeps_old_name || edits.is_empty() {
        Err(EditError::NothingToEdit(dep.dep_name.clone()))
    } else {
        Ok(edits)
    }
}

/// What the parts of a dependency say after the update.
struct Texts<'a> {
    name: Option<&'a str>,
    /// The value, when it changes.
    new_value: Option<&'a str>,
    /// The value, changed or not.
    value: Option<&'a str>,
    /// The version that the new value stands for, when it changes.
    version: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Texts<'a> {
    fn of(dep: &'a Dep, update: &'a Update) -> Self {
        let new_value = update.new_value.as_deref().filter(|new| Some(*new) != dep.current_value.as_deref());
        Self {
            name: update.new_name.as_deref(),
            new_value,
            value: new_value.or(dep.current_value.as_deref()),
            version: new_value.and(update.new_version.as_deref()),
            digest: update.new_digest.as_deref(),
        }
    }

    /// Returns the text of `slot` after the update, or `None` when the slot stays as it is.
    fn slot(&self, dep: &Dep, slot: &Slot, fields: &Map<String, Value>) -> Result<Option<String>, EditError> {
        let pinned = dep.current_digest.is_some();
        let moves = self.new_value.is_some() || self.name.is_some();
        let stale = || EditError::MissingDigest(dep.dep_name.clone());
        let text = match &slot.part {
            Part::Name => self.name.map(ToOwned::to_owned),
            Part::Digest | Part::DigestHex => match self.digest {
                Some(digest) if slot.part == Part::DigestHex => Some(hex(digest).to_owned()),
                Some(digest) => Some(digest.to_owned()),
                None if moves && pinned && !slot.span.is_empty() => return Err(stale()),
                None => None,
            },
            Part::ValueOrDigest => match self.digest {
                Some(digest) => Some(digest.to_owned()),
                None if moves && pinned => return Err(stale()),
                None => self.new_value.map(ToOwned::to_owned),
            },
            Part::ValueNote if slot.span.is_empty() => self.digest.and(self.value).map(ToOwned::to_owned),
            Part::Value | Part::ValueNote => self.new_value.map(ToOwned::to_owned),
            Part::Version => match (self.new_value, self.version) {
                (Some(_), None) => return Err(EditError::MissingVersion(dep.dep_name.clone())),
                (_, version) => version.map(ToOwned::to_owned),
            },
            Part::Template(template) => {
                if moves && pinned && self.digest.is_none() {
                    return Err(stale());
                }
                Some(self.rendered(dep, template, fields)?)
            }
        };
        Ok(text)
    }

    fn rendered(&self, dep: &Dep, template: &str, fields: &Map<String, Value>) -> Result<String, EditError> {
        let mut known = Map::new();
        known.extend(dep.captures.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))));
        known.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut set = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                known.insert(name.to_owned(), Value::from(text));
            }
        };
        set("newValue", self.value);
        set("newDigest", self.digest.or(dep.current_digest.as_deref()));
        set("newName", self.name);
        template::render(template, &Value::Object(known))
            .map_err(|source| EditError::Template { dep: dep.dep_name.clone(), source })
    }
}

fn hex(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, hex)| hex)
}

/// Returns `text` with all `edits` made; edits that say the same twice are made once.
///
/// # Errors
///
/// Refuses all edits when one of them is stale, out of range, inside a character, or meets another one, or when they
/// belong to more than one file.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let edits: BTreeSet<&Edit> = edits.iter().collect();
    let mut ordered: Vec<&Edit> = edits.into_iter().collect();
    ordered.sort_by_key(|edit| edit.span);
    let mut before: Option<&Edit> = None;
    let mut grown = String::with_capacity(text.len());
    let mut copied = 0;
    for edit in ordered {
        let out_of_range = || EditError::OutOfRange { file: edit.file.clone(), span: edit.span };
        let found = edit.span.of(text).ok_or_else(out_of_range)?;
        if found != edit.old {
            return Err(EditError::Stale {
                file: edit.file.clone(),
                at: edit.span.start,
                expected: edit.old.clone(),
                found: found.to_owned(),
            });
        }
        if let Some(before) = before {
            check_neighbours(before, edit)?;
        }
        grown.push_str(text.get(copied..edit.span.start).ok_or_else(out_of_range)?);
        grown.push_str(&edit.new);
        copied = edit.span.end;
        before = Some(edit);
    }
    grown.push_str(text.get(copied..).unwrap_or_default());
    Ok(grown)
}

/// Refuses `edit` when it is of another file than the edit `before` it, or takes a byte of it.
fn check_neighbours(before: &Edit, edit: &Edit) -> Result<(), EditError> {
    if before.file != edit.file {
        return Err(EditError::Mixed(before.file.clone(), edit.file.clone()));
    }
    if before.span.overlaps(edit.span) || edit.span.start < before.span.end {
        return Err(EditError::Overlapping {
            file: edit.file.clone(),
            at: edit.span.start,
            first: before.new.clone(),
            second: edit.new.clone(),
        });
    }
    Ok(())
}

/// The bytes that are spoken for, by file.
#[derive(Clone, Debug, Default)]
pub struct Taken(BTreeMap<RepoPath, BTreeMap<ByteSpan, Edit>>);

impl Taken {
    /// Takes the bytes of all `edits`, or of none when one of them is taken for another text; returns whether it took them.
    pub fn take_all<'e>(&mut self, edits: impl IntoIterator<Item = &'e Edit> + Clone) -> bool {
        let free = edits.clone().into_iter().all(|edit| self.is_free(edit));
        if free {
            for edit in edits {
                self.0.entry(edit.file.clone()).or_default().insert(edit.span, edit.clone());
            }
        }
        free
    }

    fn is_free(&self, edit: &Edit) -> bool {
        let Some(taken) = self.0.get(&edit.file) else { return true };
        // What is taken does not overlap, so only the neighbours can meet the new one.
        let before = taken.range(..=edit.span).next_back();
        let after = taken.range(edit.span..).next();
        [before, after].into_iter().flatten().all(|(span, other)| other == edit || !span.overlaps(edit.span))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dep::Lock;
    use crate::name::ManagerId;
    use crate::update::UpdateType;

    const FILE: &str = "apps/a.yaml";
    const OLD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn file() -> RepoPath {
        RepoPath::new(FILE).unwrap()
    }

    fn edit(start: usize, end: usize, old: &str, new: &str) -> Edit {
        Edit { file: file(), span: ByteSpan::new(start, end), old: old.to_owned(), new: new.to_owned() }
    }

    /// Builds a dependency from a text in which `[part|old]` marks a slot and `[part|@lead]` a place to insert at.
    fn marked(marked: &str, value: Option<&str>, digest: Option<&str>) -> (String, Dep) {
        let mut text = String::new();
        let mut slots = Vec::new();
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once('[') {
            let (mark, after) = after.split_once(']').unwrap();
            let (part, old) = mark.split_once('|').unwrap();
            let part = match part {
                "name" => Part::Name,
                "value" => Part::Value,
                "digest" => Part::Digest,
                "hex" => Part::DigestHex,
                "ref" => Part::ValueOrDigest,
                "note" => Part::ValueNote,
                template => Part::Template(template.to_owned()),
            };
            text.push_str(before);
            let start = text.len();
            if let Some(lead) = old.strip_prefix('+') {
                slots.push(Slot::insertion(part, start, lead));
            } else {
                text.push_str(old);
                slots.push(Slot::new(part, ByteSpan::new(start, text.len()), old));
            }
            rest = after;
        }
        text.push_str(rest);
        let mut dep = Dep::new(ManagerId::fixed("test"), &file(), ByteSpan::new(0, text.len()), "app");
        dep.slots = slots;
        dep.current_value = value.map(ToOwned::to_owned);
        dep.current_digest = digest.map(ToOwned::to_owned);
        dep.captures.insert("indent".to_owned(), "  ".to_owned());
        (text, dep)
    }

    fn update(value: Option<&str>, digest: Option<&str>, name: Option<&str>) -> Update {
        Update {
            new_value: value.map(ToOwned::to_owned),
            new_digest: digest.map(ToOwned::to_owned),
            new_name: name.map(ToOwned::to_owned),
            ..Update::new(UpdateType::Minor)
        }
    }

    #[track_caller]
    fn check(
        text: &str,
        current: (Option<&str>, Option<&str>),
        new: (Option<&str>, Option<&str>),
        expected: &str,
    ) {
        let (text, dep) = marked(text, current.0, current.1);
        let made = edits(&dep, &update(new.0, new.1, None), &Map::new()).unwrap();
        assert_eq!(apply(&text, &made).unwrap(), expected);
    }

    #[test]
    fn writes_each_kind_of_slot() {
        check("v: [value|1.0.0] # x", (Some("1.0.0"), None), (Some("1.1.0"), None), "v: 1.1.0 # x");
        check(
            &format!("i: a:[value|1]@[digest|{OLD}]"),
            (Some("1"), Some(OLD)),
            (Some("2"), Some(NEW)),
            &format!("i: a:2@{NEW}"),
        );
        check(
            &format!("i: a:[value|1]@[digest|{OLD}]"),
            (Some("1"), Some(OLD)),
            (Some("1"), Some(NEW)),
            &format!("i: a:1@{NEW}"),
        );
        check("i: a:[value|1][digest|+@]", (Some("1"), None), (None, Some(NEW)), &format!("i: a:1@{NEW}"));
        check("i: a:[value|1][digest|+@]", (Some("1"), None), (Some("2"), None), "i: a:2");
        check(
            &format!("d: [hex|{}]", hex(OLD)),
            (None, Some(OLD)),
            (None, Some(NEW)),
            &format!("d: {}", hex(NEW)),
        );
    }

    #[test]
    fn a_pinned_action_keeps_its_note() {
        let old = "a".repeat(40);
        let new = "b".repeat(40);
        check(
            &format!("uses: o/r@[ref|{old}] # [note|v4.1.0] # zizmor: ignore"),
            (Some("v4.1.0"), Some(&old)),
            (Some("v4.2.0"), Some(&new)),
            &format!("uses: o/r@{new} # v4.2.0 # zizmor: ignore"),
        );
        check("uses: o/r@[ref|v4][note|+ # ]", (Some("v4"), None), (Some("v5"), None), "uses: o/r@v5");
        check(
            "uses: o/r@[ref|v4][note|+ # ]",
            (Some("v4"), None),
            (None, Some(&new)),
            &format!("uses: o/r@{new} # v4"),
        );
    }

    #[test]
    fn renders_a_users_template_with_captures_and_new_fields() {
        let text = "[{{indent}}rev: {{newValue}}|  rev: 3]";
        check(text, (Some("3"), None), (Some("4"), None), "  rev: 4");
    }

    #[test]
    fn a_lock_file_gets_the_version_a_range_stands_for() {
        let (text, mut dep) = marked("version: [value|^1.2.0]", Some("^1.2.0"), None);
        let lock = RepoPath::new("apps/a.lock").unwrap();
        let slot = Slot::new(Part::Version, ByteSpan::new(9, 14), "1.4.1");
        dep.lock = Some(Lock { file: lock.clone(), slots: vec![slot], derived: Vec::new() });
        let update = Update { new_version: Some("2.3.0".to_owned()), ..update(Some("^2.0.0"), None, None) };
        let found = edits(&dep, &update, &Map::new()).unwrap();
        assert_eq!(
            found.iter().map(|edit| (edit.file.as_str(), edit.new.as_str())).collect::<Vec<_>>(),
            [("apps/a.lock", "2.3.0"), ("apps/a.yaml", "^2.0.0")]
        );
        assert_eq!(apply(&text, &found[1..]).unwrap(), "version: ^2.0.0");
        let without = Update { new_version: None, ..update };
        assert_eq!(edits(&dep, &without, &Map::new()), Err(EditError::MissingVersion("app".to_owned())));
    }

    #[test]
    fn a_pinned_dependency_never_moves_without_its_digest() {
        let (_, dep) = marked(&format!("a:[value|1]@[digest|{OLD}]"), Some("1"), Some(OLD));
        assert_eq!(
            edits(&dep, &update(Some("2"), None, None), &Map::new()),
            Err(EditError::MissingDigest("app".to_owned()))
        );
    }

    #[test]
    fn a_replacement_is_not_half_made() {
        let moved = update(Some("2"), None, Some("new/app"));
        let (text, dep) = marked("a: [name|old/app]:[value|1]", Some("1"), None);
        let made = edits(&dep, &moved, &Map::new()).unwrap();
        assert_eq!(apply(&text, &made).unwrap(), "a: new/app:2");
        let (_, dep) = marked("a: old/app:[value|1]", Some("1"), None);
        assert_eq!(edits(&dep, &moved, &Map::new()), Err(EditError::NothingToEdit("app".to_owned())));
    }

    #[test]
    fn a_line_break_cannot_be_smuggled_in_by_a_registry() {
        let (_, dep) = marked("a:[value|1]", Some("1"), None);
        assert!(matches!(
            edits(&dep, &update(Some("2\nevil: true"), None, None), &Map::new()),
            Err(EditError::UnsafeText(_))
        ));
    }

    #[test]
    fn refuses_the_whole_set_for_one_bad_edit() {
        let text = "aä1.0 b2.0";
        let good = edit(3, 6, "1.0", "1.1");
        for bad in [
            edit(8, 11, "9.9", "2.1"),
            edit(8, 99, "2.0", "2.1"),
            edit(2, 3, "", "x"),
            edit(4, 7, ".0 ", "x"),
            edit(3, 6, "1.0", "1.2"),
            edit(4, 4, "", "x"),
        ] {
            assert!(apply(text, &[good.clone(), bad.clone()]).is_err(), "{bad:?}");
        }
        assert_eq!(apply(text, &[good.clone(), good]).unwrap(), "aä1.1 b2.0");
    }

    #[test]
    fn inserts_right_before_and_right_after_a_replacement() {
        let edits = [edit(1, 1, "", "<"), edit(1, 2, "b", "B"), edit(2, 2, "", ">")];
        assert_eq!(apply("abc", &edits).unwrap(), "a<B>c");
    }

    proptest! {
        #[test]
        fn no_edits_is_the_identity(text in ".{0,60}") {
            prop_assert_eq!(apply(&text, &[]).unwrap(), text);
        }

        #[test]
        fn bytes_outside_the_spans_survive(
            parts in prop::collection::vec(("[a-zä\r\n ]{0,8}", "[0-9.]{0,4}", "[0-9v]{0,4}"), 0..8),
            tail in ".{0,8}",
            seed in any::<u64>(),
        ) {
            let mut text = String::new();
            let mut expected = String::new();
            let mut edits = Vec::new();
            for (index, (before, old, new)) in parts.iter().enumerate() {
                // A byte in between keeps two empty edits apart.
                let before = format!("{index}{before}");
                text.push_str(&before);
                expected.push_str(&before);
                edits.push(edit(text.len(), text.len() + old.len(), old, new));
                text.push_str(old);
                expected.push_str(new);
            }
            text.push_str(&tail);
            expected.push_str(&tail);
            if !edits.is_empty() {
                let turn = usize::try_from(seed % edits.len() as u64).unwrap();
                edits.rotate_left(turn);
            }
            prop_assert_eq!(apply(&text, &edits).unwrap(), expected);
        }

        #[test]
        fn hostile_edits_never_panic(
            text in ".{0,20}",
            spans in prop::collection::vec((0usize..40, 0usize..40, ".{0,3}"), 0..6),
        ) {
            let edits: Vec<Edit> = spans
                .iter()
                .map(|(start, end, new)| {
                    let span = ByteSpan::new(*start, *end);
                    let old = span.of(&text).unwrap_or_default();
                    edit(span.start, span.end, old, new)
                })
                .collect();
            let _ = apply(&text, &edits);
        }
    }
}
