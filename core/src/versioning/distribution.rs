//! `ubuntu` and `debian`: releases that go by number or by code name, and dated builds of them (`noble-20250101`).

use super::docker::split_numbers;
use super::key::{KeyBuilder, SortKey};
use super::{NewValue, Versioning};

/// The versioning of a distribution's releases.
#[derive(Debug)]
pub(super) struct Distribution {
    id: &'static str,
    /// Numbers and their code names, oldest first.
    releases: &'static [(&'static str, &'static str)],
    /// Returns whether a release is one to stay on, given its first two numbers.
    is_stable: fn(u64, u64) -> bool,
}

/// Ubuntu: `YY.MM`. Only releases with long-term support are stable, and only published ones: the next one stands in
/// registries under its number half a year early.
pub(super) const UBUNTU: Distribution = Distribution {
    id: "ubuntu",
    releases: &[
        ("4.10", "warty"),
        ("5.04", "hoary"),
        ("5.10", "breezy"),
        ("6.06", "dapper"),
        ("6.10", "edgy"),
        ("7.04", "feisty"),
        ("7.10", "gutsy"),
        ("8.04", "hardy"),
        ("8.10", "intrepid"),
        ("9.04", "jaunty"),
        ("9.10", "karmic"),
        ("10.04", "lucid"),
        ("10.10", "maverick"),
        ("11.04", "natty"),
        ("11.10", "oneiric"),
        ("12.04", "precise"),
        ("12.10", "quantal"),
        ("13.04", "raring"),
        ("13.10", "saucy"),
        ("14.04", "trusty"),
        ("14.10", "utopic"),
        ("15.04", "vivid"),
        ("15.10", "wily"),
        ("16.04", "xenial"),
        ("16.10", "yakkety"),
        ("17.04", "zesty"),
        ("17.10", "artful"),
        ("18.04", "bionic"),
        ("18.10", "cosmic"),
        ("19.04", "disco"),
        ("19.10", "eoan"),
        ("20.04", "focal"),
        ("20.10", "groovy"),
        ("21.04", "hirsute"),
        ("21.10", "impish"),
        ("22.04", "jammy"),
        ("22.10", "kinetic"),
        ("23.04", "lunar"),
        ("23.10", "mantic"),
        ("24.04", "noble"),
        ("24.10", "oracular"),
        ("25.04", "plucky"),
        ("25.10", "questing"),
        ("26.04", "resolute"),
    ],
    is_stable: |year, month| year % 2 == 0 && month == 4 && year <= NEWEST_UBUNTU,
};

/// The year of the newest published release of Ubuntu with long-term support.
const NEWEST_UBUNTU: u64 = 26;

/// Debian: `N` or `N.point`. Stable is what has left testing.
pub(super) const DEBIAN: Distribution = Distribution {
    id: "debian",
    releases: &[
        ("1.1", "buzz"),
        ("1.2", "rex"),
        ("1.3", "bo"),
        ("2", "hamm"),
        ("2.1", "slink"),
        ("2.2", "potato"),
        ("3", "woody"),
        ("3.1", "sarge"),
        ("4", "etch"),
        ("5", "lenny"),
        ("6", "squeeze"),
        ("7", "wheezy"),
        ("8", "jessie"),
        ("9", "stretch"),
        ("10", "buster"),
        ("11", "bullseye"),
        ("12", "bookworm"),
        ("13", "trixie"),
        ("14", "forky"),
        ("15", "duke"),
    ],
    is_stable: |major, _| major <= NEWEST_DEBIAN,
};

/// The newest published release of Debian.
const NEWEST_DEBIAN: u64 = 13;

/// A release as written.
struct Release<'a> {
    numbers: Vec<&'a str>,
    /// The digits after the code name; empty without.
    date: &'a str,
    spelling: Spelling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Number,
    Name,
    DatedName,
}

impl Distribution {
    fn parse<'a>(&self, text: &'a str) -> Option<Release<'a>> {
        let (name, date) = text.split_once('-').map_or((text, None), |(name, date)| (name, Some(date)));
        if let Some((number, _)) = self.releases.iter().find(|(_, known)| *known == name) {
            let (numbers, _) = split_numbers(number)?;
            return match date {
                None => Some(Release { numbers, date: "", spelling: Spelling::Name }),
                Some(date) => {
                    is_date(date).then_some(Release { numbers, date, spelling: Spelling::DatedName })
                }
            };
        }
        let (numbers, rest) = split_numbers(text)?;
        let has_shape = match self.id {
            "ubuntu" => {
                let is_month = |digits: &&str| matches!(*digits, "04" | "06" | "10");
                numbers.get(1).is_some_and(is_month) && numbers.len() <= 3
            }
            _ => numbers.len() <= 2,
        };
        let is_short = numbers.iter().all(|digits| digits.len() <= 3);
        (rest.is_empty() && has_shape && is_short).then_some(Release {
            numbers,
            date: "",
            spelling: Spelling::Number,
        })
    }
}

/// Returns whether this is `YYYYMMDD`, with or without a dot and the build of that day.
fn is_date(text: &str) -> bool {
    let (day, build) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    day.len() == 8 && is_number(day) && is_number(build)
}

impl Versioning for Distribution {
    fn id(&self) -> &str {
        self.id
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let release = self.parse(version)?;
        let mut key = KeyBuilder::new();
        for digits in &release.numbers {
            key.mark(1).digits(digits);
        }
        key.mark(0).natural(release.date);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        let numbers = self.major(version).map(|major| (major, self.minor(version).unwrap_or(0)));
        numbers.is_some_and(|(major, minor)| (self.is_stable)(major, minor))
    }

    /// Returns whether both are written alike: a dated build only goes to a dated build.
    fn is_compatible(&self, version: &str, current: &str) -> bool {
        let (Some(version), Some(current)) = (self.parse(version), self.parse(current)) else { return false };
        (version.spelling == Spelling::DatedName) == (current.spelling == Spelling::DatedName)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        self.parse(version)?.numbers.get(place)?.parse().ok()
    }

    /// Returns the new release by name where the current one goes by name, if it has one.
    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        let new = query.new_version;
        let is_named =
            self.parse(query.current_value).is_some_and(|current| current.spelling == Spelling::Name);
        let named = self.releases.iter().find(|(_, name)| is_named && self.equals(new, name));
        Some(named.map_or(new, |(_, name)| name).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::RangeStrategy;
    use super::*;

    #[test]
    fn takes_numbers_names_and_dated_builds() {
        for text in ["22.04", "8.04", "20.04.3", "jammy", "noble-20250101", "jammy-20240101.1"] {
            assert!(UBUNTU.is_version(text), "{text}");
        }
        for text in [
            "",
            "22",
            "22.05",
            "22.04-slim",
            "latest",
            "rolling",
            "devel",
            "noble-x",
            "22.04.1.1",
            "noble-2025",
        ] {
            assert!(!UBUNTU.is_version(text), "{text}");
        }
        for text in ["12", "12.5", "bookworm", "trixie-20250101"] {
            assert!(DEBIAN.is_version(text), "{text}");
        }
        for text in ["", "stable", "sid", "bookworm-slim", "12-slim", "12.5.1", "20250101"] {
            assert!(!DEBIAN.is_version(text), "{text}");
        }
    }

    #[test]
    fn only_long_term_support_that_is_out_is_stable() {
        for (text, is_stable) in [
            ("22.04", true),
            ("noble", true),
            ("22.10", false),
            ("23.04", false),
            ("28.04", false),
            ("x", false),
        ] {
            assert_eq!(UBUNTU.is_stable(text), is_stable, "{text}");
        }
        for (text, is_stable) in [("12", true), ("trixie", true), ("forky", false), ("14", false)] {
            assert_eq!(DEBIAN.is_stable(text), is_stable, "{text}");
        }
    }

    #[test]
    fn a_name_is_its_number() {
        assert!(UBUNTU.equals("jammy", "22.04"));
        assert!(UBUNTU.is_greater_than("24.04", "jammy"));
        assert!(UBUNTU.is_greater_than("noble-20250301", "noble-20250101"));
        assert!(DEBIAN.is_greater_than("trixie", "9"));
        assert!(DEBIAN.is_greater_than("12.5", "12"));
        assert!(!UBUNTU.is_compatible("noble-20250101", "jammy"));
    }

    #[test]
    fn a_name_goes_to_a_name() {
        let written = |current_value, new_version| {
            let range_strategy = RangeStrategy::Replace;
            UBUNTU
                .new_value(&NewValue { current_value, range_strategy, current_version: None, new_version })
                .unwrap()
        };
        assert_eq!(written("jammy", "24.04"), "noble");
        assert_eq!(written("22.04", "24.04"), "24.04");
        assert_eq!(written("jammy-20240101", "noble-20250101"), "noble-20250101");
    }
}
