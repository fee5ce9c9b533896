#ifndef MORAINE_HASHER_OBJECT_H
#define MORAINE_HASHER_OBJECT_H

#include "arguments.h"
#include "hasher.h"

/* A hasher as JavaScript holds it. Its fields but the hasher itself belong to the thread that runs JavaScript. */
typedef struct {
  Hasher hasher;
  /* A pool thread is at work with it. */
  bool is_busy;
  /* Its digest was taken. */
  bool is_used_up;
} HasherObject;

/* The class `Hasher`: `update(bytes)` and `digest()`. NULL when something was thrown. */
napi_value hasher_class(napi_env env);

/* The hasher in a value, ready for more bytes; false, and something was thrown, when it is none or is not ready. */
bool read_hasher(napi_env env, napi_value value, HasherObject **object);

#endif
