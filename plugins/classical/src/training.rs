//! A training part in the shape that solvers want, and the way back to the dataset's classes.

use genre_bench_api::{Error, Examples, Inputs, Result, State, try_zeros};
use ndarray::{Array2, ArrayView1, Axis};
use std::borrow::Cow;

/// The training examples in double precision, with the classes that occur numbered without gaps.
pub(crate) struct Training {
    /// Feature table in row-major order, shape `(examples, columns)`.
    pub table: Array2<f64>,
    /// Class of each example, an index into the classes of [`Training::classes`] that occur.
    pub labels: Vec<usize>,
    /// How those classes are numbered in the dataset.
    pub classes: Classes,
}

impl Training {
    /// # Errors
    ///
    /// [`Error::Failed`] where there is nothing to learn from: no example, or no column.
    pub fn new(train: &Examples) -> Result<Self> {
        require_data(train)?;
        let classes = Classes::occurring_in(train);
        let labels = classes.numbers(train.labels.iter().copied());
        Ok(Self { table: double_precision(&train.inputs)?, labels, classes })
    }

    /// Number of classes that occur.
    pub fn class_count(&self) -> usize {
        self.classes.count()
    }
}

/// Which classes of the dataset a training part has examples of.
#[derive(Clone)]
pub(crate) struct Classes {
    /// Their indices in the dataset, ascending.
    occurring: Vec<usize>,
    /// Number of classes of the dataset.
    total: usize,
}

impl Classes {
    /// Those that a training part has examples of.
    pub fn occurring_in(train: &Examples) -> Self {
        let total = train.classes.len();
        let mut occurs = vec![false; total];
        for &label in &train.labels {
            occurs[label] = true;
        }
        Self { occurring: (0..total).filter(|&class| occurs[class]).collect(), total }
    }

    /// Puts them into a state, for [`Classes::load`].
    pub fn save(&self, state: State) -> State {
        state.with_places("classes", self.occurring.iter().copied())
    }

    /// Takes out which of `total` classes occur: one at least.
    ///
    /// # Errors
    ///
    /// A state that does not fit.
    pub fn load(state: &mut State, total: usize) -> Result<Self> {
        let occurring = state.take_places("classes", State::ANY, total)?;
        if occurring.is_empty() || !occurring.is_sorted_by(|class, next| class < next) {
            return Err(Error::failed("array `classes` has no ascending numbers"));
        }
        Ok(Self { occurring, total })
    }

    /// Number of classes that occur.
    pub fn count(&self) -> usize {
        self.occurring.len()
    }

    /// Labels of the dataset, all of which occur, as indices among the occurring classes.
    pub fn numbers(&self, labels: impl Iterator<Item = usize>) -> Vec<usize> {
        labels.map(|label| self.occurring.partition_point(|&class| class < label)).collect()
    }

    /// Scores of all classes, shape `(examples, classes)`, as those of the occurring ones.
    pub fn narrow(&self, scores: &Array2<f32>) -> Array2<f32> {
        scores.select(Axis(1), &self.occurring)
    }

    /// Scores of the occurring classes, shape `(examples, occurring)`, as scores of all classes of
    /// the dataset, shape `(examples, classes)`. A class that does not occur gets `absent`.
    pub fn widen(&self, scores: &Array2<f64>, absent: f32) -> Array2<f32> {
        let mut wide = Array2::from_elem((scores.nrows(), self.total), absent);
        for (from, &to) in scores.columns().into_iter().zip(&self.occurring) {
            wide.column_mut(to).zip_mut_with(&from, |score, &value| *score = value as f32);
        }
        wide
    }

    /// The same for scores without a least value: a class that does not occur scores less than all
    /// others of its row.
    pub fn widen_below(&self, scores: &Array2<f64>) -> Array2<f32> {
        let mut wide = self.widen(scores, f32::INFINITY);
        for mut row in wide.rows_mut() {
            let lowest = row.iter().copied().fold(f32::INFINITY, f32::min);
            row.mapv_inplace(
                |score| if score == f32::INFINITY { lowest - lowest.abs() - 1.0 } else { score },
            );
        }
        wide
    }
}

/// Refuses a training part without examples or without columns.
///
/// # Errors
///
/// [`Error::Failed`], saying which.
pub(crate) fn require_data(train: &Examples) -> Result<()> {
    if train.is_empty() {
        Err(Error::failed("the training part has no examples"))
    } else if train.inputs.table.ncols() == 0 {
        Err(Error::failed("the feature table has no columns"))
    } else {
        Ok(())
    }
}

/// Refuses inputs with other columns than the model was fitted to.
///
/// # Errors
///
/// [`Error::Failed`], saying how many there are and should be.
pub(crate) fn require_columns(inputs: &Inputs, fitted: usize) -> Result<()> {
    let given = inputs.table.ncols();
    if given == fitted {
        Ok(())
    } else {
        Err(Error::failed(format!("fitted to {fitted} columns, asked to score {given}")))
    }
}

/// The table in double precision and row-major order, shape `(examples, columns)`.
///
/// # Errors
///
/// [`Error::Failed`] where it does not fit into memory.
pub(crate) fn double_precision(inputs: &Inputs) -> Result<Array2<f64>> {
    let mut table = try_zeros(inputs.table.dim(), "the table in double precision")?;
    table.zip_mut_with(&inputs.table, |double: &mut f64, &single| *double = f64::from(single));
    Ok(table)
}

/// The numbers of a row next to each other.
pub(crate) fn in_line<'a>(row: &'a ArrayView1<f32>) -> Cow<'a, [f32]> {
    row.as_slice().map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed)
}
