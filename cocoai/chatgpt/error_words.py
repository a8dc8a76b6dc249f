"""Recognise in a server's own words what is the matter, where its codes do not say so. Pure.

Gateways take codes away: LiteLLM's proxy makes most of them the status, as text. What is left are the words, of the
gateway or of the model's provider behind it. They are searched here, and go nowhere: they may quote a key or somebody's
text.

Sources: LiteLLM's exception mapping; the errors of OpenAI, Azure, Anthropic, Gemini, Groq, vLLM, SGLang, TGI,
llama.cpp, llama-cpp-python, LM Studio and Ollama, as their servers and clients quote them.
"""

from __future__ import annotations

import re


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


TOO_LONG = _any_of(
    r"context_?window_?exceeded|context[_ ]length[_ ]exceeded|exceed_context_size",
    r"maximum (context|prompt|model) (length|limit)|model's context length|maximum context of",
    r"(exceeds?|exceeding|beyond|over) (the |its |this )?(available |maximum |model'?s? )?context",
    r"(prompt|input) is too long|too long to fit|too many tokens",
    r"(input|prompt) token count|input tokens exceed|tokens exceeds? (the|this|your) (limit|maximum)",
    r"reduce the length of the (messages|prompt|input)",
    r"`inputs` tokens \+ `max_new_tokens` must be|context length of only|current length is \d+ while limit is",
    r"longer than the (maximum (number of tokens|model length)|model's context)|greater than max_model_len",
)
"""The conversation is too long for the model, or for its window here."""

TOO_LONG_AT_ONCE = _any_of("request too large for")
"""The conversation alone is more than the rate limit allows in a minute: to wait does not help, to shorten it does."""

ANSWER_TOO_LONG = _any_of("greater than max_model_len")
"""The room for the answer alone is more than the whole window."""

COUNTS_THE_ANSWER = _any_of(r"max_(new_|completion_|output_)?tokens|completion|output tokens")
"""The answer that may follow counts for the length too."""

FILTERED = _any_of(
    r"contentpolicyviolation|content[_ ]policy[_ ]violation|responsibleaipolicyviolation",
    r"content management policy|content_filter\b|rejected as a result of our safety system",
    r"flagged as potentially violating|data_?inspection_?failed|content exists risk|blocked by .{0,40}guardrail",
)
"""A content filter will not have the question."""

NO_CREDIT = _any_of(
    r"insufficient[_ ](quota|balance|credits?|funds)|exceeded your current quota|credit balance is too low",
    r"billing (hard )?limit|budget has been exceeded|exceeded ?budget|not enough credits?|out of credits?",
)
"""There is no credit, and waiting does not help."""

PASSES = _any_of(r"retry in \d|retrydelay|retry after \d|per ?(second|minute)")
"""The same words as for missing credit, but for a limit of the moment, as Gemini uses them."""

REFUSES_A_PARAMETER = _any_of(
    r"unsupported|not supported|unrecognized|unknown|not permitted|extra_forbidden|does(n't| not) support",
    "literal_error",
)
"""A parameter of the request is refused; which one, is named in the words too."""

WANTS_ALTERNATION = _any_of(r"roles? must alternate|alternat(e|ing|ion) (between )?user")
"""The model's chat template takes no two messages of one role in a row, and none of its own first."""

WANTS_NO_SYSTEM = _any_of(
    r"system (role|message|prompt)s? (is |are )?not (supported|allowed)", "not support (the )?system"
)
"""The model's chat template takes no message of the role `system`."""

ABOUT_AN_ATTACHMENT = _any_of(
    r"image|vision|multi-?modal|mmproj|base64|mime type|\bpdf\b|\bfiles?\b|content (part|type)|content(\[\])?\.type"
)
A_PART_IS_REFUSED = _any_of(r"content (part )?type|part type|content\[\]\.type|not a multi-?modal")
"""The words are about a part of a message, whatever parameter they name beside it."""

NOT_SUPPORTED = _any_of(r"not support|unsupported")
