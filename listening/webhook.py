"""Signed messages to a researcher's own server: a POST of JSON that follows no redirect and enters no private network.

The name is resolved once, every address it has is looked at, and the connection goes to the address that was looked at:
a name that changes in between leads nowhere else. No log line holds an address or a secret.
"""

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

from lossmodel.errors import BadInput

TIMEOUT_SECONDS = 10
SIGNATURE_HEADER = "X-Hearback-Signature"


def secret(study: int | None) -> str:
    """Return what a study's messages are signed with, or those about runs: made of SECRET_KEY, stored nowhere."""
    return salted_hmac("listening.webhook", "runs" if study is None else str(study), algorithm="sha256").hexdigest()


def signature(key: str, at: int, body: bytes) -> str:
    """Return the header that proves a message: HMAC-SHA256 of "time.body".

    >>> signature("key", 1790000000, b"{}")[:32]
    't=1790000000,sha256=9cb63d8a6de2'
    """
    return f"t={at},sha256={hmac.new(key.encode(), b'%d.' % at + body, hashlib.sha256).hexdigest()}"


def post(address: str, payload: dict[str, Any], *, key: str) -> None:
    """Send `payload`; raise `BadInput` for an address that is not allowed and for any answer but 2xx."""
    parts = urlsplit(address)
    body = json.dumps(payload, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature(key, int(time.time()), body)}
    connection = _connection(parts)
    try:
        connection.request("POST", parts.path + ("?" + parts.query if parts.query else "") or "/", body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise BadInput(f"the webhook's server did not answer: {type(error).__name__}") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise BadInput(f"the webhook's server answered {status}")


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    """Return a connection to the address that was looked at, which still asks for the name."""
    host, https = parts.hostname or "", parts.scheme == "https"
    if not host or parts.scheme not in {"http", "https"}:
        raise BadInput("a webhook needs an address that begins with https://")
    port = parts.port or (443 if https else 80)
    stream = socket.create_connection((_looked_at(host, port), port), TIMEOUT_SECONDS)
    made = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    made.sock = ssl.create_default_context().wrap_socket(stream, server_hostname=host) if https else stream
    return made


def _looked_at(host: str, port: int) -> str:
    """Return an address of `host`; raise `BadInput` if it has none, or one in a private network that is not allowed."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        raise BadInput(f"{host}: the webhook's server is not known") from None
    private = [each for each in found if not ipaddress.ip_address(each).is_global]
    if private and host not in settings.WEBHOOK_PRIVATE_HOSTS:
        raise BadInput(f"{host} is in a private network; WEBHOOK_PRIVATE_HOSTS allows it")
    return min(found)
