"""Where an endpoint is, how it may be asked, and where its key is found."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from cladist.errors import EndpointError, UsageError
from cladist.models.base import AskedInterface, ModelURI

DEFAULT_BASE = "https://api.openai.com/v1"
DEFAULT_KEY = "OPENAI_API_KEY"
INTERFACES: dict[str, frozenset[AskedInterface]] = {
    "completions": frozenset({"raw"}),
    "chat": frozenset({"chat"}),
    "": frozenset({"raw", "chat"}),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is served, and how gently it is asked; never holds a key.

    timeout   seconds for one call from start to end
    retries   further tries of a call that failed, None for as many as patience allows
    patience  seconds that the endpoint may go without an answer, as while it loads a model
    rpm       calls started a minute at most, 0 for no limit
    served    model id that answers must carry, '' for the one that the first answer carries
    thinking  'off' to ask for no thoughts, a number of tokens granted for them, '' for neither
    thoughts  'apart' keeps thoughts out of answers, 'answer' makes them a part of those
    finish    a finish_reason of this server that means a whole answer, '' for none
    """

    model: str
    base_url: str = DEFAULT_BASE
    interfaces: frozenset[AskedInterface] = INTERFACES[""]
    key_env: str = DEFAULT_KEY
    key_named: bool = False
    concurrency: int = 8
    timeout: int = 60
    retries: int | None = None
    rpm: int = 0
    served: str = ""
    patience: int = 600
    thinking: str = ""
    thoughts: str = "apart"
    finish: str = ""

    @property
    def known(self) -> dict[str, str]:
        """Everything that answers depend on; the model's identity is made of it."""
        known = {"base_url": self.base_url, "model": self.model}
        chosen = {
            "served": self.served,
            "thinking": self.thinking,
            "thoughts": "" if self.thoughts == "apart" else self.thoughts,
            "finish": self.finish,
        }
        return known | {name: value for name, value in chosen.items() if value}

    @property
    def local(self) -> bool:
        """Whether it runs on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def key(self) -> str:
        """The key now in the environment, or 'none'.

        A key that nobody named for this endpoint does not leave the machine unencrypted.
        """
        found = os.environ.get(self.key_env, "").strip()
        if not found.isascii() or not found.isprintable():
            raise UsageError(f"the key in {self.key_env} holds characters that no key has")
        plain = self.base_url.startswith("http://") and not self.local
        if not found and self.base_url == DEFAULT_BASE:
            raise EndpointError(
                f"{DEFAULT_BASE} needs a key: put it into the variable {self.key_env}"
            )
        return "none" if not found or (plain and not self.key_named) else found


def split_target(uri: ModelURI) -> tuple[str, str]:
    """Model and base URL; `UsageError` for addresses that hold credentials or make no sense."""
    model, at, base = uri.target.partition("@http")
    base = f"http{base}".rstrip("/") if at else DEFAULT_BASE
    try:
        parts = urlsplit(base)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if not model or not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "an endpoint is written openai:MODEL@BASE_URL, for example "
            "openai:smollm2@http://127.0.0.1:8080/v1"
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "credentials do not belong into a base URL, where they would be stored; put a key "
            "into an environment variable and name that with key_env=NAME"
        )
    return model, base
