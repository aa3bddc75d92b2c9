//! A feature table prepared for growing trees on values.

use crate::float_order::key;
use crate::need::Need;
use crate::node::NodeRow;
use crate::product::GoOn;
use crate::ranked_table::CACHED;
use genre_bench_api::{FitShape, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, Axis};
use std::borrow::Cow;

/// A feature table by row and by column, for the reason that [`RankedTable`](crate::ranked_table::RankedTable) has both.
pub(crate) struct ValueTable<'a> {
    /// By row, then by column.
    by_row: Cow<'a, [f32]>,
    /// By column, then by row.
    by_column: Vec<Vec<f32>>,
}

impl<'a> ValueTable<'a> {
    /// From a table of shape `(rows, columns)`.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn new(table: &'a Array2<f32>, go_on: GoOn) -> Result<Self> {
        let by_row = table.as_slice().map_or_else(|| table.iter().copied().collect(), Cow::Borrowed);
        let copied = |column: ArrayView1<f32>| {
            go_on()?;
            Ok(column.to_vec())
        };
        let by_column = table.axis_iter(Axis(1)).into_par_iter().map(copied).collect::<Result<_>>()?;
        Ok(Self { by_row, by_column })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape) -> u64 {
        Need::table(shape) + Need::of(shape.columns, 3)
    }

    /// How to look up the values that a node of so many rows has in a column.
    pub fn column(&self, column: usize, rows: usize) -> ValueColumn<'_> {
        let step = self.by_column.len();
        match rows * step * size_of::<f32>() > CACHED {
            true => ValueColumn { values: &self.by_column[column], step: 1 },
            // Without rows there is nothing to look up.
            false => ValueColumn { values: self.by_row.get(column..).unwrap_or_default(), step },
        }
    }
}

/// The values of a column: one after so many.
#[derive(Clone, Copy)]
pub(crate) struct ValueColumn<'a> {
    values: &'a [f32],
    step: usize,
}

impl ValueColumn<'_> {
    /// The [`key`] of a row's value.
    #[inline(always)]
    pub fn key(self, row: NodeRow) -> u32 {
        key(self.values[row.number as usize * self.step])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use crate::float_order::value;
    use crate::sweep::Counted;
    use ndarray::array;

    #[test]
    fn values_are_found_by_row_and_by_column() {
        let table = array![[3.0, 1.0], [-2.0, 1.5], [0.0, 7.0]];
        for table in [table.clone(), table.t().as_standard_layout().to_owned().reversed_axes()] {
            let values = ValueTable::new(&table, &|| Ok(())).unwrap();
            for (rows, column) in [(3, 0), (3, 1), (CACHED, 0), (CACHED, 1)] {
                let of =
                    |number| values.column(column, rows).key(NodeRow { number, counted: Counted::new(0, 1) });
                assert_eq!([0, 1, 2].map(of).map(value).to_vec(), table.column(column).to_vec());
            }
        }
    }
}
