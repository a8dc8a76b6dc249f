"""What is left of an installation that is removed; and does a dry run's script leave what the installer leaves?"""

from __future__ import annotations

from bench.production import state
from bench.production.machine import Machine
from cocoai.install.settings import HIDDEN
from cocoai.rehearsal.openai.practice_openai import API_KEY

PACKAGES = "apt-get update -q && apt-get install -y -q --no-install-recommends nginx openssl logrotate python3-venv"


def removal(machine: Machine, shape: str) -> bool:
    """Install, remove, install, purge, install by a dry run's script; print tables; return whether all is well."""
    machine.root.run(PACKAGES, check=True)
    machine.copy_checkout()
    machine.fetch_packages()
    before = _state(machine)
    options = ("--domain", machine.domain, "--self-signed", "--yes", "--with", shape)
    machine.install(*options)
    installed = _state(machine)
    machine.use_practice_servers()
    machine.await_answer(machine.ask(1))
    machine.type("cocoai/bin/install --remove")
    _print(f"left by --remove, by {shape}", state.differences(before, _state(machine)))
    machine.install(*options)
    machine.await_answer(machine.ask(2))
    machine.type("cocoai/bin/install --remove --purge")
    left = state.differences(before, _state(machine))
    _print(f"left by --remove --purge, by {shape}", left)
    script = machine.type(machine.command(*options, "--dry-run")).output
    for secret in (machine.slack.signing_secret, machine.slack.token, API_KEY):
        script = script.replace(HIDDEN, secret, 1)
    machine.root.run(["tee", "script"], script, check=True)
    variables = "".join(f"{name}={value} " for name, value in machine.pip.items())
    typed = machine.root.run(f"{variables} sh -e script")
    print(typed.output if typed.exit_code else "", end="")
    differing = state.differences(installed, _state(machine))
    _print(f"a dry run's script, by {shape}: it exits {typed.exit_code}; what differs", differing)
    return not (left or typed.exit_code or differing)


def _state(machine: Machine) -> dict[str, str]:
    return state.files(machine) | state.units(machine) | state.users(machine)


def _print(title: str, lines: list[str]) -> None:
    print(f"\n{title}: {len(lines) or 'nothing'}", flush=True)
    for line in lines[:60]:
        print(f"  {line}")
