#define _GNU_SOURCE
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"

/* All is done with one piece before the next is begun: what the second pass over it needs is still in the nearest cache. */
enum { PIECE_BYTES = 16 * 1024 };

static size_t piece_size(size_t left) { return left < PIECE_BYTES ? left : PIECE_BYTES; }

static void put_crc(uint32_t crc, uint8_t *check) {
  for (int index = 0; index < CRC_BYTES; index++) check[index] = (uint8_t)(crc >> (8 * index));
}

static bool hash_piece(const Frame *frame, size_t at, size_t size) {
  return frame->hasher == NULL || hasher_update(frame->hasher, frame->bytes + at, size);
}

static int hash_and_seal(Frame *frame) {
  Sealing *sealing = sealing_start(&frame->seal, false);
  if (sealing == NULL) return ENOMEM;
  bool done = true;
  for (size_t at = 0, size; done && at < frame->size; at += size) {
    size = piece_size(frame->size - at);
    done = hash_piece(frame, at, size) && sealing_update(sealing, frame->bytes + at, size);
  }
  done = done && sealing_tag(sealing, frame->check);
  sealing_end(sealing);
  frame->check_bytes = SEAL_TAG_BYTES;
  return done ? 0 : ENOMEM;
}

static int hash_and_check(Frame *frame) {
  uint32_t crc = 0;
  for (size_t at = 0, size; at < frame->size; at += size) {
    size = piece_size(frame->size - at);
    if (!hash_piece(frame, at, size)) return ENOMEM;
    crc = crc32_extend(crc, frame->bytes + at, size);
  }
  put_crc(crc, frame->check);
  frame->check_bytes = CRC_BYTES;
  return 0;
}

/* The file call is not part of the turn: the next frame is hashed while this one is on its way to the disk. */
static int compute_in_turn(Frame *frame) {
  if (frame->hasher != NULL) turns_await(frame->turns, frame->turn);
  const int failure = frame->is_sealed ? hash_and_seal(frame) : hash_and_check(frame);
  if (frame->hasher != NULL) turns_pass(frame->turns);
  return failure;
}

/*
 * Direct I/O takes nothing but whole blocks from aligned memory, which the end of a file is not: it goes through the page cache
 * from then on, whichever thread finds it out.
 */
static bool leave_direct_io(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

int frame_write(Frame *frame) {
  const int failure = compute_in_turn(frame);
  if (failure != 0) return failure;
  bool was_refused = false;
  for (size_t done = 0; done < frame->size;) {
    const ssize_t written =
        pwrite(frame->fd, frame->bytes + done, frame->size - done, (off_t)(frame->position + (int64_t)done));
    /* A disk that takes nothing and names no reason would be asked for ever. */
    if (written == 0) return EIO;
    if (written > 0) done += (size_t)written;
    else if (errno == EINVAL && !was_refused && leave_direct_io(frame->fd)) was_refused = true;
    else if (errno != EINTR) return errno;
  }
  return 0;
}

static int open_seal(Frame *frame, FrameState *state) {
  Sealing *sealing = sealing_start(&frame->seal, true);
  if (sealing == NULL) return ENOMEM;
  const bool opened = sealing_update(sealing, frame->bytes, frame->size) && sealing_accepts(sealing, frame->check);
  sealing_end(sealing);
  *state = opened ? FRAME_INTACT : FRAME_DAMAGED;
  return 0;
}

static int verify_crc(const Frame *frame, FrameState *state) {
  uint8_t check[CRC_BYTES];
  put_crc(crc32_extend(0, frame->bytes, frame->size), check);
  *state = memcmp(check, frame->check, CRC_BYTES) == 0 ? FRAME_INTACT : FRAME_DAMAGED;
  return 0;
}

int frame_read(Frame *frame, FrameState *state) {
  for (size_t done = 0; done < frame->size;) {
    const ssize_t got =
        pread(frame->fd, frame->bytes + done, frame->size - done, (off_t)(frame->position + (int64_t)done));
    if (got == 0) {
      *state = FRAME_SHORT;
      return 0;
    }
    if (got > 0) done += (size_t)got;
    else if (errno != EINTR) return errno;
  }
  return frame->is_sealed ? open_seal(frame, state) : verify_crc(frame, state);
}
