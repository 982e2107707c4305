//! All files of a commit at once.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::GithubRepository;
use super::client::{Call, Sends as _, path};
use super::error::unexpected;
use crate::forge::{CommitHead, ForgeError};

/// The largest archive that is fetched, in bytes.
const ARCHIVE_LIMIT: u64 = 128 * 1024 * 1024;
/// How many bytes an archive may unfold to.
const UNFOLDED_LIMIT: u64 = 2 * 1024 * 1024 * 1024;
/// How many bytes of files are kept.
const KEPT_LIMIT: u64 = 512 * 1024 * 1024;
/// How many entries an archive may have.
const ENTRIES: usize = 500_000;

impl GithubRepository {
    pub(super) async fn read_archive(
        &self,
        commit: &CommitHead,
        limit: u64,
    ) -> Result<BTreeMap<String, Vec<u8>>, ForgeError> {
        let task = format!("read the files of `{}`", commit.sha);
        let call = Call::get(self.route(format!("/tarball/{}", path(&commit.sha))), &task);
        let answer = self.send(&call.unkept().body_limit(ARCHIVE_LIMIT)).await?;
        let unpacked = tokio::task::spawn_blocking(move || unpack(&answer.body, limit)).await;
        match unpacked {
            Ok(Ok(files)) => Ok(files),
            Ok(Err(error)) => Err(unexpected(&task, error)),
            Err(error) => Err(unexpected(&task, error)),
        }
    }
}

/// Returns the regular files of a gzipped tar archive that are no larger than `limit` bytes, without the folder that everything is in.
///
/// Nothing is written to disk, so that neither links nor `..` lead anywhere; such entries are left out all the same.
fn unpack(archive: &[u8], limit: u64) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let too_large = || io::Error::other("the archive is larger than such an archive can sensibly be");
    let mut archive =
        tar::Archive::new(Bounded { inner: MultiGzDecoder::new(archive), left: UNFOLDED_LIMIT });
    let (mut files, mut kept) = (BTreeMap::new(), 0);
    for (count, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        if count >= ENTRIES {
            return Err(too_large());
        }
        let size = entry.size();
        if !entry.header().entry_type().is_file() || size > limit {
            continue;
        }
        let Ok(whole) = String::from_utf8(entry.path_bytes().into_owned()) else { continue };
        let Some((_, path)) = whole.split_once('/') else { continue };
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            continue;
        }
        kept += size;
        if kept > KEPT_LIMIT {
            return Err(too_large());
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path.to_owned(), content);
    }
    Ok(files)
}

/// A reader that fails where it would read too much: a few bytes can unfold to any number.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("the archive unfolds to more than it sensibly can"))?;
        Ok(count)
    }
}
