// The walk of a recurrent layer through all steps of a batch, always in float: a block takes an example from the first
// step to the last, so that a whole sequence is one launch. A saved row is what ops/recurrent/cell.rs says.

enum { TANH, LSTM, GRU };

__device__ inline u32 gates_of(u32 kind) { return kind == TANH ? 1 : kind == LSTM ? 4 : 3; }
__device__ inline u32 saved_of(u32 kind) { return kind == TANH ? 1 : kind == LSTM ? 5 : 4; }

// A number of the state: one step forward. `product` is W_hh·h + b_hh, `row` the saved row, both of blocks of `n`.
__device__ inline void step_forward(u32 kind, float* row, const float* product, float* state, float* memory, u32 k,
                                    u32 n) {
    if (kind == TANH) {
        *state = row[k] = tanhf(row[k] + product[k]);
    } else if (kind == LSTM) {
        float i = sigmoid(row[k] + product[k]);
        float f = sigmoid(row[n + k] + product[n + k]);
        float g = tanhf(row[2 * n + k] + product[2 * n + k]);
        float o = sigmoid(row[3 * n + k] + product[3 * n + k]);
        row[k] = i;
        row[n + k] = f;
        row[2 * n + k] = g;
        row[3 * n + k] = o;
        row[4 * n + k] = *memory;
        *memory = f * *memory + i * g;
        *state = o * tanhf(*memory);
    } else {
        float r = sigmoid(row[k] + product[k]);
        float z = sigmoid(row[n + k] + product[n + k]);
        float candidate = tanhf(row[2 * n + k] + r * product[2 * n + k]);
        row[k] = r;
        row[n + k] = z;
        row[2 * n + k] = candidate;
        row[3 * n + k] = product[2 * n + k];
        *state = candidate + z * (*state - candidate);
    }
}

// One step backward: leaves the gates' gradients in the saved row, and those with respect to W_hh·h + b_hh in `gates`.
// Returns the gradient of the state before, without the path through W_hh·h.
__device__ inline float step_backward(u32 kind, float* row, float* gates, float gradient, float before, float* memory,
                                  u32 k, u32 n) {
    if (kind == TANH) {
        gates[k] = row[k] = gradient * (1 - row[k] * row[k]);
        return 0;
    }
    if (kind == LSTM) {
        float i = row[k], f = row[n + k], g = row[2 * n + k], o = row[3 * n + k], c = row[4 * n + k];
        float squashed = tanhf(f * c + i * g);
        float of_memory = *memory + gradient * o * (1 - squashed * squashed);
        gates[k] = row[k] = of_memory * g * i * (1 - i);
        gates[n + k] = row[n + k] = of_memory * c * f * (1 - f);
        gates[2 * n + k] = row[2 * n + k] = of_memory * i * (1 - g * g);
        gates[3 * n + k] = row[3 * n + k] = gradient * squashed * o * (1 - o);
        *memory = of_memory * f;
        return 0;
    }
    float r = row[k], z = row[n + k], candidate = row[2 * n + k], product = row[3 * n + k];
    float of_candidate = gradient * (1 - z) * (1 - candidate * candidate);
    gates[k] = row[k] = of_candidate * product * r * (1 - r);
    gates[n + k] = row[n + k] = gradient * (before - candidate) * z * (1 - z);
    row[2 * n + k] = of_candidate;
    gates[2 * n + k] = row[3 * n + k] = of_candidate * r;
    return gradient * z;
}

// `weights` is W_hh transposed, (hidden, gates), so that neighbouring threads read neighbouring numbers. Shared: state,
// memory, and all gates.
KERNEL(recurrent_forward)(const float* weights, const float* bias, float* saved, float* output, u32 kind, u32 steps, u32 hidden,
             u32 reverse) {
    SHARED(shared);
    float *state = shared, *memory = state + hidden, *product = memory + hidden;
    u32 gates = gates_of(kind) * hidden, width = saved_of(kind) * hidden;
    for (u32 k = threadIdx.x; k < 2 * hidden; k += blockDim.x) state[k] = 0;
    __syncthreads();
    for (u32 turn = 0; turn < steps; turn++) {
        u64 at = (u64)blockIdx.x * steps + (reverse ? steps - 1 - turn : turn);
        for (u32 gate = threadIdx.x; gate < gates; gate += blockDim.x) {
            float sum = bias[gate];
            #pragma unroll 8
            for (u32 k = 0; k < hidden; k++) sum += weights[k * gates + gate] * state[k];
            product[gate] = sum;
        }
        __syncthreads();
        for (u32 k = threadIdx.x; k < hidden; k += blockDim.x) {
            step_forward(kind, saved + at * width, product, state + k, memory + k, k, hidden);
            output[at * hidden + k] = state[k];
        }
        __syncthreads();
    }
}

// `weights` is W_hh as it is, (gates, hidden). Shared: the gradients of state and memory, all gates, and `parts` parts of
// the next gradient of the state, so that more threads work on it than there are numbers in it.
KERNEL(recurrent_backward)(const float* weights, const float* output, const float* gradient, float* saved, u32 kind, u32 steps,
                  u32 hidden, u32 reverse, u32 parts) {
    SHARED(shared);
    u32 gates = gates_of(kind) * hidden, width = saved_of(kind) * hidden;
    float *of_state = shared, *of_memory = of_state + hidden, *of_gates = of_memory + hidden;
    float *sums = of_gates + gates;
    for (u32 k = threadIdx.x; k < 2 * hidden; k += blockDim.x) of_state[k] = 0;
    for (u32 k = threadIdx.x; k < parts * hidden; k += blockDim.x) sums[k] = 0;
    __syncthreads();
    for (u32 turn = steps; turn-- > 0;) {
        u64 example = (u64)blockIdx.x * steps;
        u64 at = example + (reverse ? steps - 1 - turn : turn);
        u64 before_at = example + (reverse ? steps - turn : turn - 1);
        for (u32 k = threadIdx.x; k < hidden; k += blockDim.x) {
            float sum = of_state[k] + gradient[at * hidden + k];
            for (u32 part = 0; part < parts; part++) sum += sums[part * hidden + k];
            float before = turn == 0 ? 0 : output[before_at * hidden + k];
            of_state[k] = step_backward(kind, saved + at * width, of_gates, sum, before, of_memory + k, k, hidden);
        }
        __syncthreads();
        u32 share = (gates + parts - 1) / parts;
        for (u32 slot = threadIdx.x; slot < parts * hidden; slot += blockDim.x) {
            u32 k = slot % hidden, first = slot / hidden * share;
            u32 end = first + share < gates ? first + share : gates;
            float sum = 0;
            #pragma unroll 8
            for (u32 gate = first; gate < end; gate++) sum += weights[gate * hidden + k] * of_gates[gate];
            sums[slot] = sum;
        }
        __syncthreads();
    }
}

// Zeroes the saved row of one step of every example.
KERNEL(clear_step)(float* saved, u32 steps, u32 step, u32 width, u32 count) {
    EACH(i, count) saved[(i / width * steps + step) * width + i % width] = 0;
}
