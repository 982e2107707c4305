//! Git's name for a file's content.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

/// Returns the id that git gives a file with these bytes: the SHA-1 of `blob <length>`, a zero byte and the content.
///
/// See <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>.
pub fn blob_id(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()).as_bytes());
    hash.update(bytes);
    hash.finalize().iter().fold(String::with_capacity(40), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_git_hash_object_says() {
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
