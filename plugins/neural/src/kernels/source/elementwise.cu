// What happens to every number by itself.

enum { RELU, ELU, LEAKY_RELU, RELU6, SIGMOID, HARD_SIGMOID, SILU, HARD_SWISH };

// Written so that what is not a number stays so.
__device__ inline float between(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

__device__ inline float hard_sigmoid(float x) { return between(x / 6 + 0.5f, 0, 1); }

KERNEL(activate)(const T* input, T* output, u32 kind, float parameter, u32 count) {
    EACH(i, count) {
        float x = load(input[i]);
        if (kind == RELU) x = x < 0 ? 0 : x;
        else if (kind == RELU6) x = between(x, 0, 6);
        else if (kind == SIGMOID) x = sigmoid(x);
        else if (kind == HARD_SIGMOID) x = hard_sigmoid(x);
        else if (kind == SILU) x *= sigmoid(x);
        else if (kind == HARD_SWISH) x *= hard_sigmoid(x);
        else if (!(x > 0)) x = kind == ELU ? parameter * expm1f(x) : parameter * x;
        store(output + i, x);
    }
}

// The slope follows from the value of the function, or from its input for those that multiply it by something.
__device__ inline float slope_of(u32 kind, float parameter, float y) {
    if (kind == RELU6) return y > 0 && y < 6 ? 1 : 0;
    if (kind == SIGMOID) return y * (1 - y);
    if (kind == HARD_SIGMOID) return y > 0 && y < 1 ? 1.0f / 6 : 0;
    if (kind == SILU) {
        float gate = sigmoid(y);
        return gate * (1 + y * (1 - gate));
    }
    if (kind == HARD_SWISH) return y >= 3 ? 1 : y <= -3 ? 0 : y / 3 + 0.5f;
    return y > 0 ? 1 : kind == RELU ? 0 : kind == ELU ? y + parameter : parameter;
}

KERNEL(activate_backward)(const T* known, const T* gradient, T* of_input, u32 kind, float parameter, u32 count) {
    EACH(i, count) {
        float slope = slope_of(kind, parameter, load(known[i]));
        store(of_input + i, slope == 0 ? 0 : slope * load(gradient[i]));
    }
}

// A random number of a place, as on the CPU.
__device__ inline u32 random_at(u64 seed, u32 place) {
    u32 number = place ^ (u32)seed;
    number = (number ^ (number >> 16)) * 0x7feb352du;
    number = (number ^ (number >> 15) ^ (u32)(seed >> 32)) * 0x846ca68bu;
    return number ^ (number >> 16);
}

KERNEL(dropout)(const T* input, T* output, u64 seed, u32 threshold, float scale, u32 span, u32 count) {
    EACH(i, count) store(output + i, load(input[i]) * (random_at(seed, i / span) < threshold ? 0 : scale));
}

// Rows of `width` blocks of `block` numbers: the first `given` blocks get a value each, the others 0.
KERNEL(fill)(const float* values, T* output, u32 given, u32 width, u32 block, u32 count) {
    EACH(i, count) {
        u32 at = i / block % width;
        store(output + i, at < given ? values[at] : 0);
    }
}
