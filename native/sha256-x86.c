/*
 * The SHA extensions of x86. Their round instruction has a latency of several cycles and each one needs the result of the
 * last, so that one hash leaves the unit idle most of the time; a second one over the same bytes fits into the gaps.
 */
#if defined(__x86_64__)

#include "sha256.h"

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE WITH_SHA __attribute__((always_inline)) static inline

/* The instructions want the words in two registers, in this order from the highest lane down. */
typedef struct {
  __m128i abef;
  __m128i cdgh;
} Lanes;

/* The sixteen words of the message schedule that the next rounds need. */
typedef struct {
  __m128i words[4];
} Schedule;

bool sha256_is_supported(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  const bool has_shuffles = (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  return has_shuffles && (b & bit_SHA) != 0;
}

INLINE Lanes to_lanes(const Sha256 *hash) {
  const __m128i abcd = _mm_loadu_si128((const __m128i *)hash->words);
  const __m128i efgh = _mm_loadu_si128((const __m128i *)(hash->words + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1b);
  return (Lanes){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

INLINE void from_lanes(Sha256 *hash, Lanes lanes) {
  const __m128i feba = _mm_shuffle_epi32(lanes.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(lanes.cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)hash->words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(hash->words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE Schedule first_words(const uint8_t *block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Schedule schedule;
  for (int index = 0; index < 4; index++) {
    const __m128i words = _mm_loadu_si128((const __m128i *)(block + 16 * index));
    schedule.words[index] = _mm_shuffle_epi8(words, big_endian);
  }
  return schedule;
}

/* The words of the next four rounds, in the place of those used up four quarters ago. */
INLINE __m128i next_words(Schedule *schedule, int quarter) {
  if (quarter < 4) return schedule->words[quarter];
  const __m128i oldest = schedule->words[quarter % 4];
  const __m128i second = schedule->words[(quarter + 1) % 4];
  const __m128i third = schedule->words[(quarter + 2) % 4];
  const __m128i newest = schedule->words[(quarter + 3) % 4];
  const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), _mm_alignr_epi8(newest, third, 4));
  schedule->words[quarter % 4] = _mm_sha256msg2_epu32(sum, newest);
  return schedule->words[quarter % 4];
}

/* What four rounds add: their words of the schedule and their constants. */
INLINE __m128i round_input(Schedule *schedule, int quarter) {
  const __m128i constants = _mm_load_si128((const __m128i *)(SHA256_CONSTANTS + 4 * quarter));
  return _mm_add_epi32(next_words(schedule, quarter), constants);
}

INLINE Lanes sum_of(Lanes one, Lanes other) {
  return (Lanes){_mm_add_epi32(one.abef, other.abef), _mm_add_epi32(one.cdgh, other.cdgh)};
}

WITH_SHA void sha256_blocks(Sha256 *hash, const uint8_t *bytes, size_t blocks) {
  Lanes lanes = to_lanes(hash);
  for (; blocks > 0; blocks--, bytes += SHA256_BLOCK_BYTES) {
    const Lanes before = lanes;
    Schedule schedule = first_words(bytes);
#pragma GCC unroll 16
    for (int quarter = 0; quarter < 16; quarter++) {
      const __m128i input = round_input(&schedule, quarter);
      lanes.cdgh = _mm_sha256rnds2_epu32(lanes.cdgh, lanes.abef, input);
      lanes.abef = _mm_sha256rnds2_epu32(lanes.abef, lanes.cdgh, _mm_shuffle_epi32(input, 0x0e));
    }
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
      const __m128i input = round_input(&schedule, quarter);
      const __m128i upper = _mm_shuffle_epi32(input, 0x0e);
      one.cdgh = _mm_sha256rnds2_epu32(one.cdgh, one.abef, input);
      two.cdgh = _mm_sha256rnds2_epu32(two.cdgh, two.abef, input);
      one.abef = _mm_sha256rnds2_epu32(one.abef, one.cdgh, upper);
      two.abef = _mm_sha256rnds2_epu32(two.abef, two.cdgh, upper);
    }
    one = sum_of(one, one_before);
    two = sum_of(two, two_before);
  }
  from_lanes(first, one);
  from_lanes(second, two);
}

#endif
