// Batch normalization of (batch, channels, plane). Statistics, weights and their gradients are float whatever the batch.

// Parts of Σ(x - shift) and Σ(x - shift)² of every channel, in pairs. Any number of the channel makes a shift that keeps
// the difference of the two from losing digits; it is the first.
KERNEL(moments)(const T* input, float* sums, u32 parts, u32 channels, u32 plane, u32 numbers) {
    SHARED(shared);
    u32 channel = blockIdx.x / parts, part = blockIdx.x % parts;
    float shift = load(input[channel * plane]), sum = 0, squares = 0;
    for (u32 i = part * blockDim.x + threadIdx.x; i < numbers; i += parts * blockDim.x) {
        float x = load(input[place_in_channel(i, channel, channels, plane)]) - shift;
        sum += x;
        squares += x * x;
    }
    sum = sum_of_block(sum, shared);
    squares = sum_of_block(squares, shared);
    if (threadIdx.x == 0) {
        sums[2 * blockIdx.x] = sum;
        sums[2 * blockIdx.x + 1] = squares;
    }
}

// Mean and variance of every channel; moves the running ones towards them.
KERNEL(moments_end)(const T* input, const float* sums, float* mean, float* variance, float* running_mean,
                    float* running_variance, float momentum, u32 parts, u32 plane, u32 numbers, u32 count) {
    EACH(channel, count) {
        double sum = 0, squares = 0;
        for (u32 part = channel * parts; part < (channel + 1) * parts; part++) {
            sum += sums[2 * part];
            squares += sums[2 * part + 1];
        }
        double shift = sum / numbers, wide = squares / numbers - shift * shift;
        // Rounding may go below.
        wide = wide < 0 ? 0 : wide;
        mean[channel] = load(input[channel * plane]) + (float)shift;
        variance[channel] = (float)wide;
        running_mean[channel] = (1 - momentum) * running_mean[channel] + momentum * mean[channel];
        // The batch's variance divides by the count; an estimate of the population's by one less.
        float unbiased = (float)(wide * numbers / (numbers - 1.0));
        running_variance[channel] = (1 - momentum) * running_variance[channel] + momentum * unbiased;
    }
}

KERNEL(normalize)(const T* input, const float* mean, const float* variance, const float* weight, const float* bias,
                  T* output, float epsilon, u32 channels, u32 plane, u32 count) {
    EACH(i, count) {
        u32 channel = i / plane % channels;
        float scale = weight[channel] / sqrtf(variance[channel] + epsilon);
        store(output + i, (load(input[i]) - mean[channel]) * scale + bias[channel]);
    }
}

// Parts of Σg and Σg·(x - mean) of every channel, in pairs.
KERNEL(normalize_sums)(const T* input, const T* gradient, const float* mean, float* sums, u32 parts, u32 channels,
                       u32 plane, u32 numbers) {
    SHARED(shared);
    u32 channel = blockIdx.x / parts, part = blockIdx.x % parts;
    float middle = mean[channel], total = 0, along = 0;
    for (u32 i = part * blockDim.x + threadIdx.x; i < numbers; i += parts * blockDim.x) {
        u32 at = place_in_channel(i, channel, channels, plane);
        float g = load(gradient[at]);
        total += g;
        along += g * (load(input[at]) - middle);
    }
    total = sum_of_block(total, shared);
    along = sum_of_block(along, shared);
    if (threadIdx.x == 0) {
        sums[2 * blockIdx.x] = total;
        sums[2 * blockIdx.x + 1] = along;
    }
}

// Gradients of weight and bias, and what every number's gradient loses: a shift, and a slope times x - mean.
KERNEL(normalize_sums_end)(const float* sums, const float* variance, float* of_weight, float* of_bias, float* shift,
                           float* slope, float epsilon, u32 parts, u32 numbers, u32 count) {
    EACH(channel, count) {
        double total = 0, along = 0;
        for (u32 part = channel * parts; part < (channel + 1) * parts; part++) {
            total += sums[2 * part];
            along += sums[2 * part + 1];
        }
        double inverse = 1 / sqrt((double)variance[channel] + epsilon);
        along *= inverse;
        of_weight[channel] = (float)along;
        of_bias[channel] = (float)total;
        shift[channel] = (float)(total / numbers);
        slope[channel] = (float)(along / numbers * inverse);
    }
}

KERNEL(normalize_backward)(const T* input, const T* gradient, const float* mean, const float* variance,
                       const float* weight, const float* shift, const float* slope, T* of_input, float epsilon,
                       u32 channels, u32 plane, u32 count) {
    EACH(i, count) {
        u32 channel = i / plane % channels;
        float scale = weight[channel] / sqrtf(variance[channel] + epsilon);
        float away = load(input[i]) - mean[channel];
        store(of_input + i, scale * (load(gradient[i]) - shift[channel] - away * slope[channel]));
    }
}
