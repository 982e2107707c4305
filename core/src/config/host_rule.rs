//! `hostRules` of a repository: which hosts it does not want to be asked.
//!
//! What else Renovate has in them belongs to the process, above all credentials: whoever can open a pull request writes the configuration.

use serde_json::{Value, json};

use super::json::{Node, Property};
use super::names::closest;
use super::options::Options;
use super::reader::{ListedObject, OptionValue, Reader};
use crate::address::without_user;
use crate::dep::Dep;
use crate::problem::{Problem, Severity};

/// One host rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRule {
    /// A host, which includes its subdomains, or an address, which includes everything below it; `None` is any.
    pub match_host: Option<String>,
    /// The datasource it is for; `None` is any.
    pub host_type: Option<String>,
    /// Whether the host may be asked; `None` says nothing about that.
    pub enabled: Option<bool>,
}

/// Members that say something of the rule and nothing of credentials.
const MEMBERS: &[&str] = &["matchHost", "hostType", "enabled", "description"];
/// What logs a client in.
const CREDENTIALS: &[&str] = &[
    "username",
    "password",
    "token",
    "authType",
    "encrypted",
    "httpsPrivateKey",
    "httpsCertificate",
    "httpsCertificateAuthority",
    "headers",
    "artifactAuth",
];
/// What only the process decides.
const OF_THE_PROCESS: &[&str] = &[
    "abortIgnoreStatusCodes",
    "abortOnError",
    "concurrentRequestLimit",
    "dnsCache",
    "enableHttp2",
    "insecureRegistry",
    "keepAlive",
    "maxRequestsPerSecond",
    "maxRetryAfter",
    "newLogLevel",
    "readOnly",
    "timeout",
];

/// What the rules of the process may say with an effect. A test of the program holds it equal to what the program reads.
pub const HONOURED: &[&str] = &[
    "matchHost",
    "hostType",
    "enabled",
    "description",
    "username",
    "password",
    "token",
    "authType",
    "insecureRegistry",
    "concurrentRequestLimit",
    "maxRequestsPerSecond",
    "timeout",
];

/// Returns what is wrong with a member of one of the process's own rules, the one for `host`; `None` for one that has an effect.
pub fn without_effect(host: &str, name: &str) -> Option<Problem> {
    if HONOURED.contains(&name) {
        return None;
    }
    if CREDENTIALS.contains(&name) || OF_THE_PROCESS.contains(&name) {
        return Some(Problem::warning(format!("host rule for {host}: `{name}` has no effect here")));
    }
    let problem = Problem::warning(format!("host rule for {host}: a host rule has no `{name}`"));
    Some(match closest(name, HONOURED.iter().copied()) {
        Some(close) => problem.hint(format!("did you mean `{close}`?")),
        None => problem,
    })
}

impl HostRule {
    /// Returns whether the rule is about a dependency.
    fn is_about(&self, dep: &Dep) -> bool {
        let datasource = dep.datasource.as_ref().map(crate::name::DatasourceId::as_str);
        self.host_type.as_deref().is_none_or(|kind| Some(kind) == datasource)
            && self
                .match_host
                .as_deref()
                .is_none_or(|host| addresses(dep).any(|address| covers(host, &address)))
    }
}

impl Options {
    /// Returns the host rule that keeps a dependency from being looked up: the last one about it that says so or the opposite counts.
    pub fn forbidding_host_rule(&self, dep: &Dep) -> Option<&HostRule> {
        let rules = self.host_rules.iter().flatten().rev();
        let mut about = rules.filter(|rule| rule.enabled.is_some() && rule.is_about(dep));
        about.next().filter(|rule| rule.enabled == Some(false))
    }
}

/// Returns the addresses a dependency is looked up at, as far as they are known before.
fn addresses(dep: &Dep) -> impl Iterator<Item = String> {
    let datasource = dep.datasource.as_ref().map(crate::name::DatasourceId::as_str).unwrap_or_default();
    let usual = match datasource {
        _ if !dep.registry_urls.is_empty() => None,
        "docker" => {
            let first = dep.package_name.split('/').next().unwrap_or_default();
            let is_host =
                dep.package_name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
            Some(if is_host { dep.package_name.clone() } else { "docker.io".to_owned() })
        }
        name if name.starts_with("github-") => Some("github.com".to_owned()),
        name if name.starts_with("gitlab-") => Some("gitlab.com".to_owned()),
        "npm" => Some("registry.npmjs.org".to_owned()),
        "pypi" => Some("pypi.org".to_owned()),
        _ => None,
    };
    usual.into_iter().chain(dep.registry_urls.clone())
}

/// Returns whether `rule`, a host or an address, covers an address.
fn covers(rule: &str, address: &str) -> bool {
    let plain = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.trim_end_matches('/').to_lowercase()
    };
    let (is_address, rule, address) = (rule.contains("://"), plain(rule), plain(address));
    if is_address {
        let rest = address.strip_prefix(rule.as_str());
        return rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let host = address.split('/').next().unwrap_or_default();
    host == rule || host.strip_suffix(rule.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

impl ListedObject for HostRule {
    const WANTS: &'static str = "a list of objects";
    const PLURAL: &'static str = "rules";

    fn read_one(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut rule = Self::default();
        let mut credential: Option<&Property> = None;
        for property in node.properties() {
            let value = &property.value;
            match property.name.as_str() {
                "matchHost" => rule.match_host = String::read("matchHost", value, reader),
                "hostType" => rule.host_type = String::read("hostType", value, reader),
                "enabled" => rule.enabled = bool::read("enabled", value, reader),
                "description" => {}
                name if CREDENTIALS.contains(&name) => credential = credential.or(Some(property)),
                name if OF_THE_PROCESS.contains(&name) => {
                    let hint = Some("give it to the bot, in `UPDRAFT_HOST_RULES`".to_owned());
                    let message = format!("`{name}` has no effect in the `hostRules` of a repository");
                    reader.report(Severity::Note, property.name_place, message, hint);
                }
                name => {
                    let known = MEMBERS.iter().chain(CREDENTIALS).chain(OF_THE_PROCESS).copied();
                    let hint = closest(name, known).map_or_else(
                        || "a host rule has `matchHost`, `hostType` and `enabled`".to_owned(),
                        |close| format!("did you mean `{close}`?"),
                    );
                    reader.warning(property.name_place, format!("a host rule has no `{name}`"), hint);
                }
            }
        }
        if let Some(credential) = credential {
            let host = rule.match_host.as_deref().or(rule.host_type.as_deref());
            say_where_credentials_belong(credential, host, reader);
        }
        Some(rule)
    }

    fn schema_of_one() -> Value {
        let text = || json!({ "type": "string" });
        json!({
            "type": "object",
            "properties": {
                "matchHost": text(),
                "hostType": text(),
                "enabled": { "type": "boolean" },
                "description": { "anyOf": [text(), { "type": "array", "items": text() }] },
            },
        })
    }
}

fn say_where_credentials_belong(property: &Property, host: Option<&str>, reader: &mut Reader<'_>) {
    let host = host.map_or_else(|| "it".to_owned(), |host| format!("`{}`", without_user(host)));
    let text = property.value.as_str().unwrap_or_default();
    let message = if text.contains("{{") && text.contains("secrets.") {
        // What stands around it may be a secret itself.
        let template =
            text.find("{{").zip(text.rfind("}}")).and_then(|(start, end)| text.get(start..end + 2));
        format!(
            "`{}` stays empty: no secret gets into the configuration of a repository",
            template.unwrap_or_default()
        )
    } else if property.name == "encrypted" {
        "`encrypted` can only be read by the service that encrypted it".to_owned()
    } else {
        format!("`{}` is not used: everybody who can read the repository has it", property.name)
    };
    let hint = format!(
        "give the bot a host rule for {host}, in `UPDRAFT_HOST_RULES` or a Docker `config.json`, and remove this"
    );
    reader.warning(property.value.place, message, hint);
}

#[cfg(test)]
mod tests {
    use super::super::json::{SourceId, parse};
    use super::*;

    fn read(text: &str) -> (Vec<HostRule>, Vec<(Severity, String)>) {
        let mut reader = Reader::new(&[]);
        let rules = Vec::<HostRule>::read("hostRules", &parse(text, SourceId(0)).unwrap(), &mut reader);
        let problems = reader.problems.into_iter().map(|problem| (problem.severity, problem.message));
        (rules.unwrap_or_default(), problems.collect())
    }

    #[track_caller]
    fn check_told(text: &str, severity: Severity, message: &str) {
        let (_, problems) = read(text);
        assert_eq!(problems, [(severity, message.to_owned())], "{text}");
    }

    #[test]
    fn credentials_are_told_where_they_belong() {
        check_told(
            "[{matchHost: 'registry.harbour.example', username: '{{ secrets.USER }}', password: '{{ secrets.PASSWORD }}'}]",
            Severity::Warning,
            "`{{ secrets.USER }}` stays empty: no secret gets into the configuration of a repository",
        );
        check_told(
            "[{matchHost: 'a.example', token: 'hush-{{ secrets.TOKEN }}-hush'}]",
            Severity::Warning,
            "`{{ secrets.TOKEN }}` stays empty: no secret gets into the configuration of a repository",
        );
        check_told(
            "[{matchHost: 'a.example', token: 'x'}]",
            Severity::Warning,
            "`token` is not used: everybody who can read the repository has it",
        );
        check_told(
            "[{matchHost: 'a.example', timeout: 5}]",
            Severity::Note,
            "`timeout` has no effect in the `hostRules` of a repository",
        );
        check_told("[{matchHosts: 'a.example'}]", Severity::Warning, "a host rule has no `matchHosts`");
    }

    #[test]
    fn the_advice_names_a_host_without_its_user() {
        let mut reader = Reader::new(&[]);
        let text = "[{matchHost: 'me:hush@lake', token: 'x'}]";
        Vec::<HostRule>::read("hostRules", &parse(text, SourceId(0)).unwrap(), &mut reader);
        let hint = reader.problems[0].hint.clone().unwrap();
        assert!(hint.contains("for `lake`"), "{hint}");
    }

    #[track_caller]
    fn check(rules: &str, datasource: &'static str, package: &str, registry: Option<&str>, forbidden: &str) {
        let file = crate::name::RepoPath::new("a.yaml").unwrap();
        let span = crate::span::ByteSpan::empty(0);
        let mut dep = Dep::new(crate::name::ManagerId::fixed("flux"), &file, span, "a");
        dep.datasource = Some(crate::name::DatasourceId::fixed(datasource));
        dep.package_name = package.to_owned();
        dep.registry_urls.extend(registry.map(str::to_owned));
        let (host_rules, problems) = read(rules);
        assert_eq!(problems, []);
        let mut options = Options::default();
        options.host_rules = Some(host_rules);
        let found =
            options.forbidding_host_rule(&dep).map(|rule| rule.match_host.clone().unwrap_or_default());
        assert_eq!(found.unwrap_or_else(|| "-".to_owned()), forbidden, "{rules} {package}");
    }

    #[test]
    fn a_host_can_be_forbidden() {
        let rules = "[{matchHost: 'harbour.example', enabled: false}]";
        check(rules, "docker", "registry.harbour.example/a/b", None, "harbour.example");
        check(rules, "docker", "myharbour.example/a/b", None, "-");
        check(rules, "docker", "library/a", None, "-");
        check(rules, "helm", "a", Some("https://harbour.example/charts"), "harbour.example");
        let address = "[{matchHost: 'https://harbour.example/charts', enabled: false}]";
        check(
            address,
            "helm",
            "a",
            Some("https://harbour.example/charts/"),
            "https://harbour.example/charts",
        );
        check(address, "helm", "a", Some("https://harbour.example/charts2"), "-");
        check("[{matchHost: 'docker.io', enabled: false}]", "docker", "library/a", None, "docker.io");
        check("[{hostType: 'docker', enabled: false}]", "docker", "library/a", None, "");
        check("[{hostType: 'docker', enabled: false}]", "helm", "a", Some("https://a.example"), "-");
        check(
            "[{enabled: false}, {matchHost: 'github.com', enabled: true}]",
            "github-tags",
            "a/b",
            None,
            "-",
        );
    }
}
