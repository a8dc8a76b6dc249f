"""Words: one language's fixed texts, in two groups. Which they are stands in japanese.py and english.py.

The persona's voice is CocoAI speaking for itself, and may be played with; the plain notices say what happened and
what to do, and stay sober. Neither names an exception, a key or an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What an asker can read that no model has written, in Slack's mrkdwn with nothing to format in it.

    A text with `{model}`, `{name}`, `{why}` or `{word}` is given those with `str.format`.
    `sorry` maps an error's code to its text; `sorry[""]` serves every other code.
    """

    # the persona's voice
    placeholder: str
    writing: str
    help: str
    more: dict[str, str]
    started_over: str
    model: str
    thanks: str
    # plain notices
    cut: str
    stopped: str
    empty: str
    refused: str
    late: str
    left_out: str
    left_out_unnamed: str
    only_asker: str
    why: dict[str, str]
    buttons: dict[str, str]
    sorry: dict[str, str]

    def sorry_for(self, code: str) -> str:
        """What the asker reads when a question is given up because of `code`."""
        return self.refused if code == "refused" else self.sorry.get(code, self.sorry[""])

    def help_with(self, models: Mapping[str, str], *, files: bool, buttons: bool) -> str:
        """The help with what the settings offer: words for other models, files that are read, buttons."""
        deep = [self.more["deep"].format(word=word, model=model) for word, model in models.items()]
        offered = [self.more["files"]] * files + deep + [self.more["buttons"]] * buttons
        return "\n".join([self.help, *offered])
