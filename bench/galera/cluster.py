"""A Galera cluster of three nodes, each in a network namespace of its own on one bridge. It needs root.

Each node has two links: to the others, and to this computer, from which the processes of its machine come over TCP. So
one that is cut off from the others answers, and says that it is alone (1047); to one that is out of reach statements
are sent in vain. The program itself goes by Unix sockets, which no namespace keeps apart, and whose paths are short.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.namespaces import Machine, Missing, ip, switch
from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from tests.engine.conftest import is_alive
from tests.mariadb.server import OPTIONS, find, new_data
from tests.processes import wait_until

LIBRARY = "/usr/lib/galera/libgalera_smm.so"
"""Where Debian's package galera-4 puts it."""

NODES = (0, 1, 2)

PATIENCE = 120.0
"""Seconds to wait for a node."""

_POSITION = re.compile(r"Recovered position: ?(\S+)")


class Cluster:
    """Three nodes with their data in `folder`, each on one of these machines; `name` is that of their own network."""

    def __init__(self, folder: Path, name: str, machines: Sequence[Machine]) -> None:
        self._folder = folder
        self._name = name
        self._machines = machines

    def make(self) -> None:
        """Make their own network, and start the nodes with the same data. Raise `Missing` if this computer cannot."""
        _require()
        self._lay_out_the_network()
        self._first_data()
        for node in NODES:
            self.start(node, *(["--wsrep-new-cluster"] if node == 0 else []))

    def remove(self) -> None:
        """End what still runs, and remove their own network."""
        for node in NODES:
            self.kill(node)
        subprocess.run(["ip", "netns", "delete", self._name], check=False, capture_output=True)

    def address(self, node: int, database: str = "") -> Address:
        """Return the address of a database as this node has it, over its socket, which nothing cuts off."""
        return Address(database, "root", socket=str(self._own(node) / "s"))

    def new_database(self, name: str) -> MariaDB:
        """Make a database, and return it on the first node, with the patience of one who looks on."""
        root = MariaDB(self.address(0), timeout=60.0)
        root.execute(f"CREATE DATABASE {name}")
        root.close()
        return MariaDB(self.address(0, name), timeout=60.0)

    def way(self, node: int, database: str) -> Address:
        """Return the address of a database as the processes of this node's machine reach it: over TCP."""
        return replace(self.address(node, database), socket="", host=self._machines[node].address, is_plain=True)

    def start(self, node: int, *options: str) -> None:
        """Start a node that was killed or was never there, and wait until it has all that the others have."""
        if (self._own(node) / "data" / "grastate.dat").exists() and not options:
            options = (f"--wsrep-start-position={self._position(node)}",)
        self._run(node, *options)
        wait_until(lambda: self.is_whole(node), PATIENCE)

    def kill(self, node: int) -> None:
        """Kill a node at once, in the midst of everything."""
        try:
            pid = int((self._own(node) / "pid").read_text())
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            return
        wait_until(lambda: not is_alive(pid), PATIENCE)
        (self._own(node) / "pid").unlink()

    def cut(self, node: int) -> None:
        """Let nothing pass between this node and the others."""
        ip("-n", self._name, "link", "set", f"port{node}", "down")

    def mend(self, node: int) -> None:
        """Let it pass again, and wait until the node has all that the others have."""
        ip("-n", self._name, "link", "set", f"port{node}", "up")
        wait_until(lambda: self.is_whole(node), PATIENCE)

    def part(self, node: int) -> None:
        """Let nothing pass between this node and the processes of its machine."""
        self._machines[node].cut()

    def reach(self, node: int) -> None:
        """Let it pass again."""
        self._machines[node].mend()

    def is_whole(self, node: int) -> bool:
        """Check whether a node has all that the others have, and takes statements."""
        database = MariaDB(self.address(node))
        try:
            rows = database.rows(
                "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status')"
            )
        except MariaDBError:
            return False
        finally:
            database.close()
        return {"Synced", "Primary"} == {str(value) for _, value in rows}

    def _lay_out_the_network(self) -> None:
        """Put the nodes on a switch of their own, in a namespace in which nobody else is."""
        hub = self._name
        ip("netns", "add", hub)
        ip("-n", hub, "link", "add", "name", "switch", "type", "bridge")
        ip("-n", hub, "link", "set", "switch", "up")
        for node in NODES:
            own, port = self._machines[node].name, f"port{node}"
            ip("-n", own, "link", "add", "nodes", "type", "veth", "peer", "name", port, "netns", hub)
            ip("-n", own, "address", "add", f"{_host(node)}/24", "dev", "nodes")
            ip("-n", own, "link", "set", "nodes", "up")
            ip("-n", hub, "link", "set", port, "master", "switch")
            ip("-n", hub, "link", "set", port, "up")

    # the nodes

    def _own(self, node: int) -> Path:
        return self._folder / str(node)

    def _first_data(self) -> None:
        """Let the first node begin the cluster, and give its data to the others: so each can join without a copy."""
        data = new_data(self._folder / "new")
        for node in NODES:
            self._own(node).mkdir()
        method = self._folder / "wsrep_sst_state"
        shutil.copy(Path(__file__).parent / "state.sh", method)
        method.chmod(0o755)
        shutil.copytree(data, self._own(0) / "data")
        self._run(0, "--wsrep-new-cluster")
        wait_until(lambda: self.is_whole(0), PATIENCE)
        root = MariaDB(self.address(0))
        root.execute("CREATE USER root@%s", (self._machines[0].here,))
        root.execute("GRANT ALL ON *.* TO root@%s", (self._machines[0].here,))
        root.close()
        pid = int((self._own(0) / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), PATIENCE)
        for node in NODES[1:]:
            shutil.copytree(self._own(0) / "data", self._own(node) / "data")

    def _command(self, node: int) -> list[str]:
        command = find("mariadbd")
        assert command
        own = self._own(node)
        options = [each for each in OPTIONS if not each.startswith(("--max-conn", "--innodb-log-file", "--skip-log"))]
        return [
            *(*self._machines[node].prefix, command, *options),
            *(f"--datadir={own}/data", f"--socket={own}/s", f"--pid-file={own}/pid", f"--tmpdir={own}"),
            *("--max-connections=100", "--innodb-log-file-size=8M", "--binlog-format=ROW"),
            *("--innodb-autoinc-lock-mode=2", "--bind-address=0.0.0.0", "--wsrep-on=ON"),
            *(f"--wsrep-provider={LIBRARY}", f"--wsrep-cluster-name={self._name}", "--wsrep-sst-method=state"),
            *(f"--wsrep-node-address={_host(node)}", f"--wsrep-node-name=n{node}"),
            "--wsrep-cluster-address=gcomm://" + ",".join(map(_host, NODES)),
            f"--wsrep-provider-options=gcache.size=64M;gcache.dir={own}/data",
        ]

    def _run(self, node: int, *options: str) -> None:
        environ = os.environ | {"PATH": f"{self._folder}:{os.environ['PATH']}"}
        with (self._own(node) / "log").open("ab") as log:
            subprocess.Popen([*self._command(node), *options], stdout=log, stderr=log, env=environ)

    def _position(self, node: int) -> str:
        """Return up to where a node that was killed has the cluster's changes, as its own data tell."""
        command = [*self._command(node), "--wsrep-recover", "--skip-networking"]
        run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
        found = _POSITION.findall(run.stderr)
        if not found:
            raise RuntimeError(f"node {node} does not tell where its data stand: {run.stderr[-2000:]}")
        return str(found[-1])


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Yield a cluster that takes statements, which is gone behind the block. Raise `Missing` if there can be none."""
    with switch(len(NODES)) as machines:
        cluster = Cluster(folder, f"cg{os.getpid()}", machines)
        try:
            cluster.make()
            yield cluster
        finally:
            cluster.remove()


def _require() -> None:
    if not (find("mariadbd") and find("mariadb-install-db")):
        raise Missing("there is no mariadbd (Debian's package mariadb-server-core)")
    if not os.path.exists(LIBRARY):
        raise Missing(f"there is no {LIBRARY} (Debian's package galera-4)")


def _host(node: int) -> str:
    return f"10.77.0.{node + 1}"
