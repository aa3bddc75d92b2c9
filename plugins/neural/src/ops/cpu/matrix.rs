use gemm::Parallelism;

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
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
}

impl<'a> MatrixMut<'a> {
    /// Row after row.
    pub fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::part(values, rows, columns, columns)
    }

    /// Columns of a wider matrix.
    pub fn part(values: &'a mut [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        Self { values, rows, columns, row_step }
    }

    /// Becomes `left · right`.
    pub fn set_product(self, left: Matrix, right: Matrix, parallelism: Parallelism) {
        self.product(left, right, false, parallelism);
    }

    /// Adds `left · right`.
    pub fn add_product(self, left: Matrix, right: Matrix, parallelism: Parallelism) {
        self.product(left, right, true, parallelism);
    }

    /// Every number is summed up in the same order however many threads there are: they share rows and
    /// columns, never a sum.
    fn product(self, left: Matrix, right: Matrix, add: bool, parallelism: Parallelism) {
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
        // SAFETY: all that the product reads and writes lies inside the slices, as asserted; `self` is
        // borrowed alone.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                depth,
                self.values.as_mut_ptr(),
                1,
                self.row_step as isize,
                add,
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
    }
}
