// SPDX-License-Identifier: Apache-2.0
#include "websocket_array.h"

#include <stdlib.h>

void websocket_array_free(UT_array *array)
{
    if (array == NULL) {
        return;
    }
    if (array->d != NULL && array->icd.dtor != NULL) {
        for (unsigned i = 0; i < array->i; i++) {
            array->icd.dtor(array->d + i * array->icd.sz);
        }
    }
    free(array->d);
    free(array);
}
