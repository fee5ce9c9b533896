/* The CRC instructions of ARMv8, which have this CRC built in. */
#if defined(__aarch64__)

#include "crc32.h"

#include <arm_acle.h>
#include <string.h>
#include <sys/auxv.h>

#if defined(__clang__)
#define WITH_CRC __attribute__((target("crc")))
#else
#define WITH_CRC __attribute__((target("+crc")))
#endif

/* From the ABI of Linux, <asm/hwcap.h>. */
enum { HAS_CRC32 = 1 << 7 };

bool crc32_is_supported(void) { return (getauxval(AT_HWCAP) & HAS_CRC32) != 0; }

void crc32_prepare(void) {}

WITH_CRC uint32_t crc32_extend(uint32_t crc, const uint8_t *bytes, size_t size) {
  uint32_t remainder = ~crc;
  for (; size >= 8; size -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    remainder = __crc32d(remainder, word);
  }
  for (; size > 0; size--, bytes++) remainder = __crc32b(remainder, *bytes);
  return ~remainder;
}

#endif
