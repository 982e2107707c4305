#![doc = include_str!("README.md")]

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Origin, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, ImageRef, Piece, TagRef};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use crate::image_policy;
use crate::same_version::repeats;

mod comment;
mod line;

use comment::{Comment, Fields, Place, may_annotate};
use line::{Spelled, Unusable, Wanted};

/// Finds the versions that a comment names.
#[derive(Clone, Copy, Debug)]
pub struct Annotation;

const ID: ManagerId = ManagerId::fixed("annotation");

/// How many lines of remarks may stand between a comment and its line.
const MAX_REMARKS: usize = 3;

impl Manager for Annotation {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![
            r"/\.(ya?ml|toml|env|sh|bash|zsh|fish|tf|tfvars|hcl|mk|nix|properties|ini|conf|cfg)(\.(j2|jinja2?|tpl|tmpl|gotmpl))?$/",
            r"/(^|/)\.env(\.[^/]+|rc)?$/",
            r"/(^|/)([^/]+\.)?([Dd]ocker|[Cc]ontainer)file([.-][^/]+)?$/",
            r"/(^|/)(GNU)?[Mm]akefile([.-][^/]+)?$/",
            r"/(^|/)\.?[Jj]ustfile$/",
        ]
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files.iter().filter(|file| may_annotate(&file.text)) {
            extraction.deps.extend(in_file(file, &context.registry_aliases));
        }
        extraction
    }
}

/// A line and where it starts.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Line<'a> {
    /// Returns the bytes of the file that stand at `span` of the line.
    fn place(self, span: ByteSpan) -> ByteSpan {
        span.shifted(self.start)
    }

    /// Returns the line up to byte `end`.
    fn up_to(self, end: usize) -> Self {
        Self { text: self.text.get(..end).unwrap_or(self.text), ..self }
    }

    /// Returns the bytes of the line's content, without the white space around it.
    fn content(self) -> ByteSpan {
        let text: &'a str = self.text.trim();
        let start = self.start + (self.text.len() - self.text.trim_start().len());
        ByteSpan::new(start, start + text.len())
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        let mark = if start == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = line.get(mark..).unwrap_or(line).trim_end_matches(['\n', '\r']);
        Line { text, start: start + mark }
    })
}

fn in_file(file: &SourceFile, aliases: &BTreeMap<String, String>) -> Vec<Dep> {
    let lines: Vec<_> = lines(&file.text).collect();
    let mut deps = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(comment) = comment::parse(line.text) else { continue };
        let following = lines.get(number + 1..).unwrap_or_default();
        let mut dep = Subject { file, aliases, comment: &comment, line: *line }.dep(following);
        if image_policy::marks(&file.text, dep.span) {
            dep = dep.skipped(SkipReason::ImageAutomation, "");
        }
        let span = line.place(comment.span);
        dep.origins.push(Origin { what: "annotation".to_owned(), file: file.path.clone(), span });
        deps.push(dep);
    }
    deps
}

/// One annotation.
struct Subject<'a> {
    file: &'a SourceFile,
    aliases: &'a BTreeMap<String, String>,
    comment: &'a Comment<'a>,
    line: Line<'a>,
}

impl<'a> Subject<'a> {
    /// Returns the dependency; `following` are the lines after the comment's.
    fn dep(&self, following: &[Line<'a>]) -> Dep {
        let fields = &self.comment.fields;
        let first = match self.comment.place {
            Place::Beside => Some(self.line.up_to(self.comment.span.start)),
            Place::Above => following.first().copied(),
        };
        let Some(first) = first else {
            return self.dead(self.line.place(self.comment.span), "no line follows it");
        };
        let Some(name) = fields.dep_name.or(fields.package_name) else {
            return self.dead(first.content(), "it names no dependency: add `depName=`");
        };
        let Some(datasource) = fields.datasource.or_else(|| is_github(name).then_some("github-releases"))
        else {
            let why =
                format!("it has no `datasource=`, and `{name}` is no repository of GitHub (`owner/name`)");
            return self.dead(first.content(), why);
        };
        let wanted = Wanted { datasource, name };
        let (target, found) = match self.comment.place {
            Place::Beside => (first, line::find(first.text, wanted)),
            Place::Above => below(following, wanted).unwrap_or((first, line::find(first.text, wanted))),
        };
        match found {
            Ok(spelled) => self.spelled(spelled, target, wanted),
            Err(Unusable::Variable) => {
                self.named(target.content(), wanted).skipped(SkipReason::ContainsVariable, "")
            }
            Err(Unusable::Dead(why)) => self.dead(target.content(), why),
        }
    }

    fn spelled(&self, spelled: Spelled<'_>, line: Line<'_>, wanted: Wanted<'_>) -> Dep {
        let is_image = wanted.datasource == "docker";
        match spelled {
            Spelled::Version(version) => self.version(version, line, wanted),
            Spelled::Tag(tag) if is_image => self.tag(tag, line, wanted),
            Spelled::Image { whole, image } if is_image => self.image(whole, &image, line, wanted),
            Spelled::Image { whole, image: ImageRef { tag: Some(tag), digest: None, .. } } => {
                self.version(Piece { span: tag.span.shifted(whole.span.start), ..tag }, line, wanted)
            }
            Spelled::Commit(commit) if !is_image => self.commit(commit, line, wanted),
            Spelled::Tag(_) | Spelled::Image { .. } => {
                let why = format!(
                    "the line has the digest of an image, and `datasource={}` knows none",
                    wanted.datasource
                );
                self.dead(line.content(), why)
            }
            Spelled::Commit(_) => self.dead(line.content(), "a commit is no version of an image"),
        }
    }

    fn version(&self, version: Piece<'_>, line: Line<'_>, wanted: Wanted<'_>) -> Dep {
        let span = line.place(version.span);
        let mut dep = self.named(span, wanted);
        dep.current_value = Some(version.text.to_owned());
        // A version that stands alone has no room for a digest.
        dep.pin_digests = Some(false);
        dep.slots = repeats(&self.file.text, line.content(), span)
            .into_iter()
            .chain([span])
            .map(|span| Slot::new(Part::Value, span, version.text))
            .collect();
        dep.slots.sort_by_key(|slot| slot.span);
        dep
    }

    fn tag(&self, tag: TagRef<'_>, line: Line<'_>, wanted: Wanted<'_>) -> Dep {
        let filled = |part, piece: Piece<'_>| Slot::new(part, line.place(piece.span), piece.text);
        let slots = [
            tag.tag.map(|tag| filled(Part::Value, tag)),
            tag.digest.map(|digest| filled(Part::Digest, digest)),
        ];
        let slots: Vec<_> = slots.into_iter().flatten().collect();
        let mut dep = self.named(slots.first().map_or(line.content(), |slot| slot.span), wanted);
        dep.current_value = tag.tag.map(|tag| tag.text.to_owned());
        dep.current_digest = tag.digest.map(|digest| digest.text.to_owned());
        dep.slots = slots;
        dep
    }

    /// The reference says which image it is, unless the comment names another one: then its author wants the tag to move along with
    /// that one's (a tool beside the system it manages). A digest is never another image's, so with one the reference stands.
    fn image(&self, whole: Piece<'_>, image: &ImageRef<'_>, line: Line<'_>, wanted: Wanted<'_>) -> Dep {
        let span = line.place(whole.span);
        if let Some(tag) =
            image.tag.filter(|_| image.digest.is_none() && !self.is_named(image.name.text, wanted))
        {
            let tag = Piece { span: tag.span.shifted(whole.span.start), ..tag };
            let mut dep = self.version(tag, line, wanted);
            // What is updated is still the image that stands there.
            image.name.text.clone_into(&mut dep.dep_name);
            return dep;
        }
        let mut dep = image_ref::dep(ID, &self.file.path, whole.text, span, self.aliases);
        dep.span = image.tag.map_or(span, |tag| tag.span.shifted(span.start));
        self.describe(&mut dep);
        dep
    }

    /// Returns whether the comment means the image called `name`, be it in short.
    fn is_named(&self, name: &str, wanted: Wanted<'_>) -> bool {
        let short = |name: &str| -> String {
            let name = name
                .strip_prefix("index.docker.io/")
                .or_else(|| name.strip_prefix("docker.io/"))
                .unwrap_or(name);
            name.strip_prefix("library/").unwrap_or(name).to_owned()
        };
        let (name, meant) = (short(name), short(self.comment.fields.package_name.unwrap_or(wanted.name)));
        name == meant || name.strip_suffix(meant.as_str()).is_some_and(|rest| rest.ends_with('/'))
    }

    fn commit(&self, commit: Piece<'_>, line: Line<'_>, wanted: Wanted<'_>) -> Dep {
        let span = line.place(commit.span);
        let mut dep = self.named(span, wanted);
        dep.current_value = self.comment.fields.branch.map(str::to_owned);
        dep.current_digest = Some(commit.text.to_owned());
        dep.slots = vec![Slot::new(Part::Digest, span, commit.text)];
        dep
    }

    /// Returns the dependency the comment names, without value.
    fn named(&self, span: ByteSpan, wanted: Wanted<'_>) -> Dep {
        let fields = &self.comment.fields;
        let mut dep = Dep::new(ID, &self.file.path, span, wanted.name);
        dep.package_name = fields.package_name.map_or_else(|| wanted.name.to_owned(), str::to_owned);
        dep.datasource = Some(DatasourceId::new(wanted.datasource));
        dep.registry_urls = fields.registry_url.map(str::to_owned).into_iter().collect();
        // A chart in a container registry is looked up like an image.
        let registry = fields.registry_url.and_then(|url| url.strip_prefix("oci://"));
        if let Some(registry) = registry.filter(|_| wanted.datasource == "helm") {
            dep.package_name = format!("{}/{}", registry.trim_end_matches('/'), dep.package_name);
            dep.datasource = Some(DatasourceId::DOCKER);
            dep.registry_urls.clear();
        }
        self.describe(&mut dep);
        dep
    }

    /// Adds what the comment says beside the name.
    fn describe(&self, dep: &mut Dep) {
        let Fields { versioning, extract_version, dep_type, .. } = self.comment.fields;
        if let Some(versioning) = versioning {
            dep.versioning = Some(VersioningId::new(versioning));
        }
        dep.extract_version = extract_version.map(str::to_owned);
        dep.dep_type = dep_type.map(str::to_owned);
    }

    fn dead(&self, span: ByteSpan, why: impl Into<String>) -> Dep {
        let Fields { dep_name, package_name, datasource, .. } = self.comment.fields;
        let text = self.comment.span.of(self.line.text).unwrap_or_default();
        let mut dep = Dep::new(ID, &self.file.path, span, dep_name.or(package_name).unwrap_or(text));
        dep.datasource = datasource.map(DatasourceId::new);
        dep.skipped(SkipReason::DeadAnnotation, why)
    }
}

/// Returns the line below the comment that has a value, and the value; remarks in between are passed over.
fn below<'a>(
    following: &[Line<'a>],
    wanted: Wanted<'_>,
) -> Option<(Line<'a>, Result<Spelled<'a>, Unusable>)> {
    for line in following.iter().take(MAX_REMARKS + 1) {
        if comment::parse(line.text).is_some_and(|next| next.place == Place::Above) {
            let why = "another annotation follows before any value";
            return Some((*line, Err(Unusable::Dead(why.to_owned()))));
        }
        if !line.text.trim_start().starts_with(['#', '/']) || line.text.trim_start().starts_with("#{") {
            return Some((*line, line::find(line.text, wanted)));
        }
        if let Some(spelled) = line::find_in_comment(line.text, wanted) {
            return Some((*line, Ok(spelled)));
        }
    }
    None
}

/// Returns whether `name` has the form `owner/name`.
fn is_github(name: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    name.split_once('/').is_some_and(|(owner, name)| sound(owner) && sound(name) && !owner.contains('.'))
}
