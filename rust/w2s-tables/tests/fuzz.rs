//! Every fuzz target over mutated seeds, on stable Rust; `W2S_FUZZ_SECONDS` makes it longer.

#[path = "../fuzz/src/lib.rs"]
mod targets;

#[test]
fn bytes_of_column_chunks_are_read_or_refused() {
    std::thread::scope(|scope| {
        for target in targets::TARGETS {
            scope.spawn(move || {
                let report = w2s_fuzz::run(target, 20_000);
                assert!(report.accepted > 0, "{} accepts no mutation of its seeds", target.name);
            });
        }
    });
}
