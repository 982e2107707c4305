//! A changelog file: which part of it is about which version.

use super::clean::{Heading, headings, names};

/// Names of changelog files without their ending, in lower case.
const STEMS: &[&str] = &[
    "changelog",
    "changelogs",
    "changes",
    "change",
    "history",
    "news",
    "releases",
    "release",
    "releasenotes",
    "release-notes",
    "release_notes",
];

/// Returns the file of a folder that is most likely the changelog: Markdown before plain text, the usual name before others.
pub fn changelog_file<'a>(files: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rank = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let (stem, ending) = lower.rsplit_once('.').unwrap_or((&lower, ""));
        let kind = match ending {
            "md" | "markdown" | "mkd" => 0,
            "txt" | "" => 1,
            _ => return None,
        };
        let place = STEMS.iter().position(|known| *known == stem)?;
        Some((kind, place))
    };
    files.into_iter().filter_map(|name| Some((rank(name)?, name))).min().map(|(_, name)| name)
}

/// A changelog file, divided by its headings.
#[derive(Clone, Debug)]
pub struct ChangelogFile<'a> {
    text: &'a str,
    headings: Vec<Heading>,
}

impl<'a> ChangelogFile<'a> {
    /// Reads a file.
    pub fn read(text: &'a str) -> Self {
        Self { text, headings: headings(text) }
    }

    /// Returns what the file says about a version, without the heading; `None` when it says nothing.
    ///
    /// The highest level of headings that divides the file and names the version decides. In a file by dates, the part
    /// with a line about the package's version is meant.
    pub fn section(&self, version: &str, package: &str) -> Option<&'a str> {
        let sections = (1..=6).filter(|level| self.at(*level).count() >= 2);
        let found =
            sections.flat_map(|level| self.at(level)).find(|(_, heading)| names(&heading.words, version));
        let place = match found {
            Some((place, _)) => place,
            None => self.dated(version, package)?,
        };
        Some(self.body(place)).filter(|body| !body.trim().is_empty())
    }

    fn at(&self, level: usize) -> impl Iterator<Item = (usize, &Heading)> {
        self.headings.iter().enumerate().filter(move |(_, heading)| heading.level == level)
    }

    fn dated(&self, version: &str, package: &str) -> Option<usize> {
        let name = package.rsplit('/').next().unwrap_or(package);
        let is_about = |place: usize| {
            let about = |line: &str| line.contains(name) && names(line, version);
            self.body(place).lines().any(about)
        };
        let dated = self.headings.iter().enumerate().filter(|(_, heading)| is_dated(&heading.words));
        dated.map(|(place, _)| place).find(|place| !name.is_empty() && is_about(*place))
    }

    /// Returns the text from behind a heading to the next that is as high.
    fn body(&self, place: usize) -> &'a str {
        let Some(heading) = self.headings.get(place) else { return "" };
        let rest = self.headings.get(place + 1..).unwrap_or_default();
        let end = rest
            .iter()
            .find(|next| next.level <= heading.level)
            .map_or(self.text.len(), |next| next.range.start);
        self.text.get(heading.range.end..end).unwrap_or_default()
    }
}

/// Whether a heading begins with a date: `2024-01-02`.
fn is_dated(words: &str) -> bool {
    let word = words.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = word.split('-').collect();
    matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
        && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_file_is_found() {
        let find = |files: &[&'static str]| changelog_file(files.iter().copied());
        assert_eq!(find(&["README.md", "HISTORY.md", "CHANGELOG.md"]), Some("CHANGELOG.md"));
        assert_eq!(find(&["CHANGELOG", "news.md"]), Some("news.md"));
        assert_eq!(find(&["Changes.txt", "CHANGELOG.rst"]), Some("Changes.txt"));
        assert_eq!(find(&["main.go", "changelog-generator.md", "release.yaml"]), None);
    }

    #[track_caller]
    fn check(text: &str, version: &str, expected: Option<&str>) {
        let section = ChangelogFile::read(text).section(version, "o/fjord");
        assert_eq!(section.map(str::trim), expected, "{version}");
    }

    #[test]
    fn a_version_has_its_section() {
        let file = "# Changelog\n\n## [Unreleased]\n\n## [1.3.0] - 2024-02-01\n\n### Added\n\n- a\n\n## [1.2.3](https://x/1.2.30) (2024-01-01)\n\n- b\n\n## v1.2.0\n\n## fjord@1.1.0\n\nc\n\n[1.3.0]: https://x\n";
        check(file, "v1.3.0", Some("### Added\n\n- a"));
        check(file, "1.2.3", Some("- b"));
        check(file, "1.2.0", None);
        check(file, "1.1.0", Some("c\n\n[1.3.0]: https://x"));
        check(file, "2.3", None);
        check(file, "", None);
    }

    #[test]
    fn the_highest_level_that_divides_decides() {
        check("# 2.0.0\n\n## 1.0.0 is gone\n\nx\n\n# 1.0.0\n\ny", "1.0.0", Some("y"));
        check("# 1.0.0\n\nonly one\n", "1.0.0", None);
        check("1.1.0\n=====\na\n\n1.0.0\n=====\nb", "1.0.0", Some("b"));
        check("```\n# 1.0.0\n```\n\n# 3.0.0\n\n# 2.0.0\n", "1.0.0", None);
    }

    #[test]
    fn a_file_by_dates_names_the_package() {
        let file = "# 2024-02-01\n\n- fjord 1.3.0: a\n\n# 2024-01-01\n\n- wave v1.2.0\n- fjord v1.2.0\n";
        check(file, "1.2.0", Some("- wave v1.2.0\n- fjord v1.2.0"));
        check(file, "1.3.0", Some("- fjord 1.3.0: a"));
        check(file, "1.1.0", None);
    }
}
