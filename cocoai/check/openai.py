"""Ask OpenAI, or the server in its place, for each model that the settings name: address, key, model, shutdown, clock.

A compatible server may lack GET /models/MODEL: then its list of models is asked for, and if it lacks that too, a note
says that its models cannot be asked for; if no JSON answers at all, a warning doubts the address.
Sources: OpenAI's API reference, GET /models and /models/{model}; its specification, Model.shutdown_date.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cocoai import config
from cocoai.chatgpt.error_body import error_object, names_in, parsed
from cocoai.check.reach import CLIENT_ERRORS, Server, client_for, clock_result, host_of, unreached
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.engine.client.client import FullResponse
from cocoai.json_values import objects_in, text_at
from cocoai.ledger.cost import is_openai

MOST_CALLS = 5
"""Models that are asked for one by one; of more the list tells."""

NEAR = 90
"""Days before a model's shutdown from which on it is a warning."""

DAY = 86_400.0

FALLBACK = (404, 405, 501)
"""Statuses of a server that has no such path."""


@dataclass(frozen=True)
class ModelAnswer:
    """A server's answer on one path: its status, its JSON (None: it was none), and the codes of its error."""

    status: int
    value: Any
    codes: frozenset[str]

    @property
    def lacks_models(self) -> bool:
        """Check whether a restricted key may not read models, which says nothing of answers.

        OpenAI says so by its message alone: "Missing scopes: api.model.read".
        """
        return "model.read" in text_at(error_object(self.value), "message")

    @classmethod
    def of(cls, response: FullResponse) -> ModelAnswer:
        """Return what a response says."""
        value = parsed(response.content)
        return cls(response.status, value, names_in(error_object(value)) if response.status >= 400 else frozenset())


def named_models(settings: config.Settings) -> list[str]:
    """Return every model that the settings name for answers, the usual one first, each once."""
    personas = settings.personas
    named = [settings.openai.model, *personas.models.values(), *(each.model for each in personas.channels.values())]
    return list(dict.fromkeys(filter(None, named)))


def asked_models(settings: config.Settings) -> list[str]:
    """Return every model that may be asked: those of named_models(), the one that hears sounds, the one that draws."""
    hears = [settings.speech.model] if settings.speech.use == "model" else []
    draws = [settings.images.model] if settings.images.use else []
    return list(dict.fromkeys((*named_models(settings), *hears, *draws)))


def openai(target: Target) -> Iterator[Result]:
    """Yield what the server says of the address, the key, the clock and the models."""
    settings = target.settings
    if settings is None or not settings.openai.api_key:
        return
    models, address = asked_models(settings), settings.openai.base_url
    try:
        server = Server(client_for(settings), address, target.patience)
        headers = {"Authorization": f"Bearer {settings.openai.api_key}"}
        first = ModelAnswer.of(server.get(_path(models, 0), headers))
        yield ok("openai.reach", host=host_of(address))
        yield clock_result("openai.clock", server)
        if trouble := _trouble(first, target):
            yield trouble
        else:
            yield from _models(server, headers, models, first, target)
    except CLIENT_ERRORS as error:
        yield unreached("openai.reach", address, error, target)


def _path(models: list[str], number: int) -> str:
    """Return the path of one model; that of the list if there are too many to ask for each."""
    return f"/models/{quote(models[number], safe='')}" if len(models) <= MOST_CALLS else "/models"


def _trouble(answer: ModelAnswer, target: Target) -> Result | None:
    """Return what keeps every model from being asked for: the key, the address, a server in trouble; else None."""
    assert target.settings is not None  # noqa: S101 (openai() has seen to it)
    url, facts = target.settings.openai.base_url, _address_facts(answer, target.settings, target)
    if answer.status in (401, 403) and answer.lacks_models:
        return note("openai.model", "no_right", **facts)
    if answer.status == 401:
        return wrong("openai.key", "refused", **facts)
    if answer.status == 403:
        return wrong("openai.key", "forbidden", **facts)
    if answer.status == 429:
        return note("openai.address", "limited")
    if answer.status >= 500 and answer.status not in FALLBACK:
        return warning("openai.address", "trouble", **facts)
    if not isinstance(answer.value, dict) and (answer.status not in FALLBACK or is_openai(url)):
        return wrong("openai.address", "no_json", **facts)
    is_unknown_path = answer.status in FALLBACK and "modelnotfound" not in answer.codes
    if is_unknown_path and (is_openai(url) or "unknownurl" in answer.codes):
        return wrong("openai.address", "no_path", **facts)
    if answer.status in FALLBACK or answer.status == 200:
        return None
    return wrong("openai.address", "status", **facts)


def _address_facts(answer: ModelAnswer, settings: config.Settings, target: Target) -> dict[str, str]:
    """Return the values of the sentences on the address."""
    url, status = settings.openai.base_url, str(answer.status)
    return {"url": url, "file": target.shown_file, "reload": target.reload, "status": status}


def _models(
    server: Server, headers: dict[str, str], models: list[str], first: ModelAnswer, target: Target
) -> Iterator[Result]:
    """Yield a result for the key and for each model; `first` is the answer to the first path."""
    if first.status in FALLBACK and "modelnotfound" not in first.codes:
        yield from _by_list(ModelAnswer.of(server.get("/models", headers)), models, target)
        return
    yield ok("openai.key")
    if len(models) > MOST_CALLS:
        yield from _by_list(first, models, target)
        return
    answers = [first, *(ModelAnswer.of(server.get(_path(models, n), headers)) for n in range(1, len(models)))]
    for model, answer in zip(models, answers, strict=True):
        if answer.status == 200 and isinstance(answer.value, dict):
            yield _shutdown(model, answer.value, target)
        elif answer.status in FALLBACK:
            yield wrong("openai.model", "gone", model=model, file=target.shown_file, reload=target.reload)
        else:
            yield note("openai.model", "unanswered", model=model, status=answer.status)


def _by_list(answer: ModelAnswer, models: list[str], target: Target) -> Iterator[Result]:
    """Yield a result for each model by the list of all, or a note if there is no list."""
    assert target.settings is not None  # noqa: S101 (openai() has seen to it)
    listed = objects_in(answer.value.get("data")) if isinstance(answer.value, dict) else []
    known = {text_at(each, "id"): each for each in listed}
    if trouble := _trouble(answer, target):
        yield trouble
        return
    if not known and isinstance(answer.value, dict):
        yield note("openai.model", "no_list")
        return
    if not known:  # a page on both paths: hardly an API
        yield warning("openai.address", "no_path", **_address_facts(answer, target.settings, target))
        return
    for model in models:
        if model in known:
            yield _shutdown(model, known[model], target)
        else:
            facts = {"model": model, "file": target.shown_file, "reload": target.reload}
            # Other servers may take more names than they list: a deployment's, or one without its tag.
            level = wrong if is_openai(target.settings.openai.base_url) else warning
            yield level("openai.model", "not_listed", known=", ".join(sorted(known)[:8]), **facts)


def _shutdown(model: str, found: Any, target: Target) -> Result:
    """Return whether a model that exists is to be shut down soon, by its `shutdown_date`."""
    date = text_at(found, "shutdown_date")[:10]
    try:
        days = (time.mktime(time.strptime(date, "%Y-%m-%d")) - target.clock()) / DAY
    except (ValueError, OverflowError):
        return ok("openai.model", model=model)
    facts = {"model": model, "date": date, "days": f"{max(0.0, days):.0f}", "file": target.shown_file}
    if days < 0:
        return wrong("openai.model", "past", **facts, reload=target.reload)
    if days <= NEAR:
        return warning("openai.model", "near", **facts, reload=target.reload)
    return ok("openai.model", "later", **facts)
