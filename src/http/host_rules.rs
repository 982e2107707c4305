//! The host rules of the process: which credential and which limits belong to which host.
//!
//! They come from the process's own settings, never from a repository. The names are Renovate's.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use updraft_core::address::without_user;
use updraft_core::problem::Problem;
use url::Url;

use super::request::Credential;

/// The kind of requests that are for GitHub as such: its datasources, release notes, presets of its repositories.
pub const GITHUB: &str = "github";
/// What the token of a GitHub is for: GitHub as such, and Git.
const FORGE_KINDS: [&str; 2] = [GITHUB, "git"];

/// Whether a host may be asked over plain http.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// TLS, with a certificate that is accepted.
    #[default]
    Secure,
    /// Plain http, because the rule says so (`insecureRegistry`).
    Plain,
}

/// One host rule, as people write it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostRule {
    /// A host, which includes its subdomains, or an address, which includes everything below it.
    pub match_host: Option<String>,
    /// The datasource it is for; `None` is any.
    pub host_type: Option<String>,
    /// The kinds of requests that it is for where `host_type` is `None`; none of them is any. No setting says it.
    #[serde(skip)]
    pub kinds: &'static [&'static str],
    /// The user.
    pub username: Option<String>,
    /// The user's password.
    #[serde(deserialize_with = "secret")]
    pub password: Option<SecretString>,
    /// A token, instead of a user and password.
    #[serde(deserialize_with = "secret")]
    pub token: Option<SecretString>,
    /// The scheme a token is sent with; `None` is `Bearer`.
    pub auth_type: Option<String>,
    /// Whether the host is a registry without TLS.
    pub insecure_registry: Option<bool>,
    /// Whether the host may be asked at all; `None` is yes.
    pub enabled: Option<bool>,
    /// How many requests may run at once; can only lower the default. 0 does not.
    pub concurrent_request_limit: Option<usize>,
    /// How many requests may start in a second; `None` or 0 is any number.
    pub max_requests_per_second: Option<f64>,
    /// How long one attempt may take, in milliseconds.
    pub timeout: Option<u64>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// What the rules say about one address.
#[derive(Clone, Debug, Default)]
pub struct HostSettings {
    /// The user.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// A token, instead of a user and password.
    pub token: Option<SecretString>,
    /// The scheme a token is sent with; `None` is `Bearer`.
    pub auth_type: Option<String>,
    /// Whether plain http is allowed.
    pub transport: Transport,
    /// `false` when the rules forbid to ask.
    pub enabled: Option<bool>,
    /// How many requests may run at once.
    pub concurrent_request_limit: Option<usize>,
    /// How many requests may start in a second, more than 0.
    pub max_requests_per_second: Option<f64>,
    /// How long one attempt may take, in milliseconds.
    pub timeout: Option<u64>,
}

impl HostSettings {
    /// Returns the credential to send, if there is one: user and password before a token.
    pub fn credential(&self) -> Option<Credential> {
        match (&self.username, &self.password, &self.token) {
            (Some(username), Some(password), _) => Some(Credential::basic(username, password)),
            (_, _, Some(token)) => Some(match self.auth_type.as_deref() {
                None | Some("Bearer") => Credential::bearer(token),
                Some("Basic") => Credential::scheme("Basic", token),
                Some("Token-Only") => Credential::bare(token),
                Some(scheme) => Credential::scheme(scheme, token),
            }),
            _ => None,
        }
    }
}

/// The host rules of the process.
#[derive(Clone, Debug, Default)]
pub struct HostRules {
    rules: Vec<(Pattern, HostRule)>,
}

impl HostRules {
    /// Returns the rules that can be used, and a problem for each that cannot.
    ///
    /// A rule with a credential must name a host: otherwise any host a repository names would be given the credential.
    pub fn new(rules: impl IntoIterator<Item = HostRule>) -> (Self, Vec<Problem>) {
        let (mut kept, mut problems) = (Vec::new(), Vec::new());
        for mut rule in rules {
            let pattern = match rule.match_host.as_deref() {
                None => Some(Pattern::Any),
                Some(text) => Pattern::parse(text),
            };
            let Some(pattern) = pattern else {
                let text = rule.match_host.unwrap_or_default();
                let text = without_user(&text);
                problems.push(
                    Problem::warning(format!("host rule: `matchHost` `{text}` is no host and no address"))
                        .hint("write a host like `ghcr.io` or an address like `https://example.org/charts/`"),
                );
                continue;
            };
            let has_credential = rule.password.is_some() || rule.token.is_some();
            if has_credential && matches!(pattern, Pattern::Any) {
                let kind = rule.host_type.as_deref().unwrap_or("any datasource").to_owned();
                problems.push(
                    Problem::warning(format!(
                        "host rule for {kind}: it has a credential but no `matchHost`, so the credential is not used"
                    ))
                    .hint("name the host the credential is meant for with `matchHost`"),
                );
                (rule.username, rule.password, rule.token) = (None, None, None);
            }
            kept.push((pattern, rule));
        }
        (Self { rules: kept }, problems)
    }

    /// Adds a token for GitHub's own hosts: the API and the website, nothing else.
    #[must_use]
    pub fn with_github_token(self, token: &SecretString) -> Self {
        self.with_forge_token("https://api.github.com/", token).with_forge_token("https://github.com/", token)
    }

    /// Adds a token of a GitHub for `address` and everything below it. It goes with what is asked of a GitHub as such, and with nothing else: a
    /// repository's configuration may point any other kind of request there, and what comes back is published.
    #[must_use]
    pub fn with_forge_token(mut self, address: &str, token: &SecretString) -> Self {
        if let Some(pattern) = Pattern::parse(address) {
            let rule = HostRule { token: Some(token.clone()), kinds: &FORGE_KINDS, ..HostRule::default() };
            // In front, so that a rule somebody wrote for the same address wins.
            self.rules.insert(0, (pattern, rule));
        }
        self
    }

    /// Returns what the rules say about an address, asked by a datasource of a kind.
    ///
    /// Every rule that matches counts; where two say something of the same thing, the one with a host beats the one
    /// without, the longer host beats the shorter, the one with a kind beats the one without, and the later the earlier.
    pub fn settings(&self, url: &Url, host_type: &str) -> HostSettings {
        let mut matching: Vec<(usize, bool, &HostRule)> = self
            .rules
            .iter()
            .filter(|(pattern, rule)| {
                let kinds = rule.host_type.as_deref().map_or(rule.kinds.to_vec(), |kind| vec![kind]);
                let is_meant = kinds.is_empty() || kinds.iter().any(|kind| is_of_kind(host_type, kind));
                is_meant && pattern.matches(url)
            })
            .map(|(pattern, rule)| (pattern.weight(), rule.host_type.is_some(), rule))
            .collect();
        matching.sort_by_key(|(weight, with_kind, _)| (*weight, *with_kind));
        let mut settings = HostSettings::default();
        for (_, _, rule) in matching {
            if rule.password.is_some() || rule.token.is_some() {
                // A credential counts as a whole: never the user of one rule with the password of another.
                settings.username.clone_from(&rule.username);
                settings.password.clone_from(&rule.password);
                settings.token.clone_from(&rule.token);
                settings.auth_type.clone_from(&rule.auth_type);
            }
            if let Some(insecure) = rule.insecure_registry {
                settings.transport = if insecure { Transport::Plain } else { Transport::Secure };
            }
            settings.enabled = rule.enabled.or(settings.enabled);
            let limit = rule.concurrent_request_limit.filter(|limit| *limit > 0);
            settings.concurrent_request_limit = limit.or(settings.concurrent_request_limit);
            let rate = rule.max_requests_per_second.filter(|rate| (0.001..=1e6).contains(rate));
            settings.max_requests_per_second = rate.or(settings.max_requests_per_second);
            settings.timeout = rule.timeout.filter(|limit| *limit > 0).or(settings.timeout);
        }
        settings
    }

    /// Returns the credentials the rules hold for each host, as a count for a debug line.
    pub fn summary(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (pattern, _) in &self.rules {
            *counts.entry(pattern.to_string()).or_default() += 1;
        }
        counts
    }
}

/// Returns whether a rule for `kind` is one for datasources called `host_type`: a forge's name stands for all of its datasources,
/// `gitlab` for `gitlab-tags`.
fn is_of_kind(host_type: &str, kind: &str) -> bool {
    host_type.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// A `matchHost`, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    /// A host and its subdomains; a port must be the same, and none means any.
    Host {
        name: String,
        port: Option<u16>,
    },
    /// An address and everything below it.
    Address(Url),
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains("://") {
            // A user in it would be shown, and means nothing here.
            return Url::parse(&without_user(text)).ok().filter(Url::has_host).map(Self::Address);
        }
        let url = Url::parse(&format!("https://{text}")).ok()?;
        let name = url.host_str()?.trim_start_matches('.').to_ascii_lowercase();
        if name.is_empty() || !url.username().is_empty() {
            return None;
        }
        if url.path() != "/" {
            return Some(Self::Address(url));
        }
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Some(Self::Host { name, port })
    }

    fn matches(&self, url: &Url) -> bool {
        match self {
            Self::Any => true,
            Self::Host { name, port } => {
                let host = url.host_str().unwrap_or_default();
                let below = host
                    .strip_suffix(name.as_str())
                    .is_some_and(|front| front.is_empty() || front.ends_with('.'));
                below && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
            Self::Address(address) => {
                let path = address.path().trim_end_matches('/');
                address.scheme() == url.scheme()
                    && address.host_str() == url.host_str()
                    && address.port_or_known_default() == url.port_or_known_default()
                    && url
                        .path()
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Host { name, .. } => name.len(),
            Self::Address(address) => address.as_str().len(),
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Host { name, port: None } => f.write_str(name),
            Self::Host { name, port: Some(port) } => write!(f, "{name}:{port}"),
            Self::Address(address) => f.write_str(address.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::Error as Nothing;
    use serde::de::{Error as _, Visitor};
    use updraft_core::config::host_rule::HONOURED;

    use super::*;

    fn rule(text: &str) -> HostRule {
        serde_json::from_str(text).unwrap()
    }

    /// Learns the names that a type reads from an object, and gives it none.
    #[derive(Default)]
    struct Names(&'static [&'static str]);

    impl<'de> Deserializer<'de> for &mut Names {
        type Error = Nothing;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
            Err(Nothing::custom("an object is wanted"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Nothing> {
            self.0 = fields;
            Err(Nothing::custom("the names are enough"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    #[test]
    fn what_is_said_to_have_an_effect_is_what_is_read() {
        let mut names = Names::default();
        HostRule::deserialize(&mut names).unwrap_err();
        // People describe their rules, which has no effect and is no mistake.
        let mut read: Vec<&str> = names.0.iter().copied().chain(["description"]).collect();
        let mut honoured = HONOURED.to_vec();
        read.sort_unstable();
        honoured.sort_unstable();
        assert_eq!(honoured, read);
    }

    #[track_caller]
    fn check(match_host: &str, url: &str, expected: bool) {
        let pattern = Pattern::parse(match_host).unwrap();
        assert_eq!(pattern.matches(&Url::parse(url).unwrap()), expected, "{match_host} {url}");
    }

    #[test]
    fn a_host_includes_its_subdomains_and_nothing_that_only_looks_like_it() {
        check("github.com", "https://github.com/a", true);
        check("github.com", "https://api.github.com/a", true);
        check("github.com", "https://notgithub.com/a", false);
        check("github.com", "https://github.com.evil.org/a", false);
        check(".github.com", "https://api.github.com/", true);
        check("registry.lan:5000", "https://registry.lan:5000/v2/", true);
        check("registry.lan:5000", "https://registry.lan/v2/", false);
        check("registry.lan", "http://registry.lan:5000/v2/", true);
    }

    #[test]
    fn an_address_includes_what_is_below_it() {
        check("https://example.org/charts", "https://example.org/charts/index.yaml", true);
        check("https://example.org/charts/", "https://example.org/charts", true);
        check("https://example.org/charts", "https://example.org/charts-evil/x", false);
        check("https://example.org", "http://example.org/", false);
        check("https://example.org", "https://example.org.evil.org/", false);
        check("https://example.org", "https://example.org@evil.org/", false);
        check("example.org/charts", "https://example.org/charts/a", true);
    }

    #[test]
    fn the_longest_host_wins_and_credentials_are_never_mixed() {
        let (rules, problems) = HostRules::new([
            rule(
                r#"{"matchHost":"example.org","username":"a","password":"secret-a","concurrentRequestLimit":2}"#,
            ),
            rule(r#"{"matchHost":"docker.example.org","hostType":"docker","token":"secret-b"}"#),
        ]);
        assert!(problems.is_empty());
        let url = Url::parse("https://docker.example.org/v2/").unwrap();
        let settings = rules.settings(&url, "docker");
        assert!(settings.token.is_some() && settings.username.is_none());
        assert_eq!(settings.concurrent_request_limit, Some(2));
        assert_eq!(rules.settings(&url, "helm").username.as_deref(), Some("a"));
        assert!(!format!("{rules:?}").contains("secret-"));
    }

    #[test]
    fn nothing_that_holds_a_secret_shows_it() {
        let text = r#"{"matchHost":"https://me:hunter2@example.org/","username":"me","password":"hunter2"}"#;
        let (rules, problems) =
            HostRules::new([rule(text), rule(r#"{"matchHost":"me:hunter2@","token":"hunter2"}"#)]);
        assert_eq!(problems.len(), 1);
        let settings = rules.settings(&Url::parse("https://example.org/").unwrap(), "");
        assert!(settings.credential().is_some());
        let shown = format!("{problems:?} {settings:?} {:?} {:?}", settings.credential(), rules.summary());
        assert!(!shown.contains("hunter2"), "{shown}");
        let rule = format!("{:?}", rule(r#"{"matchHost":"example.org","token":"hunter2"}"#));
        assert!(!rule.contains("hunter2"), "{rule}");
    }

    #[test]
    fn a_credential_without_a_host_is_refused() {
        let (rules, problems) = HostRules::new([rule(r#"{"hostType":"docker","token":"t"}"#)]);
        assert_eq!(problems.len(), 1);
        let url = Url::parse("https://anywhere.example").unwrap();
        assert!(rules.settings(&url, "docker").credential().is_none());
    }

    #[test]
    fn the_github_token_goes_with_what_is_asked_of_github_as_such() {
        let rules = HostRules::default().with_github_token(&SecretString::from("t"));
        let url = Url::parse("https://api.github.com/repos/o/r/contents/x").unwrap();
        for (kind, expected) in [
            ("github", true),
            ("github-tags", true),
            ("github-release-attachments", true),
            ("git-refs", true),
            ("git-tags", true),
            ("custom.github", false),
            ("custom", false),
            ("helm", false),
            ("gitlab-tags", false),
            ("gitea-tags", false),
            ("", false),
        ] {
            assert_eq!(rules.settings(&url, kind).credential().is_some(), expected, "{kind}");
        }
    }

    #[test]
    fn a_rule_that_somebody_wrote_beats_the_token_of_the_process() {
        let (rules, _) =
            HostRules::new([rule(r#"{"matchHost":"https://api.github.com/","token":"theirs"}"#)]);
        let rules = rules.with_github_token(&SecretString::from("own"));
        let url = Url::parse("https://api.github.com/graphql").unwrap();
        let token = rules.settings(&url, "github").token.unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "theirs");
    }

    #[test]
    fn the_github_token_goes_to_github_only() {
        let rules = HostRules::default().with_github_token(&SecretString::from("t"));
        for (url, expected) in [
            ("https://api.github.com/graphql", true),
            ("https://github.com/a/b.git/info/refs", true),
            ("https://raw.githubusercontent.com/a", false),
            ("https://ghcr.io/v2/", false),
            ("https://gist.github.com/", false),
            ("http://github.com/", false),
            ("https://github.com.evil.org/", false),
        ] {
            let settings = rules.settings(&Url::parse(url).unwrap(), "github-tags");
            assert_eq!(settings.credential().is_some(), expected, "{url}");
        }
    }
}
