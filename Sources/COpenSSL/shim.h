// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_COPENSSL_SHIM_H
#define NEURON_WS_COPENSSL_SHIM_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>

/* Macros with arguments, which Swift cannot call. */
static inline void neuron_ws_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void neuron_ws_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void neuron_ws_BIO_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline int neuron_ws_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version)
{
    return (int) SSL_CTX_set_min_proto_version(context, version);
}
static inline int neuron_ws_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version)
{
    return (int) SSL_CTX_set_max_proto_version(context, version);
}
static inline void neuron_ws_SSL_CTX_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void neuron_ws_SSL_CTX_clear_mode(SSL_CTX *context, long mode) { SSL_CTX_clear_mode(context, mode); }
static inline int neuron_ws_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate)
{
    return (int) SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int neuron_ws_SSL_set_tlsext_host_name(SSL *ssl, const char *name)
{
    return (int) SSL_set_tlsext_host_name(ssl, name);
}
static inline unsigned long long neuron_ws_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline unsigned long long neuron_ws_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
static inline int neuron_ws_sk_GENERAL_NAME_num(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *neuron_ws_sk_GENERAL_NAME_value(const GENERAL_NAMES *names, int index)
{
    return sk_GENERAL_NAME_value(names, index);
}
static inline int neuron_ws_sk_X509_num(const STACK_OF(X509) *chain) { return chain ? sk_X509_num(chain) : 0; }
static inline X509 *neuron_ws_sk_X509_value(const STACK_OF(X509) *chain, int index)
{
    return sk_X509_value(chain, index);
}
static inline void neuron_ws_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode)
{
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int neuron_ws_sk_X509_push(STACK_OF(X509) *chain, X509 *certificate)
{
    return sk_X509_push(chain, certificate);
}
static inline void neuron_ws_sk_X509_pop_free(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }
/* What a security callback is asked about: the key of a DHE exchange, a group that we offer. */
static inline int neuron_ws_SSL_SECOP_TMP_DH(void) { return SSL_SECOP_TMP_DH; }
static inline int neuron_ws_SSL_SECOP_CURVE_SUPPORTED(void) { return SSL_SECOP_CURVE_SUPPORTED; }
static inline int neuron_ws_EVP_PKEY_KEYPAIR(void) { return EVP_PKEY_KEYPAIR; }

static inline int neuron_ws_ERR_R_MALLOC_FAILURE(void) { return ERR_R_MALLOC_FAILURE; }

#endif
