/* Counts the bytes that a process has allocated, for benches/memory/measure.py: built as a library and preloaded (glibc). */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdlib.h>
#include <errno.h>
static _Atomic long now, peak;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void add(void *p) {
    if (!p) return;
    long after = (now += malloc_usable_size(p));
    if (after > peak) peak = after;
}
static void sub(void *p) {
    if (p) now -= malloc_usable_size(p);
}
void *malloc(size_t n) { void *p = __libc_malloc(n); add(p); return p; }
void free(void *p) { sub(p); __libc_free(p); }
void *calloc(size_t a, size_t b) { void *p = __libc_calloc(a, b); add(p); return p; }
void *realloc(void *q, size_t n) { sub(q); void *p = __libc_realloc(q, n); add(p); return p; }
void *memalign(size_t a, size_t n) { void *p = __libc_memalign(a, n); add(p); return p; }
void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }
int posix_memalign(void **out, size_t a, size_t n) { void *p = memalign(a, n); if (!p) return ENOMEM; *out = p; return 0; }

long allocated_now(void) { return now; }
long allocated_peak(void) { return peak; }
void allocated_reset(void) { peak = now; }
