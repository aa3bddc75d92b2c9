use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Does `work` on all items on the current rayon pool and gives what came of each to `each`, with its index, in the
/// order of the items.
///
/// `at_once` items a thread are taken together, so memory is that of the results of so many, however many items there
/// are: enough that threads seldom wait for the slowest, few enough to hear of the first soon. Every item is worked on
/// with a `tool` (plans, buffers) that no other is worked on with at the same time; tools are kept for further items.
///
/// # Errors
///
/// The first that `each` returns, which ends the run after the items that were under way.
pub fn in_order<I: Sync, W: Send, T: Send, E>(
    items: &[I],
    at_once: usize,
    tool: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, &I) -> T + Sync,
    mut each: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let idle: Mutex<Vec<W>> = Mutex::default();
    let one = |item: &I| {
        let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut tool = taken.unwrap_or_else(&tool);
        let result = work(&mut tool, item);
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(tool);
        result
    };
    let batch = at_once.max(1) * rayon::current_num_threads();
    let mut done = 0;
    for items in items.chunks(batch) {
        let results: Vec<T> = items.par_iter().with_max_len(1).map(one).collect();
        for result in results {
            each(done, result)?;
            done += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_with_few_tools_at_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (made, mut seen) = (AtomicUsize::new(0), Vec::new());
            let tool = || made.fetch_add(1, Ordering::Relaxed);
            let ended: Result<(), ()> = pool.install(|| {
                in_order(
                    &items,
                    8,
                    tool,
                    |_, item| item * 2,
                    |at, result| {
                        seen.push((at, result));
                        Ok(())
                    },
                )
            });
            assert_eq!(ended, Ok(()));
            assert!(seen.iter().enumerate().all(|(i, seen)| *seen == (i, 2 * i)) && seen.len() == 1000);
            assert!(made.into_inner() <= threads);
        }
    }

    #[test]
    fn an_error_ends_the_run() {
        let mut calls = 0;
        let result = in_order(
            &[1, 2, 3],
            1,
            || (),
            |(), item| *item,
            |_, _| {
                calls += 1;
                Err("enough")
            },
        );
        assert_eq!((result, calls), (Err("enough"), 1));
    }
}
