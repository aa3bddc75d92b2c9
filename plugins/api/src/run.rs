use crate::{Error, Params, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Everything a fit may know about its surroundings.
pub struct Run<'a> {
    /// The name of this fit, which no other has: a hash of everything that its numbers depend on. What is left in
    /// [`Run::scratch`] had better say it, so that it is never taken for another fit's.
    pub key: String,
    /// The hyper-parameters: the card's defaults with the user's changes, already checked.
    pub params: Params,
    /// Seed of this fit; differs between models, folds and repeats. Use it through [`Run::rng`].
    pub seed: u64,
    /// How many threads the model may use. A model using rayon gets a pool of that size.
    pub threads: usize,
    /// Where to compute; only neural models care.
    pub device: Device,
    /// A folder of this fit alone, which may not be there yet, for what it needs to go on after an
    /// interruption: the next try of the same fit gets it again, and it is deleted when that is
    /// over. None where nothing is kept. See [`Run::checkpointed`] and [`Error::Checkpoint`].
    pub scratch: Option<PathBuf>,
    /// A folder of this fit alone for TensorBoard's event files, if the user wants them.
    pub tensorboard: Option<PathBuf>,
    /// Who is told of progress and knows whether to stop.
    pub observer: &'a dyn Observer,
}

impl Run<'_> {
    /// A run with a card's default parameters that reports to nobody: for tests and examples.
    pub fn with(params: Params, seed: u64) -> Run<'static> {
        let (key, device, scratch, tensorboard) = (String::new(), Device::Cpu, None, None);
        Run { key, params, seed, threads: 1, device, scratch, tensorboard, observer: &Silent }
    }

    /// A random generator for one purpose, such as `"bootstrap"`.
    ///
    /// Generators of different purposes are independent, and drawing more from one does not change
    /// another, so a model's numbers stay the same when an unrelated part of it changes.
    pub fn rng(&self, purpose: &str) -> ChaCha8Rng {
        random_stream(self.seed, purpose)
    }

    /// Tells the user how far the fit is: `done` of `total` steps (epochs, trees, …) and a short
    /// note such as a loss.
    pub fn progress(&self, done: usize, total: usize, note: &str) {
        self.observer.progress(done, total, note);
    }

    /// Tells the harness that the fit goes on from here if it is interrupted, because what that takes was just written
    /// to [`Run::scratch`]: the seconds up to now are then counted among those of the fit.
    pub fn checkpointed(&self) {
        self.observer.checkpointed();
    }

    /// Returns [`Error::Cancelled`] once the user has asked to stop. A fit of more than a few
    /// seconds should call this between steps.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`], to be handed on with `?`.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Does work that cannot be stopped half-way, such as the fit of a library that has no way to: on a thread of its
    /// own, which is given up on once the user has asked to stop and then ends with the program. A panic of the work
    /// goes on here.
    ///
    /// Work that uses rayon does so in the program's pool, not in the one of this fit.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`], or the thread cannot be started.
    pub fn unstoppable<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        /// Between two looks at whether to stop.
        const PATIENCE: Duration = Duration::from_millis(50);
        self.check_cancelled()?;
        let (sender, receiver) = channel();
        let on_start = self.observer.on_thread_start();
        let named = thread::Builder::new().name(thread::current().name().unwrap_or_default().to_owned());
        named
            .spawn(move || {
                on_start();
                // Nobody listens any more after a stop.
                let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
            })
            .map_err(|error| Error::failed(format!("no thread could be started: {error}")))?;
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok(result) => return result.map_err(|panic| resume_unwind(panic)),
                Err(RecvTimeoutError::Timeout) => self.check_cancelled()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::failed("the thread ended without a result"));
                }
            }
        }
    }
}

/// Where a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}

/// `cpu` or `cuda:0`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    /// Reads `cpu`, `cuda` (the first one) or `cuda:1`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => match text.strip_prefix("cuda:").and_then(|number| number.parse().ok()) {
                Some(number) => Ok(Self::Cuda(number)),
                None => Err("expected cpu, cuda or cuda:N".to_owned()),
            },
        }
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

/// The harness's side of [`Run::progress`], [`Run::checkpointed`] and [`Run::check_cancelled`].
pub trait Observer: Sync {
    /// `done` of `total` steps are finished.
    fn progress(&self, done: usize, total: usize, note: &str);
    /// What is in the scratch folder is enough to go on from here.
    fn checkpointed(&self) {}
    /// Whether the user wants the run to end.
    fn cancelled(&self) -> bool;
    /// A fit or its scores took so many bytes at most in another process, which are counted with those of this one.
    fn took_elsewhere(&self, _bytes: u64) {}
    /// What a thread that a fit starts does first, so that its memory is counted.
    fn on_thread_start(&self) -> Box<dyn FnOnce() + Send> {
        Box::new(|| ())
    }
}

/// An [`Observer`] that shows nothing and never cancels.
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// A generator that depends on nothing but a seed and a name.
///
/// The pair is hashed with 64-bit FNV-1a (Fowler, Noll, Vo) into the seed of a ChaCha8 generator,
/// both of which are fixed for good: the numbers are the same on every machine and in every
/// version.
pub fn random_stream(seed: u64, name: &str) -> ChaCha8Rng {
    let hash =
        seed.to_le_bytes().iter().chain(name.as_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    ChaCha8Rng::seed_from_u64(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngCore;

    /// The first numbers of the streams (0, a), (1, a) and (0, b).
    const PINNED: [u64; 3] =
        [17_622_050_637_344_751_813, 16_396_338_927_811_511_159, 16_877_040_397_040_637_349];

    #[test]
    fn streams_are_fixed_for_good_and_differ_by_seed_and_name() {
        // Written down once: a change here silently changes every stored result.
        let first = |seed, name| random_stream(seed, name).next_u64();
        assert_eq!([first(0, "a"), first(1, "a"), first(0, "b")], PINNED);
    }

    #[test]
    fn work_that_cannot_be_stopped_is_waited_for_unless_the_user_stops_and_its_panic_is_the_fits() {
        /// Wants to stop.
        struct Stop;
        impl Observer for Stop {
            fn progress(&self, _done: usize, _total: usize, _note: &str) {}
            fn cancelled(&self) -> bool {
                true
            }
        }
        let run = Run::with(Params::default(), 0);
        assert_eq!(run.unstoppable(|| 7).unwrap(), 7);
        let panic = catch_unwind(AssertUnwindSafe(|| run.unstoppable(|| panic!("no such row")))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"no such row"));
        // This one never ends: nothing is sent while its sender lives.
        let (_sender, receiver) = channel::<()>();
        let stopping = Run { observer: &Stop, ..Run::with(Params::default(), 0) };
        let stopped = stopping.unstoppable(move || receiver.recv().is_ok());
        assert!(matches!(stopped, Err(Error::Cancelled)));
    }
}
