#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| updraft_fuzz::image_ref::check(data));
