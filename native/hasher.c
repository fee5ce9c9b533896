#include "hasher.h"

#include <stdlib.h>
#include <string.h>

enum { LEAF_BYTES = 1 << 20, LEAVES_AT_FIRST = 64 };

void hasher_start(Hasher *hasher) {
  memset(hasher, 0, sizeof *hasher);
  hasher->linear = SHA256_START;
  hasher->leaf = SHA256_START;
}

void hasher_release(Hasher *hasher) {
  free(hasher->leaves);
  hasher->leaves = NULL;
}

static bool end_leaf(Hasher *hasher) {
  if (hasher->leaf_count == hasher->leaf_capacity) {
    const size_t capacity = hasher->leaf_capacity == 0 ? LEAVES_AT_FIRST : 2 * hasher->leaf_capacity;
    uint8_t *larger = realloc(hasher->leaves, capacity * SHA256_BYTES);
    if (larger == NULL) return false;
    hasher->leaves = larger;
    hasher->leaf_capacity = capacity;
  }
  uint8_t *digest = hasher->leaves + hasher->leaf_count * SHA256_BYTES;
  const uint64_t size = (uint64_t)hasher->leaf_bytes + hasher->rest_bytes;
  sha256_finish(&hasher->leaf, hasher->rest, hasher->rest_bytes, size, digest);
  hasher->leaf_count++;
  hasher->leaf = SHA256_START;
  hasher->leaf_bytes = 0;
  return true;
}

/* A leaf is a whole number of blocks, so none is split between two leaves. */
static bool take_blocks(Hasher *hasher, const uint8_t *bytes, size_t blocks) {
  while (blocks > 0) {
    const size_t room = (LEAF_BYTES - hasher->leaf_bytes) / SHA256_BLOCK_BYTES;
    const size_t taken = blocks < room ? blocks : room;
    sha256_blocks_for_two(&hasher->linear, &hasher->leaf, bytes, taken);
    hasher->leaf_bytes += (uint32_t)(taken * SHA256_BLOCK_BYTES);
    bytes += taken * SHA256_BLOCK_BYTES;
    blocks -= taken;
    if (hasher->leaf_bytes == LEAF_BYTES && !end_leaf(hasher)) return false;
  }
  return true;
}

/* Fills the block that was begun; returns how many bytes that took. */
static size_t fill_rest(Hasher *hasher, const uint8_t *bytes, size_t size) {
  const size_t room = SHA256_BLOCK_BYTES - hasher->rest_bytes;
  const size_t taken = size < room ? size : room;
  memcpy(hasher->rest + hasher->rest_bytes, bytes, taken);
  hasher->rest_bytes += (uint32_t)taken;
  return taken;
}

bool hasher_update(Hasher *hasher, const uint8_t *bytes, size_t size) {
  if (size == 0) return true;
  hasher->total_bytes += size;
  if (hasher->rest_bytes > 0) {
    const size_t taken = fill_rest(hasher, bytes, size);
    bytes += taken;
    size -= taken;
    if (hasher->rest_bytes < SHA256_BLOCK_BYTES) return true;
    hasher->rest_bytes = 0;
    if (!take_blocks(hasher, hasher->rest, 1)) return false;
  }
  const size_t blocks = size / SHA256_BLOCK_BYTES;
  if (!take_blocks(hasher, bytes, blocks)) return false;
  const size_t rest = size % SHA256_BLOCK_BYTES;
  if (rest > 0) fill_rest(hasher, bytes + blocks * SHA256_BLOCK_BYTES, rest);
  return true;
}

bool hasher_finish(Hasher *hasher, uint8_t *linear) {
  if (hasher->leaf_bytes + hasher->rest_bytes > 0 && !end_leaf(hasher)) return false;
  sha256_finish(&hasher->linear, hasher->rest, hasher->rest_bytes, hasher->total_bytes, linear);
  return true;
}
