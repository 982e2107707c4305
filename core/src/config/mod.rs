//! The configuration as the owner wrote it, read once, and what it says about each dependency.

pub mod custom_manager;
pub mod pattern;
