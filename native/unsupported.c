/* Processors of other kinds: the addon builds, says that it can do nothing here, and the server goes on without it. */
#if !defined(__x86_64__) && !defined(__aarch64__)

#include "crc32.h"
#include "sha256.h"

bool sha256_is_supported(void) { return false; }

void sha256_blocks(Sha256 *hash, const uint8_t *bytes, size_t blocks) {
  (void)hash, (void)bytes, (void)blocks;
}

void sha256_blocks_for_two(Sha256 *first, Sha256 *second, const uint8_t *bytes, size_t blocks) {
  (void)first, (void)second, (void)bytes, (void)blocks;
}

bool crc32_is_supported(void) { return false; }

void crc32_prepare(void) {}

uint32_t crc32_extend(uint32_t crc, const uint8_t *bytes, size_t size) {
  (void)bytes, (void)size;
  return crc;
}

#endif
