// What all kernels share. The type of the numbers between layers, float or bf16, is given by whoever compiles as
// `NUMBER`; sums are always float. No headers: the compiler in the program (nvrtc) has none.

typedef unsigned int u32;
typedef unsigned long long u64;

// The upper half of a float.
struct bf16 { unsigned short bits; };

typedef NUMBER T;

__device__ inline float load(float from) { return from; }
__device__ inline float load(bf16 from) { return __uint_as_float((u32)from.bits << 16); }

__device__ inline void store(float* to, float value) { *to = value; }

// To the nearest, and of two to the even one. Not for what is no number: rounding could make infinity of it.
__device__ inline void store(bf16* to, float value) {
    u32 bits = __float_as_uint(value);
    to->bits = value != value ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

// Below every number.
__device__ inline float lowest() { return __uint_as_float(0xff800000u); }

#ifndef KERNEL
#define KERNEL(name) extern "C" __global__ void name
// Memory that the threads of a block share; its size comes with the launch.
#define SHARED(name) extern __shared__ float name[]
#endif

// Goes through 0 … count - 1, shared among all threads of a launch, neighbours next to each other.
#define EACH(index, count)                                                                                    \
    for (u64 index = (u64)blockIdx.x * blockDim.x + threadIdx.x; index < (count);                             \
         index += (u64)gridDim.x * blockDim.x)

// The sum of a number of each thread of a block (a power of two of them), for the first thread.
__device__ inline float sum_of_block(float value, float* shared) {
    shared[threadIdx.x] = value;
    for (u32 half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    __syncthreads();
    float sum = shared[0];
    // Before anyone writes there again.
    __syncthreads();
    return sum;
}

// Numbers of one channel of (batch, channels, plane): where the i-th of them lies.
__device__ inline u32 place_in_channel(u32 i, u32 channel, u32 channels, u32 plane) {
    return (i / plane * channels + channel) * plane + i % plane;
}

__device__ inline float sigmoid(float x) { return 1 / (1 + expf(-x)); }
