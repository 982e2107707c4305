//! Who may read a repository.

use serde::{Deserialize, Serialize};

/// Who may read a repository; the fewer, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Everybody of the company.
    Internal,
    /// Those who were invited.
    Private,
}

impl Visibility {
    /// Returns what GitHub's word for it says, in either of its interfaces; `None` for a word that is not known.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_known_and_the_fewest_readers_are_the_most() {
        for (word, expected) in [
            ("PUBLIC", Some(Visibility::Public)),
            ("internal", Some(Visibility::Internal)),
            ("private", Some(Visibility::Private)),
            ("secret", None),
        ] {
            assert_eq!(Visibility::parse(word), expected);
        }
        assert!(Visibility::Public < Visibility::Internal && Visibility::Internal < Visibility::Private);
    }
}
