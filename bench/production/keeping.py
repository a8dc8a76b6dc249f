"""What is to be kept: a copy that is restored, a certificate that is renewed, a disk that is full for a while."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import replace

from bench.production.machine import ANSWER_SECONDS, PATIENCE, Machine

FULL_SECONDS = 8.0
"""How long the disk is full."""

REDELIVERED = 30.0
"""Seconds until Slack's last redelivery, by machine.REDELIVERIES, and a little."""


def backup(machine: Machine) -> str:
    """Make a copy by the nightly unit while answers are in the making, lose everything, restore it, and go on.

    Return a line that says how many of the questions were answered once more, and whether the thread is remembered.
    """
    usual = machine.openai.switches
    machine.openai.switches = replace(usual, piece_delay=1.0)  # a copy takes some seconds on a busy machine
    old = [machine.ask(100 + number) for number in range(3)]
    machine.slack.wait_for(lambda: all(map(machine.placeholders, old)) or None, PATIENCE)
    machine.type(f"systemctl start {machine.id}-backup")
    for question in old:
        machine.await_answer(question)
    machine.openai.switches = usual
    copy = machine.root.run(f"ls /var/backups/{machine.id}", check=True).output.split()[-1]
    machine.type(f"systemctl stop {machine.id}")
    machine.root.run(f"find /var/lib/{machine.id} -mindepth 1 -delete", check=True)
    paid = len(machine.openai.requests)
    machine.type(f"{machine.id} restore /var/backups/{machine.id}/{copy}")
    machine.type(f"systemctl start {machine.id}")
    time.sleep(2 * ANSWER_SECONDS)
    again = len(machine.openai.requests) - paid
    follow_up = machine.slack.say("U0ASKER01", "And that?", channel=old[0].channel, thread_ts=old[0].ts)
    machine.slack.wait_for(lambda: len(machine.answers(old[0])) == 2 or None, PATIENCE)
    listed = machine.root.run(f"{machine.id} spool list", check=True).output
    failed = sum(1 for line in listed.splitlines() if line.startswith("failed"))
    return (
        f"asked again {again}; given to the operator {failed}; the thread goes on without a mention: {bool(follow_up)}"
    )


def certificate(machine: Machine) -> str:
    """Renew the certificate as certbot would, by its files and our hook; return a line with what is served."""
    before = _served(machine)
    folder = f"/etc/{machine.id}/tls"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90"
    names = f"-subj /CN={machine.domain} -addext subjectAltName=DNS:{machine.domain}"
    files = f"-keyout {folder}/privkey.pem -out {folder}/fullchain.pem"
    machine.root.run(f"{words} {names} {files}", check=True)
    unchanged = _served(machine) == before
    machine.type("nginx -t -q && systemctl reload nginx")
    time.sleep(1)
    return f"the old one is served until the reload: {unchanged}; then the new one: {_served(machine) != before}"


def _served(machine: Machine) -> bytes:
    """Return the certificate that is served on 443."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((machine.root.address, 443), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=machine.domain) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def full_disk(machine: Machine) -> str:
    """Fill the disk that `var` lies on for FULL_SECONDS while questions come; return a line with what was lost."""
    var = f"/var/lib/{machine.id}"
    move = f"systemctl stop {machine.id} && mv {var} {var}.kept && mkdir {var} && mount -t tmpfs -o size=16m none {var}"
    owner = f"cp -a {var}.kept/. {var}/ && chown {machine.id}: {var} && chmod 700 {var} && systemctl start {machine.id}"
    machine.root.run(f"{move} && {owner}", check=True)
    machine.await_answer(machine.ask(200))
    machine.root.run(f"dd if=/dev/zero of={var}/filling bs=64k 2>/dev/null; true", check=True)
    questions = [machine.ask(201 + number) for number in range(5)]
    time.sleep(FULL_SECONDS)
    machine.root.run(f"rm {var}/filling", check=True)
    deadline = time.monotonic() + REDELIVERED + PATIENCE
    while not all(map(machine.answers, questions)) and time.monotonic() < deadline:
        time.sleep(0.2)
    counts = [len(machine.answers(question)) for question in questions]
    back = f"systemctl stop {machine.id} && cp -a {var}/. {var}.kept/ && umount {var} && rmdir {var}"
    machine.root.run(f"{back} && mv {var}.kept {var} && systemctl start {machine.id}", check=True)
    return f"{len(questions)} asked meanwhile: lost {counts.count(0)}, doubled {sum(1 for n in counts if n > 1)}"
