#ifndef MORAINE_SEAL_H
#define MORAINE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* AES-256-GCM by the OpenSSL that is part of node: the nonce is the index of the frame, as 12 bytes with the highest first. */

enum { SEAL_KEY_BYTES = 32, SEAL_TAG_BYTES = 16 };

typedef struct {
  uint8_t key[SEAL_KEY_BYTES];
  uint64_t index;
} Seal;

/* Finds OpenSSL in the running program, once, before anything else; false when this node does not export it. */
bool seal_prepare(void);

typedef struct Sealing Sealing;

/* Begins to seal (or to open) a frame; NULL when there is no memory. */
Sealing *sealing_start(const Seal *seal, bool opens);

/* Changes the next bytes in place. */
bool sealing_update(Sealing *sealing, uint8_t *bytes, size_t size);

/* The tag of all bytes that were sealed. */
bool sealing_tag(Sealing *sealing, uint8_t *tag);

/* Whether the tag is that of all bytes that were opened. */
bool sealing_accepts(Sealing *sealing, const uint8_t *tag);

void sealing_end(Sealing *sealing);

#endif
