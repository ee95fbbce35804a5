# SPDX-License-Identifier: Apache-2.0
"""nginx as a reverse proxy, as most servers in the field have one in front of them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import foreign

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}{tls};
        location / {{
            proxy_pass http://127.0.0.1:{backend};
            {passing}
            proxy_set_header Host $host;
        }}
    }}
}}
"""


# What passes a WebSocket on; without it nginx asks the backend by HTTP/1.0, for an ordinary page.
PASSING = """
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
"""


@contextlib.contextmanager
def nginx(
    backend: int, folder: Path, authority: Optional[foreign.Authority] = None, *, passing: str = PASSING,
    tls_options: str = "ssl_verify_client off",
) -> Iterator[int]:
    """Runs nginx in front of a port, over TLS if there is an authority. Its own port."""
    port = foreign.free_port()
    tls = "" if authority is None else (
        f" ssl;\n        ssl_certificate {authority.cert};\n        ssl_certificate_key {authority.key};\n        "
        + tls_options)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, backend=backend, tls=tls, passing=passing))
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        foreign.wait_until(lambda: foreign.listens(port) or process.poll() is not None, 10, "nginx")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(10)
