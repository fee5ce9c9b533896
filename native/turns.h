#ifndef MORAINE_TURNS_H
#define MORAINE_TURNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Threads of the pool take turns with what they share, in the order in which their work was asked for. The pool begins work
 * in that order too, so whoever waits for a turn waits for somebody who is running.
 */
typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t passed;
  uint64_t present;
  /* Of the thread of JavaScript alone. */
  uint64_t given;
} Turns;

bool turns_start(Turns *turns);

void turns_release(Turns *turns);

/* The next turn; who is given one must pass it on. */
uint64_t turns_give(Turns *turns);

void turns_await(Turns *turns, uint64_t turn);

void turns_pass(Turns *turns);

#endif
