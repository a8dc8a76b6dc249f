"""Run axe-core on the page as it is, and count the faults by rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from bench.office.visitor import Visitor
from bench.servers.install import node_packages

PACKAGE = "axe-core@4.14.1"

RUN = """
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => done(violations.map((each) => ({
      id: each.id, help: each.help, nodes: each.nodes.map((node) => node.html.slice(0, 160)),
    }))), (error) => done(String(error)));"""


class Checker:
    """Checks states of the page. `faults` counts by rule, `checks` how many states were looked at."""

    def __init__(self, folder: Path) -> None:
        """Install axe-core into a folder."""
        self._axe = (node_packages(folder, [PACKAGE]) / "axe-core" / "axe.min.js").read_text("utf-8")
        self.faults: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.checks = 0

    def check(self, visitor: Visitor, state: str) -> None:
        """Look at the page in the light and in the dark scheme."""
        browser = visitor.reader.browser
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            # A colour that changes slowly would be read half-way.
            visitor.reader.waits("!document.getAnimations().some((each) => each instanceof CSSTransition)")
            if not visitor.reader.script("return Boolean(window.axe)"):
                visitor.reader.script(self._axe)
            self._count(browser.execute_async_script(RUN), f"{state}, {scheme}, {visitor.words.tag}")
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def _count(self, found: Any, state: str) -> None:
        assert isinstance(found, list), found
        self.checks += 1
        for fault in found:
            self.faults[fault["id"]] += len(fault["nodes"])
            self.examples.setdefault(fault["id"], f"{fault['help']} ({state}): {fault['nodes'][0]}")

    def report(self) -> None:
        """Print the faults by rule, each with its first place."""
        print(f"\naxe-core: {self.checks} states, {sum(self.faults.values())} faults", flush=True)
        for rule, count in self.faults.most_common():
            print(f"  {count:5}  {rule:28} {self.examples[rule]}", flush=True)
