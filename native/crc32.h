#ifndef MORAINE_CRC32_H
#define MORAINE_CRC32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of zlib, Ethernet and PNG, with the processor's own instructions. */

/* Whether this processor has the instructions. */
bool crc32_is_supported(void);

/* Computes the tables, once, before anything else. */
void crc32_prepare(void);

/* Goes on from the CRC of what came before; 0 at first. */
uint32_t crc32_extend(uint32_t crc, const uint8_t *bytes, size_t size);

#endif
