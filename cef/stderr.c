#define _GNU_SOURCE
#include "stderr.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "loader.h"

#if defined(__x86_64__)
#define JUMP_SLOT R_X86_64_JUMP_SLOT
#elif defined(__aarch64__)
#define JUMP_SLOT R_AARCH64_JUMP_SLOT
#endif

static atomic_int destination = -1;

static void send_line(int fd, const char *line, size_t size) {
  static const char cut[] = "...\n";
  struct iovec parts[] = {{(char *)line, size}, {(char *)cut, sizeof cut - 1}};
  int count = 1;
  if (size > PIPE_BUF) {  // more would not arrive in one piece
    parts[0].iov_len = PIPE_BUF - parts[1].iov_len;
    count = 2;
  }
  // A full pipe loses the line: the thread that writes may be the one that everything waits for.
  ssize_t written = writev(fd, parts, count);
  (void)written;
}

// libcef's write.
static ssize_t led_write(int fd, const void *data, size_t size) {
  int to = fd == STDERR_FILENO ? atomic_load(&destination) : -1;
  if (to < 0)
    return write(fd, data, size);
  send_line(to, data, size);
  if (memmem(data, size < 96 ? size : 96, ":FATAL:", 7))
    return write(fd, data, size);
  return (ssize_t)size;
}

static struct link_map *libcef(void) {
  Dl_info info;
  struct link_map *map = NULL;
  return dladdr1((void *)oriel_cef.cef_api_hash, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
}

// The place where libcef keeps the address of the write that it calls, or NULL.
static void **find_slot(const struct link_map *map) {
  const ElfW(Sym) *symbols = NULL;
  const ElfW(Rela) *relocations = NULL;
  const char *names = NULL;
  size_t size = 0;
  for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
    switch (d->d_tag) {
      case DT_SYMTAB: symbols = (const ElfW(Sym) *)d->d_un.d_ptr; break;
      case DT_STRTAB: names = (const char *)d->d_un.d_ptr; break;
      case DT_JMPREL: relocations = (const ElfW(Rela) *)d->d_un.d_ptr; break;
      case DT_PLTRELSZ: size = d->d_un.d_val; break;
    }
  }
  if (!symbols || !names || !relocations)
    return NULL;
  for (size_t i = 0; i < size / sizeof *relocations; i++) {
    const ElfW(Rela) *r = &relocations[i];
    if (ELF64_R_TYPE(r->r_info) == JUMP_SLOT && strcmp(names + symbols[ELF64_R_SYM(r->r_info)].st_name, "write") == 0)
      return (void **)(map->l_addr + r->r_offset);
  }
  return NULL;
}

// Whether the linker has made the page at start read-only once it had filled it in.
static int is_relro(const struct link_map *map, uintptr_t start, uintptr_t page) {
  const ElfW(Ehdr) *file = (const ElfW(Ehdr) *)map->l_addr;
  const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(map->l_addr + file->e_phoff);
  for (int i = 0; i < file->e_phnum; i++) {
    uintptr_t from = map->l_addr + segments[i].p_vaddr, to = (from + segments[i].p_memsz) & ~(page - 1);
    if (segments[i].p_type == PT_GNU_RELRO && (from & ~(page - 1)) <= start && start < to)
      return 1;
  }
  return 0;
}

static int replace(const struct link_map *map, void **slot, void *value) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)slot & ~(page - 1);
  int relro = is_relro(map, start, page);
  if (relro && mprotect((void *)start, page, PROT_READ | PROT_WRITE) != 0)
    return -1;
  *slot = value;
  return relro ? mprotect((void *)start, page, PROT_READ) : 0;
}

int oriel_cef_divert_stderr(int fd) {
  static int led;
  if (!led && fd >= 0) {
    struct link_map *map = libcef();
    void **slot = map ? find_slot(map) : NULL;
    if (!slot || replace(map, slot, (void *)led_write) != 0)
      return -1;
    led = 1;
  }
  atomic_store(&destination, fd);
  return 0;
}
