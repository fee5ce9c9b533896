#ifndef MORAINE_WORK_H
#define MORAINE_WORK_H

#include "arguments.h"

/*
 * write(fd, frame, position, hasher?, key?, index?): a promise of the check, as a Buffer, or of the number of an error of
 * the system.
 */
napi_value work_write(napi_env env, napi_callback_info info);

/* read(fd, into, position, check, key?, index?): a promise of 'intact', 'short' or 'damaged', or of the number of an error. */
napi_value work_read(napi_env env, napi_callback_info info);

#endif
