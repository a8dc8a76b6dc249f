"""Define the settings about the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.value_types import FILE, PROXY, Secret


@dataclass(frozen=True)
class NetworkSettings:
    """[network]: how Slack and OpenAI are reached."""

    ca_file: Annotated[
        str,
        Setting(FILE, "", "a PEM file of the certificate authorities to trust; empty for those that `requests` brings"),
    ]
    proxy: Annotated[
        Secret, Setting(PROXY, "", "the proxy for all outgoing connections; never shown, as it may hold a password")
    ]
