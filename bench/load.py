"""Load on a server: wrk, in a process of its own, with requests made beforehand, so that it is not the bottleneck.

Each is a whole HTTP request with the headers and the signature that Slack sends, valid for 300 s. The connections are
kept alive, and each sends its next request when it has the response to the last one (a closed loop).
"""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 8
"""Connections that wrk keeps open by default, and so requests that are under way at once."""

SCRIPT = """\
local requests, last = {}, 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for length in file:lines() do
        requests[#requests + 1] = file:read(tonumber(length))
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    local p50, p99 = latency:percentile(50), latency:percentile(99)
    print(string.format("figures %d %d %d %d %d", summary.requests, failed, summary.duration, p50, p99))
end
"""
"""wrk's program in Lua: it reads requests from a file, each behind a line with its length, and prints its figures."""


@dataclass(frozen=True)
class Load:
    """The figures of one run. `p50` and `p99` are in ms; `client` is the CPU of wrk itself, in seconds."""

    requests: int
    failed: int
    seconds: float
    p50: float
    p99: float
    client: float

    @property
    def rate(self) -> float:
        """Return the requests a second."""
        return self.requests / self.seconds


def missing() -> str:
    """Return what to type before wrk can run; "" if it is installed."""
    return "" if shutil.which("wrk") else "no wrk here: type as root: apt-get install wrk"


def request(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a POST request as it is sent over the wire."""
    parts = urlsplit(url)
    named = {"Host": parts.netloc, **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def run(folder: Path, url: str, requests: Iterable[bytes], seconds: int, connections: int = CONNECTIONS) -> Load:
    """Send `requests` in turn, again and again, for so many seconds on so many connections, and return the figures.

    Two files are written into `folder`.
    """
    script, file = folder / "load.lua", folder / "requests"
    script.write_text(SCRIPT)
    file.write_bytes(b"".join(b"%d\n%b" % (len(each), each) for each in requests))
    before = client_seconds()
    command = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s"]
    wrk = subprocess.run([*command, "--script", script, url, "--", file], capture_output=True, text=True, check=True)
    return read(wrk.stdout, client_seconds() - before)


def read(output: str, client: float) -> Load:
    """Parse the line that the script has printed in wrk's output; wrk counts in microseconds."""
    figures = next(line.split()[1:] for line in output.splitlines() if line.startswith("figures "))
    requests, failed, duration, p50, p99 = map(int, figures)
    return Load(requests, failed, duration / 1e6, p50 / 1e3, p99 / 1e3, client)


def client_seconds() -> float:
    """Return the CPU seconds of all children that this process has waited for.

    The difference of two calls is wrk's if no other child is waited for in between.
    """
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
