#include "turns.h"

bool turns_start(Turns *turns) {
  turns->present = 0;
  turns->given = 0;
  if (pthread_mutex_init(&turns->lock, NULL) != 0) return false;
  if (pthread_cond_init(&turns->passed, NULL) == 0) return true;
  pthread_mutex_destroy(&turns->lock);
  return false;
}

void turns_release(Turns *turns) {
  pthread_cond_destroy(&turns->passed);
  pthread_mutex_destroy(&turns->lock);
}

uint64_t turns_give(Turns *turns) { return turns->given++; }

void turns_await(Turns *turns, uint64_t turn) {
  pthread_mutex_lock(&turns->lock);
  while (turns->present != turn) pthread_cond_wait(&turns->passed, &turns->lock);
  pthread_mutex_unlock(&turns->lock);
}

void turns_pass(Turns *turns) {
  pthread_mutex_lock(&turns->lock);
  turns->present++;
  pthread_cond_broadcast(&turns->passed);
  pthread_mutex_unlock(&turns->lock);
}
