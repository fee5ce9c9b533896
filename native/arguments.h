#ifndef MORAINE_ARGUMENTS_H
#define MORAINE_ARGUMENTS_H

#define NAPI_VERSION 9
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading what JavaScript gives. Each function throws and returns false for what it cannot take; its caller then returns
 * NULL at once.
 */

bool throw_type_error(napi_env env, const char *message);

bool throw_range_error(napi_env env, const char *message);

/* A Uint8Array, so a Buffer too. */
bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *size);

/* A whole number from 0 to `max`, which is at most 2^53 - 1. */
bool read_whole_number(napi_env env, napi_value value, int64_t max, int64_t *number);

/* Undefined or null: nothing was given. */
bool is_absent(napi_env env, napi_value value);

#endif
