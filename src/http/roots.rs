//! Which certificate authorities are trusted besides the ones the TLS verifier finds by itself.
//!
//! The verifier takes the system's, or, when `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, only those named there. People set these to *add* the authority
//! of their own registry or proxy, and still want to reach everybody else, so the system's come back in. What a variable names and cannot be used is
//! told: without it, every host it was meant for looks like an impostor.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where systems keep their bundle: Debian and Alpine, Fedora, openSUSE, OpenBSD and macOS.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Names the authorities of somebody's own in manifests that were written for Renovate, which runs in Node.js.
const MORE: &str = "NODE_EXTRA_CA_CERTS";
/// Names a bundle for every program with OpenSSL, or what behaves like it.
const FILE: &str = "SSL_CERT_FILE";
/// Names folders of such bundles, as `PATH` names folders.
const FOLDERS: &str = "SSL_CERT_DIR";

/// Returns the authorities to add: the system's where the verifier does not look for them, and those of `NODE_EXTRA_CA_CERTS`.
pub(super) fn more_roots() -> Vec<Certificate> {
    let Roots { added, flaws } = Roots::of(&|name| env::var_os(name));
    for Flaw { variable, path, reason } in flaws {
        let path = path.display();
        tracing::warn!(variable, %path, %reason, "no certificate authority is trusted because of this variable");
    }
    added.iter().filter_map(|certificate| Certificate::from_der(certificate).ok()).collect()
}

/// The authorities to add, and what is wrong with what names some.
#[derive(Debug, Default)]
struct Roots {
    added: Vec<CertificateDer<'static>>,
    flaws: Vec<Flaw>,
}

/// Something that a variable names and that holds no authority.
#[derive(Debug, PartialEq, Eq)]
struct Flaw {
    variable: &'static str,
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug, PartialEq, Eq)]
enum Reason {
    Unreadable(String),
    NoneInFile,
    NoneInFolder,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            Self::NoneInFile => f.write_str("the file holds no certificate in PEM that can be used"),
            Self::NoneInFolder => f.write_str("no file in it holds a certificate in PEM that can be used"),
        }
    }
}

impl Roots {
    /// Returns what the environment asks for.
    fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let mut roots = Self::default();
        let named = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = named(MORE) {
            roots.added = roots.noted(MORE, &path, certificates(&path));
        }
        if let Some(path) = named(FILE) {
            roots.noted(FILE, &path, certificates(&path));
        }
        for path in variable(FOLDERS).iter().flat_map(env::split_paths) {
            if !path.as_os_str().is_empty() {
                roots.noted(FOLDERS, &path, first_in(&path));
            }
        }
        // The verifier takes even an empty name for one.
        if variable(FILE).is_some() || variable(FOLDERS).is_some() {
            let system = SYSTEM_BUNDLES.iter().map(Path::new).find(|path| path.is_file());
            roots.added.extend(system.and_then(|path| certificates(path).ok()).unwrap_or_default());
        }
        roots
    }

    /// Returns what was found where a variable points, and notes why that is nothing.
    fn noted(
        &mut self,
        variable: &'static str,
        path: &Path,
        found: Result<Vec<CertificateDer<'static>>, Reason>,
    ) -> Vec<CertificateDer<'static>> {
        found.unwrap_or_else(|reason| {
            self.flaws.push(Flaw { variable, path: path.to_owned(), reason });
            Vec::new()
        })
    }
}

/// Returns the authorities of a bundle, one or more. One that cannot be understood does not take the others with it.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let pem = fs::read(path).map_err(|error| Reason::Unreadable(error.to_string()))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .flatten()
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .collect();
    if found.is_empty() { Err(Reason::NoneInFile) } else { Ok(found) }
}

/// Returns the authorities of the first file of a folder that has any.
fn first_in(folder: &Path) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let files = fs::read_dir(folder).map_err(|error| Reason::Unreadable(error.to_string()))?;
    let mut bundles = files.flatten().map(|file| file.path()).filter(|path| path.is_file());
    bundles.find_map(|path| certificates(&path).ok()).ok_or(Reason::NoneInFolder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns somebody's own authority.
    fn authority() -> String {
        rcgen::generate_simple_self_signed(["registry.lan".to_owned()]).unwrap().cert.pem()
    }

    /// Says how many authorities are added, and what is wrong, as `variable path: reason`.
    #[track_caller]
    fn check(variables: &[(&str, &Path)], expected: &[String]) -> usize {
        let find = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(found.1.as_os_str().to_owned())
        };
        let Roots { added, flaws } = Roots::of(&find);
        let shown = |flaw: &Flaw| {
            format!("{} {}: {}", flaw.variable, flaw.path.file_name().unwrap().display(), flaw.reason)
        };
        assert_eq!(flaws.iter().map(shown).collect::<Vec<_>>(), expected);
        added.len()
    }

    fn said(what: &str, why: &str) -> Vec<String> {
        vec![format!("{what}: {why}")]
    }

    const NO_FILE: &str = "it cannot be read: No such file or directory (os error 2)";
    const NONE_IN_FILE: &str = "the file holds no certificate in PEM that can be used";
    const NONE_IN_FOLDER: &str = "no file in it holds a certificate in PEM that can be used";

    #[test]
    fn what_a_variable_names_in_vain_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, text, missing) =
            (folder.path().join("empty"), folder.path().join("text"), folder.path().join("missing"));
        fs::create_dir(&empty).unwrap();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for content in ["no certificate\n", broken, ""] {
            fs::write(&text, content).unwrap();
            for variable in [FILE, MORE] {
                check(&[(variable, &text)], &said(&format!("{variable} text"), NONE_IN_FILE));
                check(&[(variable, &missing)], &said(&format!("{variable} missing"), NO_FILE));
            }
        }
        check(&[(FOLDERS, &missing)], &said("SSL_CERT_DIR missing", NO_FILE));
        check(&[(FOLDERS, &empty)], &said("SSL_CERT_DIR empty", NONE_IN_FOLDER));
        fs::write(empty.join("note.txt"), "no certificate\n").unwrap();
        check(&[(FOLDERS, &empty)], &said("SSL_CERT_DIR empty", NONE_IN_FOLDER));
        let two = env::join_paths([&empty, &missing]).unwrap();
        let both =
            [said("SSL_CERT_DIR empty", NONE_IN_FOLDER), said("SSL_CERT_DIR missing", NO_FILE)].concat();
        check(&[(FOLDERS, Path::new(&two))], &both);
    }

    #[test]
    fn what_a_variable_names_rightly_is_not_worth_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        fs::write(&file, format!("# Ours\n{}", authority())).unwrap();
        fs::write(folder.path().join("note.txt"), "no certificate\n").unwrap();
        assert_eq!(check(&[(MORE, &file)], &[]), 1);
        check(&[(FILE, &file)], &[]);
        check(&[(FOLDERS, folder.path())], &[]);
        check(&[(MORE, Path::new("")), (FILE, Path::new("")), (FOLDERS, Path::new(""))], &[]);
        assert_eq!(check(&[], &[]), 0);
    }

    #[test]
    fn one_bad_certificate_does_not_take_the_others_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fs::write(&file, format!("{broken}{}", authority())).unwrap();
        assert_eq!(check(&[(MORE, &file)], &[]), 1);
    }
}
