//! From cells to tasks.

use crate::run::Cell;
use std::collections::BTreeMap;

/// Most tasks that one array has: Slurm's default for `MaxArraySize` is 1001.
pub(super) const MOST_TASKS: usize = 1000;

/// A cell to be computed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Number of the planned run.
    pub run: usize,
    pub cell: Cell,
    /// Estimated seconds on one core.
    pub seconds: f64,
}

/// What a task must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needs {
    pub gpu: bool,
    /// Main memory in GiB, a power of two.
    pub gibibytes: u64,
}

impl Needs {
    /// Of so many bytes of main memory, rounded up to a power of two, so that there are few groups.
    pub fn new(gpu: bool, bytes: u64) -> Self {
        Self { gpu, gibibytes: bytes.div_ceil(1 << 30).max(1).next_power_of_two() }
    }

    /// Cells at a time on so many cores: of a GPU, one.
    pub fn jobs(gpu: bool, cpus: usize) -> usize {
        if gpu { 1 } else { cpus }
    }

    /// `cpu-2g`.
    pub fn name(self) -> String {
        format!("{}-{}g", if self.gpu { "gpu" } else { "cpu" }, self.gibibytes)
    }
}

/// Cells that one process computes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bundle {
    pub items: Vec<Item>,
    pub seconds: f64,
}

/// Tasks of about so many seconds on so many cores, by what they need: at most [`MOST_TASKS`] each, with the name that they
/// have together.
pub(super) fn grouped(
    items: BTreeMap<Needs, Vec<Item>>,
    seconds: f64,
    cpus: usize,
) -> Vec<(String, Needs, Vec<Bundle>)> {
    let mut groups = Vec::new();
    for (needs, items) in items {
        let bundles = bundled(items, seconds * Needs::jobs(needs.gpu, cpus) as f64);
        let is_one = bundles.len() <= MOST_TASKS;
        for (number, part) in bundles.chunks(MOST_TASKS).enumerate() {
            let name = if is_one { needs.name() } else { format!("{}-{}", needs.name(), number + 1) };
            groups.push((name, needs, part.to_vec()));
        }
    }
    groups
}

/// Bundles of about so many seconds, the longest first, so that no task which was begun last is waited for alone. Cells
/// keep their order, so that those of one run, which read the same data, stay together; a longer one is alone.
fn bundled(items: Vec<Item>, seconds: f64) -> Vec<Bundle> {
    let all: f64 = items.iter().map(|item| item.seconds).sum();
    // All of about the same length, instead of a short one at the end.
    let count = (all / seconds).ceil().max(1.0);
    let share = all / count;
    let mut bundles: Vec<Bundle> = Vec::new();
    // Sums of many small numbers are a little off.
    let has_room = |bundle: &Bundle, item: &Item, is_last: bool| {
        (is_last || bundle.seconds <= 0.999 * share) && bundle.seconds + item.seconds <= 1.001 * seconds
    };
    for item in items {
        let is_last = bundles.len() as f64 >= count;
        match bundles.last_mut().filter(|last| has_room(last, &item, is_last)) {
            Some(last) => {
                last.seconds += item.seconds;
                last.items.push(item);
            }
            None => bundles.push(Bundle { seconds: item.seconds, items: vec![item] }),
        }
    }
    bundles.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    bundles
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn items(seconds: &[f64]) -> Vec<Item> {
        let item = |(fold, &seconds)| Item { run: fold / 5, cell: Cell { model: 0, fold, seed: 0 }, seconds };
        seconds.iter().enumerate().map(item).collect()
    }

    #[test]
    fn short_cells_share_a_task_and_long_ones_have_their_own() {
        let seconds: Vec<f64> = (0..100).map(|i| if i % 20 == 7 { 500.0 } else { 2.0 }).collect();
        let bundles = bundled(items(&seconds), 60.0);
        let mut cells: Vec<usize> =
            bundles.iter().flat_map(|b| &b.items).map(|item| item.cell.fold).collect();
        cells.sort_unstable();
        assert_eq!(cells, (0..100).collect::<Vec<_>>(), "each cell is in one task");
        assert!(bundles.iter().all(|b| b.items.len() == 1 || b.seconds <= 60.1), "{bundles:?}");
        assert!(bundles.windows(2).all(|two| two[0].seconds >= two[1].seconds));
        assert_eq!(bundles[..5].iter().map(|b| b.items.len()).collect::<Vec<_>>(), [1; 5]);
    }

    #[test]
    fn tasks_are_of_the_same_length_and_what_takes_no_time_is_one() {
        let bundles = bundled(items(&[1.0; 130]), 60.0);
        assert_eq!(bundles.iter().map(|b| b.items.len()).collect::<Vec<_>>(), [44, 44, 42]);
        assert_eq!(bundled(items(&[0.001; 50]), 60.0).len(), 1);
        assert_eq!(bundled(items(&[0.0; 50]), 60.0).len(), 1);
        assert!(bundled(Vec::new(), 60.0).is_empty());
    }

    #[test]
    fn needs_make_few_groups_and_arrays_are_not_too_long() {
        assert_eq!(Needs::new(false, 1).name(), "cpu-1g");
        assert_eq!(Needs::new(true, (5 << 30) + 1).name(), "gpu-8g");
        let many = BTreeMap::from([(Needs::new(false, 1), items(&[60.0; 2500]))]);
        let groups = grouped(many, 30.0, 2);
        let sizes: Vec<_> = groups.iter().map(|(name, _, tasks)| (name.as_str(), tasks.len())).collect();
        assert_eq!(sizes, [("cpu-1g-1", 1000), ("cpu-1g-2", 1000), ("cpu-1g-3", 500)]);
    }
}
