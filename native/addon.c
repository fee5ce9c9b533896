/*
 * The addon: `reason` (why it can do nothing here, or null), `allocate(bytes)`, `crc32`, `Hasher`, `write` and `read`. What it
 * exports is for src/frames/native.ts alone, which gives it the face that the rest of the server knows.
 */
#include <pthread.h>
#include <stdlib.h>

#include "arguments.h"
#include "crc32.h"
#include "hasher-object.h"
#include "memory.h"
#include "seal.h"
#include "work.h"

/* Of memory pages and of what direct I/O asks for. */
enum { ALIGNMENT_BYTES = 4096, ALLOCATION_BYTES_MAX = 1 << 30 };

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static const char *reason = NULL;

static void prepare(void) {
  memory_prepare();
  if (!sha256_is_supported()) reason = "this processor has no instructions for SHA-256";
  else if (!crc32_is_supported()) reason = "this processor has no instructions for CRC-32";
  else if (!seal_prepare()) reason = "this build of Node.js does not export OpenSSL";
  if (reason == NULL) crc32_prepare();
}

static void free_bytes(napi_env env, void *bytes, void *hint) {
  (void)env, (void)hint;
  free(bytes);
}

/* V8 counts the bytes of the buffer as its own outside memory, so the collector knows what a dropped one weighs. */
static napi_value allocate(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value size_value;
  napi_value buffer;
  int64_t size;
  if (napi_get_cb_info(env, info, &count, &size_value, NULL, NULL) != napi_ok) return NULL;
  if (!read_whole_number(env, size_value, ALLOCATION_BYTES_MAX, &size)) return NULL;
  if (size == 0 || size % ALIGNMENT_BYTES != 0) {
    throw_range_error(env, "a whole number of pages is wanted");
    return NULL;
  }
  void *bytes = aligned_alloc(ALIGNMENT_BYTES, (size_t)size);
  if (bytes == NULL) {
    napi_throw_error(env, "ENOMEM", "there is no memory for a frame");
    return NULL;
  }
  if (napi_create_external_buffer(env, (size_t)size, bytes, free_bytes, NULL, &buffer) != napi_ok) {
    free(bytes);
    napi_throw_error(env, NULL, "this build of Node.js takes no memory from outside");
    return NULL;
  }
  return buffer;
}

/* Of small things, since it runs on the thread of JavaScript. */
static napi_value crc32_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value bytes_value;
  napi_value crc;
  uint8_t *bytes;
  size_t size;
  if (napi_get_cb_info(env, info, &count, &bytes_value, NULL, NULL) != napi_ok) return NULL;
  if (!read_bytes(env, bytes_value, &bytes, &size)) return NULL;
  return napi_create_uint32(env, crc32_extend(0, bytes, size), &crc) == napi_ok ? crc : NULL;
}

static bool add_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

static bool add_reason(napi_env env, napi_value exports) {
  napi_value value;
  const napi_status status =
      reason == NULL ? napi_get_null(env, &value) : napi_create_string_utf8(env, reason, NAPI_AUTO_LENGTH, &value);
  return status == napi_ok && napi_set_named_property(env, exports, "reason", value) == napi_ok;
}

NAPI_MODULE_INIT() {
  pthread_once(&prepared, prepare);
  if (!add_reason(env, exports)) return NULL;
  if (reason != NULL) return exports;
  napi_value class = hasher_class(env);
  const bool added = class != NULL && napi_set_named_property(env, exports, "Hasher", class) == napi_ok &&
                     add_function(env, exports, "allocate", allocate) &&
                     add_function(env, exports, "crc32", crc32_of) &&
                     add_function(env, exports, "write", work_write) && add_function(env, exports, "read", work_read);
  return added ? exports : NULL;
}
