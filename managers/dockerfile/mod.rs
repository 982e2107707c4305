#![doc = include_str!("README.md")]

mod arg;
mod instruction;
mod placed;

use std::collections::BTreeSet;

use updraft_core::dep::{Dep, Origin, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, ImageRef};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use crate::scalar::label;
use arg::{Args, Scope};
use instruction::{instructions, unquoted, words};
use placed::PlacedText;

/// The `dockerfile` manager.
#[derive(Clone, Copy, Debug)]
pub struct Dockerfile;

const ID: ManagerId = ManagerId::fixed("dockerfile");

impl Manager for Dockerfile {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![r"/(^|/|\.)([Dd]ocker|[Cc]ontainer)file$/", r"/(^|/)([Dd]ocker|[Cc]ontainer)file[^/]*$/"]
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files.iter().filter(|file| !file.path.file_name().ends_with(".dockerignore")) {
            let mut reader = Reader::new(file, context);
            reader.read();
            extraction.deps.append(&mut reader.deps);
        }
        extraction
    }
}

/// Reads one file from top to bottom.
struct Reader<'a> {
    file: &'a SourceFile,
    context: &'a ManagerContext,
    args: Args,
    scope: Scope,
    /// The names of the stages so far, in lower case.
    stages: BTreeSet<String>,
    deps: Vec<Dep>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a SourceFile, context: &'a ManagerContext) -> Self {
        Self {
            file,
            context,
            args: Args::default(),
            scope: Scope::Global,
            stages: BTreeSet::new(),
            deps: Vec::new(),
        }
    }

    fn read(&mut self) {
        let found = instructions(&self.file.text);
        for instruction in &found.list {
            let text = instruction.as_str();
            let parts: Vec<ByteSpan> = words(text).collect();
            let keyword = parts.first().and_then(|word| word.of(text)).unwrap_or_default();
            match keyword.to_ascii_uppercase().as_str() {
                "ARG" => self.args.read(instruction, self.scope),
                "FROM" => self.read_from(instruction, parts.get(1..).unwrap_or_default()),
                "COPY" => self.read_flag(instruction, &parts, "--from="),
                "RUN" => self.read_flag(instruction, &parts, "--mount="),
                _ => {}
            }
        }
        for dep in &mut self.deps {
            dep.dep_type = Some("stage".to_owned());
        }
        if let Some(last) = self.deps.last_mut() {
            last.dep_type = Some("final".to_owned());
        }
        if let Some(syntax) = &found.syntax {
            let mut dep = self.dep(syntax, syntax, "# syntax");
            dep.dep_type = Some("syntax".to_owned());
            self.deps.insert(0, dep);
        }
    }

    /// Reads `FROM [--flag] image [AS name]`.
    fn read_from(&mut self, instruction: &PlacedText, parts: &[ByteSpan]) {
        let text = instruction.as_str();
        self.scope = Scope::Stage;
        let mut parts = parts.iter().filter(|word| !word.of(text).is_some_and(|word| word.starts_with("--")));
        let Some(image) = parts.next() else { return };
        let is_named =
            parts.next().and_then(|word| word.of(text)).is_some_and(|word| word.eq_ignore_ascii_case("AS"));
        let name = parts.next().and_then(|word| word.of(text)).filter(|_| is_named);
        let found_in = name.map_or_else(|| "FROM".to_owned(), |name| format!("stage {}", label(name)));
        self.read_image(instruction, unquoted(text, *image), &found_in);
        self.stages.extend(name.map(str::to_ascii_lowercase));
    }

    /// Reads `--from=image`, or the `from=image` in `--mount=type=bind,from=image`, among the flags.
    fn read_flag(&mut self, instruction: &PlacedText, parts: &[ByteSpan], flag: &str) {
        let text = instruction.as_str();
        let is_flag = |word: &&ByteSpan| word.of(text).is_some_and(|word| word.starts_with("--"));
        for word in parts.iter().skip(1).take_while(is_flag) {
            let Some(value) = word.of(text).and_then(|word| word.strip_prefix(flag)) else { continue };
            let start = word.end - value.len();
            if flag == "--from=" {
                self.read_image(instruction, unquoted(text, ByteSpan::new(start, word.end)), "COPY --from");
                continue;
            }
            let mut at = start;
            for field in value.split(',') {
                if let Some(image) = field.strip_prefix("from=") {
                    let end = at + field.len();
                    self.read_image(instruction, ByteSpan::new(end - image.len(), end), "RUN --mount");
                }
                at += field.len() + 1;
            }
        }
    }

    /// Takes the image at `span` of an instruction, unless it is an earlier stage or nothing at all.
    fn read_image(&mut self, instruction: &PlacedText, span: ByteSpan, found_in: &str) {
        let written = instruction.part(span);
        let expanded = self.args.expand(&written);
        let reference = expanded.as_ref().map_or(&written, |expanded| &expanded.text);
        let name = reference.as_str().to_ascii_lowercase();
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        if name == "scratch" || is_number || self.stages.contains(&name) {
            return;
        }
        let mut dep = self.dep(&written, reference, found_in);
        for name in expanded.iter().flat_map(|expanded| &expanded.args) {
            if let Some(default) = self.args.value(name) {
                let origin = Origin {
                    what: format!("ARG {name}"),
                    file: self.file.path.clone(),
                    span: default.stretch(),
                };
                dep.origins.push(origin);
            }
        }
        self.deps.push(dep);
    }

    /// Returns the dependency of a reference that is `written` so and, with its variables filled in, reads `reference`.
    fn dep(&self, written: &PlacedText, reference: &PlacedText, found_in: &str) -> Dep {
        let (path, aliases) = (&self.file.path, &self.context.registry_aliases);
        let span = written.stretch();
        let mut dep = match image_ref::parse(reference.as_str()) {
            Ok(image) => {
                let mut dep = image.parts().dep(ID, path, span, aliases);
                match slots(&image, written, reference) {
                    Some(slots) => dep.slots = slots,
                    None => {
                        dep = dep.skipped(
                            SkipReason::ContainsVariable,
                            "its tag or digest is put together from several places",
                        );
                    }
                }
                dep
            }
            // An alias may be a variable, so the text as it is written still has a chance.
            Err(_) => image_ref::dep(ID, path, written.as_str(), span, aliases),
        };
        dep.found_in = found_in.into();
        dep
    }
}

/// Returns the slots of an image in file order, or `None` when its tag or digest cannot be written in one place.
fn slots(image: &ImageRef<'_>, written: &PlacedText, reference: &PlacedText) -> Option<Vec<Slot>> {
    let mut slots = Vec::new();
    if let Some(place) = reference.place(image.name.span) {
        slots.push(Slot::new(Part::Name, place, image.name.text));
    }
    if let Some(tag) = image.tag {
        slots.push(match reference.place(tag.span) {
            Some(place) => Slot::new(Part::Value, place, tag.text),
            None => variable_part(tag.span, written, reference)?,
        });
    }
    slots.push(if let Some(digest) = image.digest {
        Slot::new(Part::Digest, reference.place(digest.span)?, digest.text)
    } else {
        let one_place = reference.place(ByteSpan::new(0, reference.as_str().len()));
        Slot::insertion(Part::Digest, one_place.unwrap_or(written.stretch()).end, "@")
    });
    slots.sort_by_key(|slot| slot.span);
    Some(slots)
}

/// Returns the slot of a tag that is one variable with fixed text around it: the variable takes what lies between.
fn variable_part(tag: ByteSpan, written: &PlacedText, reference: &PlacedText) -> Option<Slot> {
    let here = written.stretch();
    let mut variable = reference.pieces(tag).filter(|(_, place)| !here.contains(*place));
    let (within, place) = variable.next()?;
    if variable.next().is_some() {
        return None;
    }
    let text = reference.as_str();
    let literal = |text: &str| text.replace('.', r"\.");
    let before = literal(ByteSpan::new(tag.start, within.start).of(text)?);
    let after = literal(ByteSpan::new(within.end, tag.end).of(text)?);
    let template = match (before.as_str(), after.as_str()) {
        (before, "") => format!("{{{{{{replace '^{before}' '' newValue}}}}}}"),
        ("", after) => format!("{{{{{{replace '{after}$' '' newValue}}}}}}"),
        (before, after) => {
            format!("{{{{{{replace '{after}$' '' (replace '^{before}' '' newValue)}}}}}}")
        }
    };
    Some(Slot::new(Part::Template(template), place, within.of(text)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use updraft_core::edit;
    use updraft_core::name::RepoPath;
    use updraft_core::update::{Update, UpdateType};

    use super::*;

    fn extract(text: &str) -> Vec<Dep> {
        let file = SourceFile::new(RepoPath::new("Dockerfile").unwrap(), text);
        Dockerfile.extract(&[&file], &ManagerContext::default()).deps
    }

    /// Writes each image as `name value type`, with the reason when it is skipped.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let deps = extract(text);
        let found: Vec<String> = deps
            .iter()
            .map(|dep| {
                let skip = dep.skip.as_ref().map_or("", |skip| skip.reason.as_str());
                let value = dep.current_value.as_deref().unwrap_or("-");
                let dep_type = dep.dep_type.as_deref().unwrap_or("-");
                format!("{} {value} {dep_type} {skip}", dep.dep_name).trim_end().to_owned()
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn stages_and_scratch_are_no_images() {
        check(
            "FROM a:1 AS Build\nFROM build as two\nFROM scratch\nCOPY --from=build / /\nCOPY --from=0 / /\nFROM b:2",
            &["a 1 stage", "b 2 final"],
        );
        check("ARG S=x\nFROM a:1 AS base-x\nFROM base-$S", &["a 1 final"]);
    }

    #[test]
    fn flags_name_images_too() {
        check(
            "FROM --platform=$BUILDPLATFORM a:1\nCOPY --chown=0 --from=b:2 --link / /\nRUN --network=none --mount=type=bind,from=c:3,target=/x make --from=d:4",
            &["a 1 stage", "b 2 stage", "c 3 final"],
        );
    }

    #[test]
    fn an_unknown_variable_is_a_reason() {
        check("FROM a:$TARGETARCH", &["a:$TARGETARCH - final contains-variable"]);
        check("ARG A=1\nARG B=2\nFROM a:$A-$B", &["a 1-2 final contains-variable"]);
    }

    #[test]
    fn an_update_is_written_where_the_value_stands() {
        #[track_caller]
        fn check(text: &str, new_value: &str, digest: Option<&str>, expected: &str) {
            let dep = extract(text).remove(0);
            let mut update = Update::new(UpdateType::Minor);
            update.new_value = Some(new_value.to_owned());
            update.new_digest = digest.map(str::to_owned);
            let edits = edit::edits(&dep, &update, &serde_json::Map::new()).unwrap();
            let after = edit::apply(text, &edits).unwrap();
            assert_eq!(after, expected);
            assert_eq!(extract(&after)[0].current_value.as_deref(), Some(new_value));
        }
        check("ARG T=1\r\nFROM a:$T\r\n", "2", None, "ARG T=2\r\nFROM a:$T\r\n");
        check("ARG T=1.2\nFROM a:${T}-alpine", "1.3-alpine", None, "ARG T=1.3\nFROM a:${T}-alpine");
        check("ARG T=1.2\nFROM a:v${T}-b.1", "v1.3-b.1", None, "ARG T=1.3\nFROM a:v${T}-b.1");
        check("ARG T=1.2\nFROM a:v$T", "v1.3", None, "ARG T=1.3\nFROM a:v$T");
        let digest = format!("sha256:{}", "0".repeat(64));
        let pinned = format!("ARG T=2\nFROM a:$T@{digest} AS b");
        check("ARG T=1\nFROM a:$T AS b", "2", Some(&digest), &pinned);
        check("ARG I='a:1'\nFROM $I", "2", Some(&digest), &format!("ARG I='a:2@{digest}'\nFROM $I"));
    }

    #[test]
    fn a_file_of_nothing_has_nothing() {
        for text in [
            "",
            "FROM",
            "FROM --platform=x",
            "FROM \\",
            "COPY --from=",
            "RUN --mount=from=",
            "ARG",
            "# syntax=",
        ] {
            assert!(extract(text).iter().all(|dep| dep.skip.is_some()), "{text}");
        }
    }

    #[test]
    fn an_ignore_file_is_not_read() {
        let file = SourceFile::new(RepoPath::new("Dockerfile.dockerignore").unwrap(), "FROM a:1");
        assert!(Dockerfile.extract(&[&file], &ManagerContext::default()).deps.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_slots_say_what_is_there(
            lines in proptest::collection::vec("(FROM |ARG A=|ARG B=\\$A|COPY --from=|RUN --mount=from=|# ?syntax=|#escape=`|RUN <<)?[ -~\u{e4}]{0,24}(\\\\|`|EOF)?\r?", 0..12),
        ) {
            let text = lines.join("\n");
            for dep in extract(&text) {
                prop_assert!(dep.span.of(&text).is_some());
                for slot in &dep.slots {
                    prop_assert_eq!(slot.span.of(&text), Some(slot.text.as_str()));
                }
                for pair in dep.slots.windows(2) {
                    prop_assert!(pair[0].span.end <= pair[1].span.start);
                }
            }
        }
    }
}
