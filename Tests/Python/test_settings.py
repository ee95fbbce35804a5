# SPDX-License-Identifier: Apache-2.0
"""What is wrong with settings, told all at once."""

from __future__ import annotations

import json

import pytest
from neuron_ws import Fault, Node, SettingsError, check_settings

GOOD = {"url": "ws://127.0.0.1:9/"}


def test_good_settings_have_no_fault() -> None:
    assert check_settings(GOOD) == []
    assert check_settings(json.dumps({"params": GOOD})) == []


def test_each_fault_has_its_key() -> None:
    faults = check_settings({**GOOD, "formatt": 1, "ping-interval": "often", "ca": "/nowhere", "cert": "/nowhere"})
    assert [fault.key for fault in faults] == ["formatt", "ping-interval", "ca", "cert"]
    assert faults[0] == Fault("formatt", '"formatt" (an integer) is no setting; did you mean "format"?')
    for fault in faults:
        assert fault.text.startswith(f'"{fault.key}"')


@pytest.mark.parametrize("text", ["", "[", "[]", '{"params":[]}', '{"url":"ws://h/"}\0', '"\ud800"'])
def test_what_is_no_document_has_one_fault(text: str) -> None:
    (fault,) = check_settings(text)
    assert fault.key == ("params" if "params" in text else "")


def test_no_secret_is_told() -> None:
    secret = "s3cr3t"
    faults = check_settings({**GOOD, "token": [secret], "password": secret, "passwort": secret, "key": secret})
    assert len(faults) >= 4
    assert secret not in repr(faults)


def test_a_name_that_is_none_cannot_deceive() -> None:
    (fault,) = check_settings({**GOOD, "\x1b[2J" + "x" * 1000: 1})
    assert "\x1b" not in fault.key + fault.text and len(fault.key) < 100


def test_a_node_takes_what_has_no_fault_and_nothing_else() -> None:
    for settings in (GOOD, {}, {"url": "wss://h/", "tls-ciphers": "none"}, {**GOOD, "format": "custom"}):
        faults = check_settings(settings)
        if faults:
            with pytest.raises(SettingsError) as raised:
                Node("n", settings)
            assert raised.value.detail == "; ".join(fault.text for fault in faults)
        else:
            Node("n", settings).close()
