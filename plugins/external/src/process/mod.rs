//! A process that is asked things, within limits, and that ends with all that it started.
//!
//! | file | what |
//! |---|---|
//! | `guard` | a process in between that no child of the model's escapes |
//! | `exchange` | a request, and the answer to it |
//! | `talk` | what it says on standard error |
//! | `descendants` | how many processes it has become |
//! | `pipes` | pipes that nobody waits at |

mod descendants;
mod exchange;
#[cfg_attr(target_os = "linux", path = "guard.rs")]
#[cfg_attr(not(target_os = "linux"), path = "no_guard.rs")]
mod guard;
mod pipes;
mod talk;

pub(crate) use exchange::Ask;

use genre_bench_api::{Error, Result};
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use talk::Talk;

/// How long a process may take to end by itself when nothing is asked of it any more.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the guard may take to end all processes; it goes on when nobody waits for it any more.
const GUARD_PATIENCE: Duration = Duration::from_secs(30);

/// How many processes there may be beside those that threads take, where nobody says.
const MOST_PROCESSES: usize = 256;
const PROCESSES_A_THREAD: usize = 16;

/// Variables by which libraries learn how many threads they may use.
const THREADS: [&str; 8] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
];

/// A process with its pipes.
pub(crate) struct Process {
    guard: Child,
    /// None once it was told that nothing comes any more.
    to: Option<ChildStdin>,
    from: ChildStdout,
    talk: Talk,
    most_processes: usize,
    /// Whether it answered everything so far: then it may end by itself.
    sound: bool,
}

impl Process {
    /// Starts a command, its first word being the program, in a folder or where the program runs; to be ended when it has
    /// become more than so many processes.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(
        command: &[OsString],
        folder: Option<&Path>,
        threads: usize,
        processes: Option<usize>,
    ) -> Result<Self> {
        let (program, arguments) =
            command.split_first().ok_or_else(|| Error::failed("there is no command"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(THREADS.map(|name| (name, threads.to_string())));
        // Or sets of texts have another order in every process.
        command.env("PYTHONHASHSEED", "0");
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        guard::put_before(&mut command);
        let told = |error| Error::failed(format!("`{}` cannot be started: {error}", program.display()));
        let mut guard = command.spawn().map_err(told)?;
        let (Some(to), Some(from), Some(talk)) =
            (guard.stdin.take(), guard.stdout.take(), guard.stderr.take())
        else {
            return Err(Error::failed("the process has no pipes"));
        };
        pipes::prepare(&to).and_then(|()| pipes::prepare(&from)).map_err(told)?;
        let most_processes = processes.unwrap_or(MOST_PROCESSES + PROCESSES_A_THREAD * threads);
        let talk = Talk::new(talk).map_err(told)?;
        Ok(Self { guard, to: Some(to), from, talk, most_processes, sound: true })
    }

    /// How it ended, if it did.
    fn status(&mut self) -> Option<ExitStatus> {
        self.guard.try_wait().ok().flatten()
    }

    /// Waits for its end.
    fn ends_within(&mut self, patience: Duration) -> bool {
        let start = Instant::now();
        let mut pause = Duration::from_micros(100);
        while self.status().is_none() {
            if start.elapsed() > patience {
                return false;
            }
            sleep(pause);
            pause = (2 * pause).min(Duration::from_millis(10));
        }
        true
    }

    /// That it ended, and what it said last.
    fn obituary(&mut self) -> Error {
        let ended = self.ends_within(GUARD_PATIENCE);
        self.talk.listen(None);
        let how = match self.status().map(|status| (status.signal(), status.code())) {
            Some((Some(libc::SIGKILL), _)) => {
                "was killed (signal 9): did another program do so, or was memory short?".to_owned()
            }
            Some((Some(signal), _)) => format!("crashed (signal {signal})"),
            Some((_, Some(code))) => format!("ended by itself with status {code}"),
            _ if ended => "ended".to_owned(),
            _ => "closed its standard output".to_owned(),
        };
        Error::failed(format!("the process {how}{}", self.last_words()))
    }

    /// What it said last on standard error, for the end of a message.
    fn last_words(&self) -> String {
        match self.talk.last_words() {
            words if words.is_empty() => String::new(),
            words => format!("; it said: {words}"),
        }
    }
}

impl Drop for Process {
    /// Ends it, and all that it started.
    fn drop(&mut self) {
        self.to = None;
        if self.sound && self.ends_within(PATIENCE) {
            return;
        }
        guard::end(&self.guard);
        // It is not ended itself: whoever it has not ended yet would be nobody's.
        self.ends_within(GUARD_PATIENCE);
    }
}
