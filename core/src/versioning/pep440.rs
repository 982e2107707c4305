//! `pep440`: versions and specifiers of Python packages. <https://packaging.python.org/en/latest/specifications/version-specifiers/>

use super::key::{KeyBuilder, SortKey, split_digits};
use super::ranged::{Interval, Operator, Scheme, next_prefix, split_numbers, write_numbers};

/// The scheme of Python's packages.
#[derive(Debug)]
pub(super) struct Pep440;

/// A version taken apart. Missing numbers of a prerelease, post-release or development release are 0, as in `1.0a`.
#[derive(Debug, Default)]
struct Version<'a> {
    epoch: &'a str,
    numbers: Vec<&'a str>,
    /// 1 for alpha, 2 for beta, 3 for a release candidate, and its number.
    pre: Option<(u8, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    /// What follows `+`.
    local: Option<&'a str>,
}

/// The spellings of prereleases, each before those it begins with.
const PRERELEASES: &[(&str, u8)] =
    &[("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("preview", 3), ("pre", 3), ("rc", 3), ("c", 3)];

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, Some(local)),
            None => (text, None),
        };
        let is_segment =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if local.is_some_and(|local| !local.split(['.', '-', '_']).all(is_segment)) {
            return None;
        }
        let (epoch, release) = public.split_once('!').unwrap_or(("0", public));
        if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (numbers, mut rest) = split_numbers(release)?;
        let mut version = Self { epoch, numbers, local, ..Self::default() };
        if let Some((kind, number, after)) = PRERELEASES
            .iter()
            .find_map(|(word, kind)| marked(rest, word).map(|(number, after)| (*kind, number, after)))
        {
            version.pre = Some((kind, number));
            rest = after;
        }
        let implicit = || {
            let (digits, after) = split_digits(rest.strip_prefix('-')?);
            (!digits.is_empty()).then_some((digits, after))
        };
        let post = ["post", "rev", "r"].iter().find_map(|word| marked(rest, word));
        if let Some((number, after)) = post.or_else(implicit) {
            version.post = Some(number);
            rest = after;
        }
        if let Some((number, after)) = marked(rest, "dev") {
            version.dev = Some(number);
            rest = after;
        }
        rest.is_empty().then_some(version)
    }

    fn is_final(&self) -> bool {
        self.pre.is_none() && self.post.is_none() && self.dev.is_none()
    }

    /// Returns the beginning of the key that all versions with these numbers share.
    fn numbers_key(&self) -> KeyBuilder {
        numbers_key(self.epoch, &self.numbers)
    }

    /// Returns the key but for the local version.
    fn public_key(&self) -> KeyBuilder {
        let mut key = self.numbers_key();
        match self.pre {
            // A development release of the version itself comes before its prereleases.
            None if self.post.is_none() && self.dev.is_some() => _ = key.mark(0),
            None => _ = key.mark(0xFF),
            Some((kind, number)) => _ = key.mark(kind).digits(number),
        }
        match self.post {
            None => _ = key.mark(0),
            Some(number) => _ = key.mark(1).digits(number),
        }
        match self.dev {
            None => _ = key.mark(0xFF),
            Some(number) => _ = key.mark(1).digits(number),
        }
        key
    }

    fn key(&self) -> SortKey {
        let mut key = self.public_key();
        let Some(local) = self.local else {
            key.mark(0);
            return key.finish();
        };
        key.mark(1);
        for segment in local.split(['.', '-', '_']) {
            if segment.bytes().all(|byte| byte.is_ascii_digit()) {
                key.mark(2).digits(segment);
            } else {
                key.mark(1).ascii(&segment.to_ascii_lowercase());
            }
        }
        key.mark(0);
        key.finish()
    }
}

/// Returns the number after `word`, `""` where there is none, and the rest; separators may stand around the word.
fn marked<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let separator = ['.', '-', '_'];
    let start = text.strip_prefix(separator).unwrap_or(text);
    let head = start.get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = start.get(word.len()..)?;
    let (digits, after) = split_digits(rest.strip_prefix(separator).unwrap_or(rest));
    Some(if digits.is_empty() { ("", rest) } else { (digits, after) })
}

fn numbers_key<T: AsRef<str>>(epoch: &str, numbers: &[T]) -> KeyBuilder {
    let mut key = KeyBuilder::new();
    key.digits(epoch);
    write_numbers(&mut key, numbers);
    key
}

/// Returns the key before everything that has these numbers, even development releases.
fn start_of<T: AsRef<str>>(epoch: &str, numbers: &[T]) -> SortKey {
    let mut key = numbers_key(epoch, numbers);
    key.mark(0);
    key.finish()
}

/// Returns the end of everything that begins with these numbers.
fn end_of(epoch: &str, numbers: &[&str]) -> Option<SortKey> {
    Some(start_of(epoch, &next_prefix(numbers)?))
}

/// Returns the key before everything that has these numbers, for a range that ends there.
pub(super) fn end_of_numbers(numbers: &[String]) -> SortKey {
    start_of("0", numbers)
}

/// Returns the key after everything that only differs in what is not part of `key`.
fn after_all(mut key: KeyBuilder) -> SortKey {
    key.mark(2);
    key.finish()
}

impl Scheme for Pep440 {
    fn id(&self) -> &'static str {
        "pep440"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        Some(Version::parse(version)?.key())
    }

    fn is_stable(&self, version: &str) -> bool {
        Version::parse(version).is_some_and(|version| version.pre.is_none() && version.dev.is_none())
    }

    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>> {
        Some(Version::parse(version)?.numbers)
    }

    fn before_numbers<'a>(&self, version: &'a str) -> &'a str {
        version.find('!').and_then(|at| version.get(..=at)).unwrap_or_default()
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        &[
            ("===", Operator::Equal),
            ("==", Operator::Equal),
            ("~=", Operator::Compatible),
            ("!=", Operator::NotEqual),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ]
    }

    fn bare(&self) -> Option<Operator> {
        None
    }

    /// A local version only counts where the condition names one; `<1.0` leaves out the prereleases of 1.0, and `>1.0`
    /// its post-releases.
    fn interval(&self, operator: Operator, version: &str) -> Option<Interval> {
        let version = Version::parse(version)?;
        let (epoch, numbers) = (version.epoch, &version.numbers);
        let from = Some(version.public_key().finish());
        let end = Some(after_all(version.public_key()));
        Some(match operator {
            Operator::Equal | Operator::NotEqual if version.local.is_some() => Interval::only(version.key()),
            Operator::Equal | Operator::NotEqual => Interval { from, until: end },
            Operator::AtMost => Interval { from: None, until: end },
            Operator::AtLeast => Interval { from, until: None },
            Operator::Less if version.is_final() => {
                Interval { from: None, until: Some(start_of(epoch, numbers)) }
            }
            Operator::Less => Interval { from: None, until: from },
            Operator::Greater if version.is_final() => {
                let mut key = version.numbers_key();
                key.mark(0xFF);
                Interval { from: Some(after_all(key)), until: None }
            }
            Operator::Greater => Interval { from: end, until: None },
            Operator::Compatible => {
                let (_, head) = numbers.split_last().filter(|(_, head)| !head.is_empty())?;
                Interval { from, until: end_of(epoch, head) }
            }
            Operator::Prefix | Operator::NotPrefix if version.is_final() => {
                Interval { from: Some(start_of(epoch, numbers)), until: end_of(epoch, numbers) }
            }
            _ => return None,
        })
    }

    fn pinned(&self, version: &str) -> String {
        format!("=={version}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranged::Ranged;
    use super::super::{NewValue, RangeStrategy, Versioning};
    use super::*;

    const PYTHON: Ranged<Pep440> = Ranged(Pep440);

    #[test]
    fn takes_the_versions_of_the_specification() {
        for text in [
            "1",
            "1.0",
            "2024.01.05",
            "1.0a1",
            "1.0.alpha-1",
            "1.0-rc_2",
            "1.0c1",
            "1.0.preview3",
            "1.0.post1",
            "1.0-1",
            "1.0rev2",
            "1.0.dev3",
            "1!2.0",
            "1.0+ubuntu.1",
            "v1.0",
            "1.0A1",
            "1.0a1.post2.dev3+x-y_z",
        ] {
            assert!(PYTHON.is_version(text), "{text}");
        }
        for text in [
            "",
            "v",
            "latest",
            "1.0-",
            "1.0.x",
            "1.0+",
            "1.0+a..b",
            "1.0rc1rc2",
            "!1",
            "1.0-beta-",
            "1..0",
            "1.0é",
        ] {
            assert!(!PYTHON.is_valid(text), "{text}");
        }
    }

    #[test]
    fn orders_as_the_specification_says() {
        let ordered = [
            "0.9",
            "1.0.dev1",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a1.post1",
            "1.0a2",
            "1.0b1",
            "1.0rc1",
            "1.0rc10",
            "1.0",
            "1.0+abc",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post1.dev1",
            "1.0.post1",
            "1.0.1.dev1",
            "1.0.1",
            "1.1",
            "1.10",
            "2024.1",
            "1!0.1",
        ];
        for pair in ordered.windows(2) {
            assert!(PYTHON.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        for (left, right) in [
            ("1.0", "1.0.0"),
            ("1.0alpha1", "1.0a1"),
            ("1.0-1", "1.0.post1"),
            ("1.0c2", "v1.0-RC.2"),
            ("1.0a", "1.0a0"),
            ("1.0+a-1", "1.0+A.1"),
        ] {
            assert!(PYTHON.equals(left, right), "{left} = {right}");
        }
        assert!(
            PYTHON.is_stable("1.0.post1")
                && !PYTHON.is_stable("1.0.post1.dev1")
                && !PYTHON.is_stable("1.0b1")
        );
    }

    #[test]
    fn conditions_hold_as_the_specification_says() {
        for (range, inside, outside) in [
            (
                "~=1.4.2",
                &["1.4.2", "1.4.10", "1.4.2.post1"][..],
                &["1.4.1", "1.5", "1.5.dev1", "1.4.3rc1"][..],
            ),
            ("~=1.4", &["1.4", "1.99"], &["1.3", "2.0", "2.0.dev1"]),
            ("==1.0", &["1.0", "1", "1.0.0", "1.0+local"], &["1.0.post1", "1.0rc1", "1.0.1"]),
            ("==1.0+local", &["1.0+local"], &["1.0", "1.0+other"]),
            ("==1.0.*", &["1.0", "1.0.9", "1", "1.0.post1"], &["1.1", "1.1.dev1", "0.9", "1.0rc1"]),
            ("!=1.1.*", &["1.0", "1.2"], &["1.1", "1.1.5"]),
            ("!=1.1", &["1.0", "1.1.1"], &["1.1", "1.1.0"]),
            ("<1.0", &["0.9", "0.9.post1"], &["1.0", "1.0.dev1", "1.0rc1"]),
            ("<1.0rc2", &["1.0rc1", "0.9"], &["1.0rc2", "1.0"]),
            (">1.0", &["1.0.1", "1.1"], &["1.0", "1.0.post1", "1.0+local"]),
            (">1.0.post1", &["1.0.post2", "1.1"], &["1.0.post1"]),
            ("<=1.0", &["1.0", "1.0+local", "0.1"], &["1.0.post1", "1.0.1"]),
            (">= 1.2 , < 2 , != 1.5", &["1.2", "1.9"], &["1.1", "2.0", "1.5", "1.3a1"]),
            (">=1.0a1", &["1.0a1", "1.0", "2.0b1"], &["1.0.dev1"]),
            ("===1.0", &["1.0"], &["1.1"]),
            ("==1!1.0", &["1!1"], &["1.0"]),
        ] {
            assert!(PYTHON.is_valid(range) && !PYTHON.is_version(range), "{range}");
            for version in inside {
                assert!(PYTHON.matches(version, range), "{version} in {range}");
            }
            for version in outside {
                assert!(!PYTHON.matches(version, range), "{version} not in {range}");
            }
        }
        for text in ["~=1", "==1.0a1.*", ">=1.0.*", ">=1.0,", ",", "=1.0", "> =1", ">=1.0 <2", "*"] {
            assert!(!PYTHON.is_valid(text), "{text}");
        }
    }

    #[track_caller]
    fn check(strategy: RangeStrategy, current_value: &str, new_version: &str, expected: Option<&str>) {
        let query = NewValue { current_value, range_strategy: strategy, current_version: None, new_version };
        assert_eq!(PYTHON.new_value(&query).as_deref(), expected, "{current_value} -> {new_version}");
    }

    #[test]
    fn rewrites_conditions_in_the_shape_they_have() {
        use RangeStrategy::{Bump, InRangeOnly, Pin, Replace, Widen};
        check(Replace, "1.2.3", "1.3.0", Some("1.3.0"));
        check(Replace, "==1.2.3", "1.3.0", Some("==1.3.0"));
        check(Replace, "== 1.2.3", "1.3.0", Some("== 1.3.0"));
        check(Replace, "===1.2.3", "1.3.0", Some("===1.3.0"));
        check(Replace, "~=1.2.3", "2.3.4", Some("~=2.3.4"));
        check(Replace, "~=1.2", "2.3.4", Some("~=2.3"));
        check(Replace, "~=1.2", "1.3.4", Some("~=1.2"));
        check(Bump, "~=1.2", "1.3.4", Some("~=1.3"));
        check(Bump, "~=1.2.0", "1.3.4", Some("~=1.3.4"));
        check(Replace, "==1.2.*", "2.3.4", Some("==2.3.*"));
        check(Replace, ">=1.2", "2.3.4", Some(">=1.2"));
        check(Bump, ">=1.2", "2.3.4", Some(">=2.3.4"));
        check(Replace, ">=1.2,<2.0", "2.3.4", Some(">=1.2,<3.0"));
        check(Widen, ">= 1.2, < 1.9.0", "2.3.4", Some(">= 1.2, < 2.4.0"));
        check(Bump, ">=1.2,<2.0", "2.3.4", Some(">=2.3.4,<3.0"));
        check(Replace, "<=1.2", "2.3.4", Some("<=2.3.4"));
        check(Replace, "==1.0", "1!2.0", Some("==1!2.0"));
        check(Replace, "~=1.0", "1!2.3.4", Some("~=1!2.3"));
        check(Replace, "!=2.3.4", "2.3.4", None);
        check(InRangeOnly, "~=1.2", "2.0", None);
        check(Pin, ">=1.2", "2.3.4", Some("==2.3.4"));
    }

    #[test]
    fn knows_how_ranges_stand_to_each_other() {
        for (left, right, intersects, is_subset) in [
            (">=1,<2", ">=1.5,<3", true, false),
            (">=1,<2", ">=2", false, false),
            (">=1.5,<2", "~=1.4", true, true),
            ("1.5", ">=1", true, true),
            ("1.5", "!=1.5", true, false),
        ] {
            assert_eq!(PYTHON.intersects(left, right), Some(intersects), "{left} {right}");
            assert_eq!(PYTHON.is_subset(left, right), Some(is_subset), "{left} {right}");
        }
        assert_eq!(PYTHON.is_less_than_range("1.0", ">=1.1"), Some(true));
        assert_eq!(PYTHON.is_less_than_range("3.0", ">=1.1,<2"), Some(false));
        assert!(PYTHON.is_single_version("==1.0") && !PYTHON.is_single_version("==1.*"));
    }
}
