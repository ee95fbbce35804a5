#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes websocket.json, the form of Neuron's dashboard, from the library's own table of settings.

    make_schema.py LIBRARY          writes it
    make_schema.py LIBRARY --check  exits 1 if it is not what it would write
"""

import ctypes
import json
import sys
from pathlib import Path

FORM = Path(__file__).resolve().parents[1] / "websocket.json"
# The fields of the commercial plugin's form, under the names that its users know.
NAMES = {
    "format": ("Upload Format", "上报数据格式"),
    "url": ("Server URL", "服务器 URL"),
    "ca": ("CA", "CA 证书"),
    "cert": ("Client Cert", "客户端证书"),
    "key": ("Client Private Key", "客户端私钥"),
    "keypass": ("Client Private Key Password", "客户端私钥密码"),
    # As in the MQTT plugin's form.
    "offline-cache": ("Offline Data Caching", "离线缓存"),
    "cache-mem-size": ("Cache Memory Size (MB)", "缓存内存大小（MB）"),
    "cache-disk-size": ("Cache Disk Size (MB)", "缓存磁盘大小（MB）"),
    "cache-sync-interval": ("Cache Sync Interval (MS)", "缓存消息重传间隔（MS）"),
}


def library_schema(path):
    library = ctypes.CDLL(str(path))
    text, length = ctypes.c_char_p(), ctypes.c_size_t()
    if library.neuron_ws_settings_schema(ctypes.byref(text), ctypes.byref(length)) != 0:
        sys.exit(f"{path} gives no schema")
    return json.loads(text.value[: length.value])


def form(schema):
    """The form as text: the library's members in the library's order, some under other names."""
    for key, (name, name_zh) in NAMES.items():
        schema[key].update(name=name, name_zh=name_zh)
    return json.dumps(schema, ensure_ascii=False, indent="\t") + "\n"


def main():
    text = form(library_schema(sys.argv[1]))
    if "--check" not in sys.argv:
        FORM.write_text(text, encoding="utf-8")
    elif not FORM.exists() or FORM.read_text(encoding="utf-8") != text:
        sys.exit(f"{FORM.name} is not the library's: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
