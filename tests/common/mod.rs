//! What the end-to-end tests share: running the program, and tables to run it on.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test code; each test file uses a part"
)]

pub mod damage;
pub mod in_process;
pub mod png;
pub mod random;
pub mod slow;

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder of its own for every test, in which the program runs.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program, to be given arguments.
    pub fn bench(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.current_dir(self.0.path()).env("GENRE_BENCH_CACHE", self.path("cache")).env_remove("COLUMNS");
        command
    }

    /// The program with models that misbehave.
    pub fn faulty(&self) -> Command {
        let mut command = Command::new(example("faulty"));
        command.current_dir(self.0.path()).env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs `bench` with words split at spaces; it must succeed. Returns standard output.
    pub fn run(&self, words: &str) -> String {
        let output = ends(self.bench().args(words.split_whitespace()), 0);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `bench all --json` with more words; it must succeed.
    pub fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.run(&format!("all --json {words}"))).unwrap()
    }

    /// Runs `bench` with words split at spaces; it must refuse with status 2. Returns standard error.
    pub fn refused(&self, words: &str) -> String {
        let output = ends(self.bench().args(words.split_whitespace()), 2);
        assert!(output.stdout.is_empty(), "nothing may be printed when nothing was done");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Runs a command to its end, which must have this exit status.
#[track_caller]
pub fn ends(command: &mut Command, status: i32) -> Output {
    let output = command.output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{command:?}\n{talk}");
    output
}

/// Makes a named pipe to which nobody writes.
#[cfg(unix)]
pub fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs a command, which must end by itself. A minute of waiting is taken for waiting for ever.
#[track_caller]
pub fn ends_by_itself(command: &mut Command, status: i32) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut child = command
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    for _ in 0..3000 {
        if let Some(ended) = child.try_wait().unwrap() {
            let [stdout, stderr] = [out, err].map(|path| std::fs::read(path).unwrap());
            let talk = String::from_utf8_lossy(&stderr);
            assert_eq!(ended.code(), Some(status), "{command:?}\n{talk}");
            return Output { status: ended, stdout, stderr };
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("{command:?} waits for ever");
}

/// Runs a command to its end, which must be good, and gives the most memory that it had, in bytes.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn peak_memory(command: &mut Command) -> u64 {
    use std::process::Stdio;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The kernel keeps the peak, so the last look before the end sees what was before it.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = line.and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0).max(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{command:?}");
            return 1024 * peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The path of an example program, which cargo builds before it runs tests.
pub fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// A small table that a classifier can learn from: `tracks` tracks of each of three genres in `segments` segments.
pub fn small_table(tracks: usize, segments: usize) -> String {
    let mut text = String::from("filename,length,tempo,mfcc1_mean,mfcc1_var,label\n");
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    for (number, genre) in ["blues", "jazz", "rock"].iter().enumerate() {
        for track in 0..tracks {
            let of_track = noise();
            for segment in 0..segments {
                let x = number as f64 + of_track;
                let suffix = if segments == 1 { String::new() } else { format!(".{segment}") };
                let length = 661_500 / segments;
                let (a, b, c) = (x + noise(), -x + noise(), noise());
                writeln!(text, "{genre}.{track:05}{suffix}.wav,{length},{a},{b},{c},{genre}").unwrap();
            }
        }
    }
    text
}

/// A 16-bit mono WAV file at 22,050 Hz.
fn wav(samples: impl ExactSizeIterator<Item = f32>) -> Vec<u8> {
    let size = 2 * samples.len() as u32;
    let mut bytes =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data".to_vec();
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.flat_map(|x| ((x * 32_767.0) as i16).to_le_bytes()));
    let whole = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&whole.to_le_bytes());
    bytes
}

/// A tone of some seconds that decays every half second.
pub fn tone(hz: f32, seconds: f32) -> Vec<u8> {
    let sample = move |i: u32| {
        let t = i as f32 / 22_050.0;
        0.5 * (1.0 - (2.0 * t).fract()) * (std::f32::consts::TAU * hz * t).sin()
    };
    wav((0..(seconds * 22_050.0) as u32).map(sample).collect::<Vec<_>>().into_iter())
}

/// Two genres of four recordings in the folder `music`: low and high notes.
pub fn low_and_high(place: &Place) {
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..4_u8 {
            let hz = hz * (1.0 + 0.05 * f32::from(number));
            place.write(&format!("music/{genre}/{genre}.0000{number}.wav"), tone(hz, 6.5));
        }
    }
}

/// White noise of some seconds.
pub fn noise(seconds: f32) -> Vec<u8> {
    let mut draws = random::Draws(1);
    let samples = (0..(seconds * 22_050.0) as u32).map(|_| draws.below(2001) as f32 / 2000.0 - 0.5);
    wav(samples.collect::<Vec<_>>().into_iter())
}

/// The folder with the real tables; says so and returns nothing where there is none.
pub fn gtzan() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/gtzan");
    let folder = std::env::var_os("GENRE_BENCH_GTZAN").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(&format!("no {}; set GENRE_BENCH_GTZAN to the folder of the real data", folder.display()));
    None
}

/// Says that a test has nothing to run on.
pub fn skipped(why: &str) {
    // Not eprintln!, which the test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// The row of a model on a leaderboard.
pub fn row<'a>(run: &'a Value, model: &str) -> &'a Value {
    let rows = run["leaderboard"].as_array().unwrap();
    rows.iter().find(|row| row["model"] == model).unwrap_or_else(|| panic!("no row of {model} in {run}"))
}

/// A run's leaderboard without what differs between two runs: seconds, memory.
pub fn scores(run: &Value) -> Vec<Value> {
    let mut rows = run["leaderboard"].as_array().unwrap().clone();
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        row.retain(|name, _| !["fit_seconds", "predict_seconds", "peak_bytes"].contains(&name.as_str()));
    }
    rows
}

/// A fenced block: what stands behind the fence, such as `sh run`, and its text.
pub struct Block {
    pub info: String,
    pub text: String,
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
