//! The fuzz checks, for a moment: on their seeds, and on seeds that were cut, mixed and damaged. The same bytes every time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[path = "../fuzz/checks/mod.rs"]
mod checks;

/// How many damaged texts each check gets here.
const ROUNDS: usize = 250;
/// What the damaged texts are no longer than, in bytes.
const LONGEST: usize = 8 * 1024;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

/// Returns the seeds of a check, by name.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder("corpus").join(name)).expect("a check has a folder of seeds");
    let mut seeds: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seed"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

/// Returns one seed with a few of its bytes changed, or with a piece of another one in it.
fn damaged(seeds: &[(String, Vec<u8>)], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut pick = || seeds[random.usize(..seeds.len())].1.clone();
    let (mut data, other) = (pick(), pick());
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=data.len());
        match random.u8(..5) {
            0 => data.insert(at, random.u8(..)),
            1 => data.insert(at, *random.choice(b"\n\t \"'{}[]:,#-@$<>|&*!%\\`/=()").unwrap()),
            2 => data.truncate(at),
            3 => {
                let end = (at + random.usize(..16)).min(data.len());
                data.drain(at..end);
            }
            _ => {
                let start = random.usize(..=other.len());
                let end = (start + random.usize(..64)).min(other.len());
                data.splice(at..at, other[start..end].iter().copied());
            }
        }
    }
    data.truncate(LONGEST);
    data
}

#[test]
fn every_check_holds_on_its_seeds_and_on_what_is_left_of_them() {
    for (index, (name, check)) in checks::ALL.iter().enumerate() {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seed");
        for (path, data) in &seeds {
            assert!(catch_unwind(|| check(data)).is_ok(), "{path}");
        }
        let mut random = fastrand::Rng::with_seed(index as u64);
        for _ in 0..ROUNDS {
            let data = damaged(&seeds, &mut random);
            assert!(
                catch_unwind(|| check(&data)).is_ok(),
                "{name} does not hold for {:?}",
                String::from_utf8_lossy(&data)
            );
        }
    }
}

#[test]
fn every_check_is_a_fuzz_target() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    let mut files: Vec<String> = fs::read_dir(folder("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let names: Vec<&str> = checks::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, names);
    for name in names {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
