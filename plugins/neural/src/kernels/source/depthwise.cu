// Convolutions of every channel by itself, and the multiplication of every channel by a number.

// Adds to what `output` has, if there is a bias in it.
KERNEL(depthwise)(const T* input, const T* weight, T* output, u32 channels, u32 rows, u32 columns, u32 output_rows,
                  u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride, u32 column_stride,
                  u32 row_padding, u32 column_padding, u32 row_dilation, u32 column_dilation, u32 onto, u32 count) {
    EACH(i, count) {
        u32 rest = i;
        u32 output_column = rest % output_columns; rest /= output_columns;
        u32 output_row = rest % output_rows; rest /= output_rows;
        const T* plane = input + (u64)rest * rows * columns;
        const T* taps = weight + rest % channels * kernel_rows * kernel_columns;
        float sum = onto ? load(output[i]) : 0;
        for (u32 kernel_row = 0; kernel_row < kernel_rows; kernel_row++) {
            // On the padding above and left, it wraps around.
            u32 row = output_row * row_stride + kernel_row * row_dilation - row_padding;
            if (row >= rows) continue;
            for (u32 kernel_column = 0; kernel_column < kernel_columns; kernel_column++) {
                u32 column = output_column * column_stride + kernel_column * column_dilation - column_padding;
                if (column >= columns) continue;
                sum += load(plane[row * columns + column]) * load(taps[kernel_row * kernel_columns + kernel_column]);
            }
        }
        store(output + i, sum);
    }
}

KERNEL(depthwise_input)(const T* gradient, const T* weight, T* of_input, u32 channels, u32 rows, u32 columns,
                        u32 output_rows, u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride,
                        u32 column_stride, u32 row_padding, u32 column_padding, u32 row_dilation,
                        u32 column_dilation, u32 count) {
    EACH(i, count) {
        u32 rest = i;
        u32 column = rest % columns; rest /= columns;
        u32 row = rest % rows; rest /= rows;
        const T* plane = gradient + (u64)rest * output_rows * output_columns;
        const T* taps = weight + rest % channels * kernel_rows * kernel_columns;
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
                sum += load(plane[output_row * output_columns + output_column])
                    * load(taps[kernel_row * kernel_columns + kernel_column]);
            }
        }
        store(of_input + i, sum);
    }
}

// A block for every weight.
KERNEL(depthwise_weight)(const T* input, const T* gradient, float* of_weight, u32 channels, u32 rows, u32 columns,
                         u32 output_rows, u32 output_columns, u32 kernel_rows, u32 kernel_columns, u32 row_stride,
                         u32 column_stride, u32 row_padding, u32 column_padding, u32 row_dilation,
                         u32 column_dilation, u32 numbers) {
    SHARED(shared);
    u32 taps = kernel_rows * kernel_columns, pixels = output_rows * output_columns;
    u32 channel = blockIdx.x / taps, tap = blockIdx.x % taps;
    u32 kernel_row = tap / kernel_columns, kernel_column = tap % kernel_columns;
    float sum = 0;
    for (u32 i = threadIdx.x; i < numbers; i += blockDim.x) {
        u32 plane = i / pixels * channels + channel, pixel = i % pixels;
        u32 row = pixel / output_columns * row_stride + kernel_row * row_dilation - row_padding;
        u32 column = pixel % output_columns * column_stride + kernel_column * column_dilation - column_padding;
        if (row < rows && column < columns)
            sum += load(gradient[(u64)plane * pixels + pixel]) * load(input[((u64)plane * rows + row) * columns + column]);
    }
    sum = sum_of_block(sum, shared);
    if (threadIdx.x == 0) of_weight[blockIdx.x] = sum;
}

// Planes of `plane` numbers, each with its factor.
KERNEL(channel_scale)(const T* input, const T* factors, T* output, u32 plane, u32 count) {
    EACH(i, count) store(output + i, load(input[i]) * load(factors[i / plane]));
}

// A block for every factor.
KERNEL(channel_scale_factors)(const T* input, const T* gradient, T* of_factors, u32 plane) {
    SHARED(shared);
    u64 start = (u64)blockIdx.x * plane;
    float sum = 0;
    for (u32 i = threadIdx.x; i < plane; i += blockDim.x) sum += load(input[start + i]) * load(gradient[start + i]);
    sum = sum_of_block(sum, shared);
    if (threadIdx.x == 0) store(of_factors + blockIdx.x, sum);
}
