#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    w2s_games_fuzz::connect_four_move(bytes);
});
