// Sums in two steps, always in the same order: blocks sum up parts, then the parts are added.

// Parts of the sum of every channel of (batch, channels, plane), `parts` of them next to each other.
KERNEL(channel_sums)(const T* values, float* sums, u32 parts, u32 channels, u32 plane, u32 numbers) {
    SHARED(shared);
    u32 channel = blockIdx.x / parts, part = blockIdx.x % parts;
    float sum = 0;
    for (u32 i = part * blockDim.x + threadIdx.x; i < numbers; i += parts * blockDim.x)
        sum += load(values[place_in_channel(i, channel, channels, plane)]);
    sum = sum_of_block(sum, shared);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// Parts of the sum of squares, from `start` of `sums` on.
KERNEL(sum_squares)(const float* values, float* sums, u32 start, u32 numbers) {
    SHARED(shared);
    float sum = 0;
    for (u64 i = (u64)blockIdx.x * blockDim.x + threadIdx.x; i < numbers; i += (u64)gridDim.x * blockDim.x)
        sum += values[i] * values[i];
    sum = sum_of_block(sum, shared);
    if (threadIdx.x == 0) sums[start + blockIdx.x] = sum;
}

// Adds up parts: those of a total lie `part_step` apart, the totals' first ones `step`.
KERNEL(add_parts)(const float* values, float* totals, u32 parts, u32 part_step, u32 step, u32 onto, u32 count) {
    EACH(i, count) {
        double total = onto ? totals[i] : 0;
        for (u32 part = 0; part < parts; part++) total += values[i * step + (u64)part * part_step];
        totals[i] = (float)total;
    }
}
