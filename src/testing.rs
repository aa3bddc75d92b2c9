//! What the unit tests share: where the real data is, if it is at hand.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of the real recordings; says so and returns nothing where there is none.
pub fn gtzan() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/gtzan");
    let folder = std::env::var_os("GENRE_BENCH_GTZAN").map_or(beside, PathBuf::from);
    if folder.join("genres_original").is_dir() {
        return Some(folder);
    }
    skipped(&folder);
    None
}

/// Says that a test has nothing to run on.
pub fn skipped(missing: &Path) {
    // Not eprintln!, which the test harness keeps to itself when a test passes.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no {}; set GENRE_BENCH_GTZAN to the folder of the real data",
        missing.display()
    );
}
