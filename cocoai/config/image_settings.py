"""Define the settings about pictures that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.value_types import NAME, SWITCH, integer, one_of, seconds


@dataclass(frozen=True)
class ImageSettings:
    """[images]: the pictures that CocoAI draws when it is asked for one. Each is paid by its tokens."""

    use: Annotated[
        bool,
        Setting(
            SWITCH,
            "off",
            "whether pictures are drawn; if not, the chat model answers who asks for one. The Slack app needs the "
            "scope files:write",
        ),
    ]
    model: Annotated[str, Setting(NAME, "gpt-image-2.6-flare", "the model that draws")]
    size: Annotated[
        str,
        Setting(
            one_of("1024x1024", "1536x1024", "1024x1536"),
            "1536x1024",
            "the width and the height of a picture, in pixels; the square costs most",
        ),
    ]
    quality: Annotated[
        str,
        Setting(
            one_of("low", "medium", "high", "xhigh", "max"),
            "medium",
            "how finely a picture is drawn: about 0.5, 1, 4, 7 and 17 US cents by gpt-image-2.5 and later; the last "
            "two are theirs alone",
        ),
    ]
    format: Annotated[
        str, Setting(one_of("jpeg", "webp", "png"), "jpeg", "the format of a picture; a `png` is much larger")
    ]
    per_person_a_day: Annotated[
        int, Setting(integer(0, 1000), "10", "the most pictures of one person in 24 hours; 0 for no limit")
    ]
    total_timeout: Annotated[float, Setting(seconds(0.1, 600), "180", "time limit for drawing one picture")]
