// Included before everything else (-include) in the code under test: its memory comes from the fake, which counts it and may have none.
#ifndef ORIEL_RENDERER_FUZZ_MEMORY_H
#define ORIEL_RENDERER_FUZZ_MEMORY_H

#include <stdlib.h>

void *fake_calloc(size_t count, size_t size);
void fake_free(void *memory);

#define calloc fake_calloc
#define free fake_free

#endif
