// SPDX-License-Identifier: Apache-2.0
// The same program as C++17: the header compiles there, its functions keep C linkage, its types are what C sees.
#include <cstdint>
#include <type_traits>

#include "every_function.c"

static_assert(std::is_same_v<std::underlying_type_t<neuron_ws_status_t>, std::int32_t>);
static_assert(std::is_same_v<std::underlying_type_t<neuron_ws_type_t>, std::int32_t>);
static_assert(sizeof(neuron_ws_kind_t) == 4 && sizeof(neuron_ws_level_t) == 4 && sizeof(neuron_ws_reason_t) == 4);
static_assert(std::is_trivial_v<neuron_ws_tag_t> && std::is_standard_layout_v<neuron_ws_tag_t>);
static_assert(std::is_trivial_v<neuron_ws_host_t> && std::is_standard_layout_v<neuron_ws_host_t>);
static_assert(std::is_trivial_v<neuron_ws_state_t> && std::is_trivial_v<neuron_ws_event_t>);
