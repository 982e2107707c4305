//! Any bytes may be the archive of a repository: what comes out of it is small enough, and lies in the repository.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use updraft::forge::github::unpack;

/// The largest file that is asked for, in bytes.
const LIMIT: u64 = 1000;

pub fn check(data: &[u8]) {
    inspect(data);
    // Hardly any damaged bytes are a gzip file: so that damaged archives are seen, too, they are packed here.
    let mut zipped = GzEncoder::new(Vec::new(), Compression::none());
    zipped.write_all(data).unwrap();
    inspect(&zipped.finish().unwrap());
}

fn inspect(archive: &[u8]) {
    let Ok(files) = unpack(archive, LIMIT) else { return };
    for (path, content) in files {
        assert!(content.len() as u64 <= LIMIT, "{path} has {} bytes", content.len());
        assert!(!path.split('/').any(|part| matches!(part, "" | "." | "..")), "{path:?}");
    }
}
