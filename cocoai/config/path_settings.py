"""Define the settings about where things are kept on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.value_types import FOLDER


@dataclass(frozen=True)
class PathSettings:
    """[paths]: where things are kept."""

    var: Annotated[
        str, Setting(FOLDER, "var", "the folder of the spool, the locks and the logs; relative to the settings file")
    ]

    @property
    def scoreboard(self) -> str:
        """Return the path of the pool's scoreboard, which the pool writes and `cocoai status` reads."""
        return os.path.join(self.var, "run", "scoreboard")
