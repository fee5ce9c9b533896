#include "hasher-object.h"

#include <stdlib.h>
#include <string.h>

/* Random, so that nothing else that was wrapped by anyone can be taken for a hasher. */
static const napi_type_tag HASHER_TAG = {0x7c1d52e98b3f4a06, 0xb94e0f6ad3815c27};

static void release(napi_env env, void *wrapped, void *hint) {
  (void)env, (void)hint;
  HasherObject *object = wrapped;
  hasher_release(&object->hasher);
  turns_release(&object->turns);
  free(object);
}

static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value this;
  napi_value target;
  if (napi_get_cb_info(env, info, NULL, NULL, &this, NULL) != napi_ok) return NULL;
  if (napi_get_new_target(env, info, &target) != napi_ok || target == NULL) {
    throw_type_error(env, "a hasher is made with new");
    return NULL;
  }
  HasherObject *object = calloc(1, sizeof *object);
  if (object == NULL || !turns_start(&object->turns)) {
    free(object);
    napi_throw_error(env, "ENOMEM", "there is no memory for a hasher");
    return NULL;
  }
  hasher_start(&object->hasher);
  if (napi_wrap(env, this, object, release, NULL, NULL) != napi_ok) {
    release(env, object, NULL);
    throw_type_error(env, "a hasher cannot be made of this");
    return NULL;
  }
  if (napi_type_tag_object(env, this, &HASHER_TAG) != napi_ok) {
    throw_type_error(env, "a hasher cannot be made of this");
    return NULL;
  }
  return this;
}

bool read_hasher(napi_env env, napi_value value, HasherObject **object) {
  bool is_hasher = false;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object ||
      napi_check_object_type_tag(env, value, &HASHER_TAG, &is_hasher) != napi_ok || !is_hasher ||
      napi_unwrap(env, value, (void **)object) != napi_ok) {
    return throw_type_error(env, "this is no hasher");
  }
  if ((*object)->is_used_up) return throw_range_error(env, "the hasher is used up");
  return true;
}

/* For what is done on the thread of JavaScript, which does not wait for a turn. */
static bool read_idle_hasher(napi_env env, napi_value value, HasherObject **object) {
  if (!read_hasher(env, value, object)) return false;
  return (*object)->pending == 0 || throw_range_error(env, "the hasher is still at work");
}

static napi_value update(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value bytes_value;
  napi_value this;
  HasherObject *object;
  uint8_t *bytes;
  size_t size;
  if (napi_get_cb_info(env, info, &count, &bytes_value, &this, NULL) != napi_ok) return NULL;
  if (!read_idle_hasher(env, this, &object) || !read_bytes(env, bytes_value, &bytes, &size)) return NULL;
  if (!hasher_update(&object->hasher, bytes, size)) {
    object->is_used_up = true;
    napi_throw_error(env, "ENOMEM", "there is no memory for another leaf");
  }
  return NULL;
}

static bool set_bytes(napi_env env, napi_value digest, const char *name, const uint8_t *bytes, size_t size) {
  napi_value buffer;
  void *copy;
  if (napi_create_buffer(env, size, &copy, &buffer) != napi_ok) return false;
  if (size > 0) memcpy(copy, bytes, size);
  return napi_set_named_property(env, digest, name, buffer) == napi_ok;
}

static napi_value digest(napi_env env, napi_callback_info info) {
  napi_value this;
  napi_value result;
  HasherObject *object;
  uint8_t linear[SHA256_BYTES];
  if (napi_get_cb_info(env, info, NULL, NULL, &this, NULL) != napi_ok) return NULL;
  if (!read_idle_hasher(env, this, &object)) return NULL;
  object->is_used_up = true;
  Hasher *hasher = &object->hasher;
  if (!hasher_finish(hasher, linear)) {
    napi_throw_error(env, "ENOMEM", "there is no memory for the last leaf");
    return NULL;
  }
  if (napi_create_object(env, &result) != napi_ok || !set_bytes(env, result, "linear", linear, sizeof linear) ||
      !set_bytes(env, result, "leaves", hasher->leaves, hasher->leaf_count * SHA256_BYTES)) {
    return NULL;
  }
  hasher_release(hasher);
  return result;
}

napi_value hasher_class(napi_env env) {
  const napi_property_descriptor methods[] = {
      {.utf8name = "update", .method = update, .attributes = napi_default_method},
      {.utf8name = "digest", .method = digest, .attributes = napi_default_method},
  };
  napi_value class;
  const size_t count = sizeof methods / sizeof methods[0];
  if (napi_define_class(env, "Hasher", NAPI_AUTO_LENGTH, construct, NULL, count, methods, &class) != napi_ok) return NULL;
  return class;
}
