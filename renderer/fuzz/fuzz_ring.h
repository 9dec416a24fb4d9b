// The fuzz target's steps that are about rings.
#ifndef ORIEL_RENDERER_FUZZ_RING_H
#define ORIEL_RENDERER_FUZZ_RING_H

#include "fake.h"

void fuzz_ring_begin(void);
void fuzz_ring_step(void);
void fuzz_ring_end(void);  // when no session is left

// A message about a ring, right or wrong.
struct fake *fuzz_ring_message(void);

#endif
