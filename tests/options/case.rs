//! One case as it stands in a family's file.
//!
//! ```text
//! == what it shows
//! { the configuration }
//! now 2026-11-19T12:00:00Z          when it is, if that matters
//! show patch body                   what is shown besides
//! commits fix: a | Tidy up          recent commit subjects of the repository, newest first
//! image ghcr.io/fjord/web:1.0.0: 1.1.0@2026-11-18 2.0.0      a Deployment with an image, and newer tags of it
//! chart fjord 1.0.0: 1.1.0          a HelmRelease with a chart, and newer versions of it; `!1.0.0` is used and not published
//! action fjord/setup@v1: v1.1.0     a workflow with an action, and further tags of it
//! has npm left-pad: 1.0.0           releases of a package that a file below uses
//! -- path/of/file.yaml              a file, up to the next line that begins with `--` or `=>`
//! text
//! -- https://releases.example/web   what that address answers
//! text
//! =>
//! what comes of it
//! ```
//!
//! A release is a version, with `~` before it when it is deprecated, `-` when its registry calls it unstable, `@` and a date behind it, `@?` when the
//! registry tells that date only to who asks for it; `latest=1.0.0` is a tag, `source=https://..` where the sources are.

use jiff::Timestamp;
use updraft_core::release::{Release, ReleaseList};

/// When it is in a case that does not say: a Thursday.
const NOW: &str = "2026-11-19T12:00:00Z";

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Everything between the name and what comes of it.
    pub(crate) given: String,
    pub(crate) expected: String,
    pub(crate) now: Timestamp,
    pub(crate) shows: Vec<String>,
    pub(crate) commits: Vec<String>,
    /// Paths and texts.
    pub(crate) files: Vec<(String, String)>,
    /// Addresses and what they answer.
    pub(crate) web: Vec<(String, String)>,
    /// Datasource, package and what is known of it.
    pub(crate) packages: Vec<(String, String, ReleaseList)>,
    /// Package, version and the date that is told only to who asks for it.
    pub(crate) dates: Vec<(String, String, Timestamp)>,
}

/// Returns what stands before the first case, and the cases.
pub(crate) fn read(text: &str) -> (String, Vec<Case>) {
    let start = if text.starts_with("== ") { 0 } else { text.find("\n== ").map_or(text.len(), |at| at + 1) };
    let (head, rest) = text.split_at(start);
    let cases = rest.strip_prefix("== ").unwrap_or_default().split("\n== ");
    (head.to_owned(), cases.filter(|case| !case.is_empty()).map(one).collect())
}

fn one(text: &str) -> Case {
    let (name, rest) = text.split_once('\n').expect("a case has more than a name");
    let (given, expected) = rest.split_once("=>").unwrap_or((rest, ""));
    let expected = expected.trim_matches('\n');
    let mut case = Case {
        name: name.to_owned(),
        given: format!("{}\n", given.trim_end()),
        expected: if expected.is_empty() { String::new() } else { format!("{expected}\n") },
        now: NOW.parse().unwrap(),
        shows: Vec::new(),
        commits: Vec::new(),
        files: Vec::new(),
        web: Vec::new(),
        packages: Vec::new(),
        dates: Vec::new(),
    };
    let mut parts = given.split("\n-- ");
    let mut lines = parts.next().unwrap_or_default().lines().peekable();
    let mut configuration = String::new();
    while let Some(line) = lines.next_if(|line| !is_word_line(line)) {
        configuration.push_str(line);
        configuration.push('\n');
    }
    lines.filter(|line| !line.trim().is_empty()).for_each(|line| case.read_line(line));
    for part in parts {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        let kept = if path.starts_with("https://") { &mut case.web } else { &mut case.files };
        kept.push((path.trim().to_owned(), format!("{}\n", text.trim_end())));
    }
    if !configuration.trim().is_empty() {
        case.files.push(("renovate.json5".to_owned(), configuration));
    }
    case
}

fn is_word_line(line: &str) -> bool {
    let words = ["now ", "show ", "commits ", "image ", "chart ", "action ", "has "];
    words.iter().any(|word| line.starts_with(word))
}

impl Case {
    fn read_line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap();
        let (what, releases) =
            rest.rsplit_once(": ").or_else(|| Some((rest.strip_suffix(':')?, ""))).unwrap_or((rest, ""));
        match word {
            "now" => self.now = rest.trim().parse().expect("a time"),
            "show" => self.shows.extend(rest.split_whitespace().map(str::to_owned)),
            "commits" => self.commits.extend(rest.split(" | ").map(|subject| subject.trim().to_owned())),
            "image" => self.image(what, releases),
            "chart" => self.chart(what, releases),
            "action" => self.action(what, releases),
            "has" => {
                let (datasource, package) = what.split_once(' ').expect("a datasource and a package");
                self.knows(datasource, package, "", releases);
            }
            _ => unreachable!("{line}"),
        }
    }

    fn image(&mut self, image: &str, releases: &str) {
        let undigested = image.split('@').next().unwrap();
        let (name, tag) =
            undigested.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((undigested, ""));
        self.knows("docker", name, tag, releases);
        let short = name.rsplit('/').next().unwrap();
        let path = self.free_path(&format!("apps/{short}"));
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {short}\nspec:\n  template:\n    spec:\n      containers:\n        - image: {image}\n"
        );
        self.files.push((path, text));
    }

    fn chart(&mut self, chart: &str, releases: &str) {
        let (name, version) = chart.split_once(' ').expect("a name and a version");
        let (version, published) = match version.trim().strip_prefix('!') {
            Some(gone) => (gone, ""),
            None => (version.trim(), version.trim()),
        };
        self.knows("helm", name, published, releases);
        let path = self.free_path(&format!("charts/{name}"));
        let text = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: harbour\nspec:\n  url: https://charts.harbour.example\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\nspec:\n  chart:\n    spec:\n      chart: {name}\n      version: {version}\n      sourceRef: {{ kind: HelmRepository, name: harbour }}\n"
        );
        self.files.push((path, text));
    }

    fn action(&mut self, action: &str, releases: &str) {
        let (name, reference) = action.split_once('@').expect("a repository and a reference");
        let tag = reference.split_once("# ").map_or(reference, |(_, tag)| tag);
        self.knows("github-tags", name, tag, releases);
        let path = self.free_path(&format!(".github/workflows/{}", name.replace('/', "-")));
        let text = format!(
            "on: push\njobs:\n  build:\n    runs-on: self-hosted\n    steps:\n      - uses: {name}@{reference}\n"
        );
        self.files.push((path, text));
    }

    fn free_path(&self, path: &str) -> String {
        let taken = |path: &String| self.files.iter().any(|(other, _)| other == path);
        let mut free = format!("{path}.yaml");
        for number in 2..100 {
            if !taken(&free) {
                break;
            }
            free = format!("{path}-{number}.yaml");
        }
        free
    }

    /// Adds what is known of a package; the version in use is known too.
    fn knows(&mut self, datasource: &str, package: &str, current: &str, words: &str) {
        let mut list = ReleaseList::default();
        for word in words.split_whitespace() {
            match word.split_once('=') {
                Some(("source", url)) => list.source_url = Some(url.to_owned()),
                Some((tag, version)) => {
                    list.tags.insert(tag.to_owned(), version.to_owned());
                }
                None => {
                    let (word, hidden) =
                        word.split_once("@?").map_or((word, None), |(word, date)| (word, Some(date)));
                    let release = release(word);
                    self.dates.extend(
                        hidden.map(|date| (package.to_owned(), release.version.clone(), midnight(date))),
                    );
                    list.releases.push(release);
                }
            }
        }
        let is_known = list.releases.iter().any(|release| release.version == current);
        if !current.is_empty()
            && !is_known
            && current.starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            list.releases.insert(0, release(current));
        }
        self.packages.retain(|(other, name, _)| (other.as_str(), name.as_str()) != (datasource, package));
        self.packages.push((datasource.to_owned(), package.to_owned(), list));
    }
}

fn midnight(date: &str) -> Timestamp {
    format!("{date}T00:00:00Z").parse().expect("a date")
}

fn release(word: &str) -> Release {
    let (name, date) = word.split_once('@').map_or((word, None), |(name, date)| (name, Some(date)));
    Release {
        timestamp: date.map(midnight),
        is_stable: name.starts_with('-').then_some(false),
        is_deprecated: name.starts_with('~'),
        ..Release::of(name.trim_start_matches(['~', '-']))
    }
}
