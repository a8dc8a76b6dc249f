"""The table of wrong settings: how each is set wrong, and what `cocoai check`, the asker and the operator see of it.

tests/test_wrong_settings.py holds the product to it; bench/wrong_settings.py measures how soon each is seen.
The rows that no test can play here are named in NOT_PLAYED, with the tests that cover them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from cocoai.rehearsal.slack.slack_switches import DOCUMENT_SCOPES, SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import JAPANESE
from tests import wrong_plays as plays
from tests.wrong_plays import Play, rehearsed, with_openai, with_slack
from tests.wrong_stage import Settings, Stage

Asker = Literal["nothing", "later", "thread", "ephemeral", "direct message", "answer"]
"""What the asker sees: nothing ever; nothing, and the answer once it is mended; a word in the thread, one that nobody
else sees, or a direct message; or the answer as ever."""

LATER_OR_NEVER: frozenset[Asker] = frozenset({"nothing", "later"})
"""What looks like silence to the asker."""

Seen = Literal["status", "log", "healthz", "direct message", "last check"]
"""Where an operator sees it without having typed `cocoai check`."""

TROUBLE: frozenset[Seen] = frozenset({"status", "log", "healthz", "direct message"})
SLACKS: frozenset[Seen] = TROUBLE - {"direct message"}
"""While Slack takes nothing of ours, nobody can be told by it."""
LOOK: frozenset[Seen] = frozenset({"last check"})

NOT_BY_THE_POOL = frozenset({"pool.met", "settings", "openai.credit"})
"""What `cocoai check` finds and the pool's look at itself does not ask: it has told of that elsewhere."""

SORRY = JAPANESE.error_text("operator", "")


@dataclass(frozen=True)
class Row:
    """One wrong setting: how it is played and asked about, and what is to be seen of it.

    `checked` are findings of `cocoai check`, as `slack.token token_revoked`. `trouble` is a source and a code that the
    pool notes; `logged` stands in its log, `words` in what the asker reads. `documented` begins a row of the table in
    docs/operating.md.
    """

    name: str
    play: Play
    checked: tuple[str, ...]
    asker: Asker
    operator: frozenset[Seen]
    documented: str
    trouble: str = ""
    logged: str = ""
    words: str = ""
    ask: Callable[[Stage], Message] = plays.ask
    settings: Settings = field(default_factory=dict)
    pays: bool = False

    def __str__(self) -> str:
        return self.name


MET = "pool.met now"
REFUSES, AWAY = "Slack refuses the bot", "Slack cannot be reached"
OPENAI_WRONG, OPENAI_AWAY = "OpenAI: no credit", "OpenAI is busy or away"
UNBELIEVED, LEFT_OUT = "a wrong signing secret", "`allow_channels`"
SCOPE_TOLD, SCOPE_SILENT = "a scope is missing: `…:history`", "a scope is missing: `users:read`"
SCOPE_UNSENT = "a scope is missing: `reactions:read`"
SCOPE_PINS = "a scope is missing: `pins:read`"
UNFOUND, STILL_WORKS, FAULTY = "the public address", "what works still", "faulty settings"
READERS_SLIP, FOLDER_AWAY = "a name in `[readers]`", "the folder of documents is away"
"""How the rows of the table in docs/operating.md begin."""


def dead(name: str, code: str) -> Row:
    """Return the row of a token that Slack refuses."""
    return Row(name, rehearsed(name), (f"slack.token {code}",), "later", SLACKS | LOOK, REFUSES, f"slack {code}")


def front(name: str, play: Play, case: str) -> Row:
    """Return the row of an `api_url` at which something else answers."""
    code = "no_response" if case == "no_json" else "refused"
    return Row(name, play, (f"slack.address {case}",), "later", SLACKS | LOOK, REFUSES, f"slack {code}")


def given_up(name: str, play: Play, found: str, code: str, **more: Any) -> Row:
    """Return the row of an OpenAI that refuses the question for good."""
    seen = TROUBLE if more.get("pays") else TROUBLE | LOOK
    return Row(name, play, (found, MET), "thread", seen, OPENAI_WRONG, f"openai {code}", words=SORRY, **more)


def lasting(name: str, play: Play, found: str, **more: Any) -> Row:
    """Return the row of what does no harm yet: only who looks sees it."""
    return Row(name, play, (found,), "answer", LOOK, STILL_WORKS, **more)


def unfound(name: str, play: Play, case: str) -> Row:
    """Return the row of a public address at which Slack does not find the pool."""
    return Row(name, play, (f"public {case}",), "nothing", LOOK, UNFOUND)


def left_out(name: str, found: str, asker: Asker, why: str, ask: Callable[[Stage], Message]) -> Row:
    """Return the row of people whom the settings leave out; some of what these name does not exist."""
    play, words = with_slack(scopes=plays.READS), JAPANESE.declined[why]
    return Row(name, play, (found,), asker, LOOK | {"status"}, LEFT_OUT, words=words, ask=ask, settings=SOME_ONLY)


SOME_ONLY: Settings = {
    "slack": {
        "allow_channels": "C0NOWHERE",
        "allow_users": f"{plays.KNOWN} {plays.KNOWN_DIRECT} U0NOBODY",
        "direct_messages": "off",
    }
}

PLAYED: tuple[Row, ...] = (
    # what waits comes first: it is answered together
    dead("invalid-token", "invalid_auth"),
    dead("revoked-token", "token_revoked"),
    dead("expired-token", "token_expired"),
    dead("inactive-account", "account_inactive"),
    Row(
        "no-chat-write",
        rehearsed("no-chat-write"),
        ("slack.scopes chat_write", "pool.met waiting"),
        "later",
        SLACKS | LOOK,
        REFUSES,
        "slack missing_scope:chat:write",
    ),
    front("slack-404", with_slack(front=404), "status"),
    front("slack-405", rehearsed("slack-405"), "status"),
    front("slack-page", rehearsed("slack-page"), "no_json"),
    Row("slack-away", plays.slack_away, ("slack.reach connection",), "later", SLACKS | LOOK, AWAY, "slack connection"),
    # scopes
    Row(
        "no-history",
        rehearsed("no-history"),
        ("slack.scopes channels_history", MET),
        "thread",
        TROUBLE | LOOK,
        SCOPE_TOLD,
        "scope-history-C channels:history",
        words=SORRY,
        ask=plays.ask_in_thread,
    ),
    Row(
        "no-files",
        rehearsed("no-files"),
        ("slack.scopes files_read", MET),
        "answer",
        TROUBLE | LOOK,
        SCOPE_TOLD,
        "scope-files files:read",
        words="notes.txt",
        ask=plays.ask_for_a_file,
    ),
    Row(
        "no-uploads",
        with_slack(scopes=SCOPES - {"files:write"}),
        ("slack.scopes files_write", MET),
        "thread",
        TROUBLE | LOOK,
        SCOPE_TOLD,
        "scope-uploads files:write",
        words=SORRY,
        ask=plays.ask_for_a_picture,
        settings={"images": {"use": "on"}},
    ),
    Row(
        "no-users",
        with_slack(scopes=SCOPES - {"users:read"}),
        ("slack.scopes users_read", MET),
        "answer",
        TROUBLE | LOOK,
        SCOPE_SILENT,
        "scope-users users:read",
        ask=plays.ask_of_a_person,
    ),
    Row("no-reactions", rehearsed("no-reactions"), ("slack.scopes reactions_write",), "answer", LOOK, SCOPE_SILENT),
    Row(
        "no-flags",
        with_slack(scopes=SCOPES - {"reactions:read"}),
        ("slack.scopes reactions_read",),
        "nothing",
        LOOK,
        SCOPE_UNSENT,
        ask=plays.ask_with_a_flag,
    ),
    Row(
        "no-commands",
        with_slack(scopes=SCOPES - {"commands"}),
        ("slack.scopes commands",),
        "nothing",
        LOOK,
        SCOPE_UNSENT,
        ask=plays.ask_by_command,
    ),
    Row(
        "no-pins",
        with_slack(scopes=(SCOPES | DOCUMENT_SCOPES) - {"pins:read"}),
        ("slack.scopes pins_read", "slack.document_channels outside"),
        "answer",
        LOOK,
        SCOPE_PINS,
        settings={"documents": {"channels": "C0PRACTICE C0OUTSIDE"}},
    ),
    # documents
    Row(
        "readers-slip",
        with_slack(),
        ("documents.readers unknown",),
        "answer",
        LOOK,
        READERS_SLIP,
        settings={"documents": {"folder": "spool/tmp"}, "readers": {"no-such-folder": "C0PRACTICE"}},
    ),
    Row(
        "no-folder",
        with_slack(),
        ("documents.folder missing",),
        "answer",
        LOOK,
        FOLDER_AWAY,
        settings={"documents": {"folder": "nowhere"}},
    ),
    # OpenAI
    given_up("invalid-key", rehearsed("invalid-key"), "openai.key refused", "invalid_api_key"),
    given_up("no-credit", rehearsed("no-credit"), "openai.credit none", "insufficient_quota", pays=True),
    given_up("model-gone", rehearsed("model-gone"), "openai.model gone", "model_not_found"),
    given_up("openai-404", rehearsed("openai-404"), "openai.address no_path", "404"),
    Row(
        "openai-502",
        with_openai(front=502),
        ("openai.address trouble",),
        "thread",
        LOOK | {"log"},
        OPENAI_AWAY,
        logged="outcome=postponed",
        words="OpenAI",
    ),
    # what works still
    lasting("user-token", rehearsed("user-token"), "slack.token user"),
    lasting("model-ends", rehearsed("model-ends"), "openai.model near"),
    lasting("model-ended", rehearsed("model-ended"), "openai.model past"),
    lasting("openai-clock", rehearsed("openai-clock"), "openai.clock ahead"),
    lasting("open-settings", plays.open_settings, "settings.file open"),
    Row(
        "faulty-settings",
        plays.faulty_settings,
        ("settings refused",),
        "answer",
        frozenset({"status", "log"}),
        FAULTY,
        logged="outcome=not-reloaded",
    ),
    # what cannot be believed
    Row(
        "another-secret",
        with_slack(),
        (MET, "slack.secret shape"),
        "nothing",
        TROUBLE,
        UNBELIEVED,
        "signature wrong",
        logged="outcome=bad-signature",
        ask=plays.forged,
    ),
    # the public address
    unfound("closed-port", plays.closed_port, "refused"),
    unfound("another-name", plays.another_name, "tls_no_site"),
    unfound("no-socket", plays.no_socket, "no_pool"),
    Row("in-no-channel", plays.in_no_channel, ("slack.membership none",), "nothing", LOOK, UNFOUND),
    # people whom the settings leave out
    left_out("allow-channels", "slack.allow_channels unknown", "ephemeral", "place", plays.ask_as_known),
    left_out("allow-users", "slack.allow_users unknown", "ephemeral", "person", plays.ask),
    left_out("direct-messages-off", "slack.allow_channels unknown", "direct message", "direct", plays.ask_in_direct),
    # on a pool that was reloaded since: one process tells of refused signatures once a minute
    Row(
        "slack-clock",
        rehearsed("slack-clock"),
        ("slack.clock behind", MET),
        "nothing",
        TROUBLE | LOOK,
        UNBELIEVED,
        "signature stale",
        logged="outcome=bad-signature",
        ask=plays.from_another_time,
        settings=SOME_ONLY,
    ),
)

MACHINE, PUBLIC = "tests/check/test_machine.py::", "tests/check/test_public.py::"

NOT_PLAYED = {
    "a name that does not resolve": (f"{PUBLIC}test_an_address_that_leads_nowhere",),
    "a certificate that ends soon, or that nobody trusts": (
        f"{PUBLIC}test_the_days_of_the_certificate",
        f"{PUBLIC}test_a_certificate_that_nobody_trusts",
        f"{PUBLIC}test_an_authority_that_nobody_knows",
    ),
    "TLS to Slack and OpenAI, and a proxy": (
        "tests/check/test_servers.py::test_a_server_that_cannot_be_reached",
        "tests/check/test_servers.py::test_a_proxy_that_is_away_is_named_without_its_password",
    ),
    "a token of another kind": ("tests/check/test_servers.py::test_each_wrong_answer_is_found_with_its_remedy",),
    "files that the pool's user may not read or write": (
        f"{MACHINE}test_what_the_pool_s_user_may_not",
        "tests/test_faults.py::test_without_permission_it_is_a_503",
    ),
    "a full disk": (
        f"{MACHINE}test_room",
        "tests/test_faults.py::test_on_a_full_disk_slack_gets_503_and_with_room_its_redelivery_is_answered",
    ),
    "`var` in memory, or on a network's disk": (f"{MACHINE}test_var_has_to_outlive_a_reboot",),
    "a socket that nginx's user may not open": (f"{MACHINE}test_nginx_s_user_tries_the_socket",),
    "two pools, or an orphan": (
        f"{MACHINE}test_one_master_on_a_var",
        "tests/test_one_pool.py::test_a_second_pool_waits_for_the_first_to_end",
    ),
    "a pool that does not run": (f"{PUBLIC}test_a_pool_that_has_ended",),
    "units": (f"{MACHINE}test_each_unit_has_to_come_back", f"{MACHINE}test_an_installation_comes_back_after_a_boot"),
    "memory, swap and nginx's processes": (f"{MACHINE}test_memory_and_swap", f"{MACHINE}test_nginx_s_processes"),
    "Python": (f"{MACHINE}test_the_python",),
}
"""What no row plays, since it needs another machine, user or disk; each with the tests that hold it."""
