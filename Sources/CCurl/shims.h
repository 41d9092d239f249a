// SPDX-License-Identifier: Apache-2.0
// libcurl, with wrappers for its variadic functions, which Swift does not import.
#ifndef CERTROTD_CCURL_SHIMS_H
#define CERTROTD_CCURL_SHIMS_H

#include <curl/curl.h>
#include <openssl/ssl.h>

// curl_easy_setopt(3) takes one argument of the type that the option asks for; the parentheses keep curl's macro of the
// same name, which only checks types of constant options, out of the way.

static inline CURLcode CCurl_easy_setopt_long(CURL *handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_easy_setopt_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_easy_setopt_string(CURL *handle, CURLoption option, const char *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_easy_setopt_pointer(CURL *handle, CURLoption option, void *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode CCurl_easy_setopt_blob(CURL *handle, CURLoption option, struct curl_blob *value) {
  return (curl_easy_setopt)(handle, option, value);
}

typedef size_t (*CCurl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode CCurl_easy_setopt_receiver(CURL *handle, CURLoption option, CCurl_receiver value) {
  return (curl_easy_setopt)(handle, option, value);
}

typedef curl_socket_t (*CCurl_opener)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode CCurl_easy_setopt_opener(CURL *handle, CURLoption option, CCurl_opener value) {
  return (curl_easy_setopt)(handle, option, value);
}

typedef int (*CCurl_observer)(
    void *context, curl_off_t toReceive, curl_off_t received, curl_off_t toSend, curl_off_t sent);

static inline CURLcode CCurl_easy_setopt_observer(CURL *handle, CURLoption option, CCurl_observer value) {
  return (curl_easy_setopt)(handle, option, value);
}

// Some messages of TLS have no end, such as HelloRequest (RFC 5246, section 7.4.1.1) or KeyUpdate (RFC 8446, section
// 4.6.3): OpenSSL reads them within one call for as long as they come, and libcurl looks at no deadline meanwhile. This is
// called for each message, SSL_CTX_set_msg_callback(3); what comes after the limit is as if the server had closed.
static const size_t CCurl_handshake_limit = 512 * 1024;

static inline void CCurl_count_handshake(
    int is_written, int version, int type, const void *bytes, size_t length, SSL *ssl, void *count) {
  (void)version, (void)bytes;
  // The records of a response are counted by whoever takes its bytes.
  if (is_written || (type != SSL3_RT_HANDSHAKE && SSL_is_init_finished(ssl))) return;
  size_t *received = (size_t *)count;
  *received += length;
  if (*received > CCurl_handshake_limit) SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

static inline CURLcode CCurl_watch_handshake(CURL *handle, void *context, void *count) {
  (void)handle;
  SSL_CTX_set_msg_callback((SSL_CTX *)context, CCurl_count_handshake);
  SSL_CTX_set_msg_callback_arg((SSL_CTX *)context, count);
  return CURLE_OK;
}

// CURLOPT_SSL_CTX_FUNCTION(3); `count` lives as long as the handle and begins with 0.
static inline CURLcode CCurl_easy_setopt_handshake_count(CURL *handle, size_t *count) {
  CURLcode code = (curl_easy_setopt)(handle, CURLOPT_SSL_CTX_DATA, count);
  return code == CURLE_OK ? (curl_easy_setopt)(handle, CURLOPT_SSL_CTX_FUNCTION, CCurl_watch_handshake) : code;
}

// The address may be longer than the structure's last member says.
static inline const struct sockaddr *CCurl_address(const struct curl_sockaddr *address) { return &address->addr; }

// curl_easy_getinfo(3) writes to a pointer of the type that the information has.
static inline CURLcode CCurl_easy_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode CCurl_easy_getinfo_long(CURL *handle, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLMcode CCurl_multi_setopt_long(CURLM *handle, CURLMoption option, long value) {
  return (curl_multi_setopt)(handle, option, value);
}

// A macro with a cast.
static inline unsigned long CCurl_AUTH_BASIC(void) { return CURLAUTH_BASIC; }

// CURL_GLOBAL_DEFAULT is a macro of macros.
static inline CURLcode CCurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

#endif
