// SPDX-License-Identifier: Apache-2.0
/*
 * A provider for OpenSSL 3 that keeps one private key, as a provider for tokens would: pkcs11:object=gateway is the
 * key in the file NEURON_WS_TEST_TOKEN (PKCS #8, DER), behind the PIN NEURON_WS_TEST_PIN. No token and no PKCS #11: it
 * shows how a URI gets to a provider, a PIN to it, and a key back.
 */
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char name[64];
    int done;
} store_t;

static void *token_open(void *provider, const char *uri)
{
    const char *object = strstr(uri, "object=");
    store_t *store = calloc(1, sizeof *store);
    (void) provider;
    if (store != NULL && object != NULL) snprintf(store->name, sizeof store->name, "%s", object + strlen("object="));
    return store;
}

static int token_load(void *context, OSSL_CALLBACK *found, void *found_arg, OSSL_PASSPHRASE_CALLBACK *ask,
                      void *ask_arg)
{
    store_t *store = context;
    unsigned char key[4096];
    char pin[64] = "";
    size_t pin_length = 0, length;
    int type = OSSL_OBJECT_PKEY;
    const char *wanted = getenv("NEURON_WS_TEST_PIN");
    const char *path = getenv("NEURON_WS_TEST_TOKEN");
    FILE *file;

    store->done = 1;
    if (strcmp(store->name, "gateway") != 0 || wanted == NULL || path == NULL) return 0;
    if (!ask(pin, sizeof pin - 1, &pin_length, NULL, ask_arg)) {
        /* pkcs11-provider asks once more, on the terminal of the process: nobody answers there. */
        fprintf(stderr, "Enter PIN:\n");
        return 0;
    }
    if (pin_length != strlen(wanted) || memcmp(pin, wanted, pin_length) != 0) return 0;
    file = fopen(path, "rb");
    if (file == NULL) return 0;
    length = fread(key, 1, sizeof key, file);
    fclose(file);
    OSSL_PARAM object[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, "EC", 0),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, "PrivateKeyInfo", 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, key, length),
        OSSL_PARAM_construct_end(),
    };
    return found(object, found_arg);
}

static int token_eof(void *context) { return ((store_t *) context)->done; }

static int token_close(void *context)
{
    free(context);
    return 1;
}

static const OSSL_PARAM *token_settable(void *provider)
{
    static const OSSL_PARAM settable[] = {OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL), OSSL_PARAM_END};
    (void) provider;
    return settable;
}

static int token_set(void *context, const OSSL_PARAM params[])
{
    (void) context;
    (void) params;
    return 1;
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_STORE_OPEN, (void (*)(void)) token_open},
    {OSSL_FUNC_STORE_LOAD, (void (*)(void)) token_load},
    {OSSL_FUNC_STORE_EOF, (void (*)(void)) token_eof},
    {OSSL_FUNC_STORE_CLOSE, (void (*)(void)) token_close},
    {OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void)) token_settable},
    {OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void)) token_set},
    {0, NULL},
};

static const OSSL_ALGORITHM *token_query(void *provider, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM stores[] = {{"pkcs11", "provider=token", functions, NULL}, {NULL, NULL, NULL, NULL}};
    (void) provider;
    *no_cache = 0;
    return operation == OSSL_OP_STORE ? stores : NULL;
}

int OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **context)
{
    static const OSSL_DISPATCH provider[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void)) token_query},
        {0, NULL},
    };
    (void) in;
    *out = provider;
    *context = (void *) core;
    return 1;
}
