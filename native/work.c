/*
 * Frames given to libuv's pool. What a pool thread uses is held for that time: the buffer and the hasher by references, key
 * and check by copies.
 */
#define _GNU_SOURCE
#include "work.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "hasher-object.h"

enum { ARGUMENTS = 6 };

static const int64_t SAFE_INTEGER_MAX = (1LL << 53) - 1;

typedef struct {
  Frame frame;
  bool writes;
  int failure;
  FrameState state;
  HasherObject *hasher;
  napi_async_work work;
  napi_deferred deferred;
  napi_ref bytes_reference;
  napi_ref hasher_reference;
} Work;

/* On a pool thread, which may touch nothing of JavaScript. */
static void execute(napi_env env, void *given) {
  (void)env;
  Work *work = given;
  work->failure = work->writes ? frame_write(&work->frame) : frame_read(&work->frame, &work->state);
}

static void release(napi_env env, Work *work) {
  if (work->hasher != NULL) work->hasher->pending--;
  if (work->work != NULL) napi_delete_async_work(env, work->work);
  if (work->bytes_reference != NULL) napi_delete_reference(env, work->bytes_reference);
  if (work->hasher_reference != NULL) napi_delete_reference(env, work->hasher_reference);
  explicit_bzero(work, sizeof *work);
  free(work);
}

static napi_status outcome_of(napi_env env, const Work *work, napi_value *outcome) {
  static const char *const STATES[] = {[FRAME_INTACT] = "intact", [FRAME_SHORT] = "short", [FRAME_DAMAGED] = "damaged"};
  if (work->failure != 0) return napi_create_int32(env, -work->failure, outcome);
  if (work->writes) return napi_create_buffer_copy(env, work->frame.check_bytes, work->frame.check, NULL, outcome);
  return napi_create_string_utf8(env, STATES[work->state], NAPI_AUTO_LENGTH, outcome);
}

/* Back on the thread of JavaScript. A program that is ending may refuse every call here; the memory is freed all the same. */
static void complete(napi_env env, napi_status status, void *given) {
  Work *work = given;
  napi_value outcome;
  if (status != napi_ok) work->failure = ECANCELED;
  /* A hasher that missed bytes must not be asked for a digest. */
  if (work->failure != 0 && work->hasher != NULL) work->hasher->is_used_up = true;
  if (outcome_of(env, work, &outcome) == napi_ok) napi_resolve_deferred(env, work->deferred, outcome);
  release(env, work);
}

static bool read_place(napi_env env, const napi_value *arguments, Frame *frame) {
  int64_t fd;
  if (!read_whole_number(env, arguments[0], INT_MAX, &fd)) return false;
  if (!read_bytes(env, arguments[1], &frame->bytes, &frame->size)) return false;
  if (frame->size > INT_MAX) return throw_range_error(env, "the frame is too large");
  if (!read_whole_number(env, arguments[2], SAFE_INTEGER_MAX, &frame->position)) return false;
  frame->fd = (int)fd;
  return true;
}

static bool read_seal(napi_env env, napi_value key_value, napi_value index_value, Frame *frame) {
  uint8_t *key;
  size_t size;
  int64_t index;
  if (is_absent(env, key_value)) return true;
  if (!read_bytes(env, key_value, &key, &size)) return false;
  if (size != SEAL_KEY_BYTES) return throw_range_error(env, "a key must be 32 bytes long");
  if (!read_whole_number(env, index_value, SAFE_INTEGER_MAX, &index)) return false;
  memcpy(frame->seal.key, key, SEAL_KEY_BYTES);
  frame->seal.index = (uint64_t)index;
  frame->is_sealed = true;
  return true;
}

static bool read_check(napi_env env, napi_value value, Frame *frame) {
  uint8_t *check;
  if (!read_bytes(env, value, &check, &frame->check_bytes)) return false;
  const size_t expected = frame->is_sealed ? SEAL_TAG_BYTES : CRC_BYTES;
  if (frame->check_bytes != expected) return throw_range_error(env, "the check has a wrong length");
  memcpy(frame->check, check, expected);
  return true;
}

static bool hold_hasher(napi_env env, napi_value value, Work *work) {
  HasherObject *object;
  if (is_absent(env, value)) return true;
  if (!read_hasher(env, value, &object)) return false;
  if (napi_create_reference(env, value, 1, &work->hasher_reference) != napi_ok) return false;
  object->pending++;
  work->hasher = object;
  work->frame.hasher = &object->hasher;
  work->frame.turns = &object->turns;
  return true;
}

static bool queue(napi_env env, napi_value bytes, Work *work) {
  napi_value name;
  return napi_create_reference(env, bytes, 1, &work->bytes_reference) == napi_ok &&
         napi_create_string_utf8(env, "moraine.frame", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_create_async_work(env, NULL, name, execute, complete, work, &work->work) == napi_ok;
}

static napi_value start(napi_env env, napi_callback_info info, bool writes) {
  size_t count = ARGUMENTS;
  napi_value arguments[ARGUMENTS];
  napi_value promise;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return NULL;
  Work *work = calloc(1, sizeof *work);
  if (work == NULL) {
    napi_throw_error(env, "ENOMEM", "there is no memory for the work");
    return NULL;
  }
  work->writes = writes;
  Frame *frame = &work->frame;
  const bool was_given_right = read_place(env, arguments, frame) && read_seal(env, arguments[4], arguments[5], frame) &&
                               (writes ? hold_hasher(env, arguments[3], work) : read_check(env, arguments[3], frame));
  if (!was_given_right || !queue(env, arguments[1], work) ||
      napi_create_promise(env, &work->deferred, &promise) != napi_ok) {
    release(env, work);
    return NULL;
  }
  /* Given last, since a turn that nobody passes on would keep all others waiting. */
  if (work->hasher != NULL) frame->turn = turns_give(&work->hasher->turns);
  if (napi_queue_async_work(env, work->work) != napi_ok) {
    /* The hasher is used up by that, so nobody will be given a later turn. */
    work->failure = ENOMEM;
    complete(env, napi_ok, work);
  }
  return promise;
}

napi_value work_write(napi_env env, napi_callback_info info) { return start(env, info, true); }

napi_value work_read(napi_env env, napi_callback_info info) { return start(env, info, false); }
