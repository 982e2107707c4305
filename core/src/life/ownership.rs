//! Whose commits are on a branch, and whose the branch is. What a person committed is never overwritten, and what nothing shows to be the bot's is
//! not touched.

use std::collections::BTreeSet;

use crate::draft::{Memory, onboarding};
use crate::forge::{BranchCommit, Comparison, PullRequest, PullState, Signature};

/// Mail addresses of commits that Renovate made: a branch it left behind is ours to go on with.
const PREDECESSORS: [&str; 2] =
    ["renovate@whitesourcesoftware.com", "29139614+renovate[bot]@users.noreply.github.com"];
/// The host whose addresses count wherever the bot works.
const GITHUB_COM: &str = "github.com";
/// What the bot and the one before it are called. Nobody else names branches after them.
const NAMES: [&str; 2] = ["renovate", "updraft"];

/// The mail addresses that are the bot's own.
#[derive(Clone, Debug)]
pub struct Own {
    /// Those it commits with now.
    authors: BTreeSet<String>,
    /// Those it commits or committed with.
    bots: BTreeSet<String>,
    /// Those, and others whose commits may go when it makes a branch anew.
    emails: BTreeSet<String>,
    /// The committers of what is committed through the interface of the Git hosting service.
    interfaces: BTreeSet<String>,
}

/// Returns the mail addresses that a GitHub at `host` gives an account, the one it uses itself first: `1+name@users.noreply.<host>`, with the
/// host of the website. See <https://docs.github.com/en/enterprise-server@latest/account-and-profile/how-tos/email-preferences/setting-your-commit-email-address>.
pub fn noreply(host: &str, id: u64, login: &str) -> [String; 2] {
    [host, GITHUB_COM].map(|host| format!("{id}+{login}@users.noreply.{host}"))
}

impl Own {
    /// Returns who the bot is on the GitHub whose website is at `host`: the addresses it commits with, the one it has where nobody names an author,
    /// and `gitIgnoredAuthors`.
    pub fn new<'a>(
        host: &str,
        authors: impl IntoIterator<Item = &'a str>,
        nameless: &str,
        ignored: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let authors: BTreeSet<String> = authors.into_iter().map(str::to_lowercase).collect();
        let known = PREDECESSORS.into_iter().chain([nameless]).map(str::to_lowercase);
        let bots: BTreeSet<String> = authors.iter().cloned().chain(known).collect();
        let ignored = ignored.into_iter().map(|email| address(email).to_lowercase());
        Self {
            emails: bots.iter().cloned().chain(ignored).collect(),
            authors,
            bots,
            interfaces: [host, GITHUB_COM].map(|host| format!("noreply@{}", host.to_lowercase())).into(),
        }
    }

    /// Returns whether a commit is one of the bot's, from its own hands: `gitIgnoredAuthors` commit to other branches, too.
    pub fn made_itself(&self, commit: &BranchCommit) -> bool {
        self.made(commit) && self.bots.contains(&commit.author.email.to_lowercase())
    }

    /// Returns whether the bot made a commit, and made it as who it is now: what counts as its own because somebody said so does not.
    pub fn made_now(&self, commit: &BranchCommit) -> bool {
        self.made(commit) && self.authors.contains(&commit.author.email.to_lowercase())
    }

    /// Returns whether the bot made a commit.
    pub fn made(&self, commit: &BranchCommit) -> bool {
        let is_own = |signature: &Signature| self.emails.contains(&signature.email.to_lowercase());
        let by_interface = self.interfaces.contains(&commit.committer.email.to_lowercase());
        is_own(&commit.author) && (is_own(&commit.committer) || by_interface)
    }

    /// Returns whether somebody else has commits on a branch; one whose commits are not all known counts as such.
    pub fn is_edited(&self, comparison: &Comparison) -> bool {
        u64::try_from(comparison.commits.len()) != Ok(comparison.ahead_by)
            || comparison.commits.iter().any(|commit| !self.made(commit))
    }
}

/// Returns whether one of the pull requests that a branch ever had shows that the branch is the bot's: it is the bot's own, and waits, or is about
/// the very commit that the branch is at. One that ended with another commit is about an earlier branch of that name.
pub fn is_ours_by_pulls<'a>(pulls: impl IntoIterator<Item = &'a PullRequest>, sha: &str) -> bool {
    pulls.into_iter().any(|pull| {
        let is_ours = Memory::read(&pull.body).is_some() || pull.head == onboarding::BRANCH;
        is_ours && (pull.state == PullState::Open || pull.head_sha == sha)
    })
}

/// Returns whether a prefix of branches names the bot, so that nobody else's branches begin with it.
pub fn names_the_bot(prefix: &str) -> bool {
    let prefix = prefix.to_lowercase();
    NAMES.iter().any(|name| prefix.contains(name))
}

/// Returns the mail address in `Name <mail@example.com>`, or the text itself.
fn address(text: &str) -> &str {
    text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(email, _)| email).trim()
}

/// Reads `gitAuthor`: `Name <mail@example.com>`; `None` when it is something else.
pub fn signature(text: &str) -> Option<Signature> {
    let (name, rest) = text.split_once('<')?;
    let email = rest.strip_suffix('>')?;
    let name = name.trim().trim_matches('"');
    let sound = !name.is_empty() && email.contains('@') && !email.contains(['<', '>', ' ', '\n']);
    sound.then(|| Signature { name: name.to_owned(), email: email.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(email: &str) -> Signature {
        Signature { name: "x".to_owned(), email: email.to_owned() }
    }

    fn commit() -> BranchCommit {
        BranchCommit {
            sha: "1".to_owned(),
            message: String::new(),
            author: who(""),
            committer: who(""),
            committed_at: None,
        }
    }

    #[track_caller]
    fn check(author: &str, committer: &str, expected: bool) {
        let own = Own::new(
            "github.com",
            ["bot@example.com"],
            "bot@bot.invalid",
            ["CI <ci@example.com>", "other@example.com"],
        );
        let commit = BranchCommit { author: who(author), committer: who(committer), ..commit() };
        assert_eq!(own.made(&commit), expected, "{author} {committer}");
    }

    #[test]
    fn tells_its_own_commits_from_those_of_people() {
        check("bot@example.com", "bot@example.com", true);
        check("Bot@Example.com", "noreply@github.com", true);
        check("ci@example.com", "ci@example.com", true);
        check("other@example.com", "bot@example.com", true);
        check("renovate@whitesourcesoftware.com", "renovate@whitesourcesoftware.com", true);
        check("alice@example.com", "noreply@github.com", false);
        check("bot@example.com", "alice@example.com", false);
        check("noreply@github.com", "noreply@github.com", false);
    }

    #[test]
    fn what_counts_as_its_own_is_not_always_what_it_made_now() {
        let own = Own::new("github.com", ["Bot@example.com"], "bot@bot.invalid", ["ci@example.com"]);
        for (author, committer, expected) in [
            ("bot@example.com", "bot@example.com", true),
            ("bot@example.com", "noreply@github.com", true),
            ("bot@example.com", "alice@example.com", false),
            ("ci@example.com", "ci@example.com", false),
        ] {
            let commit = BranchCommit { author: who(author), committer: who(committer), ..commit() };
            assert_eq!(own.made_now(&commit), expected, "{author} {committer}");
        }
    }

    #[test]
    fn an_app_is_known_by_the_address_its_own_github_gives_it() {
        let addresses = noreply("git.fjord.example", 7, "bot[bot]");
        let own = Own::new("git.fjord.example", addresses.iter().map(String::as_str), "bot@bot.invalid", []);
        for (author, committer, expected) in [
            ("7+bot[bot]@users.noreply.git.fjord.example", "noreply@git.fjord.example", true),
            ("7+bot[bot]@users.noreply.github.com", "noreply@github.com", true),
            ("7+bot[bot]@users.noreply.git.lake.example", "noreply@git.fjord.example", false),
            ("7+bot[bot]@users.noreply.git.fjord.example", "noreply@git.lake.example", false),
            ("8+bot[bot]@users.noreply.git.fjord.example", "noreply@git.fjord.example", false),
        ] {
            let commit = BranchCommit { author: who(author), committer: who(committer), ..commit() };
            assert_eq!(
                (own.made(&commit), own.made_now(&commit)),
                (expected, expected),
                "{author} {committer}"
            );
        }
    }

    #[test]
    fn what_others_may_commit_does_not_make_a_branch_the_bots() {
        let own = Own::new("github.com", ["bot@example.com"], "Bot@bot.invalid", ["ci@example.com"]);
        for (author, committer, expected) in [
            ("bot@example.com", "noreply@github.com", true),
            ("bot@bot.invalid", "bot@bot.invalid", true),
            ("renovate@whitesourcesoftware.com", "renovate@whitesourcesoftware.com", true),
            ("ci@example.com", "bot@example.com", false),
            ("alice@example.com", "bot@example.com", false),
        ] {
            let commit = BranchCommit { author: who(author), committer: who(committer), ..commit() };
            assert_eq!(own.made_itself(&commit), expected, "{author} {committer}");
        }
    }

    #[test]
    fn prefixes_that_name_the_bot_are_its_own() {
        for (prefix, expected) in [
            ("renovate/", true),
            ("chore/Renovate-", true),
            ("updraft/", true),
            ("release/", false),
            ("pro", false),
            ("", false),
        ] {
            assert_eq!(names_the_bot(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn commits_nobody_told_of_count_as_a_persons() {
        let own = Own::new("github.com", ["bot@example.com"], "bot@bot.invalid", []);
        assert!(!own.is_edited(&Comparison::default()));
        assert!(own.is_edited(&Comparison { ahead_by: 300, ..Comparison::default() }));
    }

    #[test]
    fn reads_an_author() {
        assert_eq!(
            signature("My Bot <bot@example.com>"),
            Some(Signature { name: "My Bot".to_owned(), email: "bot@example.com".to_owned() })
        );
        for wrong in ["bot@example.com", "<bot@example.com>", "Bot <bot>", "Bot <a@b> c", "Bot <a@b\n>"] {
            assert_eq!(signature(wrong), None, "{wrong}");
        }
    }
}
