// SPDX-License-Identifier: Apache-2.0
// The Linux system calls that Swift's Glibc module does not import, or imports without their constants.
// Each wrapper is named CLinux_ and the original's name.
#ifndef CERTROTD_CLINUX_SHIMS_H
#define CERTROTD_CLINUX_SHIMS_H

// No _GNU_SOURCE here: it changes structures that Swift's own Glibc module has read without it.
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>
#include <sys/vfs.h>
#include <unistd.h>

// Swift's Glibc module is built without _GNU_SOURCE, so renameat2 (renameat2(2)) is not declared there.
static inline int CLinux_renameat2(
    int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned int flags) {
    return (int)syscall(SYS_renameat2, olddirfd, oldpath, newdirfd, newpath, flags);
}

// Declared by <string.h> under _GNU_SOURCE only (strerror(3), since glibc 2.32).
extern const char *strerrorname_np(int errnum);
static inline const char *CLinux_strerrorname_np(int errnum) { return strerrorname_np(errnum); }

// madvise(2) advice that <sys/mman.h> shows under _DEFAULT_SOURCE only.
static const int CLinux_MADV_DONTNEED = 4;
static const int CLinux_MADV_DONTDUMP = 16;
static const int CLinux_MADV_WIPEONFORK = 18;

// Declared by <link.h> under _GNU_SOURCE only (dl_iterate_phdr(3)); of the structure, the members that every version has.
struct CLinux_dl_phdr_info {
    uintptr_t dlpi_addr;
    const char *dlpi_name;
    const Elf64_Phdr *dlpi_phdr;
    uint16_t dlpi_phnum;
};
struct dl_phdr_info;
extern int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);
static inline int CLinux_each_object(int (*callback)(struct CLinux_dl_phdr_info *, size_t, void *)) {
    return dl_iterate_phdr((int (*)(struct dl_phdr_info *, size_t, void *))callback, NULL);
}

// open(2) is variadic, and O_PATH is shown under _GNU_SOURCE only.
static const int CLinux_O_PATH = 010000000;
static inline int CLinux_openat(int folder, const char *name, int flags, mode_t mode) {
    return openat(folder, name, flags, mode);
}

// openat2(2) has no wrapper in glibc. Opens a folder unless a symbolic link is on the way to it.
static inline int CLinux_open_folder_without_links(int folder, const char *name) {
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
}

// statfs(2), whose header Swift's Glibc module leaves out. The kind of the file system, or -1.
static inline long long CLinux_file_system_type(const char *path) {
    struct statfs found;
    // Some magic numbers have their highest bit set, which the type of the member may carry on.
    return statfs(path, &found) == 0 ? (long long)(found.f_type & 0xffffffffL) : -1;
}

// faccessat(2) flag that <fcntl.h> shows under _GNU_SOURCE only.
static const int CLinux_AT_EACCESS = 0x200;

// d_name is an array of fixed size, which Swift imports as a tuple.
static inline const char *CLinux_entry_name(const struct dirent *entry) { return entry->d_name; }

// Declared by <pthread.h> under _GNU_SOURCE only (pthread_setname_np(3)).
extern int pthread_setname_np(pthread_t thread, const char *name);
static inline int CLinux_pthread_setname_np(pthread_t thread, const char *name) {
    return pthread_setname_np(thread, name);
}

// With the Swift runtime linked statically, the structure belongs to whichever module read <pthread.h> first, and only
// code that imports that module may initialise it.
static inline pthread_attr_t CLinux_pthread_attr(void) {
    pthread_attr_t attributes;
    memset(&attributes, 0, sizeof attributes);
    return attributes;
}

// Declared by <sys/socket.h> under _GNU_SOURCE only (accept4(2)).
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
static inline int CLinux_accept4(int descriptor, int flags) { return accept4(descriptor, NULL, NULL, flags); }

// struct ucred is shown under _GNU_SOURCE only (unix(7), SO_PEERCRED). Gives 0 and fills all three, or -1 with errno.
static inline int CLinux_peer_credentials(int descriptor, pid_t *process, uid_t *user, gid_t *group) {
    struct { pid_t process; uid_t user; gid_t group; } peer;
    socklen_t length = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    *process = peer.process;
    *user = peer.user;
    *group = peer.group;
    return 0;
}

// Declared by <unistd.h> under _GNU_SOURCE only (pipe2(2)).
extern int pipe2(int ends[2], int flags);
static inline int CLinux_pipe2(int *ends, int flags) { return pipe2(ends, flags); }

// prctl(2) is variadic.
static inline int CLinux_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Per thread, other than their wrappers in glibc, which change all threads (setfsuid(2), setgroups(2)).
static inline int CLinux_setfsuid(uid_t user) { return (int)syscall(SYS_setfsuid, user); }
static inline int CLinux_setfsgid(gid_t group) { return (int)syscall(SYS_setfsgid, group); }
static inline int CLinux_setgroups_of_thread(size_t count, const gid_t *groups) {
    return (int)syscall(SYS_setgroups, count, groups);
}

// Enumeration constants and shifted macros that Swift imports as types of their own, or not at all.
static const unsigned CLinux_EPOLLIN = EPOLLIN;
static const unsigned CLinux_EPOLLOUT = EPOLLOUT;
static const unsigned CLinux_EPOLLERR = EPOLLERR;
static const unsigned CLinux_EPOLLHUP = EPOLLHUP;
static const unsigned CLinux_EPOLLET = EPOLLET;
static const unsigned CLinux_EPOLLONESHOT = EPOLLONESHOT;
static const int CLinux_EPOLL_CLOEXEC = EPOLL_CLOEXEC;
static const int CLinux_EFD_CLOEXEC = EFD_CLOEXEC;
static const int CLinux_EFD_NONBLOCK = EFD_NONBLOCK;
static const int CLinux_IN_CLOEXEC = IN_CLOEXEC;
static const int CLinux_IN_NONBLOCK = IN_NONBLOCK;
static const int CLinux_TFD_CLOEXEC = TFD_CLOEXEC;
static const int CLinux_TFD_NONBLOCK = TFD_NONBLOCK;
static const int CLinux_TFD_TIMER_ABSTIME = TFD_TIMER_ABSTIME;
static const int CLinux_TFD_TIMER_CANCEL_ON_SET = TFD_TIMER_CANCEL_ON_SET;

// getaddrinfo(3) results that <netdb.h> shows under _GNU_SOURCE only.
static const int CLinux_EAI_NODATA = -5;
static const int CLinux_EAI_ADDRFAMILY = -9;

#endif
