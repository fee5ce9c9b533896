#ifndef MORAINE_HASHER_H
#define MORAINE_HASHER_H

#include "sha256.h"

/* The linear hash of a body and the leaves of its tree hash: the SHA-256 of each MiB. Bytes come in pieces of any size. */
typedef struct {
  Sha256 linear;
  Sha256 leaf;
  uint64_t total_bytes;
  /* How much of the present leaf was taken, in whole blocks. */
  uint32_t leaf_bytes;
  /* The start of a block whose end has not come yet. */
  uint8_t rest[SHA256_BLOCK_BYTES];
  uint32_t rest_bytes;
  /* The leaves that ended, end to end. */
  uint8_t *leaves;
  size_t leaf_count;
  size_t leaf_capacity;
} Hasher;

void hasher_start(Hasher *hasher);

/* False when there is no memory for another leaf; the hasher is of no use then. */
bool hasher_update(Hasher *hasher, const uint8_t *bytes, size_t size);

/* Ends the body; the leaves are in the hasher then. False when there is no memory. */
bool hasher_finish(Hasher *hasher, uint8_t *linear);

void hasher_release(Hasher *hasher);

#endif
