//! The kernel between the rows of two classes, as their solver asks for it: row by row.

use crate::kernel::RadialBasis;
use crate::panels::Panels;
use crate::product::GoOn;
use genre_bench_api::Result;
use ndarray::{Array2, ArrayView2};
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
    OnDemand(Box<RefCell<Cache<'a>>>),
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
        Self::OnDemand(Box::new(RefCell::new(Cache {
            kernel,
            room: (memory / (rows * size_of::<f32>())).max(1),
            kept: vec![None; rows],
            held: 0,
            last_asked: vec![0; rows],
            asked: 0,
            panels: tables.map(Panels::new),
            tables,
        })))
    }

    /// Number of rows of each class.
    pub fn sizes(&self) -> [usize; 2] {
        match self {
            Self::Whole { within, .. } => within.map(Tile::height),
            Self::OnDemand(cache) => cache.borrow().panels.each_ref().map(Panels::len),
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
                go_on()?;
                KernelRow::Computed(cache.row(row), cache.panels[0].len())
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
    panels: [Panels; 2],
    /// Most rows kept.
    room: usize,
    kept: Vec<Option<Rc<[f32]>>>,
    /// How many are.
    held: usize,
    /// When each row was asked for, counted in rows asked for.
    last_asked: Vec<u64>,
    asked: u64,
}

impl Cache<'_> {
    fn row(&mut self, row: usize) -> Rc<[f32]> {
        self.asked += 1;
        self.last_asked[row] = self.asked;
        if let Some(values) = &self.kept[row] {
            return Rc::clone(values);
        }
        if self.held >= self.room {
            self.forget();
        }
        let [first, second] = self.tables;
        let (half, at) = row.checked_sub(first.nrows()).map_or((0, row), |row| (1, row));
        let asked = if half == 0 { first.row(at) } else { second.row(at) };
        let norm = self.panels[half].norm(at);
        let mut values = vec![0.0; self.kept.len()];
        let (with_first, with_second) = values.split_at_mut(first.nrows());
        for (panels, to) in self.panels.iter().zip([with_first, with_second]) {
            panels.with(asked, to, |other, product| self.kernel.rounded(norm + other, product));
        }
        let values: Rc<[f32]> = values.into();
        self.held += 1;
        self.kept[row] = Some(Rc::clone(&values));
        values
    }

    /// Forgets a part of the rows kept, at least one: those that were not asked for the longest.
    fn forget(&mut self) {
        let mut kept: Vec<usize> = (0..self.kept.len()).filter(|&row| self.kept[row].is_some()).collect();
        let part = (kept.len() / PART).max(1);
        if part < kept.len() {
            kept.select_nth_unstable_by_key(part, |&row| self.last_asked[row]);
        }
        for &row in kept.iter().take(part) {
            self.kept[row] = None;
            self.held -= 1;
        }
    }
}

/// One in so many rows is forgotten at once, which takes as long as to find a single one.
const PART: usize = 64;
