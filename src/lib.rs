//! All of updraft's input and output: the network, the disk, the clock, the terminal, the command line.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests index texts they wrote themselves"))]

pub mod apply;
pub mod bot;
pub mod changelog;
pub mod cli;
pub mod command;
pub mod configuration;
pub mod datasource;
pub mod decisions;
pub mod doctor;
pub mod explain;
pub mod forge;
pub mod http;
pub mod logging;
pub mod lookup;
pub mod migrate;
pub mod progress;
pub mod proof;
pub mod report;
pub mod run;
pub mod settings;
pub mod source;
pub mod whole_file;
pub mod worktree;
