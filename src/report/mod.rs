//! What a run has to tell, and the ways to tell it.

pub mod snippet;
