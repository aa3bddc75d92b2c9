//! The rows of a node of a growing tree.

use crate::sweep::Counted;

/// A row of the table on its way through a tree, with what every search for a split asks of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRow {
    /// Its number in the table.
    pub number: u32,
    pub counted: Counted,
}

/// A node's rows of one class, which are next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub class: usize,
    /// Where in the node they end.
    pub end: usize,
    /// How often they count.
    pub count: u32,
}

/// Puts the runs of rows that come class by class into a list.
pub(crate) fn find_runs(rows: &[NodeRow], runs: &mut Vec<Run>) {
    runs.clear();
    let mut end = 0;
    while let Some(row) = rows.get(end) {
        let (first, class) = (end, row.counted.class());
        end += rows[first..].partition_point(|row| row.counted.class() == class);
        let count = rows[first..end].iter().map(|row| row.counted.weight()).sum();
        runs.push(Run { class, end, count });
    }
}

/// Reorders `rows` so that those which go left come first, and returns how many do; either keep their order. `spare` is room to
/// work in.
pub(crate) fn partition<T: Copy>(rows: &mut [T], spare: &mut Vec<T>, goes_left: impl Fn(T) -> bool) -> usize {
    let Some(&any) = rows.first() else { return 0 };
    if spare.len() < rows.len() {
        spare.resize(rows.len(), any);
    }
    let spare = &mut spare[..rows.len()];
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        // Written to both sides, and kept on one: without a branch, as nothing predicts the side.
        let row = rows[at];
        let is_left = goes_left(row);
        rows[left] = row;
        spare[right] = row;
        left += usize::from(is_left);
        right += usize::from(!is_left);
    }
    rows[left..].copy_from_slice(&spare[..right]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_order() {
        let mut spare = Vec::new();
        for (mut rows, left) in
            [(vec![5, 2, 9, 4, 4, 7], 3), (vec![1, 3], 0), (vec![8, 6, 2], 3), (vec![], 0)]
        {
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row % 2);
            assert_eq!(partition(&mut rows, &mut spare, |row| row % 2 == 0), left);
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn runs_are_the_rows_of_a_class() {
        let row = |(class, weight)| NodeRow { number: 0, counted: Counted::new(class, weight) };
        let rows = [(0, 1), (3, 2), (3, 1), (3, 5), (7, 1)].map(row);
        let mut runs = vec![Run { class: 9, end: 9, count: 9 }];
        find_runs(&rows, &mut runs);
        let expected = [(0, 1, 1), (3, 4, 8), (7, 5, 1)].map(|(class, end, count)| Run { class, end, count });
        assert_eq!(runs, expected);
        find_runs(&[], &mut runs);
        assert_eq!(runs, []);
    }
}
