// SPDX-License-Identifier: Apache-2.0
/* The functions that need no node, each used once; part of every_function.c. */
#ifndef NEURON_WS_TEST_WITHOUT_A_NODE_H
#define NEURON_WS_TEST_WITHOUT_A_NODE_H

#include "check.h"

static void version_and_errors(void)
{
    CHECK(strcmp(neuron_ws_version(), "1.0.0") == 0);
    CHECK(neuron_ws_abi_version() == NEURON_WS_ABI_VERSION);
    CHECK(strcmp(neuron_ws_last_error(), "") == 0);
    CHECK(strcmp(neuron_ws_status_name(NEURON_WS_QUEUE_FULL), "NEURON_WS_QUEUE_FULL") == 0);
    CHECK(strcmp(neuron_ws_status_name((neuron_ws_status_t)4711), "NEURON_WS_UNKNOWN") == 0);
    for (int status = NEURON_WS_OK; status <= NEURON_WS_REFUSED; status++) {
        CHECK(strncmp(neuron_ws_status_name((neuron_ws_status_t)status), "NEURON_WS_", 10) == 0);
        CHECK(strcmp(neuron_ws_status_name((neuron_ws_status_t)status), "NEURON_WS_UNKNOWN") != 0);
        CHECK(neuron_ws_status_text((neuron_ws_status_t)status)[0] != '\0');
    }
    CHECK(neuron_ws_status_text((neuron_ws_status_t)4711)[0] != '\0');
}

static void names(void)
{
    CHECK(strcmp(neuron_ws_type_name(NEURON_WS_TYPE_DOUBLE), "NEURON_WS_TYPE_DOUBLE") == 0);
    CHECK(strcmp(neuron_ws_phase_name(NEURON_WS_PHASE_OPEN), "NEURON_WS_PHASE_OPEN") == 0);
    CHECK(strcmp(neuron_ws_reason_name(NEURON_WS_REASON_DNS), "NEURON_WS_REASON_DNS") == 0);
    CHECK(strcmp(neuron_ws_tls_failure_name(NEURON_WS_TLS_EXPIRED), "NEURON_WS_TLS_EXPIRED") == 0);
    CHECK(strcmp(neuron_ws_level_name(NEURON_WS_LEVEL_WRITTEN), "NEURON_WS_LEVEL_WRITTEN") == 0);
    CHECK(strcmp(neuron_ws_outcome_name(NEURON_WS_DELIVERED), "NEURON_WS_DELIVERED") == 0);
    CHECK(strcmp(neuron_ws_log_level_name(NEURON_WS_LOG_WARN), "NEURON_WS_LOG_WARN") == 0);
    CHECK(strcmp(neuron_ws_log_category_name(NEURON_WS_CATEGORY_TLS), "NEURON_WS_CATEGORY_TLS") == 0);
    CHECK(strcmp(neuron_ws_reason_name((neuron_ws_reason_t)4711), "NEURON_WS_UNKNOWN") == 0);
}

typedef struct faults {
    int count;
    char keys[8][32];
} faults_t;

static void on_fault(const char *key, const char *text, void *context)
{
    faults_t *faults = (faults_t *)context;
    CHECK(text[0] == '"' && strstr(text, key) != NULL);
    if (CHECK(faults->count < 8))
        snprintf(faults->keys[faults->count++], sizeof faults->keys[0], "%s", key);
}

static void a_check_of_settings(void)
{
    static const char good[] = "{\"url\":\"wss://h/\",\"format\":\"tags-format\"}";
    static const char bad[] = "{\"url\":\"http://h/\",\"formatt\":1,\"ping-interval\":\"often\","
                              "\"ca\":\"/nowhere/ca.pem\",\"cert\":\"/nowhere/cert.pem\",\"key\":\"/nowhere/key.pem\"}";
    static const char *const keys[] = {"formatt", "ping-interval", "url", "ca", "cert", "key"};
    faults_t faults;

    memset(&faults, 0, sizeof faults);
    OK(neuron_ws_settings_check(good, NEURON_WS_NUL_TERMINATED, on_fault, &faults));
    OK(neuron_ws_settings_check(good, strlen(good), NULL, NULL));
    CHECK(faults.count == 0);
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check(bad, strlen(bad), on_fault, &faults));
    CHECK(strstr(neuron_ws_last_error(), "formatt") != NULL && strstr(neuron_ws_last_error(), "often") != NULL);
    if (CHECK(faults.count == 6))
        for (int index = 0; index < 6; index++)
            CHECK(strcmp(faults.keys[index], keys[index]) == 0);
}

static void on_remark(const char *text, void *context)
{
    CHECK(strstr(text, "runner") != NULL);
    ++*(int *)context;
}

static void settings_from_oda(void)
{
    static const char connector[] = "host=h\r\npath=/p\r\n";
    static const char device[] = "deviceId=d\napiKey=k\nrunner=x.sh\n";
    static const char expected[] = "{\"format\":\"opengate\",\"host\":\"h\",\"path\":\"/p\","
                                   "\"device-id\":\"d\",\"api-key\":\"k\"}";
    char first[256], both[256];
    size_t length = 0;
    int remarks = 0;

    memset(first, 0, sizeof first);
    OK(neuron_ws_settings_from_oda(connector, NEURON_WS_NUL_TERMINATED, NEURON_WS_ODA_CONNECTOR, NULL, NULL, NULL,
                                   first, sizeof first, &length));
    STATUS(BUFFER_TOO_SMALL, neuron_ws_settings_from_oda(device, strlen(device), NEURON_WS_ODA_DEVICE_INFO, first,
                                                         NULL, NULL, NULL, 0, &length));
    CHECK(length == strlen(expected));
    OK(neuron_ws_settings_from_oda(device, strlen(device), NEURON_WS_ODA_DEVICE_INFO, first, on_remark, &remarks, both,
                                   sizeof both, &length));
    CHECK(length == strlen(expected) && memcmp(both, expected, length) == 0 && remarks == 1);
    STATUS(INVALID_SETTINGS, neuron_ws_settings_from_oda("host=h", 6, NEURON_WS_ODA_CONNECTOR, NULL, NULL, NULL, both,
                                                         sizeof both, &length));
    CHECK(strstr(neuron_ws_last_error(), "\"path\" is missing") != NULL);
    STATUS(INVALID_SETTINGS, neuron_ws_settings_from_oda("", 0, NEURON_WS_ODA_DISPATCHER, "[]", NULL, NULL, both,
                                                         sizeof both, &length));
}

static void encoding(void)
{
    static const char expected[] = "{\"node\":\"plc1\",\"group\":\"fast\",\"timestamp\":1650006388943,"
                                   "\"tags\":[{\"name\":\"t\",\"value\":42},{\"name\":\"u\",\"error\":2014}]}";
    neuron_ws_tag_t tags[2];
    char buffer[256];
    size_t length = 0;
    const char *schema = NULL;

    tags[0] = int_tag("t", 42);
    tags[1] = int_tag("u", 0);
    tags[1].error = 2014;
    neuron_ws_group_t group = group_of(tags, 2);
    STATUS(BUFFER_TOO_SMALL, neuron_ws_encode(NEURON_WS_FORMAT_TAGS, NULL, &group, NULL, 0, &length));
    CHECK(length == strlen(expected));
    length = 0;
    OK(neuron_ws_encode(NEURON_WS_FORMAT_TAGS, NULL, &group, buffer, strlen(expected), &length));
    CHECK(length == strlen(expected) && memcmp(buffer, expected, length) == 0);

    /* The same group as JSON, which is the very message. */
    memset(buffer, 0, sizeof buffer);
    STATUS(BUFFER_TOO_SMALL,
           neuron_ws_encode_json(NEURON_WS_FORMAT_TAGS, NULL, expected, strlen(expected), NULL, 0, &length));
    CHECK(length == strlen(expected));
    OK(neuron_ws_encode_json(NEURON_WS_FORMAT_TAGS, NULL, expected, strlen(expected), buffer, sizeof buffer, &length));
    CHECK(length == strlen(expected) && memcmp(buffer, expected, length) == 0);
    OK(neuron_ws_encode_json(NEURON_WS_FORMAT_WRITE_RESPONSE, "{\"uuid\":\"u\",\"error\":0}", NULL, 0, buffer,
                             sizeof buffer, &length));

    OK(neuron_ws_settings_schema(&schema, &length));
    CHECK(schema != NULL && strlen(schema) == length && strstr(schema, "\"url\"") != NULL);
}

#endif
