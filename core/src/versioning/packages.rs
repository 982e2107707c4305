//! `deb` and `rpm`: versions of the packages of Linux distributions, ordered as their package managers order them.
//!
//! <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>
//! <https://rpm-software-management.github.io/rpm/man/rpm-version.7>

use super::Versioning;
use super::key::{KeyBuilder, SortKey, split_digits};
use super::ranged::split_numbers;

/// The versioning of one kind of package: `epoch:version-release`.
#[derive(Debug)]
pub(super) struct Packages {
    id: &'static str,
    /// Whether these characters, besides letters and digits, may stand in a version.
    allowed: &'static str,
    /// Adds a version or a release to a key.
    write: fn(&mut KeyBuilder, &str),
}

/// Debian's packages.
pub(super) const DEB: Packages = Packages { id: "deb", allowed: ".+-:~", write: write_deb };
/// RPM packages.
pub(super) const RPM: Packages = Packages { id: "rpm", allowed: ".+-:~^_", write: write_rpm };

/// What ends a part: a tilde comes before it, everything else after it.
const END: u8 = 2;

/// Adds a text by Debian's rule: letters and signs, then a number, and so on. Letters come before signs.
fn write_deb(key: &mut KeyBuilder, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        for byte in word.bytes() {
            match byte {
                b'~' => key.mark(1),
                byte if byte.is_ascii_alphabetic() => key.mark(byte),
                byte => key.mark(0x80 | byte),
            };
        }
        let (digits, next) = split_digits(after);
        key.mark(END).digits(digits);
        rest = next;
    }
    key.mark(END);
}

/// Adds a text by the rule of RPM: only runs of letters and of digits count, besides `~` and `^`; digits come after letters.
fn write_rpm(key: &mut KeyBuilder, text: &str) {
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (digits, after) = split_digits(rest);
        if !digits.is_empty() {
            key.mark(5).digits(digits);
            rest = after;
        } else if next.is_ascii_alphabetic() {
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (letters, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            key.mark(4).ascii(letters);
            rest = after;
        } else {
            match next {
                '~' => _ = key.mark(1),
                '^' => _ = key.mark(3),
                _ => {}
            }
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    key.mark(END);
}

impl Packages {
    /// Returns the epoch, the version and the release.
    fn parse<'a>(&self, text: &'a str) -> Option<[&'a str; 3]> {
        let (epoch, rest) = text.split_once(':').unwrap_or(("", text));
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let is_sound = epoch.bytes().all(|byte| byte.is_ascii_digit())
            && version.starts_with(|first: char| first.is_ascii_digit())
            && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || self.allowed.contains(letter))
            && !text.starts_with(':');
        is_sound.then_some([epoch, version, release])
    }
}

impl Versioning for Packages {
    fn id(&self) -> &str {
        self.id
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let [epoch, version, release] = self.parse(version)?;
        let mut key = KeyBuilder::new();
        key.digits(epoch);
        (self.write)(&mut key, version);
        // A release that is not written is 0.
        (self.write)(&mut key, if release.is_empty() { "0" } else { release });
        Some(key.finish())
    }

    /// Whatever a distribution ships is meant for everybody.
    fn is_stable(&self, version: &str) -> bool {
        self.is_version(version)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        let [_, version, _] = self.parse(version)?;
        split_numbers(version)?.0.get(place)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ascending(versioning: &Packages, ordered: &[&str]) {
        for pair in ordered.windows(2) {
            assert!(versioning.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
    }

    #[test]
    fn debian_orders_tildes_first_and_letters_before_signs() {
        ascending(
            &DEB,
            &[
                "0.9",
                "1.0~~",
                "1.0~rc1",
                "1.0",
                "1.0-1",
                "1.0-1ubuntu2",
                "1.0-2",
                "1.0-10",
                "1.0a",
                "1.0+b",
                "1.0.1",
                "1.10",
                "1:0.1",
            ],
        );
        assert!(DEB.equals("1.0", "0:1.00-0") && DEB.equals("1.0-1", "1.0-01"));
        for text in ["", "a1", ":1", "x:1", "1_0", "1.0 ", "1^2"] {
            assert!(!DEB.is_valid(text), "{text}");
        }
    }

    #[test]
    fn rpm_orders_runs_of_letters_and_digits() {
        ascending(
            &RPM,
            &[
                "1.0~rc1",
                "1.0",
                "1.0^git1",
                "1.0a",
                "1.0.1",
                "1.0.1-1.el9",
                "1.0.1-2.el9",
                "1.1",
                "1.10",
                "2:0.1",
            ],
        );
        assert!(RPM.equals("1.0_1", "1.0.1") && RPM.equals("1.05", "1.5"));
        assert_eq!(
            (RPM.major("1:2.3.4-5.el9"), RPM.minor("2.3"), RPM.patch("2.3")),
            (Some(2), Some(3), None)
        );
    }
}
