// SPDX-License-Identifier: Apache-2.0
// In place of Swift's tables of equivalent characters, 30 KB: two texts are the same where their code points are, as
// JSON (RFC 8259 section 8.3), HTTP and the gateways that names come from have it. Linked into the Embedded build
// alone.
#include <stdint.h>

// By the name under which Swift's standard library calls them.
uint16_t _swift_stdlib_getNormData(uint32_t scalar);
uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar);
uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second);

// No character has a class that it would be ordered by, or other characters that it stands for.
uint16_t _swift_stdlib_getNormData(uint32_t scalar) {
    (void)scalar;
    return 0;
}

uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar) {
    (void)scalar;
    return 0;
}

// There is no character for two.
uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second) {
    (void)first;
    (void)second;
    return UINT32_MAX;
}

const uint8_t *_swift_stdlib_nfd_decompositions;
