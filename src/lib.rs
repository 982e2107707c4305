//! All of updraft's input and output: the network, the disk, the clock, the terminal, the command line.

pub mod cli;
pub mod logging;
pub mod report;
pub mod source;
pub mod worktree;
