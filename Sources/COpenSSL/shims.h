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

// SSL_CTX_ctrl(3) and SSL_ctrl(3) behind their macros; each returns 0 for failure.
static inline long COpenSSL_SSL_CTX_set_min_proto_version(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_min_proto_version(ctx, version);
}
static inline long COpenSSL_SSL_CTX_set_max_proto_version(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_max_proto_version(ctx, version);
}
static inline long COpenSSL_SSL_CTX_set_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long COpenSSL_SSL_CTX_set_session_cache_mode(SSL_CTX *ctx, long mode) {
    return SSL_CTX_set_session_cache_mode(ctx, mode);
}
static inline void COpenSSL_SSL_CTX_set_read_ahead(SSL_CTX *ctx, int yes) { SSL_CTX_set_read_ahead(ctx, yes); }
static inline long COpenSSL_SSL_CTX_set_max_cert_list(SSL_CTX *ctx, long bytes) {
    return SSL_CTX_set_max_cert_list(ctx, bytes);
}
static inline long COpenSSL_SSL_CTX_set1_groups_list(SSL_CTX *ctx, const char *list) {
    return SSL_CTX_set1_groups_list(ctx, list);
}
static inline long COpenSSL_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name);
}

// STACK_OF(X509), whose type-safe functions are macros.
static inline int COpenSSL_sk_X509_num(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *COpenSSL_sk_X509_value(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}
static inline STACK_OF(X509) *COpenSSL_sk_X509_new_null(void) { return sk_X509_new_null(); }
static inline int COpenSSL_sk_X509_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
// Frees the stack and one reference to each certificate in it.
static inline void COpenSSL_sk_X509_pop_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }
// The stack holds a reference of its own; the caller keeps that of its own.
static inline int COpenSSL_sk_X509_push_up_ref(STACK_OF(X509) *stack, X509 *certificate) {
  if (X509_up_ref(certificate) != 1) return 0;
  if (sk_X509_push(stack, certificate) > 0) return 1;
  X509_free(certificate);
  return 0;
}

// Options of SSL_CTX_set_options(3), which are macros with casts.
static const uint64_t COpenSSL_SSL_OP_NO_TICKET = SSL_OP_NO_TICKET;
static const uint64_t COpenSSL_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t COpenSSL_SSL_OP_LEGACY_SERVER_CONNECT = SSL_OP_LEGACY_SERVER_CONNECT;
// The stacks of PKCS #12, with everything in them.
static inline void COpenSSL_sk_PKCS12_SAFEBAG_pop_free(STACK_OF(PKCS12_SAFEBAG) *stack) {
    sk_PKCS12_SAFEBAG_pop_free(stack, PKCS12_SAFEBAG_free);
}
static inline void COpenSSL_sk_PKCS7_pop_free(STACK_OF(PKCS7) *stack) { sk_PKCS7_pop_free(stack, PKCS7_free); }
// PKCS12_add1_attr_by_txt takes an object identifier as an ASN1_OBJECT behind a byte pointer, with -1 for its length.
static inline int COpenSSL_PKCS12_add1_object_attribute(PKCS12_SAFEBAG *bag, const char *type, int value) {
    const ASN1_OBJECT *object = OBJ_nid2obj(value);
    if (object == NULL) return 0;
    return PKCS12_add1_attr_by_txt(bag, type, V_ASN1_OBJECT, (const unsigned char *)object, -1);
}

static inline int COpenSSL_sk_PKCS7_num(const STACK_OF(PKCS7) *stack) { return sk_PKCS7_num(stack); }
static inline PKCS7 *COpenSSL_sk_PKCS7_value(const STACK_OF(PKCS7) *stack, int index) {
    return sk_PKCS7_value(stack, index);
}
static inline int COpenSSL_sk_PKCS12_SAFEBAG_num(const STACK_OF(PKCS12_SAFEBAG) *stack) {
    return sk_PKCS12_SAFEBAG_num(stack);
}
static inline const PKCS12_SAFEBAG *COpenSSL_sk_PKCS12_SAFEBAG_value(
    const STACK_OF(PKCS12_SAFEBAG) *stack, int index) {
    return sk_PKCS12_SAFEBAG_value(stack, index);
}
// The mark that pairs a key with its certificate (RFC 2985, section 5.5.2), NULL for none.
static inline const ASN1_OCTET_STRING *COpenSSL_PKCS12_localKeyID(const PKCS12_SAFEBAG *bag) {
    const ASN1_TYPE *value = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
    return value != NULL && value->type == V_ASN1_OCTET_STRING ? value->value.octet_string : NULL;
}
// The certificates of a signedData (RFC 2315, section 9.1), NULL for anything else.
static inline const STACK_OF(X509) *COpenSSL_PKCS7_certificates(const PKCS7 *content) {
    if (OBJ_obj2nid(content->type) != NID_pkcs7_signed || content->d.sign == NULL) return NULL;
    return content->d.sign->cert;
}
// How the content of an encryptedData is encrypted, NULL for anything else.
static inline const X509_ALGOR *COpenSSL_PKCS7_encryption(const PKCS7 *content) {
    if (OBJ_obj2nid(content->type) != NID_pkcs7_encrypted || content->d.encrypted == NULL ||
        content->d.encrypted->enc_data == NULL)
        return NULL;
    return content->d.encrypted->enc_data->algorithm;
}

// What follows reads parameters of password-based algorithms, whose templates are macros; INT64_MAX stands for whatever
// cannot be read.
static inline int64_t COpenSSL_count(const ASN1_INTEGER *number) {
    int64_t value;
    return number != NULL && ASN1_INTEGER_get_int64(&value, number) == 1 && value >= 0 ? value : INT64_MAX;
}
static inline int64_t COpenSSL_product(int64_t left, int64_t right) {
    int64_t product;
    return __builtin_mul_overflow(left, right, &product) ? INT64_MAX : product;
}
// Rounds of PBKDF2 (RFC 8018, appendix A.2), or N * r * p of scrypt (RFC 7914, section 7.1).
static inline int64_t COpenSSL_kdf_rounds(const X509_ALGOR *kdf) {
    int64_t rounds = INT64_MAX;
    if (OBJ_obj2nid(kdf->algorithm) == NID_id_scrypt) {
        SCRYPT_PARAMS *scrypt = (SCRYPT_PARAMS *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), kdf->parameter);
        if (scrypt == NULL) return INT64_MAX;
        rounds = COpenSSL_product(COpenSSL_count(scrypt->costParameter), COpenSSL_count(scrypt->blockSize));
        rounds = COpenSSL_product(rounds, COpenSSL_count(scrypt->parallelizationParameter));
        SCRYPT_PARAMS_free(scrypt);
        return rounds;
    }
    PBKDF2PARAM *pbkdf2 = (PBKDF2PARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);
    if (pbkdf2 != NULL) rounds = COpenSSL_count(pbkdf2->iter);
    PBKDF2PARAM_free(pbkdf2);
    return rounds;
}
// Rounds of key derivation behind an encryption by password: PBES2 (RFC 8018, appendix A.4), or any of the older kinds
// (RFC 8018, appendix A.3; RFC 7292, appendix C), which share their parameters. 0 for what needs no password.
static inline int64_t COpenSSL_pbe_rounds(const X509_ALGOR *algorithm) {
    int64_t rounds = INT64_MAX;
    int kind = OBJ_obj2nid(algorithm->algorithm);
    if (kind == NID_pbes2) {
        PBE2PARAM *pbes2 = (PBE2PARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        if (pbes2 != NULL && pbes2->keyfunc != NULL) rounds = COpenSSL_kdf_rounds(pbes2->keyfunc);
        PBE2PARAM_free(pbes2);
        return rounds;
    }
    if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, kind, NULL, NULL, NULL) != 1) return 0;
    PBEPARAM *pbe = (PBEPARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
    if (pbe != NULL) rounds = COpenSSL_count(pbe->iter);
    PBEPARAM_free(pbe);
    return rounds;
}
// Rounds behind the integrity check (RFC 7292, section 4; RFC 9579 for PBMAC1), 0 for a file without one.
static inline int64_t COpenSSL_PKCS12_mac_rounds(const PKCS12 *file) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_INTEGER *iterations = NULL;
    PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, file);
    if (algorithm == NULL) return 0;
#ifdef NID_pbmac1
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbmac1) {
        // Its parameters begin like those of PBES2: a key derivation, then another algorithm.
        int64_t rounds = INT64_MAX;
        PBE2PARAM *pbmac1 = (PBE2PARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        if (pbmac1 != NULL && pbmac1->keyfunc != NULL) rounds = COpenSSL_kdf_rounds(pbmac1->keyfunc);
        PBE2PARAM_free(pbmac1);
        return rounds;
    }
#endif
    return iterations == NULL ? 1 : COpenSSL_count(iterations);
}

#endif
