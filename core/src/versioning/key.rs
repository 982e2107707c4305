//! Order keys: a version parsed once, as bytes whose plain byte order is the order of the versions.
//!
//! Each versioning writes its rule down as a sequence of numbers, texts and marks. A total order comes for free, and
//! sorting ten thousand tags compares bytes instead of parsing each tag a dozen times.

/// Where a version stands among the others of the same versioning: compare with `<`, `==`, `Ord`.
///
/// Keys of different versionings mean nothing to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(Box<[u8]>);

impl SortKey {
    /// Returns the key that comes directly after this one: nothing stands between them.
    pub(super) fn after(&self) -> Self {
        let mut bytes = self.0.to_vec();
        bytes.push(0);
        Self(bytes.into_boxed_slice())
    }
}

/// From this first byte on, the length of a number needs eight more bytes.
const LONG_NUMBER: u8 = 0xF0;

/// What the ICU root collation (the order JavaScript's `localeCompare` uses) puts before digits and letters.
const PUNCTUATION: &[u8] = b" _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
const DIGITS: u8 = 0x30;
const LETTERS: u8 = 0x40;
const OTHERS: u8 = 0x60;

/// Builds a [`SortKey`] from its most to its least important part.
#[derive(Debug, Default)]
pub(super) struct KeyBuilder(Vec<u8>);

impl KeyBuilder {
    /// Starts an empty key.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(24))
    }

    /// Ends the key.
    pub(super) fn finish(self) -> SortKey {
        SortKey(self.0.into_boxed_slice())
    }

    /// Adds one byte, for what is decided by kind: the end of a list, a release against a prerelease.
    pub(super) fn mark(&mut self, mark: u8) -> &mut Self {
        self.0.push(mark);
        self
    }

    /// Adds a number of any size, given by its decimal digits; leading zeros do not count.
    ///
    /// The bytes begin with a byte lower than `0xFF`, so that `mark(0xFF)` after a list puts shorter lists last.
    pub(super) fn digits(&mut self, digits: &str) -> &mut Self {
        let digits = digits.trim_start_matches('0').as_bytes();
        match u8::try_from(digits.len()) {
            Ok(length) if length < LONG_NUMBER => self.0.push(length),
            _ => {
                self.0.push(LONG_NUMBER);
                self.0.extend((digits.len() as u64).to_be_bytes());
            }
        }
        self.0.extend(digits);
        self
    }

    /// Adds a number.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.digits(&number.to_string())
    }

    /// Adds a text without NUL in byte order; a beginning of it comes first.
    pub(super) fn ascii(&mut self, text: &str) -> &mut Self {
        self.0.extend(text.bytes().map(|byte| byte.max(1)));
        self.mark(0)
    }

    /// Adds a text as people sort it: punctuation, numbers by value, letters without regard to case; lower case
    /// first only between texts that are otherwise the same.
    pub(super) fn natural(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first.is_ascii_digit() {
                let (digits, after) = split_digits(rest);
                self.mark(DIGITS).digits(digits);
                rest = after;
                continue;
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            match u8::try_from(first) {
                Ok(byte) if byte.is_ascii_alphabetic() => {
                    self.mark(LETTERS + (byte.to_ascii_lowercase() - b'a'));
                }
                Ok(byte) if PUNCTUATION.contains(&byte) => {
                    let place = PUNCTUATION.iter().take_while(|other| **other != byte).count();
                    self.mark(u8::try_from(place + 1).unwrap_or(DIGITS - 1));
                }
                _ => {
                    self.mark(OTHERS);
                    self.0.extend(u32::from(first).to_be_bytes());
                }
            }
        }
        self.mark(0);
        for byte in text.bytes().filter(u8::is_ascii_alphabetic) {
            self.mark(if byte.is_ascii_lowercase() { 1 } else { 2 });
        }
        self.mark(0)
    }

    /// Adds a text like [`KeyBuilder::natural`], the other way round.
    pub(super) fn natural_reversed(&mut self, text: &str) -> &mut Self {
        let start = self.0.len();
        self.natural(text);
        for byte in self.0.iter_mut().skip(start) {
            *byte = !*byte;
        }
        self
    }
}

/// Splits off the ASCII digits a text begins with.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(write: impl Fn(&mut KeyBuilder)) -> SortKey {
        let mut builder = KeyBuilder::new();
        write(&mut builder);
        builder.finish()
    }

    #[track_caller]
    fn ascending(write: impl Fn(&mut KeyBuilder, &str), texts: &[&str]) {
        let keys: Vec<_> = texts.iter().map(|text| key(|builder| write(builder, text))).collect();
        for (index, pair) in keys.windows(2).enumerate() {
            assert!(pair[0] < pair[1], "{} < {}", texts[index], texts[index + 1]);
        }
    }

    #[test]
    fn numbers_compare_by_value_whatever_their_size() {
        let long = "9".repeat(300);
        ascending(
            |builder, text| {
                builder.digits(text);
            },
            &["0", "1", "2", "10", "255", "256", "18446744073709551615", "18446744073709551616", &long],
        );
        assert_eq!(key(|b| _ = b.digits("007")), key(|b| _ = b.number(7)));
        assert_eq!(key(|b| _ = b.digits("")), key(|b| _ = b.digits("000")));
    }

    #[test]
    fn natural_order_counts_numbers_and_puts_case_last() {
        let ordered =
            ["", "-rc", "-rc-1", "-rc.1", "-rc1", "-rc2", "-rc10", "2", "10", "alpha", "Alpha", "beta", "é"];
        ascending(|builder, text| _ = builder.natural(text), &ordered);
        let reversed: Vec<_> = ordered.iter().rev().copied().collect();
        ascending(|builder, text| _ = builder.natural_reversed(text), &reversed);
    }

    #[test]
    fn what_follows_a_text_matters_only_when_the_texts_are_the_same() {
        let after = |text: &'static str, number| key(move |b| _ = b.natural(text).number(number));
        assert!(after("a", 9) < after("ab", 1));
        assert!(after("a", 1) < after("a", 9));
    }
}
