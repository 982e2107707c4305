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
/// How large an archive may be that describes a repository.
const LIMITS: Limits = Limits { unfolded: 2 * 1024 * 1024 * 1024, kept: 512 * 1024 * 1024, entries: 500_000 };
/// The longest description of the entry that follows, in bytes: its name, where that is long.
const DESCRIPTION_LIMIT: u64 = 64 * 1024;
/// The longest path of a file, in bytes.
const PATH_LIMIT: usize = 4096;

/// What an archive may be like.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How many bytes it may unfold to.
    unfolded: u64,
    /// How many bytes of files are kept.
    kept: u64,
    /// How many entries it may have.
    entries: usize,
}

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
    unpack_within(LIMITS, archive, limit)
}

fn unpack_within(limits: Limits, archive: &[u8], limit: u64) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut archive =
        tar::Archive::new(Bounded { inner: MultiGzDecoder::new(archive), left: limits.unfolded });
    let (mut files, mut kept, mut long_name) = (BTreeMap::new(), 0, None);
    // The crate would read a name of any length into memory, so names are read here.
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count >= limits.entries {
            return Err(too_large());
        }
        let (kind, size) = (entry.header().entry_type(), entry.size());
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            long_name = name_of_next(&mut entry)?.or(long_name);
            continue;
        }
        if kind.is_gnu_longlink() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        if !kind.is_file() || size > limit || name.len() > PATH_LIMIT {
            continue;
        }
        let Ok(whole) = String::from_utf8(name) else { continue };
        let Some((_, path)) = whole.split_once('/') else { continue };
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            continue;
        }
        kept += size;
        if kept > limits.kept {
            return Err(too_large());
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path.to_owned(), content);
    }
    Ok(files)
}

fn too_large() -> io::Error {
    io::Error::other("the archive is larger than such an archive can sensibly be")
}

/// Returns the name that a description gives to the entry after it; `None` when it is about something else.
fn name_of_next(description: &mut tar::Entry<'_, impl Read>) -> io::Result<Option<Vec<u8>>> {
    if description.size() > DESCRIPTION_LIMIT {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    description.read_to_end(&mut bytes)?;
    if description.header().entry_type().is_gnu_longname() {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        return Ok(Some(bytes));
    }
    for extension in tar::PaxExtensions::new(&bytes) {
        let extension = extension?;
        if extension.key_bytes() == b"path" {
            return Ok(Some(extension.value_bytes().to_vec()));
        }
    }
    Ok(None)
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
        println!("an archive");
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
        println!("what is no archive");
        for bytes in [b"no archive".to_vec(), zipped(b"no tar either"), zipped(&whole[..3000])] {
            assert!(unpack(&bytes, 10_000).is_err(), "{} bytes", bytes.len());
        }
        let mut cut = zipped(&whole);
        cut.truncate(cut.len() / 2);
        assert!(unpack(&cut, 10_000).is_err());
        assert!(unpack(&zipped(&[]), 10_000).unwrap().is_empty());
    }

    /// Returns how many files come of an archive within small limits, or what is wrong with it.
    fn within(builder: Builder<Vec<u8>>) -> Result<usize, String> {
        let limits = Limits { unfolded: 200_000, kept: 10_000, entries: 100 };
        let files = unpack_within(limits, &zipped(&builder.into_inner().unwrap()), 5_000);
        files.map(|files| files.len()).map_err(|error| error.to_string())
    }

    /// Returns the description that gives the next entry a name, as POSIX has it.
    fn pax(key: &str, value: &str) -> Vec<u8> {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len()..rest.len() + 20)
            .find(|length| length.to_string().len() + rest.len() == *length)
            .unwrap();
        format!("{length}{rest}").into_bytes()
    }

    #[test]
    fn bombs_are_refused() {
        let fill = |fill: &dyn Fn(&mut Builder<Vec<u8>>)| {
            let mut builder = Builder::new(Vec::new());
            fill(&mut builder);
            within(builder)
        };
        let sensible = "the archive is larger than such an archive can sensibly be".to_owned();
        let unfolds = "the archive unfolds to more than it sensibly can".to_owned();
        let many = |builder: &mut Builder<Vec<u8>>| {
            (0..101).for_each(|n| entry(builder, &format!("r/{n}"), EntryType::Regular, b""));
        };
        assert_eq!(fill(&many), Err(sensible.clone()));
        let much = |builder: &mut Builder<Vec<u8>>| {
            (0..3).for_each(|n| entry(builder, &format!("r/{n}"), EntryType::Regular, &[0; 4_000]));
        };
        assert_eq!(fill(&much), Err(sensible.clone()));
        let huge =
            |builder: &mut Builder<Vec<u8>>| entry(builder, "r/a", EntryType::Regular, &vec![0; 300_000]);
        assert_eq!(fill(&huge), Err(unfolds));
        // Neither kind of long name is read into memory.
        for kind in [EntryType::GNULongName, EntryType::XHeader] {
            let named = |builder: &mut Builder<Vec<u8>>| {
                entry(builder, "././@LongLink", kind, &vec![b'x'; 70_000]);
                entry(builder, "r/a", EntryType::Regular, b"");
            };
            assert_eq!(fill(&named), Err(sensible.clone()), "{kind:?}");
        }
        let deep = |builder: &mut Builder<Vec<u8>>| {
            entry(builder, "././@LongLink", EntryType::GNULongName, "d/".repeat(10_000).as_bytes());
            entry(builder, "r/a", EntryType::Regular, b"");
            entry(builder, "r/b", EntryType::Regular, b"");
        };
        assert_eq!(fill(&deep), Ok(1), "what is too deep is left out");
    }

    #[test]
    fn long_names_lead_nowhere_else_either() {
        let mut builder = Builder::new(Vec::new());
        let long = "d/".repeat(200);
        let mut add = |description: EntryType, name: &[u8], kind: EntryType| {
            entry(&mut builder, "x", description, name);
            entry(&mut builder, "r/short", kind, b"x");
        };
        add(EntryType::XHeader, &pax("path", &format!("r/{long}pax")), EntryType::Regular);
        add(EntryType::GNULongName, format!("r/{long}gnu\0").as_bytes(), EntryType::Regular);
        add(EntryType::XHeader, &pax("path", "r/../../etc/passwd"), EntryType::Regular);
        add(EntryType::GNULongName, b"r/../../etc/shadow", EntryType::Regular);
        add(EntryType::XHeader, &pax("path", "r/link"), EntryType::Symlink);
        add(EntryType::XHeader, &pax("path", "r/hard"), EntryType::Link);
        add(EntryType::XHeader, &pax("path", "r/device"), EntryType::Char);
        add(EntryType::XHeader, &pax("path", "r/sparse"), EntryType::GNUSparse);
        add(EntryType::XHeader, &pax("mtime", "1"), EntryType::Regular);
        let files = unpack(&zipped(&builder.into_inner().unwrap()), 100).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, [&*format!("{long}gnu"), &*format!("{long}pax"), "short"]);
    }

    #[test]
    fn what_unfolds_without_end_is_refused() {
        println!("what is an archive without end");
        let mut bounded = Bounded { inner: io::repeat(0), left: 10_000 };
        let mut read = Vec::new();
        assert!(bounded.read_to_end(&mut read).is_err());
        assert!(read.len() <= 10_000);
    }
}
