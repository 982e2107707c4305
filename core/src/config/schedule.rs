//! When something may happen: in words (`before 6am on Monday`) or as cron (`* 0-3 * * 1`).
//!
//! Cron has five fields, its minutes must be `*`, and day of month *and* day of week must fit. Several entries are
//! alternatives.

mod cron;
mod words;

use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use serde_json::{Value, json};

use super::json::{Node, NodeValue};
use super::reader::{OptionValue, Reader, quote};

/// How many days ahead the next opening is looked for: a 29th of February comes within eight years.
const HORIZON_DAYS: i32 = 366 * 8 + 2;

/// A list of times; an empty one is always open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    entries: Arc<[Entry]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    text: String,
    windows: Vec<Window>,
}

/// Why an entry is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    /// What is wrong, one line.
    pub message: String,
    /// What to do, one line.
    pub hint: String,
}

impl ScheduleError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Days and times of day that belong together: all must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    /// Half-open ranges of minutes of the day, in order; empty for the whole day.
    minutes: Vec<(u16, u16)>,
    /// Days of the week: bit 0 is Sunday.
    weekdays: u8,
    /// Days of the month: bit 1 is the first; bit 0 stands for the last one.
    days: u32,
    /// Months: bit 1 is January.
    months: u16,
    /// Which of its weekday in the month a day must be: bit 1 is the first one, bit 0 the last; 0 for any.
    nth: u8,
    /// Every so many weeks of the year, counted from the first; 1 for every week.
    week_step: u8,
}

impl Default for Window {
    fn default() -> Self {
        Self { minutes: Vec::new(), weekdays: 0x7f, days: ALL_DAYS, months: ALL_MONTHS, nth: 0, week_step: 1 }
    }
}

const ALL_DAYS: u32 = 0xffff_fffe;
const ALL_MONTHS: u16 = 0x1ffe;
const DAY_END: u16 = 24 * 60;

impl Window {
    fn has_day(&self, date: Date) -> bool {
        let day = u32::from(date.day().unsigned_abs());
        let weekday = date.weekday().to_sunday_zero_offset().unsigned_abs();
        let is_last = date.day() == date.days_in_month();
        let nth = (day - 1) / 7 + 1;
        let is_last_of_its_kind = date.day() + 7 > date.days_in_month();
        let week = u32::from(date.day_of_year().unsigned_abs() - 1) / 7;
        self.weekdays >> weekday & 1 == 1
            && self.months >> date.month() & 1 == 1
            && (self.days >> day & 1 == 1 || (is_last && self.days & 1 == 1))
            && (self.nth == 0 || self.nth >> nth & 1 == 1 || (is_last_of_its_kind && self.nth & 1 == 1))
            && week.is_multiple_of(u32::from(self.week_step.max(1)))
    }

    fn has_minute(&self, minute: u16) -> bool {
        self.minutes.is_empty() || self.minutes.iter().any(|(start, end)| (*start..*end).contains(&minute))
    }

    /// Returns the first minute of the day, at or after `from`, that is open.
    fn next_minute(&self, from: u16) -> Option<u16> {
        if self.minutes.is_empty() {
            return Some(from);
        }
        let open = self.minutes.iter().filter(|(_, end)| *end > from);
        open.map(|(start, _)| (*start).max(from)).min()
    }
}

impl Schedule {
    /// Returns the schedule of `entries`; `at any time` and empty texts mean always.
    ///
    /// # Errors
    ///
    /// When one of them is no schedule.
    pub fn parse(entries: &[impl AsRef<str>]) -> Result<Self, ScheduleError> {
        let mut parsed = Vec::with_capacity(entries.len());
        for entry in entries {
            parsed.push(Entry { text: entry.as_ref().to_owned(), windows: parse_entry(entry.as_ref())? });
        }
        Ok(Self { entries: parsed.into() })
    }

    /// Returns the entries as they were written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.text.as_str())
    }

    /// Returns whether the schedule never closes.
    pub fn is_always(&self) -> bool {
        self.entries.is_empty() || self.entries.iter().any(|entry| entry.windows.is_empty())
    }

    /// Returns whether it is open at `now` in the time zone `zone`.
    pub fn allows(&self, now: Timestamp, zone: &TimeZone) -> bool {
        if self.is_always() {
            return true;
        }
        let local = now.to_zoned(zone.clone()).datetime();
        let minute = minute_of_day(local.time());
        self.windows().any(|window| window.has_day(local.date()) && window.has_minute(minute))
    }

    /// Returns when it opens next: `now` itself when it is open, `None` when it never opens.
    pub fn next_open(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.allows(now, zone) {
            return Some(now);
        }
        let local = now.to_zoned(zone.clone()).datetime();
        let mut date = local.date();
        // The current minute is closed, or the schedule would be open.
        let mut from = minute_of_day(local.time()) + 1;
        for _ in 0..HORIZON_DAYS {
            let open = self.windows().filter(|window| window.has_day(date));
            let minute =
                open.filter_map(|window| window.next_minute(from)).filter(|minute| *minute < DAY_END).min();
            if let Some(minute) = minute {
                let hour = i8::try_from(minute / 60).ok()?;
                let minute = i8::try_from(minute % 60).ok()?;
                return Some(date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp());
            }
            date = date.checked_add(1.day()).ok()?;
            from = 0;
        }
        None
    }

    fn windows(&self) -> impl Iterator<Item = &Window> {
        self.entries.iter().flat_map(|entry| &entry.windows)
    }
}

fn minute_of_day(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

/// Returns the windows of one entry; none means always.
fn parse_entry(text: &str) -> Result<Vec<Window>, ScheduleError> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("at any time") {
        return Ok(Vec::new());
    }
    if cron::looks_like(text) { cron::parse(text).map(|window| vec![window]) } else { words::parse(text) }
}

impl OptionValue for Schedule {
    const WANTS: &'static str = "a list of times such as `before 6am on Monday` or `* 0-5 * * 1`";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let texts = Vec::<String>::read(name, node, reader)?;
        let mut entries = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let windows = parse_entry(text).unwrap_or_else(|error| {
                let place = match &node.value {
                    NodeValue::Array(items) => items.get(index).map_or(node.place, |item| item.place),
                    _ => node.place,
                };
                let message = format!("`{name}`: {}; it is taken to be always open", error.message);
                reader.error(place, message, error.hint);
                Vec::new()
            });
            entries.push(Entry { text: text.clone(), windows });
        }
        Some(Self { entries: entries.into() })
    }

    fn show(&self) -> String {
        format!("[{}]", self.texts().map(quote).collect::<Vec<_>>().join(", "))
    }

    fn schema() -> Value {
        json!({
            "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
            "examples": [["before 6am on Monday"], ["* 0-5 * * 1"]],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[&str], open: &[&str], closed: &[&str]) {
        let schedule = Schedule::parse(entries).unwrap_or_else(|error| panic!("{entries:?}: {error}"));
        let at = |text: &str| {
            text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp()
        };
        for text in open {
            assert!(schedule.allows(at(text), &TimeZone::UTC), "{entries:?} should be open at {text}");
        }
        for text in closed {
            assert!(!schedule.allows(at(text), &TimeZone::UTC), "{entries:?} should be closed at {text}");
        }
    }

    // 2026-11-21 is a Saturday.

    #[test]
    fn times_of_day() {
        check(&["before 6am"], &["2026-11-21T05:59", "2026-11-21T00:00"], &["2026-11-21T06:00"]);
        check(&["after 10pm"], &["2026-11-21T22:00"], &["2026-11-21T21:59"]);
        check(
            &["after 1am and before 5am"],
            &["2026-11-21T01:00"],
            &["2026-11-21T00:59", "2026-11-21T05:00"],
        );
        check(
            &["after 10pm and before 5:30am"],
            &["2026-11-21T23:00", "2026-11-21T05:29"],
            &["2026-11-21T12:00"],
        );
        check(
            &["after 10pm", "before 5am"],
            &["2026-11-21T23:00", "2026-11-21T04:00"],
            &["2026-11-21T12:00"],
        );
        check(&["after 22:00 before 23:30"], &["2026-11-21T23:29"], &["2026-11-21T23:30"]);
        check(&["before 12am"], &[], &["2026-11-21T00:00", "2026-11-21T12:00"]);
        check(&["before 12pm"], &["2026-11-21T11:59"], &["2026-11-21T12:00"]);
    }

    #[test]
    fn days() {
        check(&["every weekend"], &["2026-11-21T12:00", "2026-11-22T12:00"], &["2026-11-23T12:00"]);
        check(&["every weekday"], &["2026-11-20T12:00"], &["2026-11-21T12:00"]);
        check(&["before 6am on Monday"], &["2026-11-23T05:00"], &["2026-11-23T06:00", "2026-11-22T05:00"]);
        check(&["on friday and saturday"], &["2026-11-20T12:00", "2026-11-21T12:00"], &["2026-11-22T12:00"]);
        check(&["on tue, thu"], &["2026-11-24T12:00", "2026-11-26T12:00"], &["2026-11-25T12:00"]);
        check(&["after 10pm every weekday"], &["2026-11-20T22:00"], &["2026-11-21T22:00"]);
        check(
            &["before 6am every weekday"],
            &["2026-11-20T05:00"],
            &["2026-11-20T07:00", "2026-11-21T05:00"],
        );
        check(&["on the first day of the month"], &["2026-12-01T12:00"], &["2026-12-02T12:00"]);
        check(&["before 4am on the 15th day of the month"], &["2026-12-15T03:00"], &["2026-12-15T04:00"]);
        check(
            &["on the last day of the month"],
            &["2026-11-30T12:00", "2028-02-29T01:00"],
            &["2026-12-30T12:00"],
        );
        check(
            &["every 3 months on the first day of the month"],
            &["2027-01-01T01:00", "2027-04-01T01:00"],
            &["2027-02-01T01:00"],
        );
        check(&["every weekend in december"], &["2026-12-05T12:00"], &["2026-11-21T12:00"]);
        check(&["every day", "before 1am"], &["2026-11-21T12:00"], &[]);
        check(&["on the 1st through 7th day of the month"], &["2026-12-07T12:00"], &["2026-12-08T12:00"]);
    }

    #[test]
    fn cron() {
        check(&["* 0-3 * * 1"], &["2026-11-23T03:59"], &["2026-11-23T04:00", "2026-11-22T01:00"]);
        check(&["* * 1-7 * 4"], &["2026-12-03T12:00"], &["2026-12-10T12:00", "2026-12-02T12:00"]);
        check(&["* */6 * * *"], &["2026-11-21T06:30"], &["2026-11-21T07:00"]);
        check(&["* 22-23,0-4 * * *"], &["2026-11-21T23:00", "2026-11-21T04:59"], &["2026-11-21T05:00"]);
        check(&["* * * JAN-mar MON-FRI"], &["2027-01-04T00:00"], &["2027-01-03T00:00", "2027-04-05T00:00"]);
        check(&["* * * * 0,6"], &["2026-11-21T00:00", "2026-11-22T00:00"], &["2026-11-23T00:00"]);
        check(&["* * * * 7"], &["2026-11-22T00:00"], &["2026-11-21T00:00"]);
        check(&["* * L * *"], &["2026-11-30T00:00"], &["2026-11-29T00:00"]);
        check(&["* * * * 1#1"], &["2026-12-07T00:00"], &["2026-12-14T00:00"]);
        check(&["* * * * 5L"], &["2026-11-27T00:00"], &["2026-11-20T00:00"]);
    }

    #[test]
    fn always() {
        for entries in [&[][..], &["at any time"], &[""], &["every weekend", "at any time"]] {
            assert!(Schedule::parse(entries).unwrap().is_always(), "{entries:?}");
        }
    }

    #[track_caller]
    fn check_error(entry: &str, word: &str) {
        let error = Schedule::parse(&[entry]).expect_err(entry);
        assert!(error.to_string().contains(word), "{entry}: {error:?}");
    }

    #[test]
    fn says_what_is_no_schedule() {
        check_error("5 4 * * *", "minutes");
        check_error("* 25 * * *", "25");
        check_error("* 22-4 * * *", "backwards");
        check_error("* * * *", "five");
        check_error("before 25am", "25am");
        check_error("on mondey", "mondey");
        check_error("whenever", "whenever");
        check_error("after and before 5am", "time");
        check_error("at 5am", "5am");
        check_error("* * 31 2 *", "never");
        check_error("after 5pm and before 5pm", "never");
    }

    #[test]
    fn knows_when_it_opens_next() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let check = |entries: &[&str], now: &str, next: Option<&str>| {
            let schedule = Schedule::parse(entries).unwrap();
            let next = next.map(|next| next.parse::<Timestamp>().unwrap());
            assert_eq!(schedule.next_open(now.parse().unwrap(), &berlin), next, "{entries:?} {now}");
        };
        check(&["every weekend"], "2026-11-23T12:00:00Z", Some("2026-11-27T23:00:00Z"));
        check(&["every weekend"], "2026-11-22T12:34:56Z", Some("2026-11-22T12:34:56Z"));
        check(&["before 6am on Monday"], "2026-11-23T12:00:00Z", Some("2026-11-29T23:00:00Z"));
        check(&["after 1am and before 5am"], "2026-11-23T12:00:00Z", Some("2026-11-24T00:00:00Z"));
        check(&["after 10pm and before 5am"], "2026-11-23T12:00:00Z", Some("2026-11-23T21:00:00Z"));
        check(&["* 0-3 29 2 *"], "2026-11-23T12:00:00Z", Some("2028-02-28T23:00:00Z"));
        // 02:30 does not exist on the day summer time starts.
        check(&["after 2:30am and before 4am"], "2026-03-28T23:30:00Z", Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn the_time_zone_counts() {
        let schedule = Schedule::parse(&["every weekend"]).unwrap();
        let friday_evening_utc: Timestamp = "2026-11-20T23:30:00Z".parse().unwrap();
        assert!(!schedule.allows(friday_evening_utc, &TimeZone::UTC));
        assert!(schedule.allows(friday_evening_utc, &TimeZone::get("Europe/Berlin").unwrap()));
    }
}
