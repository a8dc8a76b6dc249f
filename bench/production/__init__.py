"""CocoAI in production on bare machines: installed by its own installer, killed, cut off, upgraded and removed.

    python -m bench.production [--release 12|13] [--with supervisor|systemd] [PART ...]     as root; some minutes each

install      from a bare root to an answered question over https: what was typed, and how long it took
events       reboot, plug pulled in mid-answer, kill -9 of each process, reload, restart, upgrade, rollback
memory       RSS and PSS at rest
check        `cocoai check`, as root and as the pool's user: how long it takes, what it finds, writes and tells
interrupted  the installer is killed with -9 at moments spread over its run, then typed again: is the end the same?
copy         a second copy beside the first, each with a practice Slack of its own; then the first is removed
removal      what --remove leaves, and what --remove --purge leaves; and whether a dry run's script does the same
keeping      a copy that is restored after everything was lost, a full disk, a renewed certificate
"""
