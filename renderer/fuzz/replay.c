// Runs the fuzz target over a corpus without libFuzzer, so that any compiler will do. A corpus is a text: one case a line, in hex.
//   replay CORPUS        run every case
//   replay CORPUS DIR    write every case to a file in DIR, for libFuzzer
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef malloc  // memory.h may have been here
#undef free

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int digit(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

// Turns a line into bytes, in place. Returns how many, or -1.
static long decode(char *line) {
  long n = 0;
  for (char *at = line; *at && *at != '\n'; at += 2) {
    int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);
    if (low < 0)
      return -1;
    line[n++] = (char)(high << 4 | low);
  }
  return n;
}

static int write_case(const char *dir, int number, const char *bytes, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/case-%d", dir, number);
  FILE *file = fopen(path, "wb");
  int written = file && fwrite(bytes, 1, size, file) == size;
  return file && fclose(file) == 0 && written;
}

int main(int argc, char **argv) {
  FILE *corpus = argc > 1 ? fopen(argv[1], "r") : NULL;
  if (!corpus) {
    fprintf(stderr, "usage: replay CORPUS [DIR]\n");
    return 2;
  }
  char *line = NULL;
  size_t capacity = 0;
  int count = 0;
  while (getline(&line, &capacity, corpus) >= 0) {
    long size = decode(line);
    if (size < 0) {
      fprintf(stderr, "line %d is no hex\n", count + 1);
      return 2;
    }
    fprintf(stderr, "case %d\n", ++count);
    if (argc > 2) {
      if (!write_case(argv[2], count, line, (size_t)size))
        return 1;
      continue;
    }
    uint8_t *exact = malloc((size_t)size + 1);  // so that a byte behind the end is seen
    if (!exact)
      return 1;
    memcpy(exact + 1, line, (size_t)size);
    LLVMFuzzerTestOneInput(exact + 1, (size_t)size);
    free(exact);
  }
  free(line);
  fclose(corpus);
  printf("%d cases\n", count);
  return 0;
}
