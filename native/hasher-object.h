#ifndef MORAINE_HASHER_OBJECT_H
#define MORAINE_HASHER_OBJECT_H

#include "arguments.h"
#include "hasher.h"
#include "turns.h"

/* A hasher as JavaScript holds it. */
typedef struct {
  /* Of whoever has the turn; of the thread of JavaScript while no work is pending. */
  Hasher hasher;
  Turns turns;
  /* Works that were given to the pool and have not come back. This and the next: of the thread of JavaScript alone. */
  uint32_t pending;
  /* Its digest was taken, or a work failed. */
  bool is_used_up;
} HasherObject;

/* The class `Hasher`: `update(bytes)` and `digest()`. NULL when something was thrown. */
napi_value hasher_class(napi_env env);

/* The hasher in a value, not used up; false, and something was thrown, when it is none. */
bool read_hasher(napi_env env, napi_value value, HasherObject **object);

#endif
