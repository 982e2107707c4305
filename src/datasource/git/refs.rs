//! What a git repository says it has: the answer of `info/refs` and of `ls-refs`.
//!
//! See <https://git-scm.com/docs/gitprotocol-v2> and <https://git-scm.com/docs/http-protocol>.

use super::pkt_line::{Packet, PacketError, Packets, push_packet};

/// A branch or a tag, and the commit it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitRef {
    /// The name without `refs/heads/` or `refs/tags/`.
    pub name: String,
    /// The commit, as 40 or 64 lower-case hex digits; an annotated tag is followed to what it tags.
    pub commit: String,
}

/// The branches and tags of a repository. Everything else (pull requests, notes) is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    /// The tags, in the server's order (by name).
    pub tags: Vec<GitRef>,
    /// The branches, in the server's order (by name).
    pub branches: Vec<GitRef>,
    /// The commit the default branch stands at; `None` in an empty repository.
    pub head: Option<String>,
    /// The default branch, where the server says so.
    pub default_branch: Option<String>,
}

impl Refs {
    /// Returns the commit of the tag `name`, or else of the branch `name`; `refs/tags/` or `refs/heads/` in front
    /// leaves no choice.
    pub fn commit(&self, name: &str) -> Option<&str> {
        let find = |refs: &[GitRef], name: &str| refs.iter().position(|entry| entry.name == name);
        let tag = |name| find(&self.tags, name).and_then(|at| self.tags.get(at));
        let branch = |name| find(&self.branches, name).and_then(|at| self.branches.get(at));
        let found = match (name.strip_prefix("refs/tags/"), name.strip_prefix("refs/heads/")) {
            (Some(name), _) => tag(name),
            (_, Some(name)) => branch(name),
            _ => tag(name).or_else(|| branch(name)),
        };
        found.map(|entry| entry.commit.as_str())
    }

    fn add(&mut self, name: &str, commit: &str) {
        let entry = |name: &str| GitRef { name: name.to_owned(), commit: commit.to_owned() };
        if let Some(tag) = name.strip_prefix("refs/tags/") {
            self.tags.push(entry(tag));
        } else if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.branches.push(entry(branch));
        } else if name == "HEAD" {
            self.head = Some(commit.to_owned());
        }
    }

    /// The server sends `<tag>^{}` right after the annotated `<tag>`.
    fn follow(&mut self, name: &str, commit: &str) {
        if let (Some(tag), Some(last)) = (name.strip_prefix("refs/tags/"), self.tags.last_mut())
            && last.name == tag
        {
            commit.clone_into(&mut last.commit);
        }
    }
}

/// What a server answers to `info/refs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advertisement {
    /// All it has, at once (protocol 0 and 1).
    Refs(Refs),
    /// It speaks protocol 2 and waits for the question.
    Version2,
}

/// Why a reply is not git's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefsError {
    /// It is a page for people.
    #[error("it is an HTML page, not a git repository")]
    Html,
    /// The framing is broken.
    #[error("it is not git's protocol: {0}")]
    Packet(#[from] PacketError),
    /// The end is missing.
    #[error("it breaks off before its end")]
    Truncated,
    /// A line is not one that git sends.
    #[error("it holds a line that is not git's: `{0}`")]
    Line(String),
    /// The server says no.
    #[error("the server says `{0}`")]
    Server(String),
}

/// Reads the answer to `GET <repository>/info/refs?service=git-upload-pack`.
///
/// # Errors
/// Returns why `bytes` are not such an answer, or not a complete one.
pub fn read_advertisement(bytes: &[u8]) -> Result<Advertisement, RefsError> {
    let mut refs = Refs::default();
    let mut lines = 0_usize;
    let mut ended = false;
    for packet in packets(bytes)? {
        let data = match packet? {
            Packet::Data(data) => data,
            // The flush after `# service=...` ends the preface only.
            Packet::Flush if lines == 0 && !ended => {
                ended = true;
                continue;
            }
            Packet::Flush => return Ok(Advertisement::Refs(refs)),
            Packet::Delimiter | Packet::ResponseEnd => return Err(RefsError::Line("0001".to_owned())),
        };
        let line = text(data)?;
        if line.starts_with("# service=") {
            continue;
        }
        match line {
            "version 2" => return Ok(Advertisement::Version2),
            "version 1" => continue,
            _ => {}
        }
        let (line, capabilities) = line.split_once('\0').unwrap_or((line, ""));
        if lines == 0 {
            refs.default_branch = capabilities
                .split(' ')
                .find_map(|word| word.strip_prefix("symref=HEAD:refs/heads/"))
                .map(str::to_owned);
        }
        lines += 1;
        if line.starts_with("shallow ") {
            continue;
        }
        let (commit, name) = object_and_name(line)?;
        match name.strip_suffix("^{}") {
            // The server has nothing to show, and says what it can do all the same.
            Some("capabilities") => {}
            Some(name) => refs.follow(name, commit),
            None => refs.add(name, commit),
        }
    }
    // An empty repository of an old server: the preface, its flush, and one more flush.
    Err(RefsError::Truncated)
}

/// Returns the question of protocol 2 for all branches and tags: the body to POST to `<repository>/git-upload-pack`.
pub(super) fn ls_refs_question() -> Vec<u8> {
    let mut message = Vec::new();
    push_packet(&mut message, "command=ls-refs\n");
    push_packet(&mut message, "agent=updraft\n");
    message.extend_from_slice(b"0001");
    for argument in
        ["peel\n", "symrefs\n", "ref-prefix HEAD\n", "ref-prefix refs/heads/\n", "ref-prefix refs/tags/\n"]
    {
        push_packet(&mut message, argument);
    }
    message.extend_from_slice(b"0000");
    message
}

/// Reads the answer to `ls-refs` of protocol 2.
///
/// # Errors
/// Returns why `bytes` are not such an answer, or not a complete one.
pub fn read_ls_refs(bytes: &[u8]) -> Result<Refs, RefsError> {
    let mut refs = Refs::default();
    for packet in packets(bytes)? {
        let line = match packet? {
            Packet::Data(data) => text(data)?,
            Packet::Flush => return Ok(refs),
            Packet::Delimiter | Packet::ResponseEnd => return Err(RefsError::Line("0001".to_owned())),
        };
        if line.starts_with("unborn ") {
            continue;
        }
        let (object, rest) = object_and_name(line)?;
        let mut words = rest.split(' ');
        let name = words.next().unwrap_or_default();
        let mut commit = object;
        for word in words {
            if let Some(peeled) = word.strip_prefix("peeled:") {
                commit = object_id(peeled).ok_or_else(|| bad_line(line))?;
            } else if let (Some(branch), "HEAD") = (word.strip_prefix("symref-target:refs/heads/"), name) {
                refs.default_branch = Some(branch.to_owned());
            }
        }
        refs.add(name, commit);
    }
    Err(RefsError::Truncated)
}

fn packets(bytes: &[u8]) -> Result<Packets<'_>, RefsError> {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"<") { Err(RefsError::Html) } else { Ok(Packets::new(bytes)) }
}

fn text(data: &[u8]) -> Result<&str, RefsError> {
    let data = data.strip_suffix(b"\n").unwrap_or(data);
    let line = std::str::from_utf8(data)
        .map_err(|_| RefsError::Line(String::from_utf8_lossy(data).chars().take(80).collect()))?;
    match line.strip_prefix("ERR ") {
        Some(message) => Err(RefsError::Server(message.chars().take(200).collect())),
        None => Ok(line),
    }
}

fn object_and_name(line: &str) -> Result<(&str, &str), RefsError> {
    let (object, name) = line.split_once(' ').ok_or_else(|| bad_line(line))?;
    Ok((object_id(object).ok_or_else(|| bad_line(line))?, name))
}

fn object_id(text: &str) -> Option<&str> {
    let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    (matches!(text.len(), 40 | 64) && text.bytes().all(hex)).then_some(text)
}

fn bad_line(line: &str) -> RefsError {
    RefsError::Line(line.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(lines: &[&str]) -> Vec<u8> {
        let mut message = Vec::new();
        for line in lines {
            match *line {
                "0000" | "0001" => message.extend_from_slice(line.as_bytes()),
                line => push_packet(&mut message, line),
            }
        }
        message
    }

    fn object(digit: &str) -> String {
        digit.repeat(40)
    }

    fn entry(name: &str, digit: &str) -> GitRef {
        GitRef { name: name.to_owned(), commit: object(digit) }
    }

    fn advertised() -> Vec<u8> {
        framed(&[
            "# service=git-upload-pack\n",
            "0000",
            &format!("{} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=git/2\n", object("a")),
            &format!("{} refs/heads/main\n", object("a")),
            &format!("{} refs/pull/7/head\n", object("9")),
            &format!("{} refs/tags/v1\n", object("1")),
            &format!("{} refs/tags/v2\n", object("e")),
            &format!("{} refs/tags/v2^{{}}\n", object("2")),
            "0000",
        ])
    }

    fn expected() -> Refs {
        Refs {
            tags: vec![entry("v1", "1"), entry("v2", "2")],
            branches: vec![entry("main", "a")],
            head: Some(object("a")),
            default_branch: Some("main".to_owned()),
        }
    }

    #[test]
    fn reads_an_advertisement_and_follows_annotated_tags() {
        assert_eq!(read_advertisement(&advertised()), Ok(Advertisement::Refs(expected())));
    }

    #[test]
    fn reads_the_answer_of_protocol_2() {
        let answer = framed(&[
            &format!("{} HEAD symref-target:refs/heads/main\n", object("a")),
            &format!("{} refs/heads/main\n", object("a")),
            &format!("{} refs/tags/v1\n", object("1")),
            &format!("{} refs/tags/v2 peeled:{}\n", object("e"), object("2")),
            "0000",
        ]);
        assert_eq!(read_ls_refs(&answer), Ok(expected()));
    }

    #[test]
    fn an_offer_of_protocol_2_is_told_apart() {
        let offer =
            framed(&["# service=git-upload-pack\n", "0000", "version 2\n", "ls-refs=unborn\n", "0000"]);
        assert_eq!(read_advertisement(&offer), Ok(Advertisement::Version2));
        let bare = framed(&["version 2\n", "ls-refs\n", "0000"]);
        assert_eq!(read_advertisement(&bare), Ok(Advertisement::Version2));
    }

    #[test]
    fn an_empty_repository_has_nothing() {
        let empty = framed(&[
            "# service=git-upload-pack\n",
            "0000",
            &format!("{} capabilities^{{}}\0agent=git/2\n", object("0")),
            "0000",
        ]);
        assert_eq!(read_advertisement(&empty), Ok(Advertisement::Refs(Refs::default())));
        let bare = framed(&["# service=git-upload-pack\n", "0000", "0000"]);
        assert_eq!(read_advertisement(&bare), Ok(Advertisement::Refs(Refs::default())));
        assert_eq!(read_ls_refs(b"0000"), Ok(Refs::default()));
        assert_eq!(
            read_ls_refs(&framed(&["unborn HEAD symref-target:refs/heads/main\n", "0000"])),
            Ok(Refs::default())
        );
    }

    #[test]
    fn every_cut_is_an_error_and_none_a_panic() {
        let whole = advertised();
        for end in 0..whole.len() {
            assert!(read_advertisement(&whole[..end]).is_err(), "{end} of {} bytes", whole.len());
        }
    }

    #[test]
    fn says_what_else_it_is() {
        #[track_caller]
        fn check(bytes: &[u8], expected: &str) {
            assert_eq!(read_advertisement(bytes).unwrap_err().to_string(), expected);
        }
        check(b"<!doctype html>", "it is an HTML page, not a git repository");
        check(b"Not Found", "it is not git's protocol: the length of a packet is not a number");
        check(b"", "it breaks off before its end");
        check(&framed(&["ERR access denied\n"]), "the server says `access denied`");
        check(
            &framed(&["zzz refs/tags/v1\n", "0000"]),
            "it holds a line that is not git's: `zzz refs/tags/v1`",
        );
    }

    #[test]
    fn finds_the_commit_of_a_tag_before_that_of_a_branch() {
        let mut refs = expected();
        refs.branches.push(entry("v1", "b"));
        assert_eq!(refs.commit("v1"), Some(object("1").as_str()));
        assert_eq!(refs.commit("main"), Some(object("a").as_str()));
        assert_eq!(refs.commit("refs/heads/v1"), Some(object("b").as_str()));
        assert_eq!(refs.commit("refs/tags/main"), None);
        assert_eq!(refs.commit("gone"), None);
    }
}
