/* The cryptographic extension of ARMv8; the same shape as the version for x86. */
#if defined(__aarch64__)

#include "sha256.h"

#include <arm_neon.h>
#include <sys/auxv.h>

/* Clang and GCC name the same extension differently. */
#if defined(__clang__)
#define WITH_SHA __attribute__((target("sha2")))
#else
#define WITH_SHA __attribute__((target("+crypto")))
#endif
#define INLINE WITH_SHA __attribute__((always_inline)) static inline

/* From the ABI of Linux, <asm/hwcap.h>. */
enum { HAS_SHA2 = 1 << 6 };

typedef struct {
  uint32x4_t abcd;
  uint32x4_t efgh;
} Lanes;

/* The sixteen words of the message schedule that the next rounds need. */
typedef struct {
  uint32x4_t words[4];
} Schedule;

bool sha256_is_supported(void) { return (getauxval(AT_HWCAP) & HAS_SHA2) != 0; }

INLINE Lanes to_lanes(const Sha256 *hash) { return (Lanes){vld1q_u32(hash->words), vld1q_u32(hash->words + 4)}; }

INLINE void from_lanes(Sha256 *hash, Lanes lanes) {
  vst1q_u32(hash->words, lanes.abcd);
  vst1q_u32(hash->words + 4, lanes.efgh);
}

INLINE Schedule first_words(const uint8_t *block) {
  Schedule schedule;
  for (int index = 0; index < 4; index++) {
    schedule.words[index] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * index)));
  }
  return schedule;
}

/* The words of the next four rounds, in the place of those used up four quarters ago. */
INLINE uint32x4_t next_words(Schedule *schedule, int quarter) {
  if (quarter < 4) return schedule->words[quarter];
  const uint32x4_t oldest = schedule->words[quarter % 4];
  const uint32x4_t second = schedule->words[(quarter + 1) % 4];
  const uint32x4_t third = schedule->words[(quarter + 2) % 4];
  const uint32x4_t newest = schedule->words[(quarter + 3) % 4];
  schedule->words[quarter % 4] = vsha256su1q_u32(vsha256su0q_u32(oldest, second), third, newest);
  return schedule->words[quarter % 4];
}

/* What four rounds add: their words of the schedule and their constants. */
INLINE uint32x4_t round_input(Schedule *schedule, int quarter) {
  return vaddq_u32(next_words(schedule, quarter), vld1q_u32(SHA256_CONSTANTS + 4 * quarter));
}

INLINE Lanes four_rounds(Lanes lanes, uint32x4_t input) {
  return (Lanes){
      vsha256hq_u32(lanes.abcd, lanes.efgh, input),
      vsha256h2q_u32(lanes.efgh, lanes.abcd, input),
  };
}

INLINE Lanes sum_of(Lanes one, Lanes other) {
  return (Lanes){vaddq_u32(one.abcd, other.abcd), vaddq_u32(one.efgh, other.efgh)};
}

WITH_SHA void sha256_blocks(Sha256 *hash, const uint8_t *bytes, size_t blocks) {
  Lanes lanes = to_lanes(hash);
  for (; blocks > 0; blocks--, bytes += SHA256_BLOCK_BYTES) {
    const Lanes before = lanes;
    Schedule schedule = first_words(bytes);
#pragma GCC unroll 16
    for (int quarter = 0; quarter < 16; quarter++) lanes = four_rounds(lanes, round_input(&schedule, quarter));
    lanes = sum_of(lanes, before);
  }
  from_lanes(hash, lanes);
}

WITH_SHA void sha256_blocks_for_two(Sha256 *first, Sha256 *second, const uint8_t *bytes, size_t blocks) {
  Lanes one = to_lanes(first);
  Lanes two = to_lanes(second);
  for (; blocks > 0; blocks--, bytes += SHA256_BLOCK_BYTES) {
    const Lanes one_before = one;
    const Lanes two_before = two;
    Schedule schedule = first_words(bytes);
#pragma GCC unroll 16
    for (int quarter = 0; quarter < 16; quarter++) {
      const uint32x4_t input = round_input(&schedule, quarter);
      one = four_rounds(one, input);
      two = four_rounds(two, input);
    }
    one = sum_of(one, one_before);
    two = sum_of(two, two_before);
  }
  from_lanes(first, one);
  from_lanes(second, two);
}

#endif
