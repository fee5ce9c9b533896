#define _GNU_SOURCE
#include "seal.h"

#include <dlfcn.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

enum { NONCE_BYTES = 12 };

/*
 * Looked up by name: a node built without exported OpenSSL would otherwise end the whole program at the first call, and so
 * the server just goes on without the addon.
 */
static struct {
  __typeof__(EVP_aes_256_gcm) *aes_256_gcm;
  __typeof__(EVP_CIPHER_CTX_new) *context_new;
  __typeof__(EVP_CIPHER_CTX_free) *context_free;
  __typeof__(EVP_CIPHER_CTX_ctrl) *control;
  __typeof__(EVP_CipherInit_ex) *init;
  __typeof__(EVP_CipherUpdate) *update;
  __typeof__(EVP_CipherFinal_ex) *final;
} openssl;

static bool find(const char *name, void *function) {
  void *symbol = dlsym(RTLD_DEFAULT, name);
  /* POSIX, not C, says that a pointer to a function fits. */
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

bool seal_prepare(void) {
  return find("EVP_aes_256_gcm", &openssl.aes_256_gcm) && find("EVP_CIPHER_CTX_new", &openssl.context_new) &&
         find("EVP_CIPHER_CTX_free", &openssl.context_free) && find("EVP_CIPHER_CTX_ctrl", &openssl.control) &&
         find("EVP_CipherInit_ex", &openssl.init) && find("EVP_CipherUpdate", &openssl.update) &&
         find("EVP_CipherFinal_ex", &openssl.final);
}

/* `Sealing` is OpenSSL's context, under a name that keeps its header out of the other files. */
static EVP_CIPHER_CTX *context_of(Sealing *sealing) { return (EVP_CIPHER_CTX *)sealing; }

Sealing *sealing_start(const Seal *seal, bool opens) {
  uint8_t nonce[NONCE_BYTES] = {0};
  for (int byte = 0; byte < 8; byte++) nonce[NONCE_BYTES - 1 - byte] = (uint8_t)(seal->index >> (8 * byte));
  EVP_CIPHER_CTX *context = openssl.context_new();
  if (context == NULL) return NULL;
  if (openssl.init(context, openssl.aes_256_gcm(), NULL, seal->key, nonce, opens ? 0 : 1) == 1) {
    return (Sealing *)context;
  }
  openssl.context_free(context);
  return NULL;
}

bool sealing_update(Sealing *sealing, uint8_t *bytes, size_t size) {
  int changed = 0;
  if (size > INT_MAX) return false;
  return openssl.update(context_of(sealing), bytes, &changed, bytes, (int)size) == 1 && (size_t)changed == size;
}

bool sealing_tag(Sealing *sealing, uint8_t *tag) {
  uint8_t nothing[SEAL_TAG_BYTES];
  int size = 0;
  return openssl.final(context_of(sealing), nothing, &size) == 1 &&
         openssl.control(context_of(sealing), EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES, tag) == 1;
}

bool sealing_accepts(Sealing *sealing, const uint8_t *tag) {
  uint8_t expected[SEAL_TAG_BYTES];
  uint8_t nothing[SEAL_TAG_BYTES];
  int size = 0;
  memcpy(expected, tag, SEAL_TAG_BYTES);
  return openssl.control(context_of(sealing), EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES, expected) == 1 &&
         openssl.final(context_of(sealing), nothing, &size) == 1;
}

void sealing_end(Sealing *sealing) { openssl.context_free(context_of(sealing)); }
