use gemm::Parallelism;
use std::mem::MaybeUninit;

/// A matrix whose numbers lie in a slice, `row_step` and `column_step` apart.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Row after row.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::part(values, rows, columns, columns)
    }

    /// Columns of a wider matrix, whose rows start `row_step` apart.
    pub fn part(values: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        Self { values, rows, columns, row_step, column_step: 1 }
    }

    /// With rows for columns.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
            ..self
        }
    }
}

/// A matrix to write to: columns of a matrix whose rows start `row_step` apart.
pub(crate) struct MatrixMut<'a> {
    values: &'a mut [MaybeUninit<f32>],
    rows: usize,
    columns: usize,
    row_step: usize,
    is_written: bool,
}

impl<'a> MatrixMut<'a> {
    /// Row after row.
    pub fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::part(values, rows, columns, columns)
    }

    /// Columns of a wider matrix.
    pub fn part(values: &'a mut [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        // SAFETY: numbers lie in memory as those that may be unwritten do, and nothing is done to them but that numbers are written.
        let values = unsafe { &mut *(std::ptr::from_mut(values) as *mut [MaybeUninit<f32>]) };
        Self { values, rows, columns, row_step, is_written: true }
    }

    /// Columns of a wider matrix of which nothing is written yet, which counts as zeros. Whatever is done to the matrix, all of it
    /// is written then.
    pub fn unwritten(
        values: &'a mut [MaybeUninit<f32>],
        rows: usize,
        columns: usize,
        row_step: usize,
    ) -> Self {
        Self { values, rows, columns, row_step, is_written: false }
    }

    /// Gives each row a number.
    pub fn fill_rows(&mut self, numbers: &[f32]) {
        assert_eq!(numbers.len(), self.rows, "numbers of rows");
        for (row, number) in self.values.chunks_mut(self.row_step).zip(numbers) {
            row[..self.columns].fill(MaybeUninit::new(*number));
        }
        self.is_written = true;
    }

    /// Becomes `left · right`.
    pub fn set_product(&mut self, left: Matrix, right: Matrix, parallelism: Parallelism) {
        self.is_written = false;
        self.add_product(left, right, parallelism);
    }

    /// Adds `left · right`.
    ///
    /// Every number is summed up in the same order however many threads there are: they share rows and
    /// columns, never a sum.
    pub fn add_product(&mut self, left: Matrix, right: Matrix, parallelism: Parallelism) {
        assert!((left.rows, right.columns) == (self.rows, self.columns) && left.columns == right.rows);
        let (rows, columns, depth) = (self.rows, self.columns, left.columns);
        if rows == 0 || columns == 0 {
            return;
        }
        let inside = |len: usize, rows: usize, columns: usize, row_step: usize, column_step: usize| {
            rows * columns == 0 || (rows - 1) * row_step + (columns - 1) * column_step < len
        };
        assert!(self.row_step >= columns && inside(self.values.len(), rows, columns, self.row_step, 1));
        assert!([left, right].iter().all(|m| inside(
            m.values.len(),
            m.rows,
            m.columns,
            m.row_step,
            m.column_step
        )));
        // SAFETY: all that the product reads and writes lies inside the slices, as asserted; `self` is borrowed alone, and is not
        // read unless it is written.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                depth,
                self.values.as_mut_ptr().cast(),
                1,
                self.row_step as isize,
                self.is_written,
                left.values.as_ptr(),
                left.column_step as isize,
                left.row_step as isize,
                right.values.as_ptr(),
                right.column_step as isize,
                right.row_step as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
        self.is_written = true;
    }
}
