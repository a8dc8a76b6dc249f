"""`python -m bench.search.measure CORPUS ENGINE FOLDER build|ask [QUESTIONS]`: measure one engine here, as JSON."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from bench.ranking.questions import QuestionFile, RankingQuestion, load_questions
from bench.search.corpus import many_documents, ranking_documents
from bench.search.engines import ENGINES, Engine, Ours, Place
from bench.search.quality import quality_of

CORPORA = {"ranking": ranking_documents, "many": many_documents}


def build(corpus: str, engine: Engine) -> dict[str, Any]:
    """Return CPU seconds, bytes of the index and of the text in it."""
    texts = list(CORPORA[corpus]())
    began = _on_cpu()
    engine.build(texts)
    taken = _on_cpu() - began
    size = sum(len(section.text.encode()) for _, sections in texts for section in sections)
    return {"cpu": taken, "index": engine.index_bytes(), "text": size, "documents": len(texts)}


def ask(engine: Engine, file_name: QuestionFile = "questions.tsv") -> dict[str, Any]:
    """Return the memory that searching adds, in KiB, the CPU of each question in ms, and the quality by its kind."""
    questions = load_questions(file_name)
    # The ledger's connection is there in every job already.
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(os.path.join(folder, "x"))) as connection:
        connection.execute("CREATE TABLE a (b)")
        connection.execute("INSERT INTO a VALUES (1)")
        connection.commit()
        before = _memory()
        engine.open()
        for question in questions[:20]:
            engine.find(question.question, ())
        after = _memory()
    times = [_time(engine, question) for question in questions]
    found = {
        "alone": lambda question: engine.find(question.question, ()),
        "words": lambda question: engine.find(question.question, question.search_words),
    }
    result = {name: list(quality_of(find, questions).shares()) for name, find in found.items()}
    weak = list[str]()
    if isinstance(engine, Ours):
        weak = [each.id for each in questions if engine.is_weak(each.question)]
        result["asked"] = list(quality_of(lambda each: _as_asked(engine, each, weak), questions).shares())
    places = [engine.find(each.question, words) for each in questions for words in ((), each.search_words)]
    return {
        "before": before,
        "memory": after - before,
        "mean": statistics.mean(times),
        "median": statistics.median(times),
        "p95": sorted(times)[len(times) * 95 // 100],
        "quality": result,
        "weak": len(weak),
        "places": places,
    }


def _as_asked(engine: Engine, question: RankingQuestion, weak: Sequence[str]) -> list[Place]:
    """Find as the product does: with search words where the question alone finds little."""
    return engine.find(question.question, question.search_words if question.id in weak else ())


def _time(engine: Engine, question: RankingQuestion) -> float:
    """Return the least CPU time in ms that a question takes in three tries: others may slow the machine down."""
    times = list[float]()
    for _ in range(3):
        began = time.process_time()
        engine.find(question.question, ())
        times.append((time.process_time() - began) * 1000)
    return min(times)


def _on_cpu() -> float:
    """Return the CPU seconds of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> int:
    """Return this process's own memory in KiB, what files are mapped aside."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        fields = dict(line.split()[:2] for line in file.readlines()[1:])
    return int(fields["Private_Dirty:"]) + int(fields["Private_Clean:"])


def main() -> None:
    """Print what was measured."""
    _, corpus, name, folder, what, *questions = sys.argv
    engine = ENGINES[name](folder)
    asked = "held_out.tsv" if "held_out.tsv" in questions else "questions.tsv"
    print(json.dumps(build(corpus, engine) if what == "build" else ask(engine, asked)))


if __name__ == "__main__":
    main()
