//! One folder per kind of file updraft finds dependencies in.
