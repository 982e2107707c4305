//! What the configuration says of one dependency, or of one update of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Config;
use super::defaults::Defaults;
use super::options::Options;
use super::rule::{Matcher, PackageRule, Subject, VersionMatcher};
use crate::dep::Dep;
use crate::name::{RepoPath, short_digest};
use crate::template;
use crate::update::UpdateType;
use crate::versioning::Versioning;

const SECONDS_A_DAY: i64 = 86_400;

/// The fields that say which kind an update is.
const TYPE_FIELDS: [(&str, UpdateType); 8] = [
    ("isMajor", UpdateType::Major),
    ("isMinor", UpdateType::Minor),
    ("isPatch", UpdateType::Patch),
    ("isPin", UpdateType::Pin),
    ("isPinDigest", UpdateType::PinDigest),
    ("isDigest", UpdateType::Digest),
    ("isRollback", UpdateType::Rollback),
    ("isReplacement", UpdateType::Replacement),
];

/// What is known of a dependency when the configuration is asked; `None` for what is not known yet.
///
/// A matcher that needs something unknown does not hold.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each is the property of the same name in templates and rules")]
pub struct Facts<'a> {
    pub manager: Option<&'a str>,
    pub file: Option<&'a RepoPath>,
    pub dep_name: Option<&'a str>,
    pub package_name: Option<&'a str>,
    pub dep_type: Option<&'a str>,
    pub datasource: Option<&'a str>,
    pub current_value: Option<&'a str>,
    pub current_version: Option<&'a str>,
    pub current_digest: Option<&'a str>,
    /// When the current version was published.
    pub current_version_timestamp: Option<Timestamp>,
    pub registry_urls: &'a [String],
    pub source_url: Option<&'a str>,
    pub update_type: Option<UpdateType>,
    pub new_value: Option<&'a str>,
    pub new_version: Option<&'a str>,
    pub new_digest: Option<&'a str>,
    pub is_breaking: Option<bool>,
    /// When the new version was published.
    pub release_timestamp: Option<Timestamp>,
    pub repository: Option<&'a str>,
    pub base_branch: Option<&'a str>,
    pub now: Option<Timestamp>,
    /// How the dependency's versions compare, for `matchCurrentVersion`.
    pub versioning: Option<&'a dyn Versioning>,
    /// What the manager itself wants of this dependency; every package rule wins over it.
    pub pin_digests: Option<bool>,
    /// The versioning the manager asks for.
    pub versioning_id: Option<&'a str>,
    pub extract_version: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// Returns what a manager found out about `dep`.
    pub fn of(dep: &'a Dep) -> Self {
        Self {
            manager: Some(dep.manager.as_str()),
            file: Some(&dep.file),
            dep_name: Some(&dep.dep_name),
            package_name: Some(&dep.package_name),
            dep_type: dep.dep_type.as_deref(),
            datasource: dep.datasource.as_ref().map(crate::name::DatasourceId::as_str),
            current_value: dep.current_value.as_deref(),
            current_digest: dep.current_digest.as_deref(),
            registry_urls: &dep.registry_urls,
            pin_digests: dep.pin_digests,
            versioning_id: dep.versioning.as_ref().map(crate::name::VersioningId::as_str),
            extract_version: dep.extract_version.as_deref(),
            ..Self::default()
        }
    }

    /// Returns the fields a template sees.
    pub fn fields(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value.into());
            }
        };
        put("manager", self.manager);
        put("packageFile", self.file.map(RepoPath::as_str));
        put("packageFileDir", self.file.map(RepoPath::folder));
        put("depName", self.dep_name);
        put("packageName", self.package_name);
        put("depType", self.dep_type);
        put("datasource", self.datasource);
        put("currentValue", self.current_value);
        put("currentVersion", self.current_version);
        put("currentDigest", self.current_digest);
        put("currentDigestShort", self.current_digest.map(short_digest));
        put("sourceUrl", self.source_url);
        put("newValue", self.new_value);
        put("newVersion", self.new_version);
        put("newDigest", self.new_digest);
        put("newDigestShort", self.new_digest.map(short_digest));
        put("updateType", self.update_type.map(UpdateType::as_str));
        put("repository", self.repository);
        put("baseBranch", self.base_branch);
        put("versioning", self.versioning_id);
        if let Some(breaking) = self.is_breaking {
            fields.insert("isBreaking".to_owned(), breaking.into());
        }
        if let Some(kind) = self.update_type {
            for (name, other) in TYPE_FIELDS {
                fields.insert(name.to_owned(), (kind == other).into());
            }
        }
        fields.insert("isLockfileUpdate".to_owned(), false.into());
        fields.insert("isVulnerabilityAlert".to_owned(), false.into());
        let times = [
            ("currentVersionTimestamp", "currentVersionAgeInDays", self.current_version_timestamp),
            ("releaseTimestamp", "newVersionAgeInDays", self.release_timestamp),
        ];
        for (name, age, time) in times {
            let Some(time) = time else { continue };
            fields.insert(name.to_owned(), time.to_string().into());
            let days = self.now.map(|now| now.duration_since(time).as_secs().div_euclid(SECONDS_A_DAY));
            fields.extend(days.map(|days| (age.to_owned(), days.into())));
        }
        if !self.registry_urls.is_empty() {
            fields.insert("registryUrls".to_owned(), self.registry_urls.to_vec().into());
        }
        if let Some(version) =
            self.current_version.zip(self.versioning).map(|(version, versioning)| (versioning, version))
        {
            let (versioning, version) = version;
            fields.insert("currentMajor".to_owned(), versioning.major(version).into());
            fields.insert("currentMinor".to_owned(), versioning.minor(version).into());
            fields.insert("currentPatch".to_owned(), versioning.patch(version).into());
        }
        if let Some(version) =
            self.new_version.zip(self.versioning).map(|(version, versioning)| (versioning, version))
        {
            let (versioning, version) = version;
            fields.insert("newMajor".to_owned(), versioning.major(version).into());
            fields.insert("newMinor".to_owned(), versioning.minor(version).into());
            fields.insert("newPatch".to_owned(), versioning.patch(version).into());
        }
        Value::Object(fields)
    }
}

/// What one rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    /// Which rule: an index into [`Config::rules`].
    pub index: usize,
    /// The matcher that did not hold; `None` when the rule matched.
    pub failed: Option<&'static str>,
}

/// What the configuration says.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The options that hold, rules and blocks included; `package_rules`, `managers` and the like are left out.
    pub options: Arc<Options>,
    /// `overrideDepName`, filled in.
    pub dep_name: Option<String>,
    /// `overridePackageName`, filled in.
    pub package_name: Option<String>,
    /// `overrideDatasource`, filled in.
    pub datasource: Option<String>,
    /// `sourceUrl`, filled in.
    pub source_url: Option<String>,
    /// Every rule, in order.
    pub rules: Vec<RuleTrace>,
}

impl Applied {
    /// Returns whether nothing disables the dependency or the update.
    pub fn is_enabled(&self) -> bool {
        self.options.enabled != Some(false)
    }

    /// Returns the rules that matched, in order.
    pub fn matched(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.rules.iter().filter(|rule| rule.failed.is_none()).map(|rule| rule.index)
    }
}

impl Config {
    /// Returns what the configuration says of a dependency, or of one update of it when `facts` hold its type.
    ///
    /// The order is Renovate's, later wins: defaults, the owner's options, the manager's, what the manager found, the
    /// datasource's, the rules in order, the block of the update type, and the rules again.
    pub fn apply(&self, facts: &Facts<'_>) -> Applied {
        let facts = &self.placed(facts);
        let mut names = Overrides::default();
        let first = self.matches(facts, &mut names);
        let mut options = self.combined(facts, &first);
        let mut rules = first;
        if names.has_renamed() {
            // Rules that know the dependency by its new name hold as well, from the start of the next stage.
            let second = self.matches(&names.seen(facts), &mut names.clone());
            let mut more = Options::clone(&options);
            self.combine(&mut more, facts.update_type, &second);
            options = Arc::new(more);
            for (mine, later) in rules.iter_mut().zip(&second) {
                mine.failed = mine.failed.and(later.failed);
            }
        }
        let Overrides { dep_name, package_name, datasource, source_url } = names;
        Applied { options, dep_name, package_name, datasource, source_url, rules }
    }

    /// Returns what is known with what the configuration knows of the repository.
    pub(crate) fn placed<'a>(&'a self, facts: &Facts<'a>) -> Facts<'a> {
        Facts {
            repository: self.repository.as_deref().or(facts.repository),
            base_branch: self.base_branch.as_deref().or(facts.base_branch),
            ..*facts
        }
    }

    /// Returns the last rule that matched and set the option `name`.
    pub fn setter<'a>(&'a self, applied: &Applied, name: &str) -> Option<&'a PackageRule> {
        let mut matched = applied.matched().rev().filter_map(|index| self.rules.get(index));
        matched.find(|rule| rule.sets.iter().any(|(set, _)| *set == name))
    }

    fn base(&self, facts: &Facts<'_>) -> Options {
        let manager = facts.manager.unwrap_or_default();
        let mut options = match self.bases.get(manager) {
            Some(base) => Options::clone(base),
            None => Options::clone(&self.plain_base),
        };
        if let Some(pin) = facts.pin_digests {
            options.pin_digests = Some(pin);
        }
        if let Some(id) = facts.versioning_id {
            options.versioning = Some(id.to_owned());
        }
        if let Some(pattern) = facts.extract_version {
            options.extract_version = Some(pattern.to_owned());
        }
        if !facts.registry_urls.is_empty() {
            options.registry_urls = Some(facts.registry_urls.to_vec());
        }
        if let Some(defaults) = facts.datasource.and_then(|name| self.datasources.get(name)) {
            options.merge(defaults);
            // How a manager names its dependencies says more than where they are looked up: "helm values redis".
            let own = [self.options.managers.get(manager), Defaults::read().managers.get(manager)];
            if let Some(topic) = own.into_iter().flatten().find_map(|own| own.commit_message_topic.clone()) {
                options.commit_message_topic = Some(topic);
            }
        }
        options
    }

    /// Returns which rules match; what they rename counts for the rules after them.
    fn matches(&self, facts: &Facts<'_>, names: &mut Overrides) -> Vec<RuleTrace> {
        self.walk(facts, names, |index, rule, seen| {
            let failed = rule.matchers.iter().find(|matcher| !holds(matcher, seen)).map(Matcher::name);
            (failed.is_none(), RuleTrace { index, failed })
        })
    }

    /// Goes through the rules in order. `judge` says of each whether it matches what is seen at its turn, and what rules that match rename
    /// counts for those after them.
    pub(super) fn walk<'c, T>(
        &'c self,
        facts: &Facts<'_>,
        names: &mut Overrides,
        mut judge: impl FnMut(usize, &'c PackageRule, &Facts<'_>) -> (bool, T),
    ) -> Vec<T> {
        let mut judged = Vec::with_capacity(self.rules.len());
        if renames(&self.plain_base) {
            names.take(&self.plain_base, facts);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let (matches, verdict) = judge(index, rule, &names.seen(facts));
            judged.push(verdict);
            if matches && renames(&rule.options) {
                names.take(&rule.options, facts);
            }
        }
        judged
    }

    /// Returns the options that the rules which match give. Most dependencies share theirs with others.
    fn combined(&self, facts: &Facts<'_>, rules: &[RuleTrace]) -> Arc<Options> {
        let key = CombinationKey {
            manager: facts.manager.unwrap_or_default().to_owned(),
            datasource: facts.datasource.unwrap_or_default().to_owned(),
            update_type: facts.update_type,
            pin_digests: facts.pin_digests,
            versioning_id: facts.versioning_id.map(str::to_owned),
            extract_version: facts.extract_version.map(str::to_owned),
            registry_urls: facts.registry_urls.to_vec(),
            matched: rules.iter().filter(|rule| rule.failed.is_none()).map(|rule| rule.index).collect(),
        };
        if let Some(known) = self.combinations.find(&key) {
            return known;
        }
        let mut options = self.base(facts);
        self.combine(&mut options, facts.update_type, rules);
        let options = Arc::new(options);
        self.combinations.keep(key, &options);
        options
    }

    /// Adds what the rules that match say, and the block of the update type.
    fn combine(&self, options: &mut Options, update_type: Option<UpdateType>, rules: &[RuleTrace]) {
        let matched = || {
            rules.iter().filter(|rule| rule.failed.is_none()).filter_map(|rule| self.rules.get(rule.index))
        };
        matched().for_each(|rule| options.merge(&rule.options));
        let block = update_type.and_then(|kind| options.block(kind).cloned());
        if let Some(block) = block.filter(|block| *block != Options::default()) {
            options.merge(&block);
            matched().for_each(|rule| options.merge(&rule.options));
        }
        // These are templates for one dependency; they are filled in beside the options.
        options.override_datasource = None;
        options.override_dep_name = None;
        options.override_package_name = None;
        options.source_url = None;
    }
}

/// Returns whether a matcher holds; one that needs something unknown does not.
pub(super) fn holds(matcher: &Matcher, facts: &Facts<'_>) -> bool {
    match matcher {
        Matcher::List(subject, patterns) => patterns.matches_any(compared(*subject, facts)),
        Matcher::CurrentVersion(wanted) => holds_version(wanted, facts),
        Matcher::CurrentAge(wanted) => facts
            .current_version_timestamp
            .zip(facts.now)
            .is_some_and(|(published, now)| wanted.matches(now.duration_since(published))),
        Matcher::Jsonata(expressions) => {
            let fields = facts.fields();
            expressions.iter().any(|expression| expression.holds(&fields).unwrap_or(false))
        }
        Matcher::Never(..) => false,
    }
}

/// Returns the property that a list of patterns is held against; `None` where it is not known, or there may be several.
fn property<'f>(subject: Subject, facts: &Facts<'f>) -> Option<&'f str> {
    match subject {
        Subject::Repositories => facts.repository,
        Subject::BaseBranches => facts.base_branch,
        Subject::Categories | Subject::RegistryUrls => None,
        Subject::Managers => facts.manager,
        Subject::FileNames => facts.file.map(RepoPath::as_str),
        Subject::Datasources => facts.datasource,
        Subject::PackageNames => facts.package_name,
        Subject::DepNames => facts.dep_name,
        Subject::DepTypes => facts.dep_type,
        Subject::CurrentValue => facts.current_value,
        Subject::UpdateTypes => facts.update_type.map(UpdateType::as_str),
        Subject::SourceUrls => facts.source_url,
        Subject::NewValue => facts.new_value,
    }
}

/// Returns everything a list of patterns is held against.
pub(super) fn compared<'f>(subject: Subject, facts: &Facts<'f>) -> Vec<&'f str> {
    match subject {
        Subject::Categories => facts.manager.map(super::categories::of).unwrap_or_default().to_vec(),
        Subject::RegistryUrls => facts.registry_urls.iter().map(String::as_str).collect(),
        subject => property(subject, facts).into_iter().collect(),
    }
}

fn holds_version(wanted: &VersionMatcher, facts: &Facts<'_>) -> bool {
    let current = facts.current_version.or(facts.current_value);
    match wanted {
        VersionMatcher::Pattern(pattern) => current.is_some_and(|current| pattern.matches(current)),
        VersionMatcher::Range(range) => {
            let Some(versioning) = facts.versioning else { return false };
            if versioning.is_version(range) {
                return facts
                    .current_value
                    .is_some_and(|value| versioning.is_valid(value) && versioning.matches(range, value));
            }
            let version = facts
                .current_version
                .or_else(|| facts.current_value.filter(|value| versioning.is_version(value)));
            version.is_some_and(|version| versioning.is_valid(range) && versioning.matches(version, range))
        }
    }
}

/// Returns whether options hold a name or source to fill in.
fn renames(options: &Options) -> bool {
    options.override_datasource.is_some()
        || options.override_dep_name.is_some()
        || options.override_package_name.is_some()
        || options.source_url.is_some()
}

/// What rules rename while they are applied.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    dep_name: Option<String>,
    package_name: Option<String>,
    datasource: Option<String>,
    source_url: Option<String>,
}

impl Overrides {
    pub(super) fn has_renamed(&self) -> bool {
        self.dep_name.is_some() || self.package_name.is_some() || self.datasource.is_some()
    }

    /// Returns `facts` with the names as they are now.
    pub(super) fn seen<'a>(&'a self, facts: &Facts<'a>) -> Facts<'a> {
        Facts {
            dep_name: self.dep_name.as_deref().or(facts.dep_name),
            package_name: self.package_name.as_deref().or(facts.package_name),
            datasource: self.datasource.as_deref().or(facts.datasource),
            source_url: self.source_url.as_deref().or(facts.source_url),
            ..*facts
        }
    }

    /// Fills in the templates that `options` hold and keeps what they say.
    fn take(&mut self, options: &Options, facts: &Facts<'_>) {
        let fill = |template: &String, seen: &Facts<'_>| {
            if template.contains("{{") {
                template::render(template, &seen.fields()).unwrap_or_else(|_| template.clone())
            } else {
                template.clone()
            }
        };
        if let Some(template) = &options.override_datasource {
            self.datasource = Some(fill(template, &self.seen(facts)));
        }
        if let Some(template) = &options.override_dep_name {
            self.dep_name = Some(fill(template, &self.seen(facts)));
        }
        if let Some(template) = &options.override_package_name {
            self.package_name = Some(fill(template, &self.seen(facts)));
        }
        if let Some(template) = &options.source_url {
            self.source_url = Some(fill(template, &self.seen(facts)));
        }
    }
}

/// What options depend on, besides the names that are filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CombinationKey {
    manager: String,
    datasource: String,
    update_type: Option<UpdateType>,
    pin_digests: Option<bool>,
    versioning_id: Option<String>,
    extract_version: Option<String>,
    registry_urls: Vec<String>,
    matched: Vec<usize>,
}

/// How many combinations are kept.
const MAX_COMBINATIONS: usize = 2048;

/// Options that were put together before.
#[derive(Debug, Default)]
pub(crate) struct Combinations(Mutex<HashMap<CombinationKey, Arc<Options>>>);

impl Combinations {
    fn find(&self, key: &CombinationKey) -> Option<Arc<Options>> {
        self.0.lock().ok()?.get(key).cloned()
    }

    fn keep(&self, key: CombinationKey, options: &Arc<Options>) {
        if let Ok(mut known) = self.0.lock()
            && known.len() < MAX_COMBINATIONS
        {
            known.insert(key, Arc::clone(options));
        }
    }
}

impl Clone for Combinations {
    /// Returns an empty memory: it fills again.
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Options by manager, complete but for rules and datasources.
pub(crate) type Bases = BTreeMap<String, Arc<Options>>;

#[cfg(test)]
mod tests;
