// What a ring needs of the system and of libcef's tasks: a thread that runs when the target says so, up to where it would sleep; a futex on
// which nobody sleeps; time as the fuzzer has it.
#include <errno.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#include "fake.h"


enum { THREADS = 64, TASKS = 256 };

struct thread {
  void *(*run)(void *argument);
  void *argument;
};

static struct thread threads[THREADS];
static size_t thread_count;
static jmp_buf asleep;
static int in_thread;

static cef_task_t *tasks[TASKS];
static size_t task_count;

static int64_t now;

void (*fake_wait)(void *word);

int fake_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *argument), void *argument) {
  (void)thread;
  require(attributes);
  if (fake_fails() || thread_count == THREADS)
    return EAGAIN;
  threads[thread_count++] = (struct thread){run, argument};
  return 0;
}

int fake_run_thread(size_t which) {
  if (thread_count == 0)
    return 0;
  struct thread *thread = &threads[which % thread_count];
  in_thread = 1;
  if (setjmp(asleep) == 0) {
    require(!thread->run(thread->argument));
    *thread = threads[--thread_count];
  }
  in_thread = 0;
  return 1;
}

long fake_syscall(long number, ...) {
  va_list arguments;
  va_start(arguments, number);
  void *word = va_arg(arguments, void *);
  int operation = va_arg(arguments, int);
  va_end(arguments);
  require(number == SYS_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAKE));
  if (operation == FUTEX_WAKE)
    return 0;
  if (in_thread)
    longjmp(asleep, 1);
  fake_wait(word);
  return 0;
}

int fake_clock_gettime(clockid_t clock, struct timespec *time) {
  require(clock == CLOCK_MONOTONIC);
  now += (int64_t)(input_byte() & 3) * 1500000;
  *time = (struct timespec){now / 1000000000, now % 1000000000};
  return 0;
}

static int post_task(cef_thread_id_t thread, cef_task_t *task) {
  require(thread == TID_RENDERER && task->execute);
  if (fake_fails() || task_count == TASKS) {
    task->base.release(&task->base);
    return 0;
  }
  tasks[task_count++] = task;
  return 1;
}

int fake_run_task(void) {
  if (task_count == 0)
    return 0;
  cef_task_t *task = tasks[0];
  task_count--;
  for (size_t i = 0; i < task_count; i++)
    tasks[i] = tasks[i + 1];
  task->execute(task);
  task->base.release(&task->base);
  return 1;
}

void fake_end_threads(void) {
  for (size_t left = thread_count; left > 0; left--) {
    fake_run_thread(0);
    require(thread_count == left - 1);  // it has ended
  }
  while (fake_run_task())
    ;
}

void fake_functions_ring(void) { oriel_cef.cef_post_task = post_task; }
