//! Which files of a repository are read, wherever they come from, and what their bytes are as text.

use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

/// The largest file that is read, in bytes: far above any manifest, far below what would hurt.
pub(super) const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// How many bytes are searched for a NUL, which no text file holds.
const BINARY_PROBE_BYTES: usize = 8 * 1024;

/// Returns what to say of a file that is too large; `None` for one that is simply not ours.
pub(super) fn too_large(path: &RepoPath, size: u64) -> Option<Problem> {
    is_text_by_name(path).then(|| {
        Problem::warning(format!(
            "`{path}` is left out: {} MB, more than the {} MB that are read",
            size >> 20,
            MAX_FILE_BYTES >> 20
        ))
        .in_file(path)
        .hint("add it to `ignorePaths` if it holds no dependencies")
    })
}

/// Returns the file with these bytes; `None` for one that is simply not ours (a picture, an archive).
pub(super) fn text_file(path: &RepoPath, bytes: &[u8]) -> Option<Result<SourceFile, Problem>> {
    let ours = is_text_by_name(path);
    if memchr::memchr(0, bytes.get(..BINARY_PROBE_BYTES).unwrap_or(bytes)).is_some() {
        let (what, hint) = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            ("it is UTF-16", "save the file as UTF-8")
        } else {
            ("it is binary", "add it to `ignorePaths`")
        };
        return ours.then(|| {
            Err(Problem::warning(format!("`{path}` is left out: {what}")).in_file(path).hint(hint))
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Ok(SourceFile::new(path.clone(), text))),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = memchr::memchr_iter(b'\n', valid).count() + 1;
            ours.then(|| {
                Err(Problem::warning(format!("`{path}` is left out: line {line} is not valid UTF-8"))
                    .in_file(path)
                    .hint("save the file as UTF-8"))
            })
        }
    }
}

/// Returns whether a file of this name is expected to be text that may hold dependencies.
pub(super) fn is_text_by_name(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "yaml" | "yml" | "json" | "json5" | "toml" | "env" | "sh" | "tpl" | "gotmpl" | "j2" | "tf"
    ) || name.contains("dockerfile")
        || name.contains("containerfile")
        || name == ".renovaterc"
}

/// Returns whether a file of this name holds no text.
pub(super) fn is_binary_by_name(path: &RepoPath) -> bool {
    let name = path.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    [
        "png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "avif", "svg", "pdf", "woff", "woff2", "ttf",
        "otf", "zip", "gz", "tgz", "xz", "zst", "bz2", "7z", "tar", "jar", "exe", "dll", "so", "mp3", "mp4",
        "webm", "mov", "bin", "iso", "img", "db", "sqlite", "gpg",
    ]
    .iter()
    .any(|binary| extension.eq_ignore_ascii_case(binary))
}
