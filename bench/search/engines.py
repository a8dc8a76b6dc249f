"""Search engines that are compared: ours, the simplest that SQLite has, and what else a Python program may use.

Each puts passages into a folder, and finds them in another process. The peers get what they offer for Japanese:
n-grams, or words that janome has cut; each has ours' weight of headings. Their packages are in the extra `bench`.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Protocol

from cocoai.documents.access import ReaderRules
from cocoai.documents.document import FOLDER, Document, DocumentSection, Passage
from cocoai.documents.index import DocumentIndex
from cocoai.documents.passages import passages_of
from cocoai.documents.search import FoundPassage, PassageSearch, SearchQuery, is_weak
from cocoai.documents.words import comparable_text, indexed_words

BATCH = 100
"""Documents of one transaction."""

FIELDS = ("title", "heading", "text")

HEADING = 3.0
"""The weight of a heading's words."""

Place = tuple[str, str]
"""A document's name, and a heading in it."""

Texts = Sequence[tuple[Document, Sequence[DocumentSection]]]


class Engine(Protocol):
    """A search engine in a folder."""

    def build(self, texts: Texts) -> None:
        """Make the index."""

    def open(self) -> None:
        """Prepare searching."""

    def find(self, question: str, words: Sequence[str]) -> list[Place]:
        """Return the three best places for a question, and for a model's search words where there are any."""

    def index_bytes(self) -> int:
        """Return the size of the index, without the text itself."""


class Ours:
    """The product's index and search."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "ours.sqlite3")

    def build(self, texts: Texts) -> None:
        """Make the index as the indexing process does."""
        with DocumentIndex(self.path) as index:
            for start in range(0, len(texts), BATCH):
                with index.batch():
                    for document, sections in texts[start : start + BATCH]:
                        index.put(document, sections)
            index.optimize()

    def open(self) -> None:
        """Prepare searching."""
        self._search = PassageSearch(self.path, ReaderRules())

    def passages(self, question: str, words: Sequence[str]) -> list[FoundPassage]:
        """Return the three best passages."""
        query = SearchQuery(question, words=tuple(words))
        return self._search.find(query, channel="C1", is_shared=False, sources=(FOLDER,), limit=3)

    def find(self, question: str, words: Sequence[str]) -> list[Place]:
        """Return the three best places."""
        return [_place(each.passage) for each in self.passages(question, words)]

    def is_weak(self, question: str) -> bool:
        """Check whether the product would ask the model for search words."""
        return is_weak(self.passages(question, ()))

    def index_bytes(self) -> int:
        """Return what FTS5's tables hold."""
        return _fts_bytes(self.path)


class PlainFTS:
    """FTS5 as it is: every term of the question, joined by OR, ranked by bm25()."""

    def __init__(self, folder: str, *, pairs: bool) -> None:
        self._pairs = pairs
        self._path = os.path.join(folder, "plain.sqlite3")

    def build(self, texts: Texts) -> None:
        """Make a contentless index, and a table of the places."""
        tokenizer = "ascii" if self._pairs else "trigram"
        cut: Callable[[str], str] = indexed_words if self._pairs else comparable_text
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("CREATE TABLE place (id INTEGER PRIMARY KEY, document, heading)")
            connection.execute(f"CREATE VIRTUAL TABLE word USING fts5(words, content='', tokenize='{tokenizer}')")
            for number, passage in enumerate(_passages(texts)):
                connection.execute("INSERT INTO place VALUES (?, ?, ?)", (number, *_place(passage)))
                words = cut("\n".join(_fields(passage)))
                connection.execute("INSERT INTO word (rowid, words) VALUES (?, ?)", (number, words))
            connection.execute("INSERT INTO word (word) VALUES ('optimize')")
            connection.commit()

    def open(self) -> None:
        """Prepare searching."""

    def find(self, question: str, words: Sequence[str]) -> list[Place]:
        """Return the three best places."""
        text = comparable_text(" ".join((question, *words)))
        if self._pairs:
            terms = [each for each in indexed_words(text).split() if each.isascii() or len(each) > 1]
        else:
            terms = [run[at : at + 3] for run in re.findall(r"\w+", text) for at in range(len(run) - 2)]
        match = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        if not match:
            return []
        with closing(sqlite3.connect(self._path)) as connection:
            sql = "SELECT document, heading FROM word JOIN place ON id = word.rowid WHERE word MATCH ? ORDER BY rank"
            return connection.execute(f"{sql} LIMIT 3", (match,)).fetchall()

    def index_bytes(self) -> int:
        """Return what FTS5's tables hold."""
        return _fts_bytes(self._path)


class Tantivy:
    """tantivy, Rust's Lucene: with pairs and triples of characters, or with janome's words."""

    def __init__(self, folder: str, *, janome: bool) -> None:
        self._folder = os.path.join(folder, "tantivy")
        self._cut = _janome_words() if janome else comparable_text
        self._is_cut = janome

    def build(self, texts: Texts) -> None:
        """Make the index."""
        import tantivy

        os.makedirs(self._folder, exist_ok=True)
        index = self._index()
        writer = index.writer(heap_size=50_000_000, num_threads=1)
        for passage in _passages(texts):
            document, heading = _place(passage)
            fields = dict(zip(FIELDS, map(self._cut, _fields(passage)), strict=True))
            writer.add_document(tantivy.Document(document=document, place=heading, **fields))
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        """Open the index."""
        self._opened = self._index()
        self._opened.reload()
        self._searcher = self._opened.searcher()

    def _index(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        for name in ("document", "place"):
            builder.add_text_field(name, stored=True, index_option="basic", tokenizer_name="raw")
        for name in FIELDS:
            builder.add_text_field(name, stored=False, tokenizer_name="cocoai")
        tokenizer = tantivy.Tokenizer.whitespace() if self._is_cut else tantivy.Tokenizer.ngram(2, 3)
        index = tantivy.Index(builder.build(), path=self._folder)
        index.register_tokenizer("cocoai", tantivy.TextAnalyzerBuilder(tokenizer).build())
        return index

    def find(self, question: str, words: Sequence[str]) -> list[Place]:
        """Return the three best places."""
        import tantivy

        cut = self._cut(" ".join((question, *words)))
        terms = cut.split() if self._is_cut else list(_grams(cut))
        every = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(query, HEADING if field == "heading" else 1.0))
            for field in FIELDS
            for term in dict.fromkeys(terms)
            for query in [tantivy.Query.term_query(self._opened.schema, field, term)]
        ]
        found = self._searcher.search(tantivy.Query.boolean_query(every), 3)
        documents = [self._searcher.doc(address) for _, address in found.hits]
        return [(each["document"][0], each["place"][0]) for each in documents]

    def index_bytes(self) -> int:
        """Return the size of the folder."""
        return _folder_bytes(self._folder)


class Whoosh:
    """whoosh-reloaded, in pure Python: with pairs and triples of characters, or with janome's words."""

    def __init__(self, folder: str, *, janome: bool) -> None:
        self._folder = os.path.join(folder, "whoosh")
        self._cut = _janome_words() if janome else comparable_text
        self._is_cut = janome

    def build(self, texts: Texts) -> None:
        """Make the index."""
        from whoosh import analysis, fields, index

        os.makedirs(self._folder, exist_ok=True)
        analyzer = analysis.SpaceSeparatedTokenizer() if self._is_cut else analysis.NgramTokenizer(2, 3)
        text = {
            name: fields.TEXT(analyzer=analyzer, field_boost=HEADING if name == "heading" else 1.0) for name in FIELDS
        }
        schema = fields.Schema(document=fields.STORED, place=fields.STORED, **text)
        writer = index.create_in(self._folder, schema).writer(limitmb=128)
        for passage in _passages(texts):
            document, heading = _place(passage)
            cut = dict(zip(FIELDS, map(self._cut, _fields(passage)), strict=True))
            writer.add_document(document=document, place=heading, **cut)
        writer.commit(optimize=True)

    def open(self) -> None:
        """Open the index."""
        from whoosh import index

        self._searcher = index.open_dir(self._folder).searcher()

    def find(self, question: str, words: Sequence[str]) -> list[Place]:
        """Return the three best places."""
        from whoosh import query

        cut = self._cut(" ".join((question, *words)))
        terms = dict.fromkeys(cut.split() if self._is_cut else _grams(cut))
        every = [query.Term(field, term) for field in FIELDS for term in terms]
        return [(hit["document"], hit["place"]) for hit in self._searcher.search(query.Or(every), limit=3)]

    def index_bytes(self) -> int:
        """Return the size of the folder."""
        return _folder_bytes(self._folder)


ENGINES: dict[str, Callable[[str], Engine]] = {
    "trigram": partial(PlainFTS, pairs=False),
    "pairs": partial(PlainFTS, pairs=True),
    "ours": Ours,
    "tantivy 2-3-grams": partial(Tantivy, janome=False),
    "tantivy janome": partial(Tantivy, janome=True),
    "whoosh 2-3-grams": partial(Whoosh, janome=False),
    "whoosh janome": partial(Whoosh, janome=True),
}
"""Each engine by its name."""


def _passages(texts: Texts) -> Iterable[Passage]:
    return (passage for document, sections in texts for passage in passages_of(document, sections))


def _fields(passage: Passage) -> tuple[str, str, str]:
    return (passage.document.title, passage.heading, passage.text)


def _place(passage: Passage) -> Place:
    return (passage.document.name, passage.heading.split(" > ")[-1])


def _grams(text: str) -> Iterable[str]:
    return (run[at : at + size] for run in text.split() for size in (2, 3) for at in range(len(run) - size + 1))


def _janome_words() -> Callable[[str], str]:
    """Return a function that cuts Japanese into words: the base forms of nouns, verbs, adjectives and adverbs."""
    from janome.tokenizer import Tokenizer

    tokenizer = Tokenizer()
    kinds = ("名詞", "動詞", "形容詞", "副詞")

    def cut(text: str) -> str:
        tokens = tokenizer.tokenize(comparable_text(text))
        words = (token.base_form for token in tokens if token.part_of_speech.split(",")[0] in kinds)
        return " ".join(word for word in words if re.search(r"\w", word))

    return cut


def _fts_bytes(path: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        sql = (
            "SELECT (SELECT sum(length(block)) FROM word_data) + (SELECT sum(length(sz)) FROM word_docsize) "
            "+ (SELECT sum(length(term) + 8) FROM word_idx)"
        )
        return int(connection.execute(sql).fetchone()[0])


def _folder_bytes(folder: str) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder))
