//! What is examined, and what several checks want to know of it.

use std::cell::OnceCell;
use std::sync::Arc;

use updraft_core::config::{Config, ConfigFile, Facts, Holds, Item, Outline, PackageRule, Place, Verdict};
use updraft_core::dep::Dep;
use updraft_core::manager::Extraction;
use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::Tags;
use crate::configuration::Sources;
use crate::report::find;
use crate::run::{Managers, Reading};

/// A repository that was read, with its configuration.
pub struct Case<'a> {
    /// The repository.
    pub(super) reading: &'a Reading,
    /// The texts its configuration was read from.
    pub(super) sources: &'a Sources,
    tags: &'a Tags,
    own: Vec<Own>,
    verdicts: OnceCell<Vec<Vec<Verdict>>>,
    everything: OnceCell<Extraction>,
}

/// A configuration file of the repository.
pub(super) struct Own {
    pub(super) path: RepoPath,
    pub(super) text: Arc<str>,
    pub(super) outline: Outline,
}

impl<'a> Case<'a> {
    /// Returns what is to be examined.
    pub fn new(reading: &'a Reading, sources: &'a Sources, tags: &'a Tags) -> Self {
        let own = reading.config.files.iter().filter_map(|path| {
            let text = match &sources.file {
                Some(file) if file.path == *path => Arc::clone(&file.text),
                _ => find(&reading.snapshot.files, path.as_str())?.text.clone(),
            };
            let outline = Outline::read(path, &text)?;
            Some(Own { path: path.clone(), text, outline })
        });
        Self {
            reading,
            sources,
            tags,
            own: own.collect(),
            verdicts: OnceCell::new(),
            everything: OnceCell::new(),
        }
    }

    /// Returns what is known of the tags of pinned commits.
    pub(super) fn tags(&self) -> &'a Tags {
        self.tags
    }

    pub(super) fn config(&self) -> &'a Config {
        &self.reading.config
    }

    /// Returns the files of the repository.
    pub(super) fn files(&self) -> &'a [SourceFile] {
        &self.reading.snapshot.files
    }

    /// Returns the dependencies that were found.
    pub(super) fn deps(&self) -> &'a [Dep] {
        &self.reading.extraction.deps
    }

    /// Returns what each rule says of each dependency: as many lists as [`Case::deps`].
    pub(super) fn verdicts(&self) -> &[Vec<Verdict>] {
        self.verdicts
            .get_or_init(|| self.deps().iter().map(|dep| self.config().verdicts(&Facts::of(dep))).collect())
    }

    /// Returns the dependencies for which `holds` is true of the verdict on rule number `index`.
    pub(super) fn judged<'s>(
        &'s self,
        index: usize,
        holds: impl Fn(&Verdict) -> bool + 's,
    ) -> impl Iterator<Item = &'a Dep> + 's {
        let verdicts = self.deps().iter().zip(self.verdicts());
        verdicts.filter(move |(_, verdicts)| verdicts.get(index).is_some_and(&holds)).map(|(dep, _)| dep)
    }

    /// Returns what managers would find if `ignorePaths` and `includePaths` left nothing out.
    pub(super) fn everything(&self) -> &Extraction {
        self.everything.get_or_init(|| {
            let config = self.config().without_left_out_paths();
            Managers::new(&config).extract(&self.files().iter().collect::<Vec<_>>())
        })
    }

    /// Returns the configuration files of the repository, the first place in its order first.
    pub(super) fn own(&self) -> &[Own] {
        &self.own
    }

    /// Returns the rules that the owner can change, with their numbers.
    pub(super) fn own_rules(&self) -> impl Iterator<Item = (usize, &'a PackageRule)> {
        let rules = self.config().rules.iter().enumerate();
        rules.filter(|(_, rule)| self.config().is_own(rule.place))
    }

    /// Returns the file that holds `place`, and the object that stands there.
    pub(super) fn object_at(&self, place: Place) -> Option<(&RepoPath, Item<'_>)> {
        let path = self.config().source(place)?.file.as_ref()?;
        let own = self.own.iter().find(|own| own.path == *path)?;
        Some((&own.path, own.outline.object_at(place.span)?))
    }

    /// Returns `problem` pointed at a member of the object at `place`, or at its entry `entry`; where it is spelled otherwise, at the object.
    pub(super) fn at_member(
        &self,
        problem: Problem,
        place: Place,
        name: &str,
        entry: Option<&str>,
    ) -> Problem {
        let Some(path) = self.config().source(place).and_then(|source| source.file.as_ref()) else {
            return problem;
        };
        let member = self.object_at(place).and_then(|(_, object)| object.member(name));
        let entry = member.and_then(|member| member.entries().find(|item| item.text() == entry));
        let span = entry.or(member).map_or_else(|| first_line(place.span, self.text_of(path)), Item::span);
        problem.at(path, span)
    }

    fn text_of(&self, path: &RepoPath) -> &str {
        self.own.iter().find(|own| own.path == *path).map_or("", |own| &own.text)
    }

    /// Returns the file the configuration begins with.
    pub(super) fn config_file(&self) -> Option<&ConfigFile> {
        self.sources.file.as_ref()
    }
}

/// Returns the part of `span` on its first line: a whole rule would be a long picture.
pub(super) fn first_line(span: ByteSpan, text: &str) -> ByteSpan {
    let length = span.of(text).and_then(|inner| inner.find('\n')).unwrap_or(span.end - span.start);
    ByteSpan::new(span.start, span.start + length.max(1))
}

/// Returns whether a rule may apply: it does, or that depends on a registry's answer.
pub(super) fn may_hold(verdict: &Verdict) -> bool {
    verdict.holds() != Holds::No
}

/// Returns `count` things in words.
pub(super) fn count(count: usize, singular: &str, plural: &str) -> String {
    if count == 1 { format!("1 {singular}") } else { format!("{count} {plural}") }
}

/// Returns texts as people list them, in backticks and cut after the first few.
pub(super) fn listed<T: AsRef<str>>(texts: &[T]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = texts.iter().take(NAMED).map(|text| format!("`{}`", text.as_ref())).collect();
    match texts.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
