// Stands for CUDA where the kernels are tested on the CPU: what their source needs of the language, blocks of
// threads with barriers, and cuBLAS's matrix product.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __device__
#define KERNEL(name) static void name
#define SHARED(name) float* name = shared_memory.data()

struct Dimension { unsigned x; };
static thread_local Dimension threadIdx, blockIdx, blockDim, gridDim;
static thread_local std::vector<float> shared_memory;

static inline uint32_t __float_as_uint(float value) { uint32_t bits; memcpy(&bits, &value, 4); return bits; }
static inline float __uint_as_float(uint32_t bits) { float value; memcpy(&value, &bits, 4); return value; }

// The threads of a block take turns from barrier to barrier, upwards and downwards, so that a barrier that is missing
// makes a difference.
struct Thread {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    bool done;
    static const size_t STACK = 64 * 1024;
};
static thread_local std::vector<Thread> threads;
static thread_local ucontext_t scheduler;
static thread_local std::function<void()> kernel_call;
static thread_local bool in_block = false, outside_block = false;

static void __syncthreads() {
    if (in_block) swapcontext(&threads[threadIdx.x].context, &scheduler);
    else outside_block = true;
}

static void thread_main() {
    kernel_call();
    threads[threadIdx.x].done = true;
}

static const char* run_block(unsigned count) {
    while (threads.size() < count) threads.emplace_back();
    for (unsigned i = 0; i < count; i++) {
        Thread& thread = threads[i];
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.get();
        thread.context.uc_stack.ss_size = Thread::STACK;
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, thread_main, 0);
        thread.done = false;
    }
    in_block = true;
    unsigned done = 0;
    for (bool upwards = true; done == 0; upwards = !upwards) {
        for (unsigned i = 0; i < count; i++) {
            threadIdx.x = upwards ? i : count - 1 - i;
            swapcontext(&scheduler, &threads[threadIdx.x].context);
        }
        for (unsigned i = 0; i < count; i++) done += threads[i].done;
    }
    in_block = false;
    return done == count ? nullptr : "the threads of a block part at a barrier";
}

static const char* run(unsigned blocks, unsigned count, unsigned shared) {
    const float untouched = -12345.678f;
    gridDim.x = blocks;
    blockDim.x = count;
    outside_block = false;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        if (shared == 0) {
            for (threadIdx.x = 0; threadIdx.x < count; threadIdx.x++) kernel_call();
            continue;
        }
        shared_memory.assign(shared, NAN);
        shared_memory.resize(shared + 64, untouched);
        if (const char* error = run_block(count)) return error;
        for (unsigned i = shared; i < shared + 64; i++)
            if (shared_memory[i] != untouched) return "more shared memory is written to than there is";
    }
    return outside_block ? "a barrier in a kernel that was launched without shared memory" : nullptr;
}

// The letter that stands for an argument in emulation.rs.
template <class A> static char kind() {
    if constexpr (std::is_pointer_v<A>) {
        using Number = std::remove_pointer_t<A>;
        char letter = sizeof(Number) == 2 ? 'b' : std::is_same_v<std::remove_const_t<Number>, float> ? 'f' : 'i';
        return std::is_const_v<Number> ? letter : letter - 'a' + 'A';
    } else {
        return std::is_same_v<A, float> ? 'r' : sizeof(A) == 8 ? 'l' : 's';
    }
}

template <class... A, size_t... I>
static const char* call(void (*kernel)(A...), const char* kinds, const void* const* arguments, unsigned blocks,
                        unsigned count, unsigned shared, std::index_sequence<I...>) {
    const char wanted[] = {kind<A>()..., 0};
    // A driver does not know them.
    if (kinds && strcmp(wanted, kinds) != 0) return "these are not the kernel's arguments";
    kernel_call = [=] { kernel(*(const A*)arguments[I]...); };
    return run(blocks, count, shared);
}

template <class... A>
static const char* call(void (*kernel)(A...), const char* kinds, const void* const* arguments, unsigned blocks,
                        unsigned count, unsigned shared) {
    return call(kernel, kinds, arguments, blocks, count, shared, std::index_sequence_for<A...>());
}

// A matrix as cuBLAS takes it: column after column, `step` from one of several to the next.
struct Operand {
    uint64_t at, column_step, step;
    int is_bf16, transposed;
};

static float element(const Operand& matrix, uint64_t row, uint64_t column, uint64_t number) {
    if (matrix.transposed) std::swap(row, column);
    uint64_t at = number * matrix.step + column * matrix.column_step + row;
    if (!matrix.is_bf16) return ((const float*)matrix.at)[at];
    return __uint_as_float((uint32_t)((const uint16_t*)matrix.at)[at] << 16);
}

// cublasGemmStridedBatchedEx with alpha = 1: C = op(A)·op(B) + beta·C.
extern "C" void multiply(Operand a, Operand b, Operand c, uint64_t m, uint64_t n, uint64_t k, uint64_t count,
                         float beta) {
    for (uint64_t number = 0; number < count; number++)
        for (uint64_t column = 0; column < n; column++)
            for (uint64_t row = 0; row < m; row++) {
                // With beta = 0, what was there is not read.
                float sum = beta == 0 ? 0 : beta * element(c, row, column, number);
                for (uint64_t i = 0; i < k; i++) sum += element(a, row, i, number) * element(b, i, column, number);
                uint64_t at = number * c.step + column * c.column_step + row;
                if (!c.is_bf16) {
                    ((float*)c.at)[at] = sum;
                } else {
                    uint32_t bits = __float_as_uint(sum);
                    ((uint16_t*)c.at)[at] = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
                }
            }
}
