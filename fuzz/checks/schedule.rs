//! Any text is read as a schedule, a duration or a time zone; when a schedule says that it opens next, it is open then.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use updraft_core::config::duration;
use updraft_core::config::schedule::Schedule;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let _ = duration::parse(&text);
    let entries: Vec<&str> = text.split('\n').take(8).collect();
    let Ok(schedule) = Schedule::parse(&entries) else { return };
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    for zone in [TimeZone::UTC, TimeZone::fixed(jiff::tz::offset(-6))] {
        match schedule.next_open(now, &zone) {
            Some(next) => assert!(next >= now && schedule.allows(next, &zone), "{text:?}"),
            None => assert!(!schedule.allows(now, &zone), "{text:?}"),
        }
    }
}
