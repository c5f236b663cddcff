// A stand-in for libnvinfer and its parser: every method of every class records that it was called, with its arguments.
//
// TensorRT's objects are a pointer to a table of functions and a pointer to the object that implements them (see README.md).
// Here each class has one object of both kinds; the tables are filled with functions that know their class and slot. What a
// method returns is set from outside. Compiled as libnvinfer.so.N; the parser and the plugin library are links to it.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <typeinfo>
#include <utility>
#include <vector>

namespace nvinfer1 {
struct Mock {
    virtual ~Mock();
};
Mock::~Mock() = default;
} // namespace nvinfer1

namespace {
constexpr int kClasses = 20, kSlots = 96, kOuterSlots = 4;

struct Call {
    int32_t classNumber, slot, outer, pad;
    uint64_t arguments[6];
};
struct Behaviour {
    uint64_t value = 0;
    bool returnsShape = false;
    bool returnsLogger = false;
};
struct Table {
    intptr_t offsetToTop = 0;
    std::type_info const* type = &typeid(nvinfer1::Mock);
    void* slots[kSlots] = {};
};
struct Object {
    void** table;
    Object* implementation;
    uint64_t rest[6];
};

std::mutex mutex;
std::vector<Call> calls;
Behaviour behaviours[kClasses][kSlots];
Table outerTables[kClasses], innerTables[kClasses];
Object outers[kClasses], inners[kClasses];
int32_t versions[4];
void* logger;

// One function does the work; six integer registers are every argument of the methods in question (floats travel elsewhere
// and are not looked at).
uint64_t called(int classNumber, int slot, int outer, uint64_t const (&arguments)[6]) {
    Call call{classNumber, slot, outer, 0, {}};
    std::memcpy(call.arguments, arguments, sizeof call.arguments);
    {
        std::lock_guard<std::mutex> lock(mutex);
        calls.push_back(call);
    }
    if (outer) {
        return 0;
    }
    Behaviour const behaviour = behaviours[classNumber][slot];
    if (behaviour.returnsShape) {
        // a shape is returned where the hidden first argument points: two dimensions, 11 and 22
        auto* words = reinterpret_cast<int64_t*>(arguments[0]);
        std::memset(words, 0, 72);
        reinterpret_cast<int32_t*>(words)[0] = 2;
        words[1] = 11;
        words[2] = 22;
        return arguments[0];
    }
    return behaviour.returnsLogger ? reinterpret_cast<uint64_t>(logger) : behaviour.value;
}

template <int C, int S, int Outer>
uint64_t method(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    return called(C, S, Outer, {a, b, c, d, e, f});
}

template <int C, int... S>
void fillInner(std::integer_sequence<int, S...>) {
    ((innerTables[C].slots[S] = reinterpret_cast<void*>(&method<C, S, 0>)), ...);
    inners[C] = {innerTables[C].slots, nullptr, {}};
}
template <int C, int... S>
void fillOuter(std::integer_sequence<int, S...>) {
    ((outerTables[C].slots[S] = reinterpret_cast<void*>(&method<C, S, 1>)), ...);
    outers[C] = {outerTables[C].slots, &inners[C], {}};
}
template <int... C>
void fillAll(std::integer_sequence<int, C...>) {
    (fillInner<C>(std::make_integer_sequence<int, kSlots>{}), ...);
    (fillOuter<C>(std::make_integer_sequence<int, kOuterSlots>{}), ...);
}
__attribute__((constructor)) void start() {
    fillAll(std::make_integer_sequence<int, kClasses>{});
}

enum : int { kBuilder, kRuntime, kParser, kRefitter, kParserRefitter, kRegistry };
} // namespace

extern "C" {
// what the tests use
void* mock_object(int classNumber, int isInner) {
    return isInner ? &inners[classNumber] : &outers[classNumber];
}
void mock_returns(int classNumber, int slot, uint64_t value) {
    behaviours[classNumber][slot].value = value;
}
void mock_returns_shape(int classNumber, int slot) {
    behaviours[classNumber][slot].returnsShape = true;
}
void mock_returns_logger(int classNumber, int slot) {
    behaviours[classNumber][slot].returnsLogger = true;
}
int mock_take(Call* out, int capacity) {
    std::lock_guard<std::mutex> lock(mutex);
    int const count = static_cast<int>(calls.size());
    for (int i = 0; i < count && i < capacity; ++i) {
        out[i] = calls[i];
    }
    calls.clear();
    return count < capacity ? count : capacity;
}
int mock_version(int which) {
    return versions[which];
}
void* mock_logger() {
    return logger;
}

// what TensorRT exports
void* createInferBuilder_INTERNAL(void* itsLogger, int version) {
    logger = itsLogger;
    versions[0] = version;
    return &outers[kBuilder];
}
void* createInferRuntime_INTERNAL(void* itsLogger, int version) {
    logger = itsLogger;
    versions[1] = version;
    return &outers[kRuntime];
}
void* createNvOnnxParser_INTERNAL(void*, void*, int version) {
    versions[2] = version;
    return &inners[kParser];
}
void* createInferRefitter_INTERNAL(void*, void*, int) {
    return &outers[kRefitter];
}
void* createNvOnnxParserRefitter_INTERNAL(void*, void*, int) {
    return &inners[kParserRefitter];
}
void* getPluginRegistry() {
    return &inners[kRegistry];
}
void* getBuilderPluginRegistry(int) {
    return &inners[kRegistry];
}
void* getLogger() {
    return logger;
}
bool initLibNvInferPlugins(void* itsLogger, char const* space) {
    versions[3] = itsLogger && space && !*space;
    return true;
}
int getInferLibVersion() {
    char const* text = std::getenv("MOCK_TENSORRT_VERSION");
    return text ? std::atoi(text) : 0;
}
int getInferLibBuildVersion() {
    return 0;
}
int getNvOnnxParserVersion() {
    return 100;
}
}
