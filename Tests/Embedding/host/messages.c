// SPDX-License-Identifier: Apache-2.0
/*
 * Data as the host hands it over: read-only, its datatag's texts dangling, freed and overwritten after the call.
 */
#include "host.h"

/* Around the data, so that overruns and changes show. */
typedef struct {
    uint64_t canary;
    uint64_t sum;
    neu_reqresp_trans_data_ctx_t ctx;
    neu_reqresp_trans_data_t data;
    uint64_t canary_behind;
} block_t;

UT_array *array_make(size_t element_size, size_t count)
{
    UT_array *array = calloc(1, sizeof *array);

    CHECK(array != NULL, "no memory");
    array->icd.sz = element_size;
    array->i = (unsigned) count;
    array->n = (unsigned) count + 1;
    array->d = calloc(count + 1, element_size);
    CHECK(array->d != NULL, "no memory");
    return array;
}

static void *copy(const void *bytes, size_t size)
{
    void *memory = malloc(size);

    CHECK(memory != NULL, "no memory");
    return memcpy(memory, bytes, size);
}

static void set_array(neu_dvalue_t *value, neu_type_e type)
{
    static const double doubles[2] = {1.5, -2.25};
    static const float floats[2] = {0.1f, 3.0f};
    static const char bytes[16] = {1, 0, 1, 0, 0, 0, 0, 0, 2};

    value->type = type;
    value->value.u8s.length = 2;
    switch (type) {
    case NEU_TYPE_ARRAY_FLOAT:
        value->value.f32s.f32s = copy(floats, sizeof floats);
        break;
    case NEU_TYPE_ARRAY_DOUBLE:
        value->value.f64s.f64s = copy(doubles, sizeof doubles);
        break;
    case NEU_TYPE_ARRAY_STRING: {
        char *strings[2] = {strdup("one"), strdup("two")};
        value->value.strs.strs = copy(strings, sizeof strings);
        break;
    }
    default:
        value->value.u8s.u8s = copy(bytes, sizeof bytes);
        break;
    }
}

static void set_value(neu_dvalue_t *value, int type)
{
    value->type = (neu_type_e) type;
    switch (type) {
    case NEU_TYPE_STRING:
        snprintf(value->value.str, sizeof value->value.str, "text");
        break;
    case NEU_TYPE_TIME:
    case NEU_TYPE_DATA_AND_TIME:
    case NEU_TYPE_ARRAY_CHAR:
        /* To its last byte, with no NUL. */
        memset(value->value.str, 'x', sizeof value->value.str);
        break;
    case NEU_TYPE_BYTES:
        memcpy(value->value.bytes.bytes, "\1\2\3", 3);
        value->value.bytes.length = 3;
        break;
    case NEU_TYPE_FLOAT:
        value->value.f32 = 0.1f;
        break;
    case NEU_TYPE_DOUBLE:
        value->value.d64 = 2.5;
        value->precision = 2;
        break;
    case NEU_TYPE_BOOL:
        value->value.boolean = true;
        break;
    case NEU_TYPE_PTR:
        value->value.ptr.type = NEU_TYPE_STRING;
        value->value.ptr.length = 3;
        value->value.ptr.ptr = copy("ptr", 3);
        break;
    case NEU_TYPE_CUSTOM:
        value->value.json = host_json("{\"a\":[1,2]}");
        break;
    case NEU_TYPE_ERROR:
        value->value.i32 = NEU_ERR_FILE_NOT_EXIST;
        break;
    default:
        if (type >= NEU_TYPE_ARRAY_INT8 && type <= NEU_TYPE_ARRAY_STRING)
            set_array(value, (neu_type_e) type);
        else
            value->value.u64 = 1;
        break;
    }
}

static void free_value(neu_dvalue_t *value)
{
    if (value->type == NEU_TYPE_PTR) {
        free(value->value.ptr.ptr);
    } else if (value->type == NEU_TYPE_CUSTOM) {
        host_json_free(value->value.json);
    } else if (value->type >= NEU_TYPE_ARRAY_INT8 && value->type <= NEU_TYPE_ARRAY_STRING) {
        for (unsigned index = 0; value->type == NEU_TYPE_ARRAY_STRING && index < value->value.strs.length; index++)
            if (value->value.strs.strs != NULL)
                free(value->value.strs.strs[index]);
        free(value->value.u8s.u8s);
    }
}

static void set_tag(neu_resp_tag_value_meta_t *tag, size_t index)
{
    snprintf(tag->tag, sizeof tag->tag, "tag%zu", index);
    /* Whoever reads them crashes. */
    tag->datatag.name = (char *) 8;
    tag->datatag.address = (char *) 8;
    tag->datatag.description = (char *) 8;
}

/* The 35 types, one of the future, then values at odds with themselves. */
enum { FUTURE = 99, TYPES = 36, ODD = 4 };

static void set_all_types(neu_resp_tag_value_meta_t *tags)
{
    size_t index = 0;

    for (int type = 1; type <= 40; type++) {
        if (type <= NEU_TYPE_ARRAY_STRING || type == NEU_TYPE_CUSTOM) {
            set_value(&tags[index].value, type);
            snprintf(tags[index].tag, sizeof tags[index].tag, "type%d", type);
            index++;
        }
    }
    set_value(&tags[index].value, FUTURE);
    snprintf(tags[index++].tag, NEU_TAG_NAME_LEN, "future");
    CHECK(index == TYPES, "%zu types", index);
    tags[0].n_meta = 2;
    tags[0].metas = calloc(2, sizeof *tags[0].metas);
    CHECK(tags[0].metas != NULL, "no memory");
    snprintf(tags[0].metas[0].name, NEU_TAG_NAME_LEN, "quality");
    set_value(&tags[0].metas[0].value, NEU_TYPE_UINT8);
    snprintf(tags[0].metas[1].name, NEU_TAG_NAME_LEN, "extra");
    set_value(&tags[0].metas[1].value, NEU_TYPE_CUSTOM);
    /* Pointers that are NULL, and a name that fills its array. */
    tags[index].value.type = NEU_TYPE_PTR;
    tags[index++].value.value.ptr.length = 5;
    tags[index].value.type = NEU_TYPE_ARRAY_STRING;
    tags[index++].value.value.strs.length = 5;
    tags[index].value.type = NEU_TYPE_CUSTOM;
    tags[index++].n_meta = -1;
    tags[index].value.type = NEU_TYPE_INT8;
    memset(tags[index].tag, 'n', NEU_TAG_NAME_LEN);
    tags[index++].n_meta = 7;
    CHECK(index == TYPES + ODD, "%zu tags", index);
}

UT_array *values_make(size_t count, bool all_types)
{
    UT_array *array = array_make(sizeof(neu_resp_tag_value_meta_t), all_types ? TYPES + ODD : count);
    neu_resp_tag_value_meta_t *tags = (neu_resp_tag_value_meta_t *) (void *) array->d;

    for (unsigned index = 0; index < array->i; index++) {
        set_tag(&tags[index], index);
        if (!all_types)
            set_value(&tags[index].value, index % 2 == 0 ? NEU_TYPE_INT32 : NEU_TYPE_DOUBLE);
    }
    if (all_types)
        set_all_types(tags);
    return array;
}

void values_free(UT_array *values)
{
    neu_resp_tag_value_meta_t *tags;

    if (values == NULL)
        return;
    tags = (neu_resp_tag_value_meta_t *) (void *) values->d;
    for (unsigned index = 0; index < values->i; index++) {
        for (int meta = 0; tags[index].metas != NULL && meta < tags[index].n_meta; meta++)
            free_value(&tags[index].metas[meta].value);
        free(tags[index].metas);
        free_value(&tags[index].value);
    }
    memset(values->d, 0xdb, values->i * values->icd.sz);
    free(values->d);
    memset(values, 0xdb, sizeof *values);
    free(values);
}

static uint64_t sum_of(const neu_reqresp_trans_data_t *data)
{
    const unsigned char *bytes = data->tags != NULL ? (const unsigned char *) data->tags->d : NULL;
    size_t size = data->tags != NULL ? data->tags->i * data->tags->icd.sz : 0;
    uint64_t sum = 14695981039346656037u;

    for (size_t index = 0; index < size; index++)
        sum = (sum ^ bytes[index]) * 1099511628211u;
    for (const char *name = data->driver; name != NULL && *name != '\0'; name++)
        sum = (sum ^ (unsigned char) *name) * 1099511628211u;
    return sum ^ (uintptr_t) data->tags ^ (uintptr_t) data->group;
}

neu_reqresp_trans_data_t *data_make_of(const char *driver, const char *group, UT_array *tags)
{
    block_t *block = calloc(1, sizeof *block);

    CHECK(block != NULL, "no memory");
    block->canary = block->canary_behind = CANARY;
    block->data.driver = driver != NULL ? strdup(driver) : NULL;
    block->data.group = group != NULL ? strdup(group) : NULL;
    block->data.ctx = &block->ctx;
    block->data.tags = tags;
    block->sum = sum_of(&block->data);
    return &block->data;
}

neu_reqresp_trans_data_t *data_make(const char *driver, const char *group, size_t tags)
{
    return data_make_of(driver, group, values_make(tags, false));
}

neu_reqresp_trans_data_t *data_make_all_types(const char *driver, const char *group)
{
    return data_make_of(driver, group, values_make(0, true));
}

static block_t *block_of(const neu_reqresp_trans_data_t *data)
{
    return (block_t *) (void *) ((char *) data - offsetof(block_t, data));
}

void data_check(const neu_reqresp_trans_data_t *data)
{
    const block_t *block = block_of(data);

    CHECK(block->canary == CANARY && block->canary_behind == CANARY, "data was overrun");
    CHECK(block->sum == sum_of(data), "data was changed");
}

void data_free(neu_reqresp_trans_data_t *data)
{
    block_t *block = block_of(data);

    values_free(data->tags);
    free(data->driver);
    free(data->group);
    memset(block, 0xdb, sizeof *block);
    free(block);
}
