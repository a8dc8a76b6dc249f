"""Every fixed text that an asker can read, in Japanese and English. What the model writes is not here.

Errors say what happened and what to do; none names an exception, a key or an id.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One language's texts. `sorry` maps an error's code to its text; `sorry[""]` serves every other code."""

    placeholder: str
    help: str
    cut: str
    empty: str
    refused: str
    late: str
    sorry: dict[str, str]

    def sorry_for(self, code: str) -> str:
        """What the asker reads when a question is given up because of `code`."""
        return self.sorry.get(code, self.sorry[""])


JAPANESE = Words(
    placeholder="ちょっと待ってにゃ~",
    help=(
        "質問をメンションに続けて書いてください。例: 「@CocoAI 来週の定例の議題案を3つ出して」\n"
        "続きの質問は同じスレッドにそのまま書けば、これまでのやり取りを踏まえて答えます。"
    ),
    cut="（長さの上限に達したため、ここで切れています。続きが必要なら「続き」と書いてください。）",
    empty="考えるだけで長さの上限に達してしまい、答えを書けませんでした。質問を短く分けて、もう一度聞いてください。",
    refused="この質問には答えられません。聞き方を変えると答えられるかもしれません。",
    late="（お待たせしました。こちらの都合で返信が遅くなりました。）",
    sorry={
        "": "答えられませんでした。少し待ってから、もう一度聞いてください。",
        "busy": "OpenAIが混み合っています。しばらくしてから、もう一度聞いてください。",
        "operator": "設定に問題があり、答えられませんでした。管理者に確認を頼んでください。",
        "context_length_exceeded": "質問が長すぎて答えられませんでした。短く分けて、もう一度聞いてください。",
        "attempts": "何度か試しましたが、答えられませんでした。聞き方を変えて、もう一度聞いてください。",
    },
)

ENGLISH = Words(
    placeholder="One moment, please…",
    help=(
        "Write your question after the mention, for example: “@CocoAI suggest three topics for next week's meeting”.\n"
        "To go on, just write in the same thread: I remember what was said there."
    ),
    cut="(This is where the length limit was reached. To read on, ask me to continue.)",
    empty="All of my allowance went into thinking, and none was left to write. Please ask again in smaller pieces.",
    refused="I can't answer this one. Asked differently, it may work.",
    late="(Sorry for the wait: something on our side delayed this reply.)",
    sorry={
        "": "I could not answer this. Please ask again in a little while.",
        "busy": "OpenAI is busy. Please ask again in a while.",
        "operator": "Something in my settings is wrong, so I could not answer. Please tell the person who runs me.",
        "context_length_exceeded": "The question is too long for me. Please ask again in smaller pieces.",
        "attempts": "I tried several times and could not answer this. Please ask it differently.",
    },
)

LANGUAGES = {"ja": JAPANESE, "en": ENGLISH}
