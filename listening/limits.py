"""How often one may try: attempts are counted for each key in the cache of this process, unless Django has another."""

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

IPV6_NETWORK_BITS = 64
"""Leading bits of an IPv6 address that one customer has: whoever has them has all addresses below."""


@dataclass(frozen=True)
class Limit:
    """At most `attempts` within `window_seconds`, which begins with the first of them; `name` keeps limits apart."""

    name: str
    attempts: int
    window_seconds: int

    def reached(self, key: str) -> bool:
        """Tell whether `key` has no attempt left."""
        return bool(cache.get(self._counter(key), 0) >= self.attempts)

    def take(self, key: str) -> bool:
        """Count an attempt of `key`; False if it had none left. Of attempts at once, no more than `attempts` pass."""
        counter = self._counter(key)
        if cache.add(counter, 1, self.window_seconds):
            return self.attempts > 0
        try:
            return bool(cache.incr(counter) <= self.attempts)
        except ValueError:  # the window ended meanwhile
            return self.take(key)

    def give_back(self, key: str) -> None:
        """Take back one attempt that is not to count."""
        if cache.get(self._counter(key), 0) > 0:
            cache.decr(self._counter(key))

    def _counter(self, key: str) -> str:
        return f"{self.name}-{salted_hmac('listening.limits', key).hexdigest()}"


def address(request: HttpRequest) -> str:
    """Return where a request comes from; behind a proxy, what the proxy itself has added last. Of IPv6, the network."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_HTTPS else ""
    own = forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
    try:
        known = ipaddress.ip_address(own)
    except ValueError:
        return own
    return str(ipaddress.ip_network((known, IPV6_NETWORK_BITS), strict=False)) if known.version == 6 else own
