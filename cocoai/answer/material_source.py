"""Make what puts passages under questions, where there are documents or a history: it is loaded only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.stops import StopRequests
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.spool.spool import Spool

if TYPE_CHECKING:
    from cocoai.answer.material import Material


def load_what_searches(*, history: bool) -> None:
    """Import what most questions need where there are documents, or a `history`: forked processes share it."""
    import cocoai.answer.material
    import cocoai.answer.sources_line
    import cocoai.texts.search_requests

    if history:
        import cocoai.texts.earlier_talk  # noqa: F401


def new_material(
    spool: Spool,
    options: AnswerOptions,
    prompts: PromptBuilder,
    chatgpt: ChatGPTChat,
    books: Books,
    stops: StopRequests,
) -> Material | None:
    """Return what puts passages under the questions of one process; None without documents and history."""
    if options.documents is None:
        return None
    from cocoai.answer.material import Material
    from cocoai.answer.search_words import SearchWords

    words = SearchWords(options, chatgpt, books, stops)
    return Material(options, options.documents, spool, prompts, words, books.ratio)
