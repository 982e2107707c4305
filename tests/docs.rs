//! What the documents show is so: each configuration is read without a complaint, and in today's names, and each command is one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use updraft::cli::Cli;
use updraft_core::config::{ConfigFile, Resolution, resolve, rewrite};
use updraft_core::name::RepoPath;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the documents: those at the top, and one in each manager's folder.
fn documents() -> Vec<PathBuf> {
    let listed = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let mut documents = [listed("."), listed("docs"), listed("deploy")].concat();
    documents.extend(listed("managers").into_iter().map(|folder| folder.join("README.md")));
    documents.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    documents
}

/// Returns the blocks of JSON in a document.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match (&mut open, line.trim()) {
            (None, "```json" | "```json5" | "```jsonc") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[track_caller]
fn check(name: &str, text: &str) {
    let path = RepoPath::new("renovate.json5").unwrap();
    let file = ConfigFile { path: path.clone(), text: text.into() };
    let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else {
        panic!("{name} needs presets of somebody else:\n{text}")
    };
    let own: Vec<_> = config.problems.iter().filter(|problem| problem.file.is_some()).collect();
    assert!(own.is_empty(), "{name}: {own:#?}\n{text}");
    assert_eq!(rewrite(&path, text), Ok(None), "{name} has old names:\n{text}");
}

#[test]
fn every_configuration_in_the_documents_is_read_without_a_complaint() {
    let mut count = 0;
    for path in documents() {
        for block in blocks(&fs::read_to_string(&path).unwrap()) {
            // Some show only one entry.
            let is_entry = block.lines().nth(1).is_some_and(|line| line.trim().starts_with("customType"));
            let text = if is_entry { format!("{{customManagers: [{block}]}}") } else { block };
            check(&path.display().to_string(), &text);
            count += 1;
        }
    }
    assert!(count > 1, "the documents show configurations");
}

#[test]
fn the_example_is_read_without_a_complaint() {
    check("renovate.json.example", &fs::read_to_string(root().join("renovate.json.example")).unwrap());
}

/// Returns the arguments of the commands that a document shows as lines of their own.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let own = lines.filter_map(|line| {
        let built = line.strip_prefix("cargo run --release -- ");
        built.or_else(|| line.strip_prefix("updraft "))
    });
    own.map(|line| {
        let words = line.split_whitespace().take_while(|word| !word.starts_with(['#', '>', '|']));
        words.map(|word| word.trim_matches('"').to_owned()).collect()
    })
    .collect()
}

#[test]
fn every_command_in_the_documents_is_one() {
    let mut count = 0;
    for path in documents() {
        for arguments in commands(&fs::read_to_string(&path).unwrap()) {
            let line = ["updraft".to_owned()].into_iter().chain(arguments);
            if let Err(error) = Cli::try_parse_from(line) {
                panic!("{}: {error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 10, "the documents show commands");
}
