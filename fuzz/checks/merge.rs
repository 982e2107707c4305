//! A merge of three texts, as the bot tries it to see whether a branch conflicts with its base: what only one side changed is taken.
//!
//! Lines that begin with `<` are only in ours, lines that begin with `>` only in theirs.

use updraft_core::life::merge::three_way;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let without = |marks: &[char]| {
        text.split_inclusive('\n').filter(|line| !line.starts_with(marks)).collect::<String>()
    };
    let (base, ours, theirs) = (without(&['<', '>']), without(&['>']), without(&['<']));
    assert_eq!(three_way(&base, &ours, &base).as_deref(), Some(ours.as_str()));
    assert_eq!(three_way(&base, &base, &theirs).as_deref(), Some(theirs.as_str()));
    assert_eq!(three_way(&base, &ours, &theirs), three_way(&base, &theirs, &ours));
}
