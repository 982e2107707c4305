//! What a pull request remembers of its own making: a hidden comment at its end, in the form people's tools know.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

const START: &str = "<!--renovate-debug:";
const END: &str = "-->";
/// The longest comment that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// What a pull request remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// The version of the bot that opened it.
    pub created_in_ver: String,
    /// The version of the bot that wrote its text last.
    pub updated_in_ver: String,
    /// The branch it goes into. Another base than this one was chosen by a person.
    pub target_branch: String,
    /// The labels the bot gave it. Other labels than these were chosen by a person.
    pub labels: BTreeSet<String>,
    /// Whether the bot meant it to merge by itself. What is to merge by itself although this says no was left to the forge by a person, whose token
    /// the bot's may be, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automerges: bool,
}

impl Memory {
    /// Returns what the pull request with this text remembers, or `None` when it does not end in such a comment.
    ///
    /// Only the end counts: what stands before it may have been written by anybody.
    pub fn read(body: &str) -> Option<Self> {
        let (_, comment) = split(body)?;
        let bytes = STANDARD.decode(comment).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Returns the hidden comment.
    pub(super) fn comment(&self) -> String {
        // Texts and a list of texts can always be written as JSON.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{START}{}{END}", STANDARD.encode(json))
    }
}

/// Returns the text before the hidden comment at the end, without the space between, and what the comment holds.
pub(super) fn split(body: &str) -> Option<(&str, &str)> {
    let text = body.trim_end().strip_suffix(END)?;
    let (before, comment) = text.rsplit_once(START)?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    (comment.len() <= MAX_BYTES && comment.bytes().all(is_base64)).then(|| (before.trim_end(), comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        Memory {
            created_in_ver: "0.1.0".to_owned(),
            updated_in_ver: "0.2.0".to_owned(),
            target_branch: "main".to_owned(),
            labels: ["b", "a"].map(ToOwned::to_owned).into(),
            automerges: false,
        }
    }

    #[test]
    fn remembers_in_the_words_people_know() {
        let comment = memory().comment();
        let json = STANDARD.decode(comment.strip_prefix(START).unwrap().strip_suffix(END).unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"createdInVer":"0.1.0","updatedInVer":"0.2.0","targetBranch":"main","labels":["a","b"]}"#
        );
    }

    #[test]
    fn remembers_whether_it_was_to_merge_by_itself() {
        let merging = Memory { automerges: true, ..memory() };
        assert_eq!(Memory::read(&merging.comment()), Some(merging));
        assert_eq!(Memory::read(&memory().comment()), Some(memory()));
    }

    #[test]
    fn reads_only_the_comment_at_the_end() {
        let (ours, theirs) = (memory().comment(), Memory::default().comment());
        assert_eq!(Memory::read(&format!("text\r\n{theirs}\r\n\r\n{ours}\r\n")), Some(memory()));
        assert_eq!(Memory::read(&format!("{ours}\nwords")), None);
        assert_eq!(Memory::read(&format!("{START}{}{END}", STANDARD.encode("[1]"))), None);
        assert_eq!(Memory::read(&format!("{START}{}{END}", STANDARD.encode(vec![b' '; MAX_BYTES]))), None);
        assert_eq!(Memory::read(&format!("{START}no base64{END}")), None);
        assert_eq!(Memory::read("-->"), None);
        let unknown = STANDARD.encode(r#"{"targetBranch":"main","more":{}}"#);
        assert_eq!(
            Memory::read(&format!("{START}{unknown}{END}")).map(|memory| memory.target_branch).as_deref(),
            Some("main")
        );
    }
}
