// SPDX-License-Identifier: Apache-2.0
// Tells ThreadSanitizer what the contended paths of Swift's Synchronization.Mutex do on Linux: they lock and unlock by
// futex(2), in a library that is not instrumented, so that everything that a contended mutex guards looks like a race.
// The fast paths are atomics in instrumented code. Preloaded into the tests by `scripts/test --sanitize=thread`.
//
// Build: clang -shared -fPIC -o tsan-mutex.so tsan-mutex.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// sanitizer/tsan_interface.h; the runtime is in the program that this library is loaded into.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

static void *original(const char *name) { return dlsym(RTLD_NEXT, name); }

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void certrotd_lock(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT bool certrotd_tryLock(SELF mutex) __asm__(TRY_LOCK);
SWIFT void certrotd_unlock(SELF mutex) __asm__(UNLOCK);

SWIFT void certrotd_lock(uint32_t thread, SELF mutex) {
    SWIFT void (*lock)(uint32_t, SELF) = original(LOCK);
    lock(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool certrotd_tryLock(SELF mutex) {
    SWIFT bool (*tryLock)(SELF) = original(TRY_LOCK);
    bool isLocked = tryLock(mutex);
    if (isLocked && __tsan_acquire) __tsan_acquire(mutex);
    return isLocked;
}

SWIFT void certrotd_unlock(SELF mutex) {
    SWIFT void (*unlock)(SELF) = original(UNLOCK);
    if (__tsan_release) __tsan_release(mutex);
    unlock(mutex);
}
