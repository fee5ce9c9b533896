#ifndef MORAINE_SHA256_H
#define MORAINE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 (FIPS 180-4) with the processor's own instructions. There is no portable version: without the instructions the
 * server uses node:crypto instead.
 */

enum { SHA256_BLOCK_BYTES = 64, SHA256_BYTES = 32 };

/* The eight working words, a to h. */
typedef struct {
  uint32_t words[8];
} Sha256;

extern const Sha256 SHA256_START;
extern const uint32_t SHA256_CONSTANTS[64];

/* Whether this processor has the instructions. */
bool sha256_is_supported(void);

/* Takes whole blocks into one hash. */
void sha256_blocks(Sha256 *hash, const uint8_t *bytes, size_t blocks);

/*
 * Takes the same whole blocks into two hashes for about the price of one: the message schedule is computed once, and the
 * rounds of one hash run while those of the other wait for their result.
 */
void sha256_blocks_for_two(Sha256 *first, Sha256 *second, const uint8_t *bytes, size_t blocks);

/* Ends a hash of `total_bytes`, of which the last `rest_bytes` (less than a block) were not yet taken. */
void sha256_finish(Sha256 *hash, const uint8_t *rest, size_t rest_bytes, uint64_t total_bytes, uint8_t *digest);

#endif
