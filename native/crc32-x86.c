/*
 * CRC-32 by carry-less multiplication. The bytes are a polynomial over GF(2), and the CRC is its remainder by the generator.
 * Whatever is congruent to the bytes has the same remainder; so 64 bytes at the front are replaced by something congruent
 * that begins 64 bytes later and is added to what is there ("folding"), until 64 bytes are left. Those, and bytes too few for
 * folding, go through a table.
 *
 * This CRC is reflected: the lowest bit of the first byte is the coefficient of the highest power. In a register of n bits,
 * bit i stands for x^(n-1-i).
 */
#if defined(__x86_64__)

#include "crc32.h"

#include <cpuid.h>
#include <immintrin.h>

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

/* The generator without its x^32, reflected. */
static const uint32_t GENERATOR = 0xedb88320;

enum { LANE_BYTES = 16, LANES = 4, STEP_BYTES = LANES * LANE_BYTES };

static uint32_t byte_table[256];
/* What moves a lane on by one step, and by one lane: the low word is for its first eight bytes. */
static uint64_t step_factors[2];
static uint64_t lane_factors[2];

bool crc32_is_supported(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_PCLMUL) != 0 && (c & bit_SSE4_1) != 0;
}

/* A polynomial of degree below 32, times x, modulo the generator. */
static uint32_t times_x(uint32_t remainder) { return (remainder >> 1) ^ ((remainder & 1) != 0 ? GENERATOR : 0); }

/* x^power modulo the generator, in a register of 64 bits. */
static uint64_t power_of_x(unsigned power) {
  uint32_t remainder = 0x80000000;
  for (; power > 0; power--) remainder = times_x(remainder);
  return (uint64_t)remainder << 32;
}

/*
 * A lane of 128 bits is high * x^64 + low, `high` being its first eight bytes. Moving it on by n bits multiplies both by x^n.
 * The product of two reflected registers of 64 bits fills 127 bits: read as 128, it is one power of x too much.
 */
static void factors_for(unsigned bits, uint64_t *factors) {
  factors[0] = power_of_x(bits + 64 - 1);
  factors[1] = power_of_x(bits - 1);
}

void crc32_prepare(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; bit++) remainder = times_x(remainder);
    byte_table[byte] = remainder;
  }
  factors_for(8 * STEP_BYTES, step_factors);
  factors_for(8 * LANE_BYTES, lane_factors);
}

static uint32_t extend_by_table(uint32_t remainder, const uint8_t *bytes, size_t size) {
  for (; size > 0; size--, bytes++) remainder = (remainder >> 8) ^ byte_table[(remainder ^ *bytes) & 0xff];
  return remainder;
}

WITH_CLMUL __attribute__((always_inline)) static inline __m128i fold(__m128i lane, __m128i factors, __m128i onto) {
  const __m128i high = _mm_clmulepi64_si128(lane, factors, 0x00);
  const __m128i low = _mm_clmulepi64_si128(lane, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(high, low), onto);
}

/* Four lanes, since a multiplication takes several cycles and one can begin in each. */
WITH_CLMUL static uint32_t extend_by_folding(uint32_t remainder, const uint8_t *bytes, size_t steps) {
  const __m128i by_step = _mm_loadu_si128((const __m128i *)step_factors);
  const __m128i by_lane = _mm_loadu_si128((const __m128i *)lane_factors);
  const __m128i *at = (const __m128i *)bytes;
  __m128i lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = _mm_loadu_si128(at + lane);
  lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)remainder));
  for (size_t step = 1; step < steps; step++) {
    at += LANES;
    for (int lane = 0; lane < LANES; lane++) lanes[lane] = fold(lanes[lane], by_step, _mm_loadu_si128(at + lane));
  }
  __m128i all = lanes[0];
  for (int lane = 1; lane < LANES; lane++) all = fold(all, by_lane, lanes[lane]);
  uint8_t congruent[LANE_BYTES];
  _mm_storeu_si128((__m128i *)congruent, all);
  return extend_by_table(0, congruent, LANE_BYTES);
}

uint32_t crc32_extend(uint32_t crc, const uint8_t *bytes, size_t size) {
  uint32_t remainder = ~crc;
  const size_t steps = size / STEP_BYTES;
  if (steps > 0) remainder = extend_by_folding(remainder, bytes, steps);
  return ~extend_by_table(remainder, bytes + steps * STEP_BYTES, size % STEP_BYTES);
}

#endif
