//! The kernel between the rows of two classes, as their solver asks for it: row by row.

use crate::kernel::RadialBasis;
use crate::product::GoOn;
use genre_bench_api::Result;
use ndarray::{Array2, ArrayView2, Axis};
use std::cell::RefCell;
use std::rc::Rc;

/// Kernel values of some rows with some others, a row after the other.
pub(crate) struct Tile {
    values: Vec<f32>,
    width: usize,
}

impl Tile {
    pub fn new(values: Array2<f32>) -> Self {
        Self {
            width: values.ncols(),
            values: values.as_standard_layout().into_owned().into_raw_vec_and_offset().0,
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    fn height(&self) -> usize {
        self.values.len() / self.width
    }
}

/// The kernel between all rows of two classes, those of the first class first.
///
/// In single precision, as libsvm's. Every row's value with itself must be 1, which holds for
/// radial basis functions.
pub(crate) enum PairKernel<'a> {
    /// All of it.
    Whole {
        /// Of each class's rows among themselves.
        within: [&'a Tile; 2],
        /// Of the first class's rows with the second's, and the other way round.
        across: [Tile; 2],
    },
    /// What was asked for last.
    OnDemand(RefCell<Cache<'a>>),
}

impl<'a> PairKernel<'a> {
    /// The kernel of two tables, given what it is within each, wholly computed.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns, and what does not fit into memory.
    pub fn whole(
        kernel: &RadialBasis,
        within: [&'a Tile; 2],
        tables: [ArrayView2<f64>; 2],
        go_on: GoOn,
    ) -> Result<Self> {
        let across = kernel.rounded_between(tables[0], tables[1], go_on)?;
        let transposed = across.t().as_standard_layout().into_owned();
        Ok(Self::Whole { within, across: [Tile::new(across), Tile::new(transposed)] })
    }

    /// The kernel of two tables, each row computed when it is asked for. The last ones asked for are
    /// kept, as many as fit in `memory` bytes.
    pub fn on_demand(kernel: &'a RadialBasis, tables: [ArrayView2<'a, f64>; 2], memory: usize) -> Self {
        let rows = tables[0].nrows() + tables[1].nrows();
        Self::OnDemand(RefCell::new(Cache {
            kernel,
            room: (memory / (rows * size_of::<f32>())).max(1),
            kept: vec![None; rows],
            last_asked: vec![0; rows],
            asked: 0,
            tables,
        }))
    }

    /// Number of rows of each class.
    pub fn sizes(&self) -> [usize; 2] {
        match self {
            Self::Whole { within, .. } => within.map(Tile::height),
            Self::OnDemand(cache) => cache.borrow().tables.map(|table| table.nrows()),
        }
    }

    /// The kernel of a row with all.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn row(&self, row: usize, go_on: GoOn) -> Result<KernelRow<'_>> {
        Ok(match self {
            Self::Whole { within, across } => KernelRow::Held(match row.checked_sub(within[0].height()) {
                None => [within[0].row(row), across[0].row(row)],
                Some(row) => [across[1].row(row), within[1].row(row)],
            }),
            Self::OnDemand(cache) => {
                let mut cache = cache.borrow_mut();
                KernelRow::Computed(cache.row(row, go_on)?, cache.tables[0].nrows())
            }
        })
    }
}

/// The kernel of one row with all.
pub(crate) enum KernelRow<'k> {
    Held([&'k [f32]; 2]),
    /// And how many of them are of the first class.
    Computed(Rc<[f32]>, usize),
}

impl KernelRow<'_> {
    /// With the rows of the first class, and with those of the second.
    pub fn halves(&self) -> [&[f32]; 2] {
        match self {
            KernelRow::Held(halves) => *halves,
            KernelRow::Computed(row, middle) => row.split_at(*middle).into(),
        }
    }
}

/// A cache of kernel rows that forgets the one that was not asked for the longest.
pub(crate) struct Cache<'a> {
    kernel: &'a RadialBasis,
    /// The rows of each class.
    tables: [ArrayView2<'a, f64>; 2],
    /// Most rows kept.
    room: usize,
    kept: Vec<Option<Rc<[f32]>>>,
    /// When each row was asked for, counted in rows asked for.
    last_asked: Vec<u64>,
    asked: u64,
}

impl Cache<'_> {
    fn row(&mut self, row: usize, go_on: GoOn) -> Result<Rc<[f32]>> {
        self.asked += 1;
        self.last_asked[row] = self.asked;
        if let Some(values) = &self.kept[row] {
            return Ok(Rc::clone(values));
        }
        let kept = || (0..self.kept.len()).filter(|&row| self.kept[row].is_some());
        if kept().count() >= self.room
            && let Some(oldest) = kept().min_by_key(|&row| self.last_asked[row])
        {
            self.kept[oldest] = None;
        }
        let [first, second] = self.tables;
        let asked = match row.checked_sub(first.nrows()) {
            None => first.row(row),
            Some(row) => second.row(row),
        };
        let with = |table| self.kernel.rounded_between(asked.insert_axis(Axis(0)), table, go_on);
        let values: Rc<[f32]> = with(first)?.into_iter().chain(with(second)?).collect();
        self.kept[row] = Some(Rc::clone(&values));
        Ok(values)
    }
}
