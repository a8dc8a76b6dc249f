"""`cocoai install`: bring CocoAI into production on this machine, upgrade it, go back, and take it away again.

    command.py      the command line, and the order of everything
    choices.py      what the operator chose, kept for the next time
    instance.py     what an installation is called, and where its parts lie
    system.py       what differs between Debian, Ubuntu and Amazon Linux
    steps.py        the kinds of steps: each knows whether it is done, does it, and says what one could type instead
    plan.py         all steps of an installation, in their order
    releases.py     the two virtual environments, and the link to the one in use
    site.py         nginx's files and the certificate
    nginx_main.py   room in nginx's main file, and Debian's first site out of the way
    services.py     the units, and how a running pool takes over what was installed
    settings.py     the settings file, and the secrets in it
    proof.py        the question to the installed CocoAI: do you answer Slack?
    rollback.py     the way back to the version before
    removal.py      taking everything away

It runs as root, on any Python from 3.11 on, with the standard library alone.
"""
