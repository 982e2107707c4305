#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| updraft_fuzz::edits::check(data));
