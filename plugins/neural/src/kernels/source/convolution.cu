// A convolution is a matrix product with a view of the inputs that has a row for every tap (channel, kernel row, kernel
// column) and a column for every output pixel.

// The view of the channels from `first` on of examples from `first_example` on, one after the other.
KERNEL(unfold)(const T* input, T* view, u32 channels, u32 first, u32 of_group, u32 rows, u32 columns,
               u32 output_rows, u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride,
               u32 column_stride, u32 row_padding, u32 column_padding, u32 row_dilation, u32 column_dilation,
               u32 first_example, u32 count) {
    EACH(i, count) {
        u32 rest = i;
        u32 output_column = rest % output_columns; rest /= output_columns;
        u32 output_row = rest % output_rows; rest /= output_rows;
        u32 kernel_column = rest % kernel_columns; rest /= kernel_columns;
        u32 kernel_row = rest % kernel_rows; rest /= kernel_rows;
        u32 channel = first + rest % of_group;
        u32 example = first_example + rest / of_group;
        // On the padding, both are at least as large as the input: above and left of it they wrap around.
        u32 row = output_row * row_stride + kernel_row * row_dilation - row_padding;
        u32 column = output_column * column_stride + kernel_column * column_dilation - column_padding;
        bool inside = row < rows && column < columns;
        store(view + i, inside ? load(input[((example * channels + channel) * rows + row) * columns + column]) : 0);
    }
}

// The transposed operation: every pixel is the sum of what was made of it.
KERNEL(fold)(const T* view, T* input, u32 channels, u32 first, u32 of_group, u32 rows, u32 columns,
             u32 output_rows, u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride,
             u32 column_stride, u32 row_padding, u32 column_padding, u32 row_dilation, u32 column_dilation,
             u32 first_example, u32 count) {
    u32 pixels = output_rows * output_columns;
    EACH(i, count) {
        u32 rest = i;
        u32 column = rest % columns; rest /= columns;
        u32 row = rest % rows; rest /= rows;
        u32 channel = rest % of_group;
        u32 example = rest / of_group;
        const T* of_channel = view + (u64)(example * of_group + channel) * kernel_rows * kernel_columns * pixels;
        float sum = 0;
        for (u32 kernel_row = 0; kernel_row < kernel_rows; kernel_row++) {
            u32 from_row = row + row_padding - kernel_row * row_dilation;
            u32 output_row = from_row / row_stride;
            // Before the first output the difference wraps around and is too large.
            if (output_row >= output_rows || output_row * row_stride != from_row) continue;
            for (u32 kernel_column = 0; kernel_column < kernel_columns; kernel_column++) {
                u32 from_column = column + column_padding - kernel_column * column_dilation;
                u32 output_column = from_column / column_stride;
                if (output_column >= output_columns || output_column * column_stride != from_column) continue;
                u32 tap = kernel_row * kernel_columns + kernel_column;
                sum += load(of_channel[tap * pixels + output_row * output_columns + output_column]);
            }
        }
        u32 at = (((first_example + example) * channels + first + channel) * rows + row) * columns + column;
        store(input + at, sum);
    }
}
