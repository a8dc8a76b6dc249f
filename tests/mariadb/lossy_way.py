"""A way to the server on which an answer gets lost: what was asked for has been done, and whoever asked cannot know."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path

MOST = 1 << 20


class LossyWay:
    """A Unix socket in `folder` that leads to the one at `target`, until close().

    Once lose() was called, the next statement that has some words is passed on, and its answer is not.
    """

    def __init__(self, folder: Path, target: str) -> None:
        self.path = str(folder / "way")
        self._target = target
        self._words = b""
        self._then: Callable[[], object] = bool
        self.lost = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, words: str, then: Callable[[], object] = bool) -> None:
        """Lose the answer to the next statement with these words. Between the answer and its loss `then` is called."""
        self._words, self._then = words.replace('"', '\\"').encode(), then  # quotes are sent so

    def close(self) -> None:
        """Lead nowhere any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._target)
            while True:
                for source in select.select((client, server), (), ())[0]:
                    data = source.recv(MOST)
                    if not data:
                        return
                    if source is server:
                        client.sendall(data)
                        continue
                    server.sendall(data)
                    if self._words and self._words in data:
                        self._words = b""
                        server.recv(MOST)
                        self._then()
                        self.lost += 1
                        return
