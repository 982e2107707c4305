//! Schedules as people say them: `* 0-3 * * 1` is "between 00:00 and 03:59 on Monday".

use super::markdown::{code, plain};
use crate::config::Options;
use crate::config::schedule::Schedule;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Returns when a schedule is open, with its time zone.
pub(super) fn schedule_words(schedule: Option<&Schedule>, options: &Options) -> String {
    match schedule {
        Some(schedule) if !schedule.is_always() => {
            let entries: Vec<String> = schedule.texts().map(entry).collect();
            let zone = options.timezone.as_ref().map_or("UTC", |zone| zone.name());
            format!("{} ({zone})", entries.join(", or "))
        }
        _ => "at any time".to_owned(),
    }
}

/// Returns one entry in words; cron that is too strange for them is shown as it is written.
fn entry(text: &str) -> String {
    let fields: Vec<&str> = text.split_whitespace().collect();
    match fields.as_slice() {
        ["*", hours, days, months, weekdays] => {
            cron(hours, days, months, weekdays).unwrap_or_else(|| code(text))
        }
        _ => plain(text),
    }
}

fn cron(hours: &str, days: &str, months: &str, weekdays: &str) -> Option<String> {
    let mut words = Vec::new();
    if hours != "*" {
        words.push(hour_words(hours)?);
    }
    if weekdays != "*" {
        let names = |number: u8| WEEKDAYS.get(usize::from(number % 7)).map(|name| (*name).to_owned());
        words.push(format!("on {}", list(weekdays, &WEEKDAYS, 0, 7, names)?));
    }
    if days != "*" {
        let number = list(days, &[], 1, 31, |number| Some(number.to_string()))?;
        words.push(format!("on day {number} of the month"));
    }
    if months != "*" {
        let names =
            |number: u8| MONTHS.get(usize::from(number).checked_sub(1)?).map(|name| (*name).to_owned());
        words.push(format!("in {}", list(months, &MONTHS, 1, 12, names)?));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

fn hour_words(hours: &str) -> Option<String> {
    if let Some(step) = hours.strip_prefix("*/") {
        let step = number(step, &[], 0).filter(|step| (2..24).contains(step))?;
        return Some(format!("every {step} hours"));
    }
    let spans: Option<Vec<String>> = hours
        .split(',')
        .map(|part| {
            let (from, to) = range(part, &[], 0, 23)?;
            (from <= to).then(|| format!("between {from:02}:00 and {to:02}:59"))
        })
        .collect();
    spans.map(|spans| spans.join(" or "))
}

/// Returns a list of numbers and ranges in words.
fn list(
    field: &str,
    names: &[&str],
    low: u8,
    high: u8,
    word: impl Fn(u8) -> Option<String>,
) -> Option<String> {
    let items: Option<Vec<String>> = field
        .split(',')
        .map(|part| {
            let (from, to) = range(part, names, low, high)?;
            if from == to { word(from) } else { Some(format!("{} to {}", word(from)?, word(to)?)) }
        })
        .collect();
    let mut items = items?;
    let last = items.pop()?;
    Some(if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) })
}

fn range(part: &str, names: &[&str], low: u8, high: u8) -> Option<(u8, u8)> {
    let (from, to) = part.split_once('-').unwrap_or((part, part));
    let in_range = |text: &str| number(text, names, low).filter(|number| (low..=high).contains(number));
    Some((in_range(from)?, in_range(to)?))
}

/// Returns a number, or the number that stands for the first three letters of a name.
fn number(text: &str, names: &[&str], first: u8) -> Option<u8> {
    let is_meant = |name: &&str| name.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(text));
    let by_name = || u8::try_from(names.iter().position(is_meant)?).ok()?.checked_add(first);
    text.parse().ok().or_else(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_cron_in_words() {
        for (text, expected) in [
            ("* 0-3 * * 1", "between 00:00 and 03:59 on Monday"),
            ("* 5 * * *", "between 05:00 and 05:59"),
            ("* 22-23,0-4 * * *", "between 22:00 and 23:59 or between 00:00 and 04:59"),
            ("* * * * 1-5", "on Monday to Friday"),
            ("* * * * 0,6", "on Sunday and Saturday"),
            ("* * * * sat,SUN", "on Saturday and Sunday"),
            ("* * * * 7", "on Sunday"),
            ("* 0-3 1 * *", "between 00:00 and 03:59 on day 1 of the month"),
            ("* * 1-7 1,7 *", "on day 1 to 7 of the month in January and July"),
            ("* */4 * jan *", "every 4 hours in January"),
            ("* 0-3 * * 1#1", "`* 0-3 * * 1#1`"),
            ("* 9-3 * * *", "`* 9-3 * * *`"),
            ("* 30 * * *", "`* 30 * * *`"),
            ("* * L * *", "`* * L * *`"),
            ("before 6am on Monday", "before 6am on Monday"),
            ("every weekend", "every weekend"),
            ("after 10pm <b>", "after 10pm &lt;b&gt;"),
        ] {
            assert_eq!(entry(text), expected, "{text}");
        }
    }
}
