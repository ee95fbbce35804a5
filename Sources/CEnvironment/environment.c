#include "CEnvironment.h"

static char *none[] = {NULL};

char **environ = none;
