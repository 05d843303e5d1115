//! Copies `arenas/` (without what made it) to `OUT_DIR`, from where maturin puts it into the wheel.

use std::path::Path;
use std::{env, fs, io};

/// Scripts and caches stay out of the wheel.
const LEFT_OUT: [&str; 2] = ["build", "__pycache__"];

fn main() -> io::Result<()> {
    // Asked for when it runs: checkouts that share a target folder share this program.
    let here =
        env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo sets CARGO_MANIFEST_DIR"))?;
    let arenas = Path::new(&here).join("../../arenas");
    println!("cargo::rerun-if-changed={}", arenas.display());
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    let copied = Path::new(&out).join("arenas");
    if copied.exists() {
        fs::remove_dir_all(&copied)?;
    }
    copy(&arenas, &copied)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
