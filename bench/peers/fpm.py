"""PHP under Debian's php-fpm, with opcache as Debian turns it on: the same work, or the least that PHP can do.

served/events.php does all that CocoAI's workers do, and answers; served/minimal.php keeps a question with one fsync.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.peers.nginx import MAX_REQUESTS, SERVED, Backend, Place
from cocoai.up.machine import SBIN

PACKAGES = "apt-get install php-fpm php-curl"

EQUAL, MINIMAL = "events.php", "minimal.php"
"""The scripts in served/."""

CONF = """\
[global]
error_log = {log}/php-fpm.log
daemonize = no

[bench]
{user}listen = {socket}
listen.mode = 0600
pm = {pm}
pm.max_children = {workers}
pm.max_requests = {max_requests}
{spare}catch_workers_output = no
php_admin_value[error_log] = {log}/php.log
php_admin_flag[log_errors] = on
{environ}"""

SPARE = """\
pm.start_servers = 1
pm.min_spare_servers = 1
pm.max_spare_servers = {workers}
"""
"""The further settings of pm = dynamic."""


def missing() -> str:
    """Return what to type before php-fpm can run; "" if everything is installed."""
    if program() is None:
        return f"no php-fpm here: type as root: {PACKAGES}"
    modules = subprocess.run([str(program()), "-m"], capture_output=True, text=True, check=False).stdout.split()
    return "" if "curl" in modules else f"php-fpm has no curl: type as root: {PACKAGES}"


def program() -> str | None:
    """Return the path of the newest php-fpm, or None if there is none. Debian names it php-fpm8.2, others php-fpm."""
    folders = [*os.environ.get("PATH", os.defpath).split(":"), *SBIN.split(":")]
    found = sorted(path for folder in folders for path in Path(folder).glob("php-fpm*") if shutil.which(path))
    return str(found[-1]) if found else None


def backend(place: Place, script: str = EQUAL) -> Backend:
    """Return php-fpm in the foreground, under this process's user, with one of the scripts in served/."""
    file = place.run / "php-fpm.conf"
    file.write_text(conf(place))
    as_root = ("--allow-to-run-as-root",) if os.geteuid() == 0 else ()
    return Backend(
        (str(program()), "--nodaemonize", *as_root, "--fpm-config", str(file)),
        {},
        reach=f'fastcgi_pass "unix:{place.socket}";',
        parameters=f' fastcgi_param SCRIPT_FILENAME "{SERVED}/{script}";',
    )


def conf(place: Place) -> str:
    """Return php-fpm's settings: one pool, with as many children as the place has workers."""
    return CONF.format(
        user="user = root\ngroup = root\n" if os.geteuid() == 0 else "",
        spare=SPARE.format(workers=place.workers) if place.pm == "dynamic" else "",
        log=place.log,
        socket=place.socket,
        pm=place.pm,
        workers=place.workers,
        max_requests=MAX_REQUESTS,
        environ="".join(f'env[{name}] = "{value}"\n' for name, value in place.environment().items()),
    )
