"""Boot bare Debian machines on this machine, as root.

    python -m bench.roots check [12] [13]            prove that they boot, install, serve and survive; print seconds
    python -m bench.roots start 12 [--name N]        lay and boot one, and leave it running; print its address
    python -m bench.roots run NAME 'COMMAND'         run a line of bash in it; exit as it does
    python -m bench.roots boot NAME                  boot it again after pull-plug or poweroff
    python -m bench.roots poweroff | pull-plug | reboot | remove NAME

The trees are made once, and kept with all else below --folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from bench.roots import base, check
from bench.roots.root import Root

TOOLS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "sysctl": "procps",
    "systemd-nspawn": "systemd-container",
}
"""The programs that the stand needs, with Debian's packages of them."""


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "cocoai-roots")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check")
    checking.add_argument("releases", nargs="*", choices=[*base.RELEASES, []], metavar="RELEASE")
    starting = commands.add_parser("start")
    starting.add_argument("release", choices=base.RELEASES)
    starting.add_argument("--name", default="")
    for name in ("boot", "run", "poweroff", "pull-plug", "reboot", "remove"):
        commands.add_parser(name).add_argument("name")
    commands.choices["run"].add_argument("line")
    chosen = parser.parse_args()
    if os.geteuid():
        sys.exit("bench.roots makes mounts and namespaces: run it as root")
    if missing := [package for tool, package in TOOLS.items() if not shutil.which(tool)]:
        sys.exit(f"bench.roots needs: apt-get install {' '.join(missing)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all that was started is ended
    folder = chosen.folder.absolute()
    if chosen.command == "check":
        for release in chosen.releases or base.RELEASES:
            check.check(release, folder)
    elif chosen.command == "start":
        root = Root.create(chosen.release, folder, chosen.name)
        print(root.name, root.boot(), root.address)
    else:
        steer(Root(chosen.name, folder), chosen)


def steer(root: Root, chosen: argparse.Namespace) -> None:
    """Do a command with a root that is there, and print what it says."""
    if chosen.command == "run":
        result = root.run(chosen.line)
        print(result.output, end="")
        sys.exit(result.exit_code)
    print(getattr(root, chosen.command.replace("-", "_"))() or "", end="")


if __name__ == "__main__":
    main()
