//! All of updraft's input and output.
