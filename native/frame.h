#ifndef MORAINE_FRAME_H
#define MORAINE_FRAME_H

#include "hasher.h"
#include "seal.h"
#include "turns.h"

enum { CRC_BYTES = 4, CHECK_BYTES_MAX = SEAL_TAG_BYTES };

/* One frame and all that is to be done with it, in one visit to a thread that is not Node's own. */
typedef struct {
  int fd;
  int64_t position;
  uint8_t *bytes;
  size_t size;
  /* NULL where nobody wants hashes. Frames of one hasher take turns with it. */
  Hasher *hasher;
  Turns *turns;
  uint64_t turn;
  bool is_sealed;
  Seal seal;
  /* Written: computed here. Read: what the frame is held against. */
  uint8_t check[CHECK_BYTES_MAX];
  size_t check_bytes;
} Frame;

typedef enum { FRAME_INTACT, FRAME_SHORT, FRAME_DAMAGED } FrameState;

/* Hashes, seals or checks, and writes. 0, or an error number of the system. */
int frame_write(Frame *frame);

/* Reads, and opens or checks. 0, or an error number of the system. */
int frame_read(Frame *frame, FrameState *state);

#endif
