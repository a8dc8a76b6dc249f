"""The sentences in English: the names of the parts, what is looked at on this machine, and the last lines."""

from __future__ import annotations

from cocoai.check.words.english_documents import DOCUMENT_CASES, DOCUMENT_PARTS
from cocoai.check.words.english_public import MODEL_CASES
from cocoai.check.words.english_servers import SERVER_CASES, SERVER_PARTS, SET_CLOCK
from cocoai.check.words.words import Words

PARTS = {
    "check": "This check",
    "settings": "Settings",
    "settings.file": "Settings file",
    "settings.access": "Reading the settings",
    "var.access": "Folder var",
    "var.disk": "Disk of var",
    "var.room": "Room in var",
    "socket": "The pool's socket",
    "pool": "The pool",
    "pool.version": "The pool's version",
    "pool.memory": "Memory sharing",
    "pool.one": "One pool",
    "pool.refused": "Signatures so far",
    "pool.met": "Trouble met",
    "inbox": "Inbox",
    "store": "Database",
    "units": "Services",
    "units.tmpfiles": "Folder in /run",
    "units.certbot": "Renewal",
    "units.hook": "Renewal's hook",
    "python": "Python",
    "memory": "Memory",
    "nginx": "nginx's processes",
    "ledger": "Ledger",
    "prices": "Prices",
    "prices.age": "Price table",
}

_SIGNING = (
    "https://api.slack.com/apps, your app, Basic Information, App Credentials: copy the Signing Secret\n"
    "into [slack] signing_secret in {file}, then: {reload}"
)
_SWAP = (
    "1 GiB must be free (df -h /):\n"
    "sudo dd if=/dev/zero of=/swapfile bs=1M count=1024 && sudo chmod 600 /swapfile && sudo mkswap /swapfile\n"
    "sudo swapon /swapfile && echo '/swapfile swap swap defaults 0 0' | sudo tee -a /etc/fstab"
)
_ROOM = "Make room: df -h {var}; df -i {var}; sudo du -xh / | sort -h | tail; sudo journalctl --vacuum-size=50M"
_RESTORE = "put back the newest copy; FILE is its name:\n{restore}"

CASES = {
    "check.broken": (
        "a part of it ended in an error ({name}: {kind}): the rest stands",
        "Report it, with `cocoai --version`.",
    ),
    "check.late": (
        "{name}: no answer within {seconds} s, so the rest of it is not known",
        "Look whether this machine reaches the network: getent hosts slack.com; curl -I https://slack.com",
    ),
    "check.no_user": ("nothing could be looked at as user {user}", ""),
    "settings.ok": ("{file} can be read, and all values are allowed", ""),
    "settings.refused": ("{trouble}", "Mend it in {file}, then: {reload}   (if the pool is not running: {start})"),
    "settings.not_for_you": ("{file} cannot be read by this user, so most is not asked", "sudo {program} check"),
    "settings.file.none": ("there is no file: all comes from the environment", ""),
    "settings.file.unseen": ("{file}: {reason}", ""),
    "settings.file.ok": ("{file}, mode {mode}: closed to others", ""),
    "settings.file.open": ("{file} has mode {mode}: everybody on this machine can read the secrets", "{command}"),
    "settings.file.group": ("{file} has mode {mode}: all in the group {group} can read the secrets", "{command}"),
    "settings.access.ok": ("{user}, as whom the pool runs, can read {file}", ""),
    "settings.access.unreadable": ("{user}, as whom the pool runs, cannot read {file}: it cannot start", "{command}"),
    "settings.access.named": (
        "{user}, as whom the pool runs, cannot read {file}, which the settings name",
        "sudo chmod a+r {file}   (and a+x for each folder above it: namei -l {file})",
    ),
    "settings.access.not_asked": ("not asked as {user}, as whom the pool runs", "sudo {program} check"),
    "var.access.ok": ("{user} can write {var}", ""),
    "var.access.missing": (
        "{var} is missing, and {user} cannot make it: the pool cannot start",
        "sudo install -d -o {user} -m 700 {var}   (or: {install})",
    ),
    "var.access.not_yet": ("{var} is not there yet: the pool makes it", ""),
    "var.access.closed": (
        "{user} cannot write {folder}: Slack hears 503, and sends each event again",
        "sudo chown -R {user} {var}",
    ),
    "var.disk.ok": ("{var} lies on {kind}", ""),
    "var.disk.memory": (
        "{var} lies on {kind}, in memory: a reboot loses all that is kept there",
        (
            "findmnt -T {var} shows what is mounted there. Stop the pool, copy {var} to a disk (sudo cp -a);\n"
            "unmount that and copy all back, or set [paths] var to the copy; start the pool."
        ),
    ),
    "var.disk.network": (
        "{var} lies on {kind}, over the network: locks and fsync may not hold",
        "Stop the pool, copy {var} to a disk of this machine (sudo cp -a), set [paths] var to it, start the pool.",
    ),
    "var.room.ok": ("{mib} MiB and {inodes} inodes are free", ""),
    "var.room.little": (
        "only {mib} MiB and {inodes} inodes are free in {var}",
        _ROOM,
    ),
    "var.room.none": (
        "{mib} MiB and {inodes} inodes are free in {var}: soon no question can be kept",
        _ROOM,
    ),
    "socket.ok": ("{user} can connect to {socket}", ""),
    "socket.by_mode": ("{user} may connect to {socket}, by its mode (as root it would be tried)", ""),
    "socket.missing": (
        "{socket} is missing: nginx answers 502, and Slack hears nothing",
        "{start}   (if it is still missing: {install})",
    ),
    "socket.not_yet": ("{socket} is not there: no pool was started with these settings", ""),
    "socket.unseen": ("{socket}: {reason}", "sudo {program} check"),
    "socket.no_socket": ("{socket} is no socket", "sudo rm {socket} && {start}"),
    "socket.denied": (
        "{user}, as whom nginx runs, may not connect to {socket} ({owner}): nginx answers 502 (13: Permission denied)",
        "{install}   (it writes nginx's group into the service; a socket's owner changes only when it is made anew)",
    ),
    "socket.dead": ("{socket} is there, but nobody listens: nginx answers 502 (111: Connection refused)", "{start}"),
    "socket.failed": ("{socket}: {reason}", "{start}"),
    "pool.ok": ("it runs, pid {pid}", ""),
    "pool.unseen": ("not looked at: this user may not look into {var}", "sudo {program} check"),
    "pool.never": ("it has never run in {var}", "{start}"),
    "pool.stopped": ("it is not running in {var}", "{start}"),
    "pool.other_code": ("it runs other code than what is installed", "{reload}"),
    "pool.version.ok": ("it runs what is installed: {version}", ""),
    "pool.version.other": ("it runs {theirs}, and {ours} is installed", "{reload}"),
    "pool.memory.off": ("off ({reason}): an answer takes some 6 MiB in place of 3", ""),
    "pool.one.ok": ("one master, pid {pid}, in {var}", ""),
    "pool.one.another": (
        "the master with pid {pid} holds the lock in {var}, and the status shows pid {shown}: what it shows is wrong",
        "sudo kill {pid}   (it drains; a service manager starts the right one); if none starts: {start}",
    ),
    "pool.one.orphan": (
        "{number} more with the same settings: pid {pid} is a master that no one looks after",
        "sudo kill {pid}",
    ),
    "pool.refused.ok": ("none was wrong in {number} requests", ""),
    "pool.refused.stale": (
        "{stale} were too old and no question was taken since the start: this machine's clock is wrong",
        SET_CLOCK,
    ),
    "pool.refused.never_right": (
        "{number} were wrong, and none was ever right: the signing secret is another app's",
        _SIGNING,
    ),
    "pool.refused.not_since_start": (
        "{number} were wrong since the pool's start, and no question was taken since then",
        _SIGNING,
    ),
    "pool.refused.some": (
        "{number} wrong and {stale} stale ones beside right ones: an old app, or somebody who tries to forge them",
        "",
    ),
    "store.ok": ("{address} can be reached, and is fit", ""),
    "store.no_driver": ("cannot be used: {reason}", "Install CocoAI with its extra: pip install 'cocoai[mariadb]'"),
    "store.away": (
        "{address} cannot be asked: {reason}",
        "See whether the server runs and lets this machine in, and [store] url and password in {file}.",
    ),
    "store.unfit": ("{address}: {text}", "{program} store check   (docs/store.md says what each means)"),
    "inbox.ok": ("empty: no request waits for the store", ""),
    "inbox.unseen": ("{folder} cannot be read by this user", "sudo {program} check"),
    "inbox.waiting": (
        "{number} requests wait for the store, the first since {since}",
        "Mend the connection to the store; they are taken in by themselves, in their order.",
    ),
    "inbox.failed": (
        "{number} requests could not be taken in",
        "The log says why. To try one again, move it from {folder}/failed to {folder}/waiting; else delete it.",
    ),
    "pool.met.ok": ("none that goes on", ""),
    "pool.met.unseen": ("not looked at: this user may not look into {var}", "sudo {program} check"),
    "pool.met.now": (
        "{source} {code}, since {since}",
        "Mend what is wrong above; if nothing is, ask the bot something: it is over with the next call that succeeds.",
    ),
    "pool.met.waiting": (
        "{source} {code}, since {since}: {number} wait to be answered",
        "Mend what is wrong above; then they are answered by themselves.",
    ),
    "units.ok": ("{unit}: enabled, running", ""),
    "units.missing": ("{unit} is not known to systemd", "{install}"),
    "units.disabled": ("{unit} is not enabled: it stays away after a reboot", "sudo systemctl enable {unit}"),
    "units.inactive": (
        "{unit} is {state}",
        "sudo systemctl reset-failed {unit}; sudo systemctl restart {unit}; systemctl status {unit}",
    ),
    "units.no_restart": ("{unit} has no Restart=: once killed, it stays dead", "{install}"),
    "units.no_systemd": ("systemd does not run here, so no unit is looked at", ""),
    "units.unseen": ("systemctl does not answer, so no unit is looked at", "sudo {program} check"),
    "units.tmpfiles.ok": ("each boot makes {run}", ""),
    "units.tmpfiles.missing": ("{file} does not name {run}: after a reboot there is no socket", "{install}"),
    "units.tmpfiles.unseen": ("{file} cannot be read by this user", "sudo {program} check"),
    "units.certbot.ok": ("by {timer}", ""),
    "units.certbot.off": (
        "no timer of certbot runs: the certificate will expire",
        "sudo systemctl enable --now {timer}   (if there is no such timer: {install})",
    ),
    "units.hook.ok": ("nginx shows a renewed certificate ({file})", ""),
    "units.hook.missing": ("{file} is missing: nginx shows the old certificate until it is reloaded", "{install}"),
    "units.hook.unseen": ("{file} cannot be seen by this user", "sudo {program} check"),
    "python.ok": ("{version}", ""),
    "python.too_old": (
        "{version} is too old",
        "In the folder of CocoAI's sources: sudo bin/install   (it installs a newer Python)",
    ),
    "python.counting": (
        "{version} cannot share objects: an answer takes some 6 MiB in place of 3; 3.12 or 3.13 can",
        "",
    ),
    "python.collector": (
        "{version}: before 3.14.5 it takes far more memory",
        "Install Python 3.13, or 3.14.5 or newer; then, in the folder of CocoAI's sources: sudo bin/install",
    ),
    "python.newer": ("{version} is newer than those that CocoAI was measured on (3.12, 3.13)", ""),
    "memory.ok": ("{memory} MiB and {swap} MiB of swap", ""),
    "memory.little": (
        "{memory} MiB and {swap} MiB of swap: a package manager may be killed beside the pool",
        _SWAP,
    ),
    "nginx.ok": ("{number} beside its master", ""),
    "nginx.many": ("{number} beside its master, each 3 to 4 MiB; one is plenty (worker_processes in {file})", ""),
    "ledger.ok": ("{file} is whole", ""),
    "ledger.shared": ("its tables in {address} can be read", ""),
    "ledger.away": (
        "{address} cannot be asked now: until it can, no model is asked, and what is spent is not shown",
        "",
    ),
    "ledger.unfit": (
        "{address}: {reason}: without a ledger nothing is asked",
        "{program} store check; where tables are missing or damaged, restore a dump of the database (docs/store.md)",
    ),
    "ledger.not_yet": ("{file} is not there yet: the first question makes it", ""),
    "ledger.unseen": ("{file} cannot be seen by this user", "sudo {program} check"),
    "ledger.busy": ("{file} could not be examined now ({code})", ""),
    "ledger.unreadable": (
        "{file} cannot be read ({code}): without a ledger nothing is asked",
        "sudo {program} check; if it says the same, " + _RESTORE,
    ),
    "ledger.broken": (
        "{file} is damaged ({code}): without a ledger nothing is asked",
        "What has been spent since a copy is lost; " + _RESTORE,
    ),
    "prices.ok": ("known for {models}", ""),
    "prices.unknown": (
        "none is known for {model}: it counts as the dearest model, and the budget is used up early",
        "[prices] {model} = in/cached/written/out in {file} (USD per million tokens), then: {reload}",
    ),
    "prices.unknown_here": (
        "none is known for {model}: it counts as the dearest model, and the budget is used up early",
        "[prices] {model} = free   (or in/cached/written/out, USD per million tokens) in {file}, then: {reload}",
    ),
    "prices.unknown_sound": (
        "none is known for {model}, which hears: it counts as the dearest one",
        "[prices] {model} = 0.0045/minute   (USD a minute, or free) in {file}, then: {reload}",
    ),
    "prices.unknown_picture": (
        "none is known for {model}, which draws: no picture is drawn",
        (
            "[prices] {model} = 5/1.25/8/2/30   (text, cached, picture, cached, drawn: USD per million tokens; or "
            "free)\nin {file}, then: {reload}"
        ),
    ),
    "prices.no_quality": (
        "{model} has no quality {quality}: no picture is drawn",
        "[images] quality = medium in {file}, or a newer [images] model; then: {reload}",
    ),
    "prices.age.ok": ("compared with its sources on {checked}", ""),
    "prices.age.old": (
        "compared with its sources on {checked}, {days} days ago: prices may have changed",
        "In the folder of CocoAI's sources: git pull && sudo bin/install   (or give the price in [prices])",
    ),
}

ENGLISH = Words(
    parts={**SERVER_PARTS, **PARTS, **DOCUMENT_PARTS},
    cases={**SERVER_CASES, **MODEL_CASES, **CASES, **DOCUMENT_CASES},
    marks={"ok": "ok     ", "note": "note   ", "warning": "warning", "wrong": "WRONG  "},
    lines={
        "all_right": "Nothing is wrong. ({ok} right, {note} to know, {warning} to watch)",
        "wrong": "{wrong} wrong, {warning} to watch, {ok} right, {note} to know.",
        "again": "The running pool looks again by itself within the hour, and `cocoai status` shows it.",
    },
)
