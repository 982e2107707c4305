//! The pure part of updraft: no file, network, clock or environment is touched here.
//!
//! The modules stand in the order of the pipeline: names and places, files as managers read them,
//! dependencies, releases, versions, choice, configuration, plan, edits, texts.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests index texts they wrote themselves"))]
pub mod address;
pub mod name;
pub mod problem;
pub mod span;
pub mod span_set;

pub mod image_ref;
pub mod jsonc;
pub mod secret;
pub mod source;
pub mod toml;
pub mod yaml;

pub mod chart_lock;
pub mod dep;
pub mod derived;
pub mod manager;
pub mod release;
pub mod update;
pub mod versioning;

pub mod changelog;
pub mod choose;
pub mod config;
pub mod jsonata;
pub mod template;

pub mod draft;
pub mod edit;
pub mod plan;
pub mod quote;
pub mod verify;

pub mod code_owners;
pub mod dashboard;
pub mod forge;
pub mod life;
