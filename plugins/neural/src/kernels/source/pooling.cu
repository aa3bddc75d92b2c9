// From windows of an input to numbers.

// The largest number of every window, and where in its plane it was found: the first of several, and what is not a number
// before all others.
KERNEL(max_pool)(const T* input, T* output, u32* places, u32 rows, u32 columns, u32 output_rows,
                 u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride, u32 column_stride,
                 u32 row_padding, u32 column_padding, u32 row_dilation, u32 column_dilation, u32 count) {
    EACH(i, count) {
        u32 rest = i;
        u32 output_column = rest % output_columns; rest /= output_columns;
        u32 output_row = rest % output_rows; rest /= output_rows;
        const T* plane = input + (u64)rest * rows * columns;
        float largest = lowest();
        u32 place = 0;
        for (u32 kernel_row = 0; kernel_row < kernel_rows; kernel_row++) {
            u32 row = output_row * row_stride + kernel_row * row_dilation - row_padding;
            if (row >= rows) continue;
            for (u32 kernel_column = 0; kernel_column < kernel_columns; kernel_column++) {
                u32 column = output_column * column_stride + kernel_column * column_dilation - column_padding;
                if (column >= columns) continue;
                float value = load(plane[row * columns + column]);
                if (value > largest || value != value) {
                    largest = value;
                    place = row * columns + column;
                }
            }
        }
        store(output + i, largest);
        places[i] = place;
    }
}

// Every pixel looks for the windows in which it was the largest.
KERNEL(max_pool_backward)(const T* gradient, const u32* places, T* of_input, u32 rows, u32 columns, u32 output_rows,
                      u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride, u32 column_stride,
                      u32 row_padding, u32 column_padding, u32 row_dilation, u32 column_dilation, u32 count) {
    EACH(i, count) {
        u32 place = i % (rows * columns);
        u32 row = place / columns, column = place % columns;
        u64 plane = i / (rows * columns) * output_rows * output_columns;
        float sum = 0;
        for (u32 kernel_row = 0; kernel_row < kernel_rows; kernel_row++) {
            u32 from_row = row + row_padding - kernel_row * row_dilation;
            u32 output_row = from_row / row_stride;
            if (output_row >= output_rows || output_row * row_stride != from_row) continue;
            for (u32 kernel_column = 0; kernel_column < kernel_columns; kernel_column++) {
                u32 from_column = column + column_padding - kernel_column * column_dilation;
                u32 output_column = from_column / column_stride;
                if (output_column >= output_columns || output_column * column_stride != from_column) continue;
                u64 at = plane + output_row * output_columns + output_column;
                if (places[at] == place) sum += load(gradient[at]);
            }
        }
        store(of_input + i, sum);
    }
}

// Weighted sums along rows and columns. An output's inputs along an axis start at `first`, and their weights lie between
// its number in `start` and the next one.
KERNEL(separable)(const T* input, T* output, const u32* row_first, const u32* row_start, const float* row_weights,
                  const u32* column_first, const u32* column_start, const float* column_weights, u32 rows,
                  u32 columns, u32 output_rows, u32 output_columns, u32 count) {
    EACH(i, count) {
        u32 rest = i;
        u32 output_column = rest % output_columns; rest /= output_columns;
        u32 output_row = rest % output_rows; rest /= output_rows;
        u32 row = row_first[output_row], row_end = row_start[output_row + 1];
        u32 column_begin = column_start[output_column], column_end = column_start[output_column + 1];
        const T* plane = input + (u64)rest * rows * columns;
        float sum = 0;
        for (u32 w = row_start[output_row]; w < row_end; w++, row++) {
            u32 column = column_first[output_column];
            float of_row = 0;
            for (u32 v = column_begin; v < column_end; v++, column++)
                of_row += column_weights[v] * load(plane[row * columns + column]);
            sum += row_weights[w] * of_row;
        }
        store(output + i, sum);
    }
}
