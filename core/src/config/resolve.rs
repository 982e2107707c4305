//! Reads a configuration and the presets it extends into one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apply::Bases;
use super::defaults::Defaults;
use super::effect;
use super::files::FilePatterns;
use super::json::{self, Duplicate, Node, NodeValue, Place, Property, SourceId};
use super::migrate;
use super::names;
use super::options::{OPTIONS, Options};
use super::preset::{PresetHost, PresetRef, PresetText, WorkTree};
use super::presets::{self, BuiltIn};
use super::reader::{Reader, Source, locate};
use super::{Config, ConfigFile};
use crate::name::RepoPath;
use crate::problem::Problem;

/// How deep presets may extend each other.
const MAX_DEPTH: usize = 24;
/// How many presets one configuration may extend, nested ones included.
const MAX_PRESETS: usize = 600;
/// How many texts one configuration may be made of.
const MAX_SOURCES: usize = 2000;
/// How many bytes its presets may have in all, with what their arguments add to them.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What came of reading a configuration.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// These presets are needed first: fetch them and ask again with all that were fetched so far.
    Needs(Vec<PresetRef>),
    /// It is read.
    Done(Box<Config>),
}

/// Reads the configuration `root` and everything it extends; `None` gives Renovate's defaults.
///
/// `presets` are the texts fetched so far by [`PresetRef::key`]; `own_repository` is the `owner/repo` of the repository,
/// so that its own presets are known. Nothing is fatal: what is wrong is in [`Config::problems`], and the rest holds.
pub fn resolve(
    root: Option<&ConfigFile>,
    presets: &BTreeMap<String, PresetText>,
    own_repository: Option<&str>,
) -> Resolution {
    let Some(root) = root else {
        let mut config = Config::without_file();
        config.repository = own_repository.map(str::to_owned);
        return Resolution::Done(Box::new(config));
    };
    let mut resolver = Resolver {
        presets,
        own_repository,
        sources: Vec::new(),
        problems: Vec::new(),
        missing: BTreeMap::new(),
        ignored: BTreeSet::new(),
        expanded: 0,
        room: MAX_BYTES,
        reported: BTreeSet::new(),
        unread: BTreeSet::new(),
        idle: BTreeSet::new(),
    };
    let source = Source {
        name: root.path.as_str().into(),
        file: Some(root.path.clone()),
        preset: None,
        extended_at: None,
        text: Arc::clone(&root.text),
    };
    let node = resolver.read_root(root, source);
    let node = node.map(|mut node| {
        resolver.ignored = texts(node.member("ignorePresets")).map(str::to_owned).collect();
        resolver.expand(&mut node, &mut Vec::new());
        node
    });
    if !resolver.missing.is_empty() {
        return Resolution::Needs(resolver.missing.into_values().collect());
    }
    let Resolver { sources, problems, unread, idle, .. } = resolver;
    let mut files: Vec<RepoPath> = Vec::new();
    for file in sources.iter().filter_map(|source| source.file.clone()) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let config = finish(sources, node.as_ref(), problems, files, own_repository);
    Resolution::Done(Box::new(Config { unread_presets: unread, idle_presets: idle, ..config }))
}

/// Turns the values of a configuration into options.
pub(crate) fn finish(
    sources: Vec<Source>,
    node: Option<&Node>,
    problems: Vec<Problem>,
    files: Vec<RepoPath>,
    own_repository: Option<&str>,
) -> Config {
    let defaults = Defaults::read();
    let mut config =
        Config { problems, files, repository: own_repository.map(str::to_owned), ..Config::default() };
    let mut written = Options::default();
    if let Some(node) = node {
        let mut reader = Reader::new(&sources);
        written = Options::read_object(node, &mut reader, |_| false);
        config.problems.append(&mut reader.finish());
        config.origins = origins(node);
        config.problems.extend(effect::check_top(&config.origins, &sources));
    }
    config.sources = sources;
    config.rules = written.package_rules.take().unwrap_or_default();
    config.custom_managers = written.custom_managers.take().unwrap_or_default();
    let blocks = std::mem::take(&mut written.managers);
    let mut options = defaults.global.clone();
    options.merge(&written);
    // A limit that nobody set is the one for pull requests.
    if options.branch_concurrent_limit.is_none() {
        options.branch_concurrent_limit = options.pr_concurrent_limit;
    }
    let plain = Arc::new(options.clone());
    let mut bases = Bases::new();
    let managers: BTreeSet<&String> = defaults.managers.keys().chain(blocks.keys()).collect();
    for manager in managers {
        let mut base = options.clone();
        for layer in [defaults.managers.get(manager), blocks.get(manager)].into_iter().flatten() {
            base.merge(layer);
        }
        base.manager_file_patterns = None;
        bases.insert(manager.clone(), Arc::new(base));
    }
    config.patterns = FilePatterns::new(&options, |name| {
        config.origins.get(name).and_then(|places| places.last()).copied()
    });
    options.managers = blocks;
    config.options = options;
    config.bases = bases;
    config.plain_base = plain;
    config.datasources.clone_from(&defaults.datasources);
    deduplicate(&mut config.problems);
    config
}

/// Returns where each option of the top level was said.
fn origins(node: &Node) -> BTreeMap<String, Vec<Place>> {
    let mut origins = BTreeMap::new();
    for property in node.properties() {
        let places = match &property.value.value {
            NodeValue::Array(items) if !items.is_empty() && merges(&property.name) => {
                items.iter().map(|item| item.place).collect()
            }
            _ => vec![property.name_place],
        };
        origins.insert(property.name.clone(), places);
    }
    origins
}

fn deduplicate(problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
}

fn merges(name: &str) -> bool {
    OPTIONS
        .iter()
        .find(|option| option.name == name)
        .map_or_else(|| names::is_manager(name), |option| option.merges)
}

fn texts(node: Option<&Node>) -> impl Iterator<Item = &str> {
    let one = node.and_then(Node::as_str);
    let many = node.map(Node::items).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(Node::as_str))
}

struct Resolver<'a> {
    presets: &'a BTreeMap<String, PresetText>,
    own_repository: Option<&'a str>,
    sources: Vec<Source>,
    problems: Vec<Problem>,
    missing: BTreeMap<String, PresetRef>,
    ignored: BTreeSet<String>,
    expanded: usize,
    /// How many bytes presets may still have.
    room: usize,
    reported: BTreeSet<String>,
    /// Presets that could not be read.
    unread: BTreeSet<String>,
    /// Presets that were understood and change nothing.
    idle: BTreeSet<String>,
}

impl Resolver<'_> {
    fn read_root(&mut self, root: &ConfigFile, source: Source) -> Option<Node> {
        let id = self.add_source(source)?;
        let mut node = self.parse(&root.text, id)?;
        if root.path.file_name() == "package.json" {
            node = node.member("renovate").cloned()?;
        }
        if !matches!(node.value, NodeValue::Object(_)) {
            let problem =
                Problem::error(format!("the configuration must be an object, it is {}", node.kind()));
            self.report(problem.hint("everything belongs inside one `{ .. }`"), node.place);
            return None;
        }
        self.migrate(&mut node);
        Some(node)
    }

    fn add_source(&mut self, source: Source) -> Option<SourceId> {
        let id = u16::try_from(self.sources.len()).ok().filter(|id| usize::from(*id) < MAX_SOURCES)?;
        self.sources.push(source);
        Some(SourceId(id))
    }

    fn report(&mut self, problem: Problem, place: Place) {
        let problem = locate(&self.sources, problem, place);
        self.problems.push(problem);
    }

    fn parse(&mut self, text: &str, id: SourceId) -> Option<Node> {
        match json::parse_with_duplicates(text, id) {
            Ok((node, duplicates)) => {
                for duplicate in duplicates {
                    self.written_twice(text, &duplicate);
                }
                Some(node)
            }
            Err(error) => {
                let problem = Problem { hint: error.hint, ..Problem::error(error.message) };
                self.report(problem, Place { source: id, span: error.span });
                None
            }
        }
    }

    fn written_twice(&mut self, text: &str, duplicate: &Duplicate) {
        let (name, first, last) = (&duplicate.name, duplicate.first, duplicate.last);
        let line = text.get(..last.span.start).unwrap_or_default().matches('\n').count() + 1;
        let problem =
            Problem::warning(format!("`{name}` is written twice here, and only the last one counts"));
        let hint = format!("put both together in line {line}, or remove one of them");
        self.report(problem.hint(hint), first);
    }

    /// Puts old forms into new ones; the owner is told of those in their own files.
    fn migrate(&mut self, node: &mut Node) {
        for found in migrate::migrate(node) {
            let is_own = self
                .sources
                .get(usize::from(found.place.source.0))
                .is_some_and(|source| source.file.is_some());
            if is_own {
                self.report(Problem::note(found.message).hint(found.hint), found.place);
            }
        }
    }

    /// Replaces `extends` by what the presets say, everywhere inside `node`.
    fn expand(&mut self, node: &mut Node, stack: &mut Vec<String>) {
        let extends = take(node, "extends");
        let mut merged: Option<Node> = None;
        let list = match &extends {
            Some(Property { value: Node { value: NodeValue::Array(items), .. }, .. }) => items.clone(),
            Some(Property { value, .. }) if value.as_str().is_some() => vec![value.clone()],
            Some(Property { value, .. }) => {
                self.report(
                    Problem::error("`extends` wants a list of strings")
                        .hint("write `extends: [\"config:recommended\"]`"),
                    value.place,
                );
                Vec::new()
            }
            None => Vec::new(),
        };
        for item in &list {
            let Some(text) = item.as_str() else {
                self.report(
                    Problem::error("`extends` wants only strings in its list")
                        .hint("write presets as strings"),
                    item.place,
                );
                continue;
            };
            if let Some(preset) = self.read_preset(text, item.place, stack) {
                match &mut merged {
                    Some(merged) => merge(merged, preset),
                    None => merged = Some(preset),
                }
            }
        }
        if let Some(mut merged) = merged {
            let own = std::mem::replace(node, Node::new(node.place, NodeValue::Null));
            merged.place = own.place;
            merge(&mut merged, own);
            *node = merged;
        }
        let NodeValue::Object(properties) = &mut node.value else { return };
        let mut inner = std::mem::take(properties);
        for property in &mut inner {
            if matches!(property.name.as_str(), "customDatasources" | "registryAliases" | "prBodyDefinitions")
            {
                continue;
            }
            match &mut property.value.value {
                NodeValue::Object(_) => self.expand(&mut property.value, stack),
                NodeValue::Array(items) => {
                    items
                        .iter_mut()
                        .filter(|item| matches!(item.value, NodeValue::Object(_)))
                        .for_each(|item| self.expand(item, stack));
                }
                _ => {}
            }
        }
        if let NodeValue::Object(properties) = &mut node.value {
            *properties = inner;
        }
    }

    /// Returns what the preset `text` says, its own presets included.
    fn read_preset(&mut self, text: &str, place: Place, stack: &mut Vec<String>) -> Option<Node> {
        if text.trim().is_empty() || self.ignored.contains(text) {
            return None;
        }
        let preset = PresetRef::parse(text, self.own_repository);
        if self.ignored.contains(&preset.repository) && preset.host == PresetHost::BuiltIn {
            return None;
        }
        let identity = format!(
            "{}#{}#{:?}",
            preset.key(),
            preset.member.as_deref().unwrap_or_default(),
            preset.arguments
        );
        if stack.contains(&identity) {
            let problem = Problem::warning(format!("the preset `{text}` extends itself"));
            self.report(problem.hint("remove it from one of the two"), place);
            return None;
        }
        self.expanded += 1;
        if stack.len() >= MAX_DEPTH || self.expanded > MAX_PRESETS {
            self.too_many(place);
            return None;
        }
        let mut node = self.load(&preset, place)?;
        if !preset.arguments.is_empty() {
            let Some(room) = substitute(&mut node, &preset.arguments, self.room) else {
                self.too_many(place);
                return None;
            };
            self.room = room;
        }
        if let Some(text) = take(&mut node, "ignorePresets") {
            self.ignored.extend(texts(Some(&text.value)).map(str::to_owned));
        }
        // What a preset says of itself is not a remark on what extends it.
        take(&mut node, "$schema");
        take(&mut node, "description");
        stack.push(identity);
        self.expand(&mut node, stack);
        stack.pop();
        Some(node)
    }

    fn too_many(&mut self, place: Place) {
        if self.reported.insert("limit".to_owned()) {
            let problem = Problem::error("too many presets extend each other; the rest is left out");
            self.report(problem.hint("extend fewer presets"), place);
        }
    }

    fn load(&mut self, preset: &PresetRef, place: Place) -> Option<Node> {
        let (path, text, is_local) = match preset.host {
            PresetHost::BuiltIn => return self.load_built_in(preset, place),
            PresetHost::Npm => {
                self.npm(preset, place);
                return None;
            }
            _ if !preset.is_sound() => {
                let hint = "write `github>owner/repo`, `github>owner/repo//path/file.json5` or `local>..`";
                if self.reported.insert(preset.text.clone()) {
                    let message = format!("the preset `{}` names no repository", preset.text);
                    self.report(Problem::error(message).hint(hint), place);
                }
                return None;
            }
            _ => match self.presets.get(&preset.key()) {
                Some(PresetText::Found { path, text, is_local }) => (path, Arc::clone(text), *is_local),
                Some(PresetText::Missing(reason)) => {
                    let hint = "a dry run goes by the rest of the configuration; `updraft run` writes nothing until it can be read";
                    self.unread.insert(preset.text.clone());
                    self.unknown(preset, place, &format!("it could not be read: {reason}"), hint.to_owned());
                    return None;
                }
                Some(PresetText::Absent(reason)) => {
                    self.unread.insert(preset.text.clone());
                    if self.reported.insert(format!("{} absent", preset.text)) {
                        let message = format!("there is no preset `{}`: {reason}", preset.text);
                        let hint = "check its name; if it is private, give the bot a token that can read it";
                        self.report(Problem::error(message).hint(hint), place);
                    }
                    return None;
                }
                None => {
                    self.missing.entry(preset.key()).or_insert_with(|| preset.clone());
                    return None;
                }
            },
        };
        let Some(room) = self.room.checked_sub(text.len()) else {
            self.too_many(place);
            return None;
        };
        self.room = room;
        let file = RepoPath::new(path).filter(|_| is_local);
        let stands_in = is_local && preset.work_tree == WorkTree::MayStandIn;
        if stands_in && self.reported.insert(format!("{} stands in", preset.repository)) {
            let problem = Problem::note(format!(
                "presets of `{}` are read from the files of this repository, as `{path}` here",
                preset.repository
            ));
            self.report(problem.hint(format!("`{}` could not be read itself", preset.repository)), place);
        }
        let name = file.as_ref().map_or(preset.text.as_str(), RepoPath::as_str);
        let source = Source {
            name: name.into(),
            file,
            preset: Some(preset.text.as_str().into()),
            extended_at: Some(place),
            text: Arc::clone(&text),
        };
        let id = self.add_source(source)?;
        let mut node = self.parse(&text, id)?;
        if let Some(member) = &preset.member {
            for part in member.split('/') {
                let Some(inner) = node.member(part).cloned() else {
                    self.unknown(
                        preset,
                        place,
                        &format!("`{path}` has no `{part}`"),
                        "check the name after the `/`".to_owned(),
                    );
                    return None;
                };
                node = inner;
            }
        }
        if !matches!(node.value, NodeValue::Object(_)) {
            self.unknown(preset, place, "it is no object", "a preset is an object of options".to_owned());
            return None;
        }
        self.migrate(&mut node);
        Some(node)
    }

    fn load_built_in(&mut self, preset: &PresetRef, place: Place) -> Option<Node> {
        let source = Source {
            name: preset.text.as_str().into(),
            file: None,
            preset: Some(preset.text.as_str().into()),
            extended_at: Some(place),
            text: "".into(),
        };
        let id = self.add_source(source)?;
        match presets::find(&preset.repository, id) {
            Some(BuiltIn::Says(node)) => Some(node),
            Some(BuiltIn::Idle(node)) => {
                self.idle.insert(preset.text.clone());
                Some(node)
            }
            None => {
                self.no_such_preset(preset, place);
                None
            }
        }
    }

    /// Says what is wrong with a preset that is a package's name, and therefore probably a built-in one without its colon.
    fn npm(&mut self, preset: &PresetRef, place: Place) {
        let bare = preset.repository.as_str();
        let known = presets::names();
        let meant = known.iter().find(|name| name.rsplit(':').next() == Some(bare));
        let (reason, hint) = match meant {
            Some(meant) => (format!("there is no preset `{bare}`"), format!("did you mean `{meant}`?")),
            None => (
                format!("`{bare}` is the name of an npm package, and presets from npm are not supported"),
                "put the preset into a repository and extend it as `github>owner/repo`".to_owned(),
            ),
        };
        if self.reported.insert(preset.text.clone()) {
            self.report(Problem::error(reason).hint(hint), place);
        }
    }

    /// Says that the name of a built-in preset is wrong, and which may be meant.
    fn no_such_preset(&mut self, preset: &PresetRef, place: Place) {
        let written = preset.repository.as_str();
        let known = presets::names();
        let hint = names::closest(written, known.iter().map(String::as_str)).map_or_else(
            || match written.split_once(':') {
                Some((namespace, _))
                    if known.iter().any(|name| name.starts_with(&format!("{namespace}:"))) =>
                {
                    "remove it, or say in `packageRules` what you need of it".to_owned()
                }
                _ => {
                    "a preset of a repository is written `github>owner/repo` or `local>owner/repo`".to_owned()
                }
            },
            |close| format!("did you mean `{close}`?"),
        );
        if self.reported.insert(preset.text.clone()) {
            let problem = Problem::error(format!("there is no preset `{}`", preset.text));
            self.report(problem.hint(hint), place);
        }
    }

    fn unknown(&mut self, preset: &PresetRef, place: Place, reason: &str, hint: String) {
        if self.reported.insert(format!("{} {reason}", preset.text)) {
            let message =
                format!("the preset `{}` is left out and its effects are missing: {reason}", preset.text);
            self.report(Problem::warning(message).hint(hint), place);
        }
    }
}

/// Removes a member.
fn take(node: &mut Node, name: &str) -> Option<Property> {
    let NodeValue::Object(properties) = &mut node.value else { return None };
    let at = properties.iter().position(|property| property.name == name)?;
    Some(properties.remove(at))
}

/// Adds what `later` says to `node`.
fn merge(node: &mut Node, later: Node) {
    let (NodeValue::Object(properties), NodeValue::Object(more)) = (&mut node.value, later.value) else {
        return;
    };
    for property in more {
        let Some(earlier) = properties.iter_mut().find(|earlier| earlier.name == property.name) else {
            properties.push(property);
            continue;
        };
        if !merges(&property.name) {
            *earlier = property;
            continue;
        }
        match (&mut earlier.value.value, property.value.value) {
            (NodeValue::Array(items), NodeValue::Array(more)) => items.extend(more),
            (NodeValue::Object(_), value @ NodeValue::Object(_)) => {
                merge(&mut earlier.value, Node::new(property.value.place, value));
            }
            (value, later) => {
                *value = later;
                earlier.value.place = property.value.place;
                earlier.name_place = property.name_place;
            }
        }
    }
}

/// Puts the arguments of a preset into its texts, and returns how much of `room`, in bytes, is left; `None` when it is too little: arguments
/// may hold arguments, and would double with every preset.
fn substitute(node: &mut Node, arguments: &[String], room: usize) -> Option<usize> {
    let mut left = Some(room);
    let mut put = |text: &mut String, spelling: &str, argument: &str| {
        let added = text.matches(spelling).count().saturating_mul(argument.len());
        left = left.and_then(|left| left.checked_sub(added));
        if left.is_some() && added > 0 || argument.is_empty() {
            *text = text.replace(spelling, argument);
        }
    };
    let all = arguments.join(", ");
    node.for_each_text(&mut |text| {
        if !text.contains("{{") {
            return;
        }
        for (index, argument) in arguments.iter().enumerate() {
            for spelling in [
                format!("{{{{{{arg{index}}}}}}}"),
                format!("{{{{arg{index}}}}}"),
                format!("{{{{ arg{index} }}}}"),
            ] {
                put(text, &spelling, argument);
            }
        }
        put(text, "{{args}}", &all);
    });
    left
}

#[cfg(test)]
mod tests;
