extern "C" const char* NAME(const char* name, const char* kinds, const void* const* arguments, unsigned blocks,
                            unsigned count, unsigned shared) {
#define CALL(kernel) if (strcmp(name, #kernel) == 0) return call(kernel, kinds, arguments, blocks, count, shared);
CALLS
#undef CALL
    return "there is no such kernel";
}
