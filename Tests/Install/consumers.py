# SPDX-License-Identifier: Apache-2.0
"""What the users of an installed library write: programs by pkg-config, by CMake, in Python."""

from __future__ import annotations

C_PROGRAM = r"""
#include <neuron_ws.h>
#include <stdio.h>
int main(void) {
    neuron_ws_tag_t tag = {.name = "t", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = 21.5}};
    neuron_ws_group_t group = {.size = sizeof group, .driver = "plc", .group = "g", .timestamp_ms = 1,
                               .tags = &tag, .tag_count = 1, .tag_size = sizeof tag};
    char text[256];
    size_t length = 0;
    if (neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, text, sizeof text, &length) != NEURON_WS_OK) return 1;
    printf("%s %.*s\n", neuron_ws_version(), (int)length, text);
    return 0;
}
"""
EXPECTED = '{"node":"plc","group":"g","timestamp":1,"values":{"t":21.5},"errors":{},"metas":{}}'
CMAKE_LISTS = """
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(neuron_ws 1.0 REQUIRED)
add_executable(program program.c)
target_link_libraries(program neuron_ws::neuron_ws)
find_package(neuron_ws 2.0 QUIET)
if(neuron_ws_FOUND)
  message(FATAL_ERROR "version 2.0 was found")
endif()
"""
PYTHON_PROGRAM = """
import neuron_ws, neuron_ws.aio
print(neuron_ws.version(), neuron_ws.encode("values-format", "plc", "g", {"t": 21.5}, timestamp=1))
"""
ADDED_LISTS = """
cmake_minimum_required(VERSION 3.21)
project(user C)
add_subdirectory("${NEURON_WS_TREE}/cmake" neuron_ws)
add_executable(program program.c)
target_link_libraries(program neuron_ws::neuron_ws)
"""
