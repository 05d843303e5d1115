#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    w2s_tables_fuzz::column_chunk(bytes);
});
