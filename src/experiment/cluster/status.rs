//! How far a plan is.

use super::folder::{Header, PlanFolder};
use super::mark::{FailedCell, Mark, State};
use serde::Serialize;

/// Failures that are told with their reasons, at most.
const MOST_REASONS: usize = 20;

/// How far the tasks of a plan are, by their marks: one small file a task is read, and no store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanStatus {
    /// All tasks and cells.
    pub all: GroupStatus,
    /// By group.
    pub groups: Vec<GroupStatus>,
    /// Cells that failed, the first of them.
    pub failures: Vec<FailedCell>,
    /// Tasks that could not be worked on, with the reasons, the first of them.
    pub troubles: Vec<(usize, String)>,
    /// Numbers of the tasks that ended without being done, or say nothing any more.
    pub unfinished: Vec<usize>,
    /// Estimated seconds that are left, one task after the other.
    pub seconds_left: f64,
}

/// Tasks and cells of a group, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroupStatus {
    /// Its name.
    pub group: String,
    /// All tasks.
    pub tasks: usize,
    /// Tasks that nobody has begun.
    pub waiting: usize,
    /// Tasks that somebody is at.
    pub working: usize,
    /// Tasks that somebody began and has said nothing of for a while: killed, most likely.
    pub silent: usize,
    /// Tasks that are done.
    pub done: usize,
    /// Tasks that ended, with cells that failed.
    pub failed: usize,
    /// Tasks that were stopped.
    pub stopped: usize,
    /// Tasks that were begun more than once.
    pub retried: usize,
    /// All cells.
    pub cells: usize,
    /// Cells that are done.
    pub cells_done: usize,
    /// Cells that failed.
    pub cells_failed: usize,
}

impl GroupStatus {
    fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.waiting += other.waiting;
        self.working += other.working;
        self.silent += other.silent;
        self.done += other.done;
        self.failed += other.failed;
        self.stopped += other.stopped;
        self.retried += other.retried;
        self.cells += other.cells;
        self.cells_done += other.cells_done;
        self.cells_failed += other.cells_failed;
    }

    fn count(&mut self, mark: Option<&Mark>) {
        let Some(mark) = mark else {
            self.waiting += 1;
            return;
        };
        let place = match mark.state {
            State::Working if mark.is_silent() => &mut self.silent,
            State::Working => &mut self.working,
            State::Done => &mut self.done,
            State::Failed => &mut self.failed,
            State::Stopped => &mut self.stopped,
        };
        *place += 1;
        self.retried += usize::from(mark.tries > 1);
        self.cells_done += mark.done;
        self.cells_failed += mark.failed;
    }
}

impl PlanFolder {
    /// How far the tasks are.
    pub fn status(&self, header: &Header) -> PlanStatus {
        let mut status = PlanStatus {
            all: GroupStatus { group: "all".to_owned(), ..GroupStatus::default() },
            groups: Vec::new(),
            failures: Vec::new(),
            troubles: Vec::new(),
            unfinished: Vec::new(),
            seconds_left: 0.0,
        };
        for group in &header.groups {
            let (name, tasks, cells) = (group.name.clone(), group.tasks, group.cells);
            let mut counted = GroupStatus { group: name, tasks, cells, ..GroupStatus::default() };
            for task in group.first..group.first + group.tasks {
                let mark = Mark::read(self, task);
                counted.count(mark.as_ref());
                let Some(mark) = mark else { continue };
                if matches!(mark.state, State::Failed | State::Stopped) || mark.is_silent() {
                    status.unfinished.push(task);
                }
                let room = MOST_REASONS.saturating_sub(status.failures.len());
                status.failures.extend(mark.reasons.into_iter().take(room));
                if status.troubles.len() < MOST_REASONS {
                    status.troubles.extend(mark.trouble.map(|trouble| (task, trouble)));
                }
            }
            let left = counted.cells.saturating_sub(counted.cells_done + counted.cells_failed);
            status.seconds_left += group.seconds * left as f64 / group.cells.max(1) as f64;
            status.all.add(&counted);
            status.groups.push(counted);
        }
        status
    }
}

impl PlanStatus {
    /// Whether all tasks are done, and nothing failed.
    pub fn is_done(&self) -> bool {
        self.all.done == self.all.tasks
    }

    /// Numbers of tasks as arrays are told them: `0-2,7`.
    pub fn ranges(tasks: &[usize]) -> String {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for &task in tasks {
            match ranges.last_mut().filter(|(_, last)| last + 1 == task) {
                Some((_, last)) => *last = task,
                None => ranges.push((task, task)),
            }
        }
        let text = |(first, last): &(usize, usize)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        ranges.iter().map(text).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_a_range() {
        assert_eq!(PlanStatus::ranges(&[0, 1, 2, 7, 9, 10]), "0-2,7,9-10");
        assert_eq!(PlanStatus::ranges(&[]), "");
    }
}
