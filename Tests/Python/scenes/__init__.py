# SPDX-License-Identifier: Apache-2.0
"""Programs of neuron_ws.aio as they would be written; they run under any version of Python, without pytest."""
