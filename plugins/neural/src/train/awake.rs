use rayon::Yield;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a thread looks for work in vain: longer than what a step does on one thread as a rule.
const PATIENCE: Duration = Duration::from_micros(300);

/// Keeps the pool's other threads looking for work as long as it lives, for a training step on the CPU.
///
/// A step is dozens of pieces of work that threads share, of a tenth of a millisecond each in small networks: as long as it takes to wake a
/// thread that has gone to sleep since the last one. Where it is not made on a thread of a pool it does nothing.
pub struct Awake(Arc<AtomicBool>);

impl Default for Awake {
    fn default() -> Self {
        Self::new()
    }
}

impl Awake {
    /// From now on.
    pub fn new() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        if let Some(own) = rayon::current_thread_index() {
            let of_threads = Arc::clone(&over);
            rayon::spawn_broadcast(move |thread| {
                // This thread has the work: it comes by here only while it waits for others.
                if thread.index() != own {
                    look_for_work(&of_threads);
                }
            });
        }
        Self(over)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn look_for_work(over: &AtomicBool) {
    let mut since = Instant::now();
    while !over.load(Ordering::Relaxed) && since.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => since = Instant::now(),
            // To whoever else wants the core.
            _ => std::thread::yield_now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn work_is_done_in_and_out_of_pools_and_threads_come_to_rest() {
        let sum = || {
            let _awake = Awake::new();
            (0..1000_u64).into_par_iter().sum::<u64>()
        };
        assert_eq!(sum(), 499_500);
        for threads in [1, 3] {
            // The pool ends only when its threads have.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let sums = pool.map(|pool| pool.install(|| [sum(), sum()]));
            assert_eq!(sums.ok(), Some([499_500; 2]));
        }
    }
}
