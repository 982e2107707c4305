//! (being written)

pub mod custom_manager;
