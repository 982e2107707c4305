//! (being written)
pub mod patch;
pub mod slug;
