// Stands for the driver, cuBLAS and cuRAND where the whole program, built for CUDA, is tested without a card:
// scripts/check-cuda.sh puts it behind emulation.cpp and the kernels, and loads it before the real libraries. Device memory
// is memory of the CPU, every call is over when it returns, our kernels are the emulation's, and those of candle's
// that the tests need are written here once more.

#include <cstdio>
#include <cstdlib>
#include <string>

using of_bf16::launch_bf16;
using of_float::launch_float;

typedef uint64_t Address;
enum Result { SUCCESS = 0, FAILURE = 1 };

enum Source { OURS_IN_F32, OURS_IN_BF16, CANDLES };
struct Function { Source source; std::string name; };

static Result fail(const std::string& what) {
    fprintf(stderr, "stand-in driver: %s\n", what.c_str());
    return FAILURE;
}

// Numbers of a type that the end of a kernel's name tells.
struct Numbers {
    std::string type;
    void* at;

    static std::string type_of(const std::string& name) { return name.substr(name.rfind('_') + 1); }

    double get(size_t i) const {
        if (type == "f32") return ((float*)at)[i];
        if (type == "f64") return ((double*)at)[i];
        if (type == "bf16") return __uint_as_float((uint32_t)((uint16_t*)at)[i] << 16);
        if (type == "u32") return ((uint32_t*)at)[i];
        if (type == "u8") return ((uint8_t*)at)[i];
        abort();
    }

    void set(size_t i, double value) const {
        if (type == "f32") ((float*)at)[i] = (float)value;
        else if (type == "f64") ((double*)at)[i] = value;
        else if (type == "u32") ((uint32_t*)at)[i] = (uint32_t)value;
        else if (type == "bf16") of_bf16::store((of_bf16::bf16*)at + i, (float)value);
        else abort();
    }
};

// The place of the i-th number of a tensor of these dimensions and strides; in order if there are none.
struct Places {
    size_t count;
    const size_t *dims, *strides;

    size_t operator()(size_t i) const {
        if (!dims) return i;
        size_t at = 0;
        for (size_t d = count; d-- > 0; i /= dims[d]) at += i % dims[d] * strides[d];
        return at;
    }
};

// A kernel of candle's by its name; see its crate candle-kernels for the arguments.
static Result launch_candles(const std::string& name, void** arguments) {
    auto pointer = [&](int i) { return *(void**)arguments[i]; };
    auto size = [&](int i) { return *(size_t*)arguments[i]; };
    auto is = [&](const char* start) { return name.rfind(start, 0) == 0; };
    auto places = [&](int count, int dims, int number) {
        const size_t* list = (const size_t*)pointer(dims);
        return Places{size(count), list, list + number * size(count)};
    };
    std::string type = Numbers::type_of(name);
    if (is("copy2d_")) {
        Numbers from{type, pointer(0)}, to{type, pointer(1)};
        auto small = [&](int i) { return *(uint32_t*)arguments[i]; };
        for (size_t row = 0; row < small(2); row++)
            for (size_t i = 0; i < small(3); i++) to.set(row * small(5) + i, from.get(row * small(4) + i));
    } else if (is("fast_sum")) {
        Numbers from{type, pointer(4)}, to{type, pointer(5)};
        size_t of_each = size(1), sums = is("fast_sum_small") ? size(0) : size(0) / of_each;
        Places place = places(2, 3, 1);
        for (size_t sum = 0; sum < sums; sum++) {
            double total = 0;
            for (size_t i = 0; i < of_each; i++) total += from.get(place(sum * of_each + i));
            to.set(sum, total);
        }
    } else if (is("const_set_")) {
        Numbers value{type, arguments[3]}, to{type, pointer(4)};
        Places place = places(1, 2, 1);
        for (size_t i = 0; i < size(0); i++) to.set(place(i), value.get(0));
    } else if (is("cast_")) {
        Numbers from{Numbers::type_of(name.substr(0, name.rfind('_'))), pointer(3)}, to{type, pointer(4)};
        Places place = places(1, 2, 1);
        for (size_t i = 0; i < size(0); i++) to.set(i, from.get(place(i)));
    } else if (is("affine_")) {
        Numbers from{type, pointer(3)}, to{type, pointer(4)};
        double factor = Numbers{type, arguments[5]}.get(0), summand = Numbers{type, arguments[6]}.get(0);
        Places place = places(1, 2, 1);
        for (size_t i = 0; i < size(0); i++) to.set(i, from.get(place(i)) * factor + summand);
    } else if (is("badd_") || is("bsub_") || is("bmul_") || is("bdiv_") || is("ge_")) {
        Numbers left{type, pointer(3)}, right{type, pointer(4)}, to{type, pointer(5)};
        Places of_left = places(1, 2, 1), of_right = places(1, 2, 2);
        for (size_t i = 0; i < size(0); i++) {
            double a = left.get(of_left(i)), b = right.get(of_right(i));
            if (is("ge_")) ((uint8_t*)to.at)[i] = a >= b;
            else to.set(i, is("badd_") ? a + b : is("bsub_") ? a - b : is("bmul_") ? a * b : a / b);
        }
    } else if (is("ucopy_") || is("usqr_") || is("usqrt_") || is("urelu_") || is("uneg_")) {
        Numbers from{type, pointer(3)}, to{type, pointer(4)};
        Places place = places(1, 2, 1);
        for (size_t i = 0; i < size(0); i++) {
            double x = from.get(place(i));
            to.set(i, is("ucopy_") ? x : is("usqr_") ? x * x : is("usqrt_") ? sqrt(x) : is("uneg_") ? -x : fmax(x, 0));
        }
    } else {
        return fail("no kernel " + name + " of candle's");
    }
    return SUCCESS;
}

extern "C" {

// One device, context and stream.
Result cuInit(unsigned) { return SUCCESS; }
// What NVIDIA's own libraries ask a driver for: nvrtc, which is the real one, goes on without.
Result cuGetExportTable(const void** table, const void*) { *table = nullptr; return FAILURE; }
Result cuGetErrorString(int, const char** text) { *text = "see above"; return SUCCESS; }
Result cuDeviceGet(int* device, int) { *device = 0; return SUCCESS; }
Result cuDeviceGetCount(int* count) { *count = 1; return SUCCESS; }
Result cuDeviceGetAttribute(int* value, int, int) { *value = 1; return SUCCESS; }
Result cuDevicePrimaryCtxRetain(void** context, int) { *context = (void*)1; return SUCCESS; }
Result cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
Result cuCtxSetCurrent(void*) { return SUCCESS; }
Result cuCtxGetCurrent(void** context) { *context = (void*)1; return SUCCESS; }
Result cuCtxSynchronize() { return SUCCESS; }
Result cuCtxDestroy_v2(void*) { return SUCCESS; }
Result cuStreamCreate(void** stream, unsigned) { *stream = (void*)1; return SUCCESS; }
Result cuStreamDestroy_v2(void*) { return SUCCESS; }
Result cuStreamSynchronize(void*) { return SUCCESS; }
Result cuStreamWaitEvent(void*, void*, unsigned) { return SUCCESS; }
Result cuStreamIsCapturing(void*, int* status) { *status = 0; return SUCCESS; }
Result cuEventCreate(void** event, unsigned) { *event = (void*)1; return SUCCESS; }
Result cuEventDestroy_v2(void*) { return SUCCESS; }
Result cuEventRecord(void*, void*) { return SUCCESS; }
Result cuEventSynchronize(void*) { return SUCCESS; }

// Fresh memory is no numbers, in f32 and in bf16, so that reading it is noticed.
Result cuMemAllocAsync(Address* at, size_t bytes, void*) {
    if (bytes == 0) return fail("no memory is asked for");
    *at = (Address)memset(malloc(bytes), 0xff, bytes);
    return SUCCESS;
}
Result cuMemAlloc_v2(Address* at, size_t bytes) { return cuMemAllocAsync(at, bytes, nullptr); }
Result cuMemFreeAsync(Address at, void*) { free((void*)at); return SUCCESS; }
Result cuMemFree_v2(Address at) { return cuMemFreeAsync(at, nullptr); }
Result cuMemHostAlloc(void** at, size_t bytes, unsigned) { *at = malloc(bytes); return SUCCESS; }
Result cuMemFreeHost(void* at) { free(at); return SUCCESS; }
Result cuDeviceGetDefaultMemPool(void** pool, int) { *pool = (void*)1; return SUCCESS; }
Result cuMemPoolSetAttribute(void*, int attribute, const uint64_t* value) {
    // CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: everything.
    return attribute == 4 && *value == UINT64_MAX ? SUCCESS : fail("another attribute of the memory pool");
}
Result cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, void*) {
    memcpy((void*)to, from, bytes);
    return SUCCESS;
}
Result cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, void*) {
    memcpy(to, (const void*)from, bytes);
    return SUCCESS;
}
Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void*) {
    memmove((void*)to, (const void*)from, bytes);
    return SUCCESS;
}
Result cuMemcpyPeerAsync(Address, void*, Address, void*, size_t, void*) { return fail("there is no other device"); }
Result cuMemsetD8Async(Address at, unsigned char value, size_t bytes, void*) {
    memset((void*)at, value, bytes);
    return SUCCESS;
}

// Modules are told by what is in them: a module is its source.
Result cuModuleLoad(void**, const char*) { return fail("modules come from memory"); }
Result cuModuleLoadData(void** module, const void* image) {
    const char* text = (const char*)image;
    bool ours = strstr(text, ".entry recurrent_backward"), half = strstr(text, "ld.global.u16") || strstr(text, "ld.global.b16");
    *module = new Source(ours ? half ? OURS_IN_BF16 : OURS_IN_F32 : CANDLES);
    return SUCCESS;
}
Result cuModuleUnload(void* module) { delete (Source*)module; return SUCCESS; }
Result cuModuleGetFunction(void** function, void* module, const char* name) {
    *function = new Function{*(Source*)module, name};
    return SUCCESS;
}
Result cuLaunchKernel(void* function, unsigned blocks, unsigned, unsigned, unsigned count, unsigned, unsigned,
                      unsigned shared, void*, void** arguments, void**) {
    auto [source, name] = *(Function*)function;
    if (source == CANDLES) return launch_candles(name, arguments);
    auto launch = source == OURS_IN_BF16 ? launch_bf16 : launch_float;
    const char* error = launch(name.c_str(), nullptr, arguments, blocks, count, shared / sizeof(float));
    return error ? fail(name + ": " + error) : SUCCESS;
}

int cublasCreate_v2(void** handle) { *handle = (void*)1; return SUCCESS; }
int cublasDestroy_v2(void*) { return SUCCESS; }
int cublasSetStream_v2(void*, void*) { return SUCCESS; }
int cublasGemmStridedBatchedEx(void*, int a_transposed, int b_transposed, int m, int n, int k, const float* alpha,
                               const void* a, int a_type, int a_step, long long a_stride, const void* b, int b_type,
                               int b_step, long long b_stride, const float* beta, void* c, int c_type, int c_step,
                               long long c_stride, int count, int compute, int) {
    const int F32 = 0, BF16 = 14, COMPUTE_IN_F32 = 68;
    bool types = (a_type == F32 || a_type == BF16) && b_type == a_type && (c_type == F32 || c_type == a_type);
    bool steps = a_step >= (a_transposed ? k : m) && b_step >= (b_transposed ? n : k) && c_step >= m;
    if (!types || !steps || *alpha != 1 || compute != COMPUTE_IN_F32) return fail("cuBLAS does not take this product");
    auto operand = [](const void* at, int type, int step, long long stride, int transposed) {
        return Operand{(uint64_t)at, (uint64_t)step, (uint64_t)stride, type == BF16, transposed};
    };
    multiply(operand(a, a_type, a_step, a_stride, a_transposed), operand(b, b_type, b_step, b_stride, b_transposed),
             operand(c, c_type, c_step, c_stride, 0), m, n, k, count, *beta);
    return SUCCESS;
}
// candle's own products, in double precision in one test.
int cublasDgemmStridedBatched(void*, int a_transposed, int b_transposed, int m, int n, int k, const double* alpha,
                              const double* a, int a_step, long long a_stride, const double* b, int b_step,
                              long long b_stride, const double* beta, double* c, int c_step, long long c_stride,
                              int count) {
    for (int z = 0; z < count; z++, a += a_stride, b += b_stride, c += c_stride)
        for (int j = 0; j < n; j++)
            for (int i = 0; i < m; i++) {
                double sum = 0;
                for (int l = 0; l < k; l++)
                    sum += a[a_transposed ? i * a_step + l : l * a_step + i] * b[b_transposed ? l * b_step + j : j * b_step + l];
                c[j * c_step + i] = *alpha * sum + (*beta == 0 ? 0 : *beta * c[j * c_step + i]);
            }
    return SUCCESS;
}

int curandCreateGenerator(void** generator, int) { *generator = (void*)1; return SUCCESS; }
int curandDestroyGenerator(void*) { return SUCCESS; }
int curandSetPseudoRandomGeneratorSeed(void*, unsigned long long) { return SUCCESS; }
int curandSetStream(void*, void*) { return SUCCESS; }
// Nearly normal: the sum of twelve even numbers.
int curandGenerateNormal(void*, float* to, size_t count, float mean, float deviation) {
    static uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (int j = 0; j < 12; j++) sum += (state = state * 1664525u + 1013904223u) / 4294967296.0;
        to[i] = mean + deviation * (float)(sum - 6);
    }
    return SUCCESS;
}

}
