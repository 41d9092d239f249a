// SPDX-License-Identifier: Apache-2.0
// The host's OpenSSL, with wrappers for its function-like macros, which Swift does not import.
// Each wrapper is named COpenSSL_ and the original's name.
#ifndef CERTROTD_COPENSSL_SHIMS_H
#define CERTROTD_COPENSSL_SHIMS_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static inline void COpenSSL_OPENSSL_free(void *pointer) { OPENSSL_free(pointer); }
static inline void COpenSSL_OPENSSL_clear_free(void *pointer, size_t count) { OPENSSL_clear_free(pointer, count); }
static inline long COpenSSL_BIO_get_mem_data(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
// A macro of OR-ed flags with casts.
static const int COpenSSL_EVP_PKEY_KEYPAIR = EVP_PKEY_KEYPAIR;
// BIO_free returns a number, unlike every other …_free function that a handle calls.
static inline void COpenSSL_BIO_free(BIO *bio) { BIO_free(bio); }

#endif
