/*
 * Node.js allocates 64 KiB for each piece of a body that it receives, and the collector frees many of them at once. glibc then
 * gives the top of the heap back to the system, 128 KiB being enough for it to do so, and gets it again for the next pieces,
 * page by page, each of them cleared first: that costs as much as receiving the bytes. With this much kept it does not.
 */
#include "memory.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

enum { KEPT_BYTES = 16 << 20 };

void memory_prepare(void) {
  /* Who has set it knows why. */
  if (getenv("MALLOC_TRIM_THRESHOLD_") == NULL) mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}
#else
void memory_prepare(void) {}
#endif
