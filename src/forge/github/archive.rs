//! All files of a commit at once.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::GithubRepository;
use super::client::{Call, Sends as _, path};
use super::error::unexpected;
use crate::forge::{CommitHead, ForgeError, ForgeErrorKind};

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
        let unpacked = match self.send(&call.unkept().body_limit(ARCHIVE_LIMIT)).await {
            Ok(answer) => match tokio::task::spawn_blocking(move || unpack(&answer.body, limit)).await {
                Ok(unpacked) => unpacked.map_err(|error| unexpected(&task, error)),
                Err(error) => Err(unexpected(&task, error)),
            },
            Err(error) => Err(error),
        };
        match unpacked {
            // Too large, or none: its files can still be had one by one.
            Err(error) if error.kind == ForgeErrorKind::Unexpected => {
                tracing::warn!(%error, "the files are asked for one by one");
                Ok(BTreeMap::new())
            }
            unpacked => unpacked,
        }
    }
}

/// Returns the regular files of a gzipped tar archive that are no larger than `limit` bytes, without the folder that everything is in.
///
/// Nothing is written to disk, so that neither links nor `..` lead anywhere; such entries are left out all the same.
///
/// # Errors
///
/// When it is no such archive, or a damaged one, or unfolds to more than a repository sensibly holds.
pub fn unpack(archive: &[u8], limit: u64) -> io::Result<BTreeMap<String, Vec<u8>>> {
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, EntryType, Header};

    use super::*;

    fn entry(builder: &mut Builder<Vec<u8>>, name: &str, kind: EntryType, content: &[u8]) {
        let mut header = Header::new_gnu();
        // The crate itself refuses to write some of these names.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn only_regular_files_below_the_one_folder_are_kept() {
        let mut builder = Builder::new(Vec::new());
        entry(&mut builder, "pax_global_header", EntryType::XGlobalHeader, b"");
        entry(&mut builder, "o-r-abc/", EntryType::Directory, b"");
        entry(&mut builder, "o-r-abc/a/b.yaml", EntryType::Regular, b"one");
        entry(&mut builder, "o-r-abc/large", EntryType::Regular, b"four");
        entry(&mut builder, "o-r-abc/link", EntryType::Symlink, b"");
        entry(&mut builder, "o-r-abc/hard", EntryType::Link, b"");
        entry(&mut builder, "o-r-abc/../../etc/passwd", EntryType::Regular, b"no");
        entry(&mut builder, "/etc/passwd", EntryType::Regular, b"abs");
        entry(&mut builder, "outside", EntryType::Regular, b"no");
        entry(&mut builder, "o-r-abc/\u{e4}", EntryType::Regular, b"two");
        let files = unpack(&zipped(&builder.into_inner().unwrap()), 3).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a/b.yaml", "etc/passwd", "\u{e4}"], "a leading slash is an empty folder's");
        assert_eq!(files["a/b.yaml"], b"one");
    }

    #[test]
    fn damaged_archives_are_errors() {
        let mut builder = Builder::new(Vec::new());
        entry(&mut builder, "o-r-abc/a", EntryType::Regular, &[b'x'; 5000]);
        let whole = builder.into_inner().unwrap();
        for bytes in [b"no archive".to_vec(), zipped(b"no tar either"), zipped(&whole[..3000])] {
            assert!(unpack(&bytes, 10_000).is_err(), "{} bytes", bytes.len());
        }
        let mut cut = zipped(&whole);
        cut.truncate(cut.len() / 2);
        assert!(unpack(&cut, 10_000).is_err());
        assert!(unpack(&zipped(&[]), 10_000).unwrap().is_empty());
    }

    #[test]
    fn what_unfolds_without_end_is_refused() {
        let mut bounded = Bounded { inner: io::repeat(0), left: 10_000 };
        let mut read = Vec::new();
        assert!(bounded.read_to_end(&mut read).is_err());
        assert!(read.len() <= 10_000);
    }
}
