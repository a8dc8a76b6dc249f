"""Read [reactions]: which emoji under a message ask for which task. It may have any emoji's name as a key."""

from __future__ import annotations

import re
from typing import cast

from cocoai.config.sources import SettingsError, Sources
from cocoai.config.value_types import SWITCH, ValueType
from cocoai.slack.model.question import TASKS, Kind
from cocoai.slack.model.tasks import REACTIONS, MessageTask
from cocoai.texts.language_names import LANGUAGE_NAMES

BUILT_IN = "built_in"
"""The key that is no emoji: `off` leaves out CocoAI's own table."""

_NAME = re.compile(r"(?:[^\W\d]|[\d+'-]){1,100}")
"""An emoji's name. A workspace's own may be in any letters, as `:翻訳:`."""


def read_reactions(sources: Sources) -> dict[str, MessageTask]:
    """Return the task of each emoji that asks for one, by its name: CocoAI's own table, changed by [reactions].

    Raise `SettingsError` if a name is no emoji's, or a value no task.
    """
    tasks = dict(REACTIONS) if sources.value("reactions", BUILT_IN, SWITCH, default="on") else {}
    for key in sources.keys("reactions"):
        if key == BUILT_IN:
            continue
        if not _NAME.fullmatch(key):
            allowed = "an emoji's name, without the colons that Slack shows around it"
            message = f"[reactions] {key} is not allowed; it is {allowed}"
            raise SettingsError(message, section="reactions", key=key, allowed=allowed)
        if task := sources.value("reactions", key, TASK):
            tasks[key] = task
        else:
            tasks.pop(key, None)
    return tasks


def _task(text: str, _folder: str) -> MessageTask | None:
    """Return the task of these words, such as `translate ja`; None for `off`. Raise ValueError for other words."""
    kind, *languages = text.lower().split()
    if (kind, languages) == ("off", []):
        return None
    language = "".join(languages).replace("_", "-")
    is_known = language in LANGUAGE_NAMES if kind == "translate" else kind in TASKS and not languages
    if not is_known:
        raise ValueError
    return MessageTask(cast(Kind, kind), language)


TASK = ValueType(
    "`translate` with a language's code (such as `translate ja`), `summarize`, `proofread`, or `off`", _task, empty=None
)
"""The type of what an emoji asks for."""
