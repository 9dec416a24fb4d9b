// What a document keeps of lent buffers, at its limits and one past them.
#include <stdio.h>
#include <stdlib.h>

#include "../lent.h"
#include "fake.h"

static void put(struct oriel_lent *lent, char mark, size_t size) {
  oriel_lent_put(lent, &mark, 1, &fake_buffer(size)->api.value);
}

// Whether a buffer with that mark is kept. If it is, it is taken.
static int kept(struct oriel_lent *lent, char mark, size_t size) {
  cef_v8_value_t *buffer = oriel_lent_take(lent, &mark, 1, size);
  if (buffer)
    fake_release(fake_of(buffer, KIND_VALUE));
  return buffer != NULL;
}

int main(void) {
  fake_install();
  struct oriel_lent lent = {0};

  for (char mark = 0; mark <= ORIEL_LENT_BUFFERS; mark++)
    put(&lent, mark, 100);
  require(lent.count == ORIEL_LENT_BUFFERS);
  require(!kept(&lent, 0, 100));
  for (char mark = 1; mark <= ORIEL_LENT_BUFFERS; mark++)
    require(!kept(&lent, mark, 101) && kept(&lent, mark, 100));

  put(&lent, 1, ORIEL_LENT_BYTES / 2);
  put(&lent, 2, ORIEL_LENT_BYTES / 2);
  require(lent.bytes == ORIEL_LENT_BYTES && kept(&lent, 1, 1) && kept(&lent, 2, 1));
  put(&lent, 1, ORIEL_LENT_BYTES / 2);
  put(&lent, 2, ORIEL_LENT_BYTES / 2 + 1);
  require(!kept(&lent, 1, 1) && kept(&lent, 2, 1));

  put(&lent, 1, ORIEL_LENT_BYTES);
  require(kept(&lent, 1, ORIEL_LENT_BYTES));
  put(&lent, 1, ORIEL_LENT_BYTES + 1);
  require(!kept(&lent, 1, 1) && lent.count == 0 && lent.bytes == 0);

  fake_check_empty();
  printf("edges hold\n");
  return 0;
}
