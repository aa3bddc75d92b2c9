//! What trees are grown on.

use crate::float_order::value;
use crate::need::Need;
use crate::node::NodeRow;
use crate::product::GoOn;
use crate::ranked_table::RankedTable;
use crate::split::SplitStrategy;
use crate::sweep::Counted;
use crate::value_table::ValueTable;
use genre_bench_api::{Error, Examples, FitShape, Result};

/// Most classes: a row's class and how often it counts share one number.
const MOST_CLASSES: usize = 1 << 24;

/// Examples, prepared for growing trees.
pub(crate) struct TreeTable<'a> {
    pub cells: Cells<'a>,
    /// All rows, class by class, each counting once.
    pub rows: Vec<NodeRow>,
    pub columns: usize,
    pub classes: usize,
}

/// The features.
pub(crate) enum Cells<'a> {
    /// For cuts at random, which need values more often than an order.
    Values(ValueTable<'a>),
    /// For all others.
    Codes(RankedTable),
}

impl<'a> TreeTable<'a> {
    /// For trees that are cut in this way.
    ///
    /// # Errors
    ///
    /// More classes than trees can count, and whatever `go_on` returns.
    pub fn new(examples: &'a Examples, strategy: SplitStrategy, go_on: GoOn) -> Result<Self> {
        let (table, classes) = (&examples.inputs.table, examples.classes.len());
        if classes > MOST_CLASSES {
            return Err(Error::failed(format!("trees take at most {MOST_CLASSES} classes")));
        }
        let cells = match strategy {
            SplitStrategy::Random => Cells::Values(ValueTable::new(table, go_on)?),
            SplitStrategy::Best | SplitStrategy::Quantiles => Cells::Codes(RankedTable::new(table, go_on)?),
        };
        let row = |(number, &class)| NodeRow { number, counted: Counted::new(class, 1) };
        let mut rows: Vec<NodeRow> = (0..).zip(&examples.labels).map(row).collect();
        rows.sort_by_key(|row| row.counted.class());
        Ok(Self { cells, rows, columns: table.ncols(), classes })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape, strategy: SplitStrategy) -> u64 {
        let cells = match strategy {
            SplitStrategy::Random => ValueTable::memory(shape),
            SplitStrategy::Best | SplitStrategy::Quantiles => RankedTable::memory(shape),
        };
        cells + Need::of(shape.rows, 2)
    }

    /// The greatest value that goes to the left side where a column is cut after a code or a value's key, given the next that a node has,
    /// or none for the next of all rows.
    pub fn threshold(&self, column: usize, limit: u32, next: Option<u32>) -> f32 {
        match &self.cells {
            Cells::Values(_) => value(limit),
            Cells::Codes(codes) => {
                next.map_or_else(|| codes.after(column, limit), |next| codes.between(column, limit, next))
            }
        }
    }
}
