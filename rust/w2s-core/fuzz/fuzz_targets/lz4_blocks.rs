#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    w2s_core_fuzz::lz4_blocks(bytes);
});
