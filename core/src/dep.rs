//! A dependency as a manager found it: what it is, where each part of it is spelled, or why it is left alone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::address::without_users;
use crate::derived::Derived;
use crate::name::{DatasourceId, ManagerId, RepoPath, VersioningId};
use crate::release::Lookup;
use crate::span::ByteSpan;

/// Which part of a dependency a [`Slot`] spells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part {
    /// The name (for replacements).
    Name,
    /// The value: a version, tag or range.
    Value,
    /// The digest, with its algorithm. An empty slot is where one can be inserted.
    Digest,
    /// The digest without its algorithm: `<hex>` of `sha256:<hex>`.
    DigestHex,
    /// The digest if the dependency has or gets one, otherwise the value: the ref of `uses: owner/repo@ref`.
    ValueOrDigest,
    /// The value, written only where a digest stands in its place: the `# v1.2.3` beside a pinned commit.
    ValueNote,
    /// The version the value stands for, as the registry spells it: `1.4.1` in the lock file of a range `^1.2.0`.
    Version,
    /// Text made by a user's `autoReplaceStringTemplate` (Handlebars); the fields of [`Dep::captures`] may be used.
    Template(String),
}

/// One place in a file that spells one [`Part`].
///
/// An edit puts `lead` + the new text into `span` when the slot is empty (an insertion), and only the new text otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Slot {
    /// What it spells.
    pub part: Part,
    /// Where, in the dependency's file.
    pub span: ByteSpan,
    /// The text there now, exactly.
    pub text: String,
    /// What goes before the text when it is inserted: `@`, `\n    digest: `, ` # `.
    pub lead: String,
}

impl Slot {
    /// Returns a filled slot: `text` stands at `span`.
    pub fn new(part: Part, span: ByteSpan, text: impl Into<String>) -> Self {
        Self { part, span, text: text.into(), lead: String::new() }
    }

    /// Returns an empty slot: the part can be inserted at `at`, after `lead`.
    pub fn insertion(part: Part, at: usize, lead: impl Into<String>) -> Self {
        Self { part, span: ByteSpan::empty(at), text: String::new(), lead: lead.into() }
    }
}

/// What a lock file holds of a dependency, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// The lock file.
    pub file: RepoPath,
    /// The places in the lock file that spell a part of the dependency, in file order: its name, its [`Part::Version`].
    pub slots: Vec<Slot>,
    /// The places that must be written anew when any of this changes.
    pub derived: Vec<Derived>,
}

impl Lock {
    /// Returns the version in the lock file.
    pub fn version(&self) -> Option<&str> {
        self.slots.iter().find(|slot| slot.part == Part::Version).map(|slot| slot.text.as_str())
    }
}

/// Why a dependency is left alone. The words are Renovate's, so that what people know of them holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`explain` documents each in one place")]
pub enum SkipReason {
    LocalChart,
    UnknownRegistry,
    UnsupportedDatasource,
    UnversionedReference,
    InvalidValue,
    InvalidVersion,
    ContainsVariable,
    InvalidDependencySpecification,
    NoRepository,
    PlaceholderUrl,
    InvalidUrl,
    LocalDependency,
    UnsupportedChartType,
    UnsupportedUrl,
    UnspecifiedVersion,
    InvalidName,
    InvalidConfig,
    IsPinned,
    PackageRules,
    Disabled,
    Ignored,
    InternalError,
    LookupFailed,
    ImageAutomation,
    DeadAnnotation,
}

impl SkipReason {
    /// Returns the word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LocalChart => "local-chart",
            Self::UnknownRegistry => "unknown-registry",
            Self::UnsupportedDatasource => "unsupported-datasource",
            Self::UnversionedReference => "unversioned-reference",
            Self::InvalidValue => "invalid-value",
            Self::InvalidVersion => "invalid-version",
            Self::ContainsVariable => "contains-variable",
            Self::InvalidDependencySpecification => "invalid-dependency-specification",
            Self::NoRepository => "no-repository",
            Self::PlaceholderUrl => "placeholder-url",
            Self::InvalidUrl => "invalid-url",
            Self::LocalDependency => "local-dependency",
            Self::UnsupportedChartType => "unsupported-chart-type",
            Self::UnsupportedUrl => "unsupported-url",
            Self::UnspecifiedVersion => "unspecified-version",
            Self::InvalidName => "invalid-name",
            Self::InvalidConfig => "invalid-config",
            Self::IsPinned => "is-pinned",
            Self::PackageRules => "package-rules",
            Self::Disabled => "disabled",
            Self::Ignored => "ignored",
            Self::InternalError => "internal-error",
            Self::LookupFailed => "lookup-failed",
            Self::ImageAutomation => "image-automation",
            Self::DeadAnnotation => "dead-annotation",
        }
    }

    /// Returns what the word means and, where there is something to do, what.
    pub fn explain(self) -> &'static str {
        match self {
            Self::LocalChart => "the chart is a folder of this repository",
            Self::UnknownRegistry => "the repository the chart comes from was not found among the files",
            Self::UnsupportedDatasource => "updraft does not know where to look such a package up",
            Self::UnversionedReference => {
                "it follows a branch or a range that Flux resolves by itself: there is no version to update"
            }
            Self::InvalidValue => "the value is not a version of its kind",
            Self::InvalidVersion => "the version cannot be read",
            Self::ContainsVariable => "the value is made of variables that are filled in elsewhere",
            Self::InvalidDependencySpecification => "the parts contradict each other",
            Self::NoRepository => "no repository is named",
            Self::PlaceholderUrl => {
                "the repository is an alias that is defined elsewhere; map it with `registryAliases`"
            }
            Self::InvalidUrl => "the address cannot be read",
            Self::LocalDependency => "it lives in this repository",
            Self::UnsupportedChartType => "this form of chart name is not understood",
            Self::UnsupportedUrl => "this form of address is not understood",
            Self::UnspecifiedVersion => "no version is given, so nothing holds it back",
            Self::InvalidName => "the name is not one a registry could have",
            Self::InvalidConfig => "the configuration of this dependency is wrong",
            Self::IsPinned => "it is pinned on purpose",
            Self::PackageRules => "a package rule disables it (`enabled: false`)",
            Self::Disabled => "it is disabled",
            Self::Ignored => "`ignoreDeps` names it",
            Self::InternalError => "updraft made a mistake here; please report it",
            Self::LookupFailed => "looking it up failed; it is tried again on the next run",
            Self::ImageAutomation => "Flux image automation (`$imagepolicy`) owns this line",
            Self::DeadAnnotation => "the annotation above it cannot be applied to this line",
        }
    }
}

/// A skip reason with what is particular about this case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Skip {
    /// The reason.
    pub reason: SkipReason,
    /// What is particular here, one line: "no HelmRepository `flux-system/grafana`"; may be empty.
    pub detail: String,
}

/// One line of the story how a dependency was understood: "HelmRepository flux-system/grafana", with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// What it is.
    pub what: String,
    /// The file it stands in.
    pub file: RepoPath,
    /// Where in that file.
    pub span: ByteSpan,
}

/// A dependency as a manager found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dep {
    /// Who found it.
    pub manager: ManagerId,
    /// The file it stands in.
    pub file: RepoPath,
    /// The bytes people think of as the dependency: the value, or the whole reference.
    pub span: ByteSpan,
    /// What it was found in, for people: "HelmRelease grafana/grafana"; may be empty.
    pub found_in: String,
    /// The name people read.
    pub dep_name: String,
    /// The name that is looked up.
    pub package_name: String,
    /// Where it is looked up; `None` together with a skip.
    pub datasource: Option<DatasourceId>,
    /// The versioning the manager asks for; `None` leaves it to the datasource.
    pub versioning: Option<VersioningId>,
    /// The value in the file: a version, a tag, a range.
    pub current_value: Option<String>,
    /// The digest in the file, as a full digest (`sha256:...`, a commit, or a short commit).
    pub current_digest: Option<String>,
    /// Registries to look in, in order; empty means the datasource's default.
    pub registry_urls: Vec<String>,
    /// The kind of dependency: `action`, `docker`, `final`, `stage`, ...
    pub dep_type: Option<String>,
    /// A regular expression with a group `version` that takes the version out of a release's name.
    pub extract_version: Option<String>,
    /// Whether the manager wants digests pinned (`Some(false)`: never by default, as in chart values); `None` leaves
    /// it to the configuration. A package rule wins over it.
    pub pin_digests: Option<bool>,
    /// Further named groups that a user's templates may use.
    pub captures: BTreeMap<String, String>,
    /// Why it is left alone.
    pub skip: Option<Skip>,
    /// Every place that spells a part of it, in file order.
    pub slots: Vec<Slot>,
    /// What a lock file holds of it, where the lock can be written too.
    pub lock: Option<Lock>,
    /// How it was understood: the source a chart comes from, the annotation above the line, ...
    pub origins: Vec<Origin>,
}

impl Dep {
    /// Returns a dependency with nothing known but who found it, where, and its name.
    pub fn new(manager: ManagerId, file: &RepoPath, span: ByteSpan, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            manager,
            file: file.clone(),
            span,
            found_in: String::new(),
            dep_name: name.clone(),
            package_name: name,
            datasource: None,
            versioning: None,
            current_value: None,
            current_digest: None,
            registry_urls: Vec::new(),
            dep_type: None,
            extract_version: None,
            pin_digests: None,
            captures: BTreeMap::new(),
            skip: None,
            slots: Vec::new(),
            lock: None,
            origins: Vec::new(),
        }
    }

    /// Marks the dependency as left alone.
    #[must_use]
    pub fn skipped(mut self, reason: SkipReason, detail: impl Into<String>) -> Self {
        self.skip = Some(Skip { reason, detail: detail.into() });
        self
    }

    /// Leaves out the users and passwords of the addresses in its names and in what is told of it. They are of no use where it is looked
    /// up, and names are seen wherever the dependency is: in reports, logs, branches and pull requests.
    pub fn leave_out_users(&mut self) {
        let details = self.skip.iter_mut().map(|skip| &mut skip.detail);
        let told = self.origins.iter_mut().map(|origin| &mut origin.what).chain(details);
        for text in told.chain([&mut self.dep_name, &mut self.package_name, &mut self.found_in]) {
            if let Cow::Owned(shown) = without_users(text) {
                *text = shown;
            }
        }
    }

    /// Returns the question to ask a registry about it, or `None` when there is no datasource.
    pub fn lookup(&self) -> Option<Lookup> {
        Some(Lookup {
            datasource: self.datasource.clone()?,
            package_name: self.package_name.clone(),
            registry_urls: self.registry_urls.clone(),
        })
    }
}
