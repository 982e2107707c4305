//! The wordy form of a schedule.

use super::{DAY_END, ScheduleError, Window};
use crate::config::names::closest;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const HINT: &str = "write it like `before 6am on Monday`, `after 10pm every weekday`, `on the first day of the month` or `* 0-5 * * 1`";

/// Returns the number of a day of the week, Sunday being 0.
pub(super) fn weekday(word: &str) -> Option<u32> {
    position(&WEEKDAYS, word)
}

/// Returns the number of a month, January being 1.
pub(super) fn month(word: &str) -> Option<u32> {
    position(&MONTHS, word).map(|index| index + 1)
}

/// Finds a name by itself, its plural or its first letters, three at least.
fn position(names: &[&str], word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches('.');
    let whole = names.iter().position(|name| *name == word || word.strip_suffix('s') == Some(name));
    let short = || names.iter().position(|name| word.len() >= 3 && name.starts_with(word));
    u32::try_from(whole.or_else(short)?).ok()
}

/// Returns the day of the month that `word` counts: `first`, `2nd`, `31`; 0 for `last`.
fn ordinal(word: &str) -> Option<u32> {
    let words = ["last", "first", "second", "third", "fourth", "fifth"];
    if let Some(index) = words.iter().position(|name| *name == word) {
        return u32::try_from(index).ok();
    }
    let digits = word.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let suffix = word.get(digits.len()..)?;
    let number = digits.parse().ok()?;
    (matches!(suffix, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&number)).then_some(number)
}

/// Returns the windows of `text`; `also` and `or` separate alternatives. None means always.
pub(super) fn parse(text: &str) -> Result<Vec<Window>, ScheduleError> {
    let lower = text.to_lowercase().replace(',', " , ");
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut windows = Vec::new();
    for words in words.split(|word| matches!(*word, "also" | "or")) {
        windows.push(
            Reader { text, words, at: 0, window: Window::default(), after: None, before: None }.read()?,
        );
    }
    if windows.contains(&Window::default()) {
        windows.clear();
    }
    Ok(windows)
}

struct Reader<'a> {
    text: &'a str,
    words: &'a [&'a str],
    at: usize,
    window: Window,
    after: Option<u16>,
    before: Option<u16>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        word
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn bad(&self, word: &str) -> ScheduleError {
        if word == "at" {
            return ScheduleError::new(
                format!("`{}` is a moment, and a schedule is a window of time", self.text),
                "write `after 11am and before 1pm`; the time zone is an option of its own, `timezone`",
            );
        }
        let known = ["before", "after", "every", "weekday", "weekend", "month", "first", "last"];
        let close = closest(word, WEEKDAYS.iter().chain(&MONTHS).chain(&known).copied());
        let hint = close.map_or_else(|| HINT.to_owned(), |close| format!("did you mean `{close}`?"));
        ScheduleError::new(format!("`{word}` in `{}` is not understood", self.text), hint)
    }

    fn read(mut self) -> Result<Window, ScheduleError> {
        if self.words.is_empty() {
            return Err(ScheduleError::new(format!("`{}` is incomplete", self.text), HINT));
        }
        let (mut weekdays, mut days, mut months) = (0_u8, 0_u32, 0_u16);
        while let Some(word) = self.next() {
            match word {
                "and" | "," | "the" | "on" | "in" | "of" | "year" | "day" | "days" | "during" => {}
                "month" | "week" if self.at > 1 => {}
                "before" => self.before = Some(self.time()?),
                "after" => self.after = Some(self.time()?),
                "between" => {
                    self.after = Some(self.time()?);
                    if self.peek() == Some("and") {
                        self.at += 1;
                    }
                    self.before = Some(self.time()?);
                }
                "every" => self.every(&mut weekdays)?,
                "weekend" | "weekends" => weekdays |= 0b100_0001,
                "weekday" | "weekdays" => weekdays |= 0b011_1110,
                word => {
                    if let Some(day) = weekday(word) {
                        let last = self.through(weekday).unwrap_or(day);
                        let mut day = day;
                        // A range of weekdays may pass Saturday.
                        loop {
                            weekdays |= 1 << day;
                            if day == last {
                                break;
                            }
                            day = (day + 1) % 7;
                        }
                    } else if let Some(first) = month(word) {
                        let last = self.through(month).unwrap_or(first);
                        for month in first..=last.max(first) {
                            months |= 1 << month;
                        }
                    } else if let Some(first) = ordinal(word) {
                        let last = self.through(ordinal).unwrap_or(first);
                        for day in first..=last.max(first) {
                            days |= 1 << day;
                        }
                    } else {
                        return Err(self.bad(word));
                    }
                }
            }
        }
        if weekdays != 0 {
            self.window.weekdays = weekdays;
        }
        if days != 0 {
            self.window.days = days;
        }
        if months != 0 {
            self.window.months &= months;
        }
        self.window.minutes = self.minutes()?;
        Ok(self.window)
    }

    /// Reads `through X` or `to X`.
    fn through(&mut self, number: impl Fn(&str) -> Option<u32>) -> Option<u32> {
        if !matches!(self.peek(), Some("through" | "to" | "-")) {
            return None;
        }
        let last = number(self.words.get(self.at + 1)?)?;
        self.at += 2;
        Some(last)
    }

    fn every(&mut self, weekdays: &mut u8) -> Result<(), ScheduleError> {
        let Some(word) = self.next() else { return Err(self.bad("every")) };
        match word {
            "weekend" | "weekends" => *weekdays |= 0b100_0001,
            "weekday" | "weekdays" => *weekdays |= 0b011_1110,
            "day" | "week" | "month" | "hour" | "minute" => {}
            word => {
                if let Some(day) = weekday(word) {
                    *weekdays |= 1 << day;
                    return Ok(());
                }
                let count = ordinal(word).filter(|count| *count > 0).ok_or_else(|| self.bad(word))?;
                match self.next() {
                    Some("month" | "months") => {
                        self.window.months = (1..=12_u16)
                            .filter(|month| (u32::from(*month) - 1).is_multiple_of(count))
                            .fold(0, |mask, month| mask | 1 << month);
                    }
                    Some("week" | "weeks") => self.window.week_step = u8::try_from(count).unwrap_or(1),
                    Some("day" | "days") => {
                        self.window.days = (1..=31_u32)
                            .filter(|day| (day - 1).is_multiple_of(count))
                            .fold(0, |mask, day| mask | 1 << day);
                    }
                    Some(unit) => return Err(self.bad(unit)),
                    None => return Err(self.bad(word)),
                }
            }
        }
        Ok(())
    }

    /// Reads `6am`, `6:30 am`, `18:00`, as minutes of the day.
    fn time(&mut self) -> Result<u16, ScheduleError> {
        let missing = || {
            ScheduleError::new(
                format!("`{}`: a time is missing", self.text),
                "write a time such as `6am` or `18:00`",
            )
        };
        let word = self.peek().ok_or_else(missing)?;
        let half = |word: &str| {
            [("am", 0_u16), ("a.m.", 0), ("pm", 12), ("p.m.", 12)]
                .into_iter()
                .find_map(|(suffix, add)| Some((word.strip_suffix(suffix)?.len(), add)))
        };
        let (clock, add) = match half(word) {
            Some((length, add)) => (word.get(..length).unwrap_or_default(), Some(add)),
            None => (word, None),
        };
        if !clock.starts_with(|char: char| char.is_ascii_digit()) {
            return match word {
                "noon" => Ok(self.advance(1, 12 * 60)),
                "midnight" => Ok(self.advance(1, 0)),
                _ => Err(missing()),
            };
        }
        // `6:30 am` may be two words.
        let (add, used) = match (add, self.words.get(self.at + 1).and_then(|next| half(next))) {
            (None, Some((0, add))) => (Some(add), 2),
            (add, _) => (add, 1),
        };
        let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
        let minutes = (|| {
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            let hour = match add {
                Some(add) => (1..=12).contains(&hour).then_some(hour % 12 + add)?,
                None => Some(hour).filter(|hour| *hour <= 24 && clock.contains(':'))?,
            };
            (minute < 60 && hour * 60 + minute <= DAY_END).then_some(hour * 60 + minute)
        })();
        let minutes = minutes.ok_or_else(|| {
            ScheduleError::new(
                format!("`{word}` in `{}` is no time", self.text),
                "write a time such as `6am`, `6:30pm` or `18:00`",
            )
        })?;
        Ok(self.advance(used, minutes))
    }

    fn advance(&mut self, words: usize, minutes: u16) -> u16 {
        self.at += words;
        minutes
    }

    fn minutes(&self) -> Result<Vec<(u16, u16)>, ScheduleError> {
        Ok(match (self.after, self.before) {
            (None, None) => Vec::new(),
            (Some(after), None) => vec![(after, DAY_END)],
            (None, Some(before)) => vec![(0, before)],
            (Some(after), Some(before)) if after < before => vec![(after, before)],
            (Some(after), Some(before)) if after > before => vec![(0, before), (after, DAY_END)],
            (Some(_), Some(_)) => {
                let message = format!("`{}` never comes: it opens and closes at the same time", self.text);
                return Err(ScheduleError::new(message, "name two different times"));
            }
        })
    }
}
