//! The cron form of a schedule.

use super::words::{month, weekday};
use super::{ScheduleError, Window};

/// Returns whether `text` is meant as cron: all its words could be fields.
pub(super) fn looks_like(text: &str) -> bool {
    let fields = text.split_whitespace();
    fields.clone().count() >= 4
        && fields
            .clone()
            .next()
            .is_some_and(|first| first.starts_with(|char: char| char == '*' || char.is_ascii_digit()))
        && fields.clone().any(|field| field.contains('*'))
}

/// Returns the window of `text`.
pub(super) fn parse(text: &str) -> Result<Window, ScheduleError> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
        return Err(ScheduleError::new(
            format!("`{text}` has {} fields, cron has five", fields.len()),
            "write minutes, hours, day of month, month and day of week, such as `* 0-5 * * 1`",
        ));
    };
    if *minutes != "*" {
        let hour = if hours.contains('*') { "0-5" } else { hours };
        return Err(ScheduleError::new(
            format!("`{text}` names minutes, but a schedule is a window of whole hours"),
            format!("write `* {hour} {days} {months} {weekdays}`"),
        ));
    }
    let mut window = Window::default();
    if *hours != "*" {
        let mask = field(text, hours, 0, 23, |_| None)?;
        window.minutes = (0..24_u16)
            .filter(|hour| mask >> hour & 1 == 1)
            .map(|hour| (hour * 60, hour * 60 + 60))
            .collect();
    }
    if !matches!(*days, "*" | "?") {
        window.days = 0;
        for part in days.split(',') {
            window.days |=
                if part.eq_ignore_ascii_case("L") { 1 } else { field(text, part, 1, 31, |_| None)? };
        }
    }
    if *months != "*" {
        window.months = u16::try_from(field(text, months, 1, 12, month)? & 0x1ffe).unwrap_or_default();
    }
    if !matches!(*weekdays, "*" | "?") {
        window.weekdays = 0;
        for part in weekdays.split(',') {
            window.weekdays |= weekday_field(text, part, &mut window.nth)?;
        }
    }
    if !possible(&window) {
        return Err(ScheduleError::new(format!("`{text}` never comes"), "no month has such a day"));
    }
    Ok(window)
}

fn weekday_field(text: &str, part: &str, nth: &mut u8) -> Result<u8, ScheduleError> {
    let (part, which) = if let Some((day, count)) = part.split_once('#') {
        let count: u8 =
            count.parse().ok().filter(|count| (1..=5).contains(count)).ok_or_else(|| bad(text, part))?;
        (day, 1 << count)
    } else if let Some(day) = part.strip_suffix(['L', 'l']).filter(|day| !day.is_empty()) {
        (day, 1)
    } else {
        (part, 0)
    };
    *nth |= which;
    let mask = field(text, part, 0, 7, weekday)?;
    // Sunday is 0 and 7.
    Ok(u8::try_from(mask & 0x7f | mask >> 7 & 1).unwrap_or_default())
}

fn bad(text: &str, part: &str) -> ScheduleError {
    ScheduleError::new(
        format!("`{part}` in `{text}` is no part of cron"),
        "write a number, a range `1-5`, a list `1,3` or `*`",
    )
}

/// Returns the numbers a field names, as bits.
fn field(
    text: &str,
    field: &str,
    low: u32,
    high: u32,
    name: impl Fn(&str) -> Option<u32>,
) -> Result<u32, ScheduleError> {
    let number = |word: &str| -> Result<u32, ScheduleError> {
        let number = name(word).or_else(|| word.parse().ok()).ok_or_else(|| bad(text, word))?;
        if (low..=high).contains(&number) {
            return Ok(number);
        }
        Err(ScheduleError::new(
            format!("`{number}` in `{text}` is out of range"),
            format!("write a number from {low} to {high}"),
        ))
    };
    let mut mask = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or_else(|| bad(text, part))?)
            }
            None => (part, 1),
        };
        let (start, end) = if range == "*" {
            (low, high)
        } else if let Some((start, end)) = range.split_once('-') {
            (number(start)?, number(end)?)
        } else {
            let start = number(range)?;
            (start, if step > 1 { high } else { start })
        };
        if start > end {
            return Err(ScheduleError::new(
                format!("the range `{range}` in `{text}` runs backwards"),
                format!("write `{start}-{high},{low}-{end}`"),
            ));
        }
        for number in (start..=end).step_by(step) {
            mask |= 1 << number;
        }
    }
    Ok(mask)
}

/// Returns whether some month that is named has a day that is named.
fn possible(window: &Window) -> bool {
    let longest = [0_u32, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    window.days & 1 == 1
        || (1..=12).any(|month| {
            let days = longest.get(month).copied().unwrap_or(31);
            window.months >> month & 1 == 1 && (1..=days).any(|day| window.days >> day & 1 == 1)
        })
}
