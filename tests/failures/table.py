"""What people must read of each failure: the lines for the senders of requests, and the texts for the askers."""

from __future__ import annotations

from dataclasses import dataclass

REFUSALS = {
    "forged": (401, "the signature is not Slack's"),
    "stale": (401, "the signature is stale"),
    "unsigned": (401, "the signature is missing or garbled"),
    "too big": (413, "the body is too big"),
    "no JSON": (400, "the body is not JSON"),
    "no form": (400, "the body is not a form"),
    "an unknown path": (404, "not found"),
    "another method": (405, "POST only"),
    "the spool cannot write": (503, "cannot keep it now"),
}
"""By what is wrong with a request to either endpoint: the status and the one line that its sender gets.

Nothing is stored; `status` counts every request that nginx passes on.
"""


@dataclass(frozen=True)
class ExpectedText:
    """A text that an asker reads, by language; `key` is its name in the settings (cocoai/texts/overrides.py)."""

    key: str
    ja: str
    en: str

    @property
    def by_language(self) -> dict[str, str]:
        """Return the text in each language."""
        return {"ja": self.ja, "en": self.en}


BUSY = "OpenAI stays busy or away"
OPERATOR = "no credit, a bad key, a model that is gone, a scope that is missing"
CUT = "the answer was cut at its limit"
FILTERED = "a filter stopped the answer in the middle"
UNFINISHED = "nothing says that the answer is whole"
NOTHING = "the model wrote nothing"
UNTOLD = "the answer is broken, again and again, and nothing says why"
EMPTY = "all of the limit went into thinking"
REFUSED = "the model refuses, or a filter does"
ATTACHMENT = "the model does not take what was attached"
TOO_LONG = "the question does not fit the model"
ATTEMPTS = "the question kills its process, again and again"
BUG = "a bug of ours"
EXPIRED = "an operator has given up what was asked long ago"
LATE = "the machine was away for an hour"
AGAIN_GONE = "asked again when nothing is left of the question"
CONTINUE_GONE = "asked for the rest of an answer when nothing is left of it"

PICTURE_REFUSED = "the safety check stops a picture"
PICTURE_NONE = "there is no picture to draw anew"
PICTURE_BROKEN = "what was drawn is no picture"
PICTURES_TODAY = "the asker has had all pictures of the day"
NOT_SHARED = "Slack never shows the picture"

BUDGET_TEAM = "the team's budget is used up"
BUDGET_PERSON = "the asker's share of the budget is used up"
BUDGET_CHANNEL = "the channel's share of the budget is used up"
BUDGET_OFF = "the budget is 0"

TEXTS = {
    BUSY: ExpectedText(
        "sorry_busy",
        "OpenAIが混み合っています。しばらくしてから、もう一度聞いてください。",
        "OpenAI is busy. Please ask again in a while.",
    ),
    OPERATOR: ExpectedText(
        "sorry_operator",
        "管理者の対応が必要な問題が起きていて、答えられません。管理者に知らせてください。",
        "Something here needs the person who runs me, so I could not answer. Please let them know.",
    ),
    CUT: ExpectedText(
        "cut",
        "（長さの上限に達したため、ここで切れています。続きが必要なら「続き」と書いてください。）",
        "(This is where the length limit was reached. To read on, write “continue”.)",
    ),
    FILTERED: ExpectedText(
        "filtered",
        "（内容の確認で止められ、答えはここで切れています。聞き方を変えると、続きを答えられるかもしれません。）",
        "(A content filter stopped the answer here. Asked differently, it may go on.)",
    ),
    UNFINISHED: ExpectedText(
        "unfinished",
        "（この答えは途中で終わっているかもしれません。続きが必要なら「続き」と書いてください。）",
        "(Nothing says that this answer is whole: it may have ended too early. To read on, write “continue”.)",
    ),
    NOTHING: ExpectedText(
        "nothing",
        "答えが空のまま返ってきました。もう一度聞くか、聞き方を変えてみてください。",
        "The answer came back empty. Please ask again, or ask it differently.",
    ),
    UNTOLD: ExpectedText(
        "sorry",
        "答えられませんでした。少し待ってから、もう一度聞いてください。",
        "I could not answer this. Please ask again in a little while.",
    ),
    EMPTY: ExpectedText(
        "empty",
        "考えるだけで長さの上限に達してしまい、答えを書けませんでした。質問を短く分けて、もう一度聞いてください。",
        "All of my allowance went into thinking, and none was left to write. Please ask again in smaller pieces.",
    ),
    REFUSED: ExpectedText(
        "refused",
        "この質問には答えられません。聞き方を変えると答えられるかもしれません。",
        "I can't answer this one. Asked differently, it may work.",
    ),
    ATTACHMENT: ExpectedText(
        "sorry_attachment",
        "添付ファイルを扱えず、答えられませんでした。別の形式にするか、添付せずに聞いてください。",
        "I could not answer with what was attached. Please send it in another format, or ask without it.",
    ),
    TOO_LONG: ExpectedText(
        "sorry_context_length_exceeded",
        "質問が長すぎて答えられませんでした。短く分けて、もう一度聞いてください。",
        "The question is too long for me. Please ask again in smaller pieces.",
    ),
    ATTEMPTS: ExpectedText(
        "sorry_attempts",
        "何度か試しましたが、答えられませんでした。聞き方を変えて、もう一度聞いてください。",
        "I tried several times and could not answer this. Please ask it differently.",
    ),
    EXPIRED: ExpectedText(
        "sorry_expired",
        "長く動けずにいたため、この質問には答えていません。まだ必要なら、もう一度聞いてください。",
        "I was away for so long that I did not answer this. If you still need it, please ask again.",
    ),
    BUG: ExpectedText(
        "sorry",
        "答えられませんでした。少し待ってから、もう一度聞いてください。",
        "I could not answer this. Please ask again in a little while.",
    ),
    LATE: ExpectedText(
        "late",
        "（お待たせしました。こちらの都合で返信が遅くなりました。）",
        "(Sorry for the wait: something on our side delayed this reply.)",
    ),
    BUDGET_TEAM: ExpectedText(
        "sorry_budget_team",
        "今月のチームの予算を使い切りました。{year}年{month}1日から、またお答えします。",
        "The team's budget for this month is used up. I answer again from the first day of {month} {year}.",
    ),
    BUDGET_PERSON: ExpectedText(
        "sorry_budget_person",
        "今月のあなたの利用枠を使い切りました。{year}年{month}1日から、またお答えします。",
        "Your share of this month's budget is used up. I answer you again from the first day of {month} {year}.",
    ),
    BUDGET_CHANNEL: ExpectedText(
        "sorry_budget_channel",
        "今月のこのチャンネルの利用枠を使い切りました。{year}年{month}1日から、またお答えします。",
        "This channel's share of this month's budget is used up. I answer here again from the first day of "
        "{month} {year}.",
    ),
    BUDGET_OFF: ExpectedText(
        "sorry_budget_off",
        "予算が0に設定されているので、モデルには質問できません。運用担当者に相談してください。",
        "I am set up to spend nothing, so I ask no model. Please talk to the person who runs me.",
    ),
    AGAIN_GONE: ExpectedText(
        "sorry_again_gone",
        "元の質問が残っていないため、もう一度聞けませんでした。お手数ですが、新しく書いてください。",
        "The question is no longer kept, so I could not ask it again. Please write it anew.",
    ),
    CONTINUE_GONE: ExpectedText(
        "sorry_continue_gone",
        "元の回答が残っていないため、続きを書けませんでした。お手数ですが、もう一度聞いてください。",
        "My answer is no longer here, so I could not go on with it. Please ask again.",
    ),
    PICTURE_REFUSED: ExpectedText(
        "sorry_picture_refused",
        "安全のための確認で止められ、描けませんでした。言い方を変えて、もう一度お願いします。",
        "I may not draw this: the safety check has stopped it. Please say it differently.",
    ),
    PICTURE_NONE: ExpectedText(
        "sorry_picture_none",
        "描き直せる画像が見つかりません。PNG、JPEG、WebPのどれかを、20MBまでの大きさで添えてください。",
        "I find no picture here that I could draw anew. Please send it with your request, as a PNG, "
        "JPEG or WebP of at most 20 MB.",
    ),
    PICTURE_BROKEN: ExpectedText(
        "sorry_picture_broken",
        "描いたものが、表示できる画像になりませんでした。もう一度お願いします。",
        "Something was drawn, but it was no picture that I could show. Please ask again.",
    ),
    PICTURES_TODAY: ExpectedText(
        "sorry_pictures_today",
        "今日の画像の枚数を使い切りました。また明日お願いします。",
        "You have had all of your pictures for today. Please ask again tomorrow.",
    ),
    NOT_SHARED: ExpectedText(
        "sorry_not_shared",
        "描けましたが、Slackがここに画像を表示しません。しばらくしてから、もう一度お願いします。",
        "I have drawn it, but Slack does not show the picture here. Please ask again in a while.",
    ),
}
"""By failure: what the asker reads, in the language of the question."""
