"""`cocoai check`: ask each thing outside on which CocoAI depends, and say what is wrong and what to type.

    command.py            the command line
    look.py               all checks, in their order; those of the network at the same time
    target.py             what is checked: the settings, the installation, the pool's user
    result.py             what a check has found, without words
    words/                the sentences, in English and Japanese
    slack.py              Slack's address, token and clock
    slack_scopes.py       the app's scopes against what is switched on
    slack_names.py        channels and people whom the settings name
    openai.py             OpenAI's address, key and models
    credit.py             one paid request, if it is asked for
    url_verification.py   the question to the own public address that Slack asks, step by step
    public.py             what its answer means; the certificate
    folders.py            the settings file and `var`, as their owner and as the pool's user
    fcgi_socket.py        the pool's socket, as nginx's user
    pool.py               the pool that runs, and what it has refused
    units.py              systemd's units
    machine.py            memory, nginx, Python
    money.py              the prices and the ledger
    as_user.py            a part of the checks in a process of another user

It writes nothing, and shows no secret. What it cannot ask as this user is a note.
"""
