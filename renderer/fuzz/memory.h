// Included before everything else (-include) in the code under test: its memory comes from the fake, which
// counts it and may have none, and so do its threads, its sleep and its time.
#ifndef ORIEL_RENDERER_FUZZ_MEMORY_H
#define ORIEL_RENDERER_FUZZ_MEMORY_H

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int fake_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *argument), void *argument);
long fake_syscall(long number, ...);
int fake_clock_gettime(clockid_t clock, struct timespec *time);
void *fake_malloc(size_t size);
void *fake_calloc(size_t count, size_t size);
void fake_free(void *memory);

#define pthread_create fake_pthread_create
#define syscall fake_syscall
#define clock_gettime fake_clock_gettime
#define malloc fake_malloc
#define calloc fake_calloc
#define free fake_free

#endif
