//! Lengths of time as people write them: `3 days`, `36 hours`, `2w`.

use jiff::SignedDuration;

use serde_json::{Value, json};

use super::json::Node;
use super::reader::{OptionValue, Reader, quote};

/// A length of time as it was written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseAge {
    /// The words of the owner.
    pub text: String,
    /// The length.
    pub duration: SignedDuration,
}

impl ReleaseAge {
    /// Returns the length that `text` spells, or `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned(), duration: parse(text)? })
    }
}

impl OptionValue for ReleaseAge {
    const WANTS: &'static str = "a length of time such as `3 days`";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(name, node, reader)?;
        let age = Self::parse(&text);
        if age.is_none() {
            reader.error(
                node.place,
                format!("`{name}`: `{text}` is no length of time"),
                "write a number and a unit, such as `3 days`, `36 hours`, `2 weeks`",
            );
        }
        age
    }

    fn show(&self) -> String {
        quote(&self.text)
    }

    fn schema() -> Value {
        json!({ "type": "string", "examples": ["3 days", "36 hours"] })
    }
}

/// Returns the length that `text` spells: numbers with units, added up; a month has 30 days, a year 365.
pub fn parse(text: &str) -> Option<SignedDuration> {
    let mut rest = text.trim();
    let mut total = SignedDuration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let letters = after.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(letters)?;
        let seconds = number.parse::<f64>().ok()? * seconds(unit)?;
        if !(0.0..1e11).contains(&seconds) {
            return None;
        }
        total = total.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?)?;
        rest = next.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
    }
    Some(total)
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "mo" | "mos" | "month" | "months" => 2_592_000.0,
        "y" | "yr" | "yrs" | "year" | "years" => 31_536_000.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_numbers_with_units() {
        for (text, hours) in [
            ("3 days", 72),
            ("1 day", 24),
            ("36 hours", 36),
            ("2w", 336),
            ("1 day 12 hours", 36),
            ("1 day and 1 hour", 25),
            ("1.5 days", 36),
            ("1 month", 720),
            ("0 days", 0),
        ] {
            assert_eq!(parse(text), Some(SignedDuration::from_hours(hours)), "{text}");
        }
        assert_eq!(parse("1 minute"), Some(SignedDuration::from_secs(60)));
    }

    #[test]
    fn refuses_what_is_no_length() {
        for text in
            ["", "3", "days", "3 dayz", "three days", "-3 days", "9999999999999999 years", "1..2 days", "3 ü"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
