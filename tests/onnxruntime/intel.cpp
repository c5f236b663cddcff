// An execution provider library for tests: the one that ENGINESMITH_TEST_PLUGIN names, which is told that every processor is
// Intel's. Intel's plugin for OpenVINO offers itself for no other, though it runs on them.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

struct Base {
  const void* (*api)(uint32_t);
  const char* (*version)();
};

// Place of HardwareDevice_VendorId in OrtApi, and as many entries as are copied: more than ONNX Runtime 1.32 has (its table lies
// among other constants, so there is something to read behind it).
enum { VENDOR_ID = 308, ENTRIES = 512 };

static const Base* real;
static void* table[ENTRIES];

static uint32_t intel(const void*) { return 0x8086; }
static const char* version() { return real->version(); }
static const void* api(uint32_t wanted) {
  const void* theirs = real->api(wanted);
  if (!theirs) return nullptr;
  memcpy(table, theirs, sizeof table);
  table[VENDOR_ID] = reinterpret_cast<void*>(intel);
  return table;
}
static Base base = {api, version};
static void* plugin(const char* name) {
  static void* library = dlopen(getenv("ENGINESMITH_TEST_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
  return library ? dlsym(library, name) : nullptr;
}

extern "C" __attribute__((visibility("default"))) void* CreateEpFactories(
    const char* name, const Base* theirs, const void* logger, void** factories, size_t most, size_t* count) {
  real = theirs;
  auto create = reinterpret_cast<decltype(&CreateEpFactories)>(plugin("CreateEpFactories"));
  if (!create) abort();
  return create(name, &base, logger, factories, most, count);
}

extern "C" __attribute__((visibility("default"))) void* ReleaseEpFactory(void* factory) {
  auto release = reinterpret_cast<decltype(&ReleaseEpFactory)>(plugin("ReleaseEpFactory"));
  return release ? release(factory) : nullptr;
}
