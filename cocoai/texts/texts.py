"""Define which fixed texts each language has, in two groups. The texts themselves: japanese.py and english.py.

The persona's voice is CocoAI speaking for itself, and may be playful. The notices tell what happened and what to do,
and stay sober. Neither names an exception, a key or an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MONTHS = 12
"""Words of the text that names the months."""


@dataclass(frozen=True)
class Texts:
    """All that an asker can read and no model has written, in one language.

    Each is Slack's mrkdwn without anything to format. `str.format` fills in `{button}`, `{days}`, `{emoji}`, `{model}`,
    `{n}`, `{name}`, `{prompt}`, `{seconds}`, `{sources}`, `{why}`, `{word}` or `{words}`, amounts and dates into those
    of `usage` and of a budget that is used up, and what is wrong since when into `troubles`, which operators read.
    `sorry` maps an error's code to its text; `sorry[""]` serves every other code.
    """

    # the persona's voice
    placeholder: str
    writing: str
    help: str
    more: dict[str, str]
    started_over: str
    forgotten: dict[str, str]
    model: str
    thanks: str
    # notices
    cut: str
    filtered: str
    unfinished: str
    stopped: str
    thinking: str
    retry: str
    empty: str
    nothing: str
    refused: str
    late: str
    left_out: str
    left_out_unnamed: str
    read_partly: str
    nothing_read: str
    cut_button: str
    unfinished_button: str
    only_asker: str
    only_participants: str
    too_many: str
    pending: str
    heard: str
    elsewhere: str
    declined: dict[str, str]
    troubles: dict[str, str]
    why: dict[str, str]
    speech: dict[str, str]
    pictures: dict[str, str]
    documents: dict[str, str]
    tasks: dict[str, str]
    home: dict[str, str]
    ask: dict[str, str]
    waits: dict[str, str]
    usage: dict[str, str]
    buttons: dict[str, str]
    labels: dict[str, str]
    sorry: dict[str, str]

    def error_text(self, code: str, again: str = "") -> str:
        """Return the notice for a question that is given up because of the error `code`, such as `refused`.

        `again` is the month in which the budget starts again, such as `2027-01`; "" for errors of another kind.
        """
        text = self.refused if code == "refused" else self.sorry.get(code, self.sorry[""])
        return text.format(**self.month(again)) if again else text

    def month(self, month: str) -> dict[str, str]:
        """Return the year and the name of a month such as `2027-01`, as the texts that name a month take them."""
        year, _, number = month.partition("-")
        names = self.usage["months"].split()
        # The operator's own text may have any number of words.
        return {"year": year, "month": names[int(number) - 1] if len(names) == MONTHS else str(int(number))}

    def help_text(
        self,
        models: Mapping[str, str],
        *,
        follow_ups: bool,
        files: bool,
        buttons: bool,
        pictures: bool = False,
        documents: bool = False,
        history: bool = False,
        translate: str = "",
        summarize: str = "",
    ) -> str:
        """Return the help in several lines, with a line for each model in `models`, which maps prefixes to models.

        It says whether `follow_ups` need no mention. There is a line on files if `files` are read, one on pictures if
        `pictures` are drawn, one on `documents` that are searched, one on the `history` of earlier answers where it is
        all that is searched, and one on buttons if replies have `buttons`.
        `translate` and `summarize` are the names of emoji that ask for that, "" for none.
        """
        lines = [self.help, self.more["follow_ups" if follow_ups else "mentions"], self.more["commands"]]
        if files:
            lines.append(self.more["files"])
        if pictures:
            lines.append(self.more["pictures"])
        if documents:
            lines.append(self.more["documents"])
        elif history:
            lines.append(self.more["history"])
        asking = {"translate": translate, "summarize": summarize}
        lines += [self.more[task].format(emoji=emoji) for task, emoji in asking.items() if emoji]
        lines += [self.more["deep"].format(word=prefix, model=model) for prefix, model in models.items()]
        if buttons:
            lines.append(self.more["buttons"])
        return "\n".join(lines)
