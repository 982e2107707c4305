//! `minimumReleaseAge`: how long a release must have been out before it is taken.

use jiff::{SignedDuration, Timestamp};

use crate::config::duration::ReleaseAge;
use crate::update::Pending;

/// How long a release must have been out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MinimumAge<'a> {
    age: &'a ReleaseAge,
    undated: Undated,
}

/// What becomes of a release without a date: `minimumReleaseAgeBehaviour`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undated {
    /// It waits for ever.
    Wait,
    /// It is taken.
    Take,
}

/// Whether a release is old enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It is.
    OldEnough,
    /// There is no date, and the owner takes such releases.
    Unknown,
    /// It is not.
    TooYoung(Pending),
}

impl<'a> MinimumAge<'a> {
    /// Returns the age that is asked for, or `None` when any will do.
    pub(super) fn new(age: &'a ReleaseAge, undated: Undated) -> Option<Self> {
        (age.duration > SignedDuration::ZERO).then_some(Self { age, undated })
    }

    /// Returns the age in the owner's words.
    pub(super) fn text(&self) -> &'a str {
        &self.age.text
    }

    pub(super) fn check(&self, released: Option<Timestamp>, now: Timestamp) -> Age {
        let until = match (released, self.undated) {
            (None, Undated::Take) => return Age::Unknown,
            (None, Undated::Wait) => None,
            (Some(released), _) => {
                let until = released.checked_add(self.age.duration).unwrap_or(Timestamp::MAX);
                if until <= now {
                    return Age::OldEnough;
                }
                Some(until)
            }
        };
        Age::TooYoung(Pending { minimum_release_age: self.age.text.clone(), until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_waits_until_it_is_old_enough() {
        let now: Timestamp = "2026-03-10T00:00:00Z".parse().unwrap();
        let three_days = ReleaseAge::parse("3 days").unwrap();
        let age = MinimumAge::new(&three_days, Undated::Wait).unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(age.check(at("2026-03-07T00:00:00Z"), now), Age::OldEnough);
        let pending = Pending { minimum_release_age: "3 days".to_owned(), until: at("2026-03-12T12:00:00Z") };
        assert_eq!(age.check(at("2026-03-09T12:00:00Z"), now), Age::TooYoung(pending));
        assert!(matches!(age.check(None, now), Age::TooYoung(Pending { until: None, .. })));
        let optional = MinimumAge::new(&three_days, Undated::Take).unwrap();
        assert_eq!(optional.check(None, now), Age::Unknown);
        let none = ReleaseAge::parse("0 days").unwrap();
        assert_eq!(MinimumAge::new(&none, Undated::Wait), None);
    }
}
