// SPDX-License-Identifier: Apache-2.0
#include "CEnvironment.h"

static char *none[] = {NULL};

char **environ = none;
