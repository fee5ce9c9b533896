#include "arguments.h"

bool throw_type_error(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool throw_range_error(napi_env env, const char *message) {
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
  return false;
}

bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *size) {
  bool is_array = false;
  napi_typedarray_type type;
  void *start = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, size, &start, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    return throw_type_error(env, "bytes must be a Uint8Array");
  }
  *bytes = start;
  return true;
}

bool read_whole_number(napi_env env, napi_value value, int64_t max, int64_t *number) {
  double given;
  if (napi_get_value_double(env, value, &given) != napi_ok) return throw_type_error(env, "a number is missing");
  /* Not a number compares as false. */
  if (!(given >= 0 && given <= (double)max)) return throw_range_error(env, "a number is out of range");
  *number = (int64_t)given;
  if ((double)*number != given) return throw_range_error(env, "a number is not whole");
  return true;
}

bool is_absent(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && (type == napi_undefined || type == napi_null);
}
