//! Which rules hold for a dependency or a file, and what keeps the others from it: the configuration's side of the story, which needs no
//! registry.

use std::fmt::Write as _;
use std::sync::Arc;

use anstyle::Style;
use serde_json::{Value, json};
use updraft_core::choose::{PreparedDep, prepare};
use updraft_core::config::rule::Matcher;
use updraft_core::config::{Applied, Config, Facts, Holds, Ignored, PackageRule, Verdict};
use updraft_core::dep::Dep;
use updraft_core::name::short_digest;
use updraft_core::source::SourceFile;

use super::target;
use crate::report::build;
use crate::report::layout::wrap;
use crate::report::printable::printable;
use crate::run::{Managers, Reading, Reads};

/// The name and version of the document's shape.
pub const SCHEMA: &str = "updraft.config-explain/v1";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Where the second column begins, in characters.
const INDENT: usize = 14;

/// The most of a matcher's value that is shown, in characters.
const MAX_WANTS: usize = 60;

/// What a target is, as the configuration sees it.
pub struct Explained<'r> {
    reading: &'r Reading,
    /// The file, when a whole file is meant.
    file: Option<FileStory<'r>>,
    deps: Vec<PreparedDep>,
    listing: Listing,
}

/// Which of the rules that do not hold are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Those that the owner wrote; those of presets are counted.
    Own,
    /// All.
    All,
}

struct FileStory<'r> {
    file: &'r SourceFile,
    ignored: Option<Ignored>,
    readers: Vec<(String, Reads)>,
}

/// Returns what `target` is, or why it is nothing.
///
/// # Errors
/// When neither a file nor a dependency is meant, in words that say what may be.
pub fn explain<'r>(reading: &'r Reading, target: &str, listing: Listing) -> Result<Explained<'r>, String> {
    let files = &reading.snapshot.files;
    let prepared: Vec<PreparedDep> =
        reading.extraction.deps.iter().map(|dep| prepare(&Arc::new(dep.clone()), &reading.config)).collect();
    let all: Vec<&PreparedDep> = prepared.iter().collect();
    let chosen = target::chosen(files, &all, target);
    let file = target::file(files, target).map(|file| FileStory {
        file,
        ignored: reading.config.ignored(&file.path),
        readers: Managers::new(&reading.config)
            .readers(file)
            .into_iter()
            .map(|(manager, reads)| (manager.to_string(), reads))
            .collect(),
    });
    if file.is_none() && chosen.is_empty() {
        return Err(target::nothing(files, &all, target));
    }
    let deps = chosen.into_iter().filter_map(|index| prepared.get(index).cloned()).collect();
    Ok(Explained { reading, file, deps, listing })
}

impl Explained<'_> {
    /// Returns the explanation as text with ANSI styles, in lines no longer than `width`, if there is one.
    pub fn text(&self, width: Option<usize>) -> String {
        let mut out = String::new();
        if let Some(story) = &self.file {
            story.tell(&self.reading.config, &self.reading.snapshot.files, width, &mut out);
        }
        for (index, dep) in self.deps.iter().enumerate() {
            if index > 0 || self.file.is_some() {
                out.push('\n');
            }
            self.story(dep).tell(width, &mut out);
        }
        out
    }

    /// Returns the explanation as a document.
    pub fn document(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "file": self.file.as_ref().map(|story| story.document(&self.reading.config, &self.reading.snapshot.files)),
            "dependencies": self.deps.iter().map(|dep| self.story(dep).document()).collect::<Vec<_>>(),
        })
    }

    fn story<'s>(&'s self, dep: &'s PreparedDep) -> Story<'s> {
        let config = &self.reading.config;
        let facts = Facts::of(&dep.found);
        Story {
            config,
            files: &self.reading.snapshot.files,
            dep,
            verdicts: config.verdicts(&facts),
            applied: config.apply(&facts),
            listing: self.listing,
        }
    }
}

/// Writes a line; foreign text in it has to be printable already.
fn line(out: &mut String, label: &str, text: &str, width: Option<usize>) {
    let text = wrap(text, width, INDENT);
    let _ = writeln!(out, "  {DIM}{label:<room$}{DIM:#}{text}", room = INDENT - 2);
}

impl FileStory<'_> {
    fn tell(&self, config: &Config, files: &[SourceFile], width: Option<usize>, out: &mut String) {
        let _ = writeln!(out, "{BOLD}{}{BOLD:#}", printable(self.file.path.as_str()));
        if let Some(ignored) = &self.ignored {
            line(out, "left out", &printable(&left_out(ignored, config, files)), width);
            return;
        }
        if self.readers.is_empty() {
            line(
                out,
                "read by",
                "no manager: no pattern matches the path, and none knows it by its content",
                width,
            );
        }
        let mut label = "read by";
        for (manager, reads) in &self.readers {
            line(
                out,
                label,
                &format!("{}   {DIM}{}{DIM:#}", printable(manager), printable(&why(reads))),
                width,
            );
            label = "";
        }
    }

    fn document(&self, config: &Config, files: &[SourceFile]) -> Value {
        let readers =
            self.readers.iter().map(|(manager, reads)| json!({"manager": manager, "why": why(reads)}));
        json!({
            "path": self.file.path.as_str(),
            "leftOut": self.ignored.as_ref().map(|ignored| left_out(ignored, config, files)),
            "managers": readers.collect::<Vec<_>>(),
        })
    }
}

fn left_out(ignored: &Ignored, config: &Config, files: &[SourceFile]) -> String {
    let place = ignored.place.map(|place| config.place_name(place, files)).unwrap_or_default();
    match &ignored.pattern {
        Some(pattern) => format!("`{}` names `{pattern}`   {place}", ignored.option),
        None => format!("no pattern of `{}` matches   {place}", ignored.option),
    }
}

fn why(reads: &Reads) -> String {
    match reads {
        Reads::ByDefault => "its own pattern matches".to_owned(),
        Reads::ByConfig(pattern) => format!("`managerFilePatterns` names {pattern}"),
        Reads::ByContent => "known by its content".to_owned(),
    }
}

/// One dependency under the configuration.
struct Story<'s> {
    config: &'s Config,
    files: &'s [SourceFile],
    dep: &'s PreparedDep,
    verdicts: Vec<Verdict>,
    applied: Applied,
    listing: Listing,
}

impl Story<'_> {
    fn tell(&self, width: Option<usize>, out: &mut String) {
        let (found, dep) = (&self.dep.found, &self.dep.dep);
        let _ = writeln!(
            out,
            "{BOLD}{}{BOLD:#} {}  {DIM}{}{DIM:#}",
            printable(&dep.dep_name),
            printable(&value(dep)),
            dep.datasource
                .as_ref()
                .map(|datasource| printable(datasource.as_str()).into_owned())
                .unwrap_or_default()
        );
        let place = format!("{}:{}   {}", found.file, build::line_of(found, self.files), found.manager);
        line(out, "found", &printable(&place), width);
        if dep.package_name != dep.dep_name {
            line(out, "package", &printable(&dep.package_name), width);
        }
        if let Some(kind) = &dep.dep_type {
            line(out, "type", &printable(kind), width);
        }
        self.group(out, "holds", Holds::Yes, width);
        self.group(out, "may hold", Holds::Open, width);
        self.failed(out, width);
        self.options(out, width);
        if let Some(skip) = &dep.skip {
            let detail = if skip.detail.is_empty() { String::new() } else { format!(": {}", skip.detail) };
            let text = format!("{}{detail}", skip.reason.as_str());
            line(out, "skipped", &printable(&text), width);
        }
    }

    fn rule(&self, verdict: &Verdict) -> Option<&PackageRule> {
        self.config.rules.get(verdict.index)
    }

    /// Returns a rule's number, description and place, with styles.
    fn name(&self, verdict: &Verdict, rule: &PackageRule) -> String {
        let number = self.config.rule_number(verdict.index);
        let number = number.map(|number| format!("#{number} ")).unwrap_or_default();
        let description = match rule.description.as_str() {
            "" => String::new(),
            description => format!("\"{}\" ", printable(description)),
        };
        let place = self.config.place_name(rule.place, self.files);
        format!("{number}{description}{DIM}{}{DIM:#}", printable(&place))
    }

    /// Writes the rules that hold, or that may.
    fn group(&self, out: &mut String, label: &str, wanted: Holds, width: Option<usize>) {
        let mut label = label;
        let mut others = 0;
        for verdict in self.verdicts.iter().filter(|verdict| verdict.holds() == wanted) {
            let Some(rule) = self.rule(verdict) else { continue };
            // Presets have a rule for every large project there is; until a registry is asked, any may be the one.
            if wanted == Holds::Open && self.is_left_out(rule) {
                others += 1;
                continue;
            }
            let sets: Vec<&str> = rule.sets.iter().map(|(name, _)| *name).collect();
            let open =
                verdict.matchers.iter().zip(&rule.matchers).filter(|(holds, _)| **holds == Holds::Open);
            let open: Vec<String> =
                open.map(|(_, matcher)| format!("{} {}", matcher.name(), wants(matcher))).collect();
            let on = if open.is_empty() {
                String::new()
            } else {
                format!("   {DIM}depends on{DIM:#} {}", printable(&open.join(", ")))
            };
            line(out, label, &format!("{}   {}{on}", self.name(verdict, rule), sets.join(", ")), width);
            label = "";
        }
        counted(out, label, others, width);
    }

    fn is_left_out(&self, rule: &PackageRule) -> bool {
        self.listing == Listing::Own && !self.config.is_own(rule.place)
    }

    /// Writes the rules that do not hold, with the matcher that keeps each out and what it saw.
    fn failed(&self, out: &mut String, width: Option<usize>) {
        let mut label = "not for it";
        let mut others = 0;
        for verdict in self.verdicts.iter().filter(|verdict| verdict.holds() == Holds::No) {
            let Some(rule) = self.rule(verdict) else { continue };
            if self.is_left_out(rule) {
                others += 1;
                continue;
            }
            line(out, label, &format!("{}   {}", self.name(verdict, rule), because(verdict, rule)), width);
            label = "";
        }
        counted(out, label, others, width);
    }

    /// Writes what holds in the end, where a rule or the owner said so.
    fn options(&self, out: &mut String, width: Option<usize>) {
        let mut label = "in the end";
        for (name, value, origin) in self.said() {
            let text = format!("{name}: {}   {DIM}{}{DIM:#}", printable(&value), printable(&origin));
            line(out, label, &text, width);
            label = "";
        }
    }

    /// Returns the options that rules set, with their values in the end and who said so last.
    fn said(&self) -> Vec<(&'static str, String, String)> {
        let said = self.applied.options.set().into_iter().filter_map(|(name, value)| {
            let rule = self.config.setter(&self.applied, name)?;
            let index = self.config.rules.iter().position(|other| std::ptr::eq(other, rule))?;
            let origin = match self.config.rule_number(index) {
                Some(number) => format!("#{number}"),
                None => self.config.place_name(rule.place, self.files),
            };
            Some((name, value, origin))
        });
        said.collect()
    }

    fn document(&self) -> Value {
        let (found, dep) = (&self.dep.found, &self.dep.dep);
        let rules = self.verdicts.iter().filter_map(|verdict| {
            let rule = self.rule(verdict)?;
            let open = verdict.matchers.iter().zip(&rule.matchers).filter(|(holds, _)| **holds == Holds::Open);
            let failed = verdict.saw.as_ref().and_then(|saw| Some((rule.matchers.get(saw.matcher)?, saw)));
            Some(json!({
                "index": verdict.index,
                "number": self.config.rule_number(verdict.index),
                "description": rule.description,
                "place": self.config.place_name(rule.place, self.files),
                "holds": match verdict.holds() { Holds::Yes => "yes", Holds::Open => "depends", Holds::No => "no" },
                "dependsOn": open.map(|(_, matcher)| matcher.name()).collect::<Vec<_>>(),
                "failed": failed.map(|(matcher, saw)| json!({"matcher": matcher.name(), "wants": matcher.wants(), "saw": saw.values})),
                "sets": rule.sets.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            }))
        });
        let options: serde_json::Map<String, Value> = self
            .said()
            .into_iter()
            .map(|(name, value, origin)| (name.to_owned(), json!({"value": value, "setBy": origin})))
            .collect();
        json!({
            "depName": dep.dep_name,
            "packageName": dep.package_name,
            "datasource": dep.datasource.as_ref().map(ToString::to_string),
            "manager": found.manager.as_str(),
            "packageFile": found.file.as_str(),
            "line": build::line_of(found, self.files),
            "currentValue": dep.current_value,
            "skipReason": dep.skip.as_ref().map(|skip| skip.reason.as_str()),
            "rules": rules.collect::<Vec<_>>(),
            "options": options,
        })
    }
}

/// Writes how many rules of presets are not listed.
fn counted(out: &mut String, label: &str, rules: usize, width: Option<usize>) {
    if rules > 0 {
        let noun = if rules == 1 { "rule" } else { "rules" };
        line(out, label, &format!("{DIM}{rules} {noun} of presets; -v lists them{DIM:#}"), width);
    }
}

/// Returns what a matcher wants, in so many characters that the rest of the line is still read.
fn wants(matcher: &Matcher) -> String {
    let text = matcher.wants();
    if text.chars().count() <= MAX_WANTS {
        return text;
    }
    let kept: String = text.chars().take(MAX_WANTS - 1).collect();
    format!("{kept}…")
}

/// Returns what keeps a rule from a dependency.
fn because(verdict: &Verdict, rule: &PackageRule) -> String {
    let Some((matcher, saw)) =
        verdict.saw.as_ref().and_then(|saw| Some((rule.matchers.get(saw.matcher)?, saw)))
    else {
        return String::new();
    };
    let wants = format!("{} {}", matcher.name(), wants(matcher));
    let seen = match saw.values.as_slice() {
        [] => "it has none".to_owned(),
        values => format!("it is {}", values.join(", ")),
    };
    format!("{} {DIM}but {}{DIM:#}", printable(wants.trim_end()), printable(&seen))
}

fn value(dep: &Dep) -> String {
    match (&dep.current_value, &dep.current_digest) {
        (Some(value), Some(digest)) => format!("{value}@{}", short_digest(digest)),
        (Some(value), None) => value.clone(),
        (None, Some(digest)) => short_digest(digest).to_owned(),
        (None, None) => String::new(),
    }
}
