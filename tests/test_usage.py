"""`cocoai usage` and `cocoai forget`: their output in each form, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.drawing.png_chart import HEIGHT, WIDTH
from cocoai.ledger import database
from cocoai.ledger.prices import read_prices
from cocoai.spool.file_spool import FileSpool
from cocoai.usage.budget_advice import budget_advice
from cocoai.usage.tables import known_names
from tests.drawing.pictures import read_png
from tests.ledger.charges import CENT, DAY, NOON, charge, hold, rows
from tests.status.samples import HOSTILE, settings_in

NOVEMBER = ("--month", "2026-11")


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Return settings whose var is below `tmp_path`, and has a spool and a folder of names."""
    made = settings_in(tmp_path)
    FileSpool(made.paths.var).make_folders()
    Path(made.paths.var, "people").mkdir()
    return made


class Operator:
    """Somebody who types commands and reads what they print."""

    def __init__(self, settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.settings = settings
        self.ledger = str(Path(settings.paths.var, database.FILE))
        self.people = Path(settings.paths.var, "people")

    def types(self, *arguments: str) -> str:
        """Return what a command that succeeds prints."""
        code = main([*arguments, "--config", self.settings.file])
        out, err = self._capsys.readouterr()
        assert (0, "") == (code, err)
        return out

    def fails(self, *arguments: str) -> str:
        """Return the one line of a command that fails."""
        code = main([*arguments, "--config", self.settings.file])
        out, err = self._capsys.readouterr()
        assert (1, "") == (code, out)
        assert 1 == err.count("\n")
        return err

    def reads(self, *arguments: str) -> list[dict[str, str]]:
        """Return the lines of CSV by the heading."""
        return list(csv.DictReader(io.StringIO(self.types("usage", "--csv", *arguments))))

    def reads_json(self, *arguments: str) -> dict[str, Any]:
        """Return the JSON object that is printed."""
        data: dict[str, Any] = json.loads(self.types("usage", "--json", *arguments))
        return data


@pytest.fixture
def operator(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(settings, capsys)


@pytest.fixture
def november(operator: Operator) -> Operator:
    """Let two people ask in November, on two days, in a channel and in a direct message; one call is under way."""
    charge(operator.ledger, person="U1")
    charge(operator.ledger, person="U1", at=NOON + DAY, spent=3 * CENT + 1, how="estimated")
    charge(operator.ledger, person="U2", channel="D2", model="gpt-6.2-sol", spent=100 * CENT)
    hold(operator.ledger, person="U2")
    (operator.people / "U1").write_text("山田 花子\n", encoding="utf-8")
    return operator


def test_the_month_is_shown_with_four_tables(november: Operator) -> None:
    """The dearest come first, with the names that are known."""
    shown = november.types("usage", *NOVEMBER)

    for line in (
        "CocoAI: 2026-11",
        "  Spent             $1.04       of $10.00, 10 %",
        "  People who asked  2",
        "  At $20.00 a head  $40.00      $38.96 saved",
        "  Open holds        1           $0.05 held for calls under way",
        "  Estimated calls   1           of 3",
        "  U1      $0.04      2          1  山田 花子",
        "  D2       $1.00      1",
        "  gpt-6.2-sol  $1.00      1",
    ):
        assert line in shown.splitlines()
    assert shown.index("  U2 ") < shown.index("  U1 ")
    titles = [line for line in shown.splitlines() if line.startswith("By ")]
    assert ["By person", "By channel", "By model", "By day"] == titles


def test_what_a_question_costs_stands_at_the_end(november: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """In months without calls too, but not where one table was asked for, or where the instructions are no text."""
    monkeypatch.setattr(time, "time", lambda: NOON)  # the model is told the day, whose name is of its own length
    lines = budget_advice(november.settings, NOON)

    for month in ("2026-11", "2025-01"):
        assert ["", *lines] == november.types("usage", "--month", month).splitlines()[-4:]
    assert lines[0] not in november.types("usage", *NOVEMBER, "--by", "day")
    with open(november.settings.file, "a", encoding="utf-8") as file:
        file.write("[answer]\ninstructions = odd.txt\n")
    Path(november.settings.file).with_name("odd.txt").write_bytes(b"\xff")
    assert november.types("usage", "--month", "2025-01").endswith("There are no calls in 2025-01.\n")


def test_the_amounts_of_a_table_have_as_many_decimals(operator: Operator) -> None:
    """Of a month that cost less than a dollar there are four: one reads down a column."""
    charge(operator.ledger, person="U1", spent=CENT // 3)
    charge(operator.ledger, person="U2", spent=20 * CENT)

    lines = operator.types("usage", *NOVEMBER, "--by", "person").splitlines()
    assert ["  U2      $0.2000      1", "  U1      $0.0033      1"] == [line.rstrip() for line in lines[-2:]]


@pytest.mark.parametrize("group", ["person", "channel", "model", "day"])
def test_one_table_can_be_chosen(november: Operator, group: str) -> None:
    """The others are left out."""
    lines = november.types("usage", *NOVEMBER, "--by", group).splitlines()

    assert [f"By {group}"] == [line for line in lines if line.startswith("By ")]


def test_a_month_without_calls_says_so(november: Operator) -> None:
    """It is no error, with a ledger or without."""
    assert november.types("usage", "--month", "2025-01").startswith("CocoAI: 2025-01\nThere are no calls in 2025-01.\n")
    Path(november.ledger).unlink()
    assert "There are no calls in 2026-11." in november.types("usage", *NOVEMBER)
    assert not Path(november.ledger).exists()


def test_the_current_month_is_shown_by_default(operator: Operator) -> None:
    """Without `--month`."""
    assert operator.types("usage").startswith("CocoAI: 20")


@pytest.mark.parametrize("kind", [(), ("--json",), ("--csv",), ("--csv", "--by", "day"), ("--reprice",)])
@pytest.mark.parametrize("month", ["2026-13", "november", "2026-1", "-1"])
def test_what_is_no_month_is_refused(operator: Operator, kind: Sequence[str], month: str) -> None:
    """In every form, in one line."""
    assert f"cocoai: '{month}' is no month: one is written as 2026-11\n" == operator.fails(
        "usage", f"--month={month}", *kind
    )


@pytest.mark.parametrize(
    "arguments", [["--by", "planet"], ["--json", "--csv"], ["--png"], ["--reprice", "--json"], ["--month"]]
)
def test_wrong_usage_is_told(operator: Operator, arguments: list[str]) -> None:
    """Two forms at once, for example."""
    with pytest.raises(SystemExit) as ended:
        main(["usage", *arguments])

    assert 2 == ended.value.code


def test_json_has_whole_nano_dollars(november: Operator) -> None:
    """And the same figures as the text."""
    data = november.reads_json(*NOVEMBER)

    assert (104 * CENT + 1, 5 * CENT, 1, 3, 1) == tuple(
        data[key] for key in ("spent_nano", "held_nano", "open_holds", "calls", "estimated_calls")
    )
    assert {"name": "U1", "spent_nano": 4 * CENT + 1, "calls": 2, "estimated_calls": 1} == data["by_person"][1]
    assert ["D2", "C1"] == [each["name"] for each in data["by_channel"]]
    assert ["gpt-6.2-sol", "gpt-6-luna"] == [each["name"] for each in data["by_model"]]
    assert 2 == len(data["by_day"])


def test_json_of_one_group_has_the_others_left_out(november: Operator) -> None:
    """`--by` chooses."""
    data = november.reads_json(*NOVEMBER, "--by", "model")

    assert ["by_model"] == [key for key in data if key.startswith("by_")]


def test_csv_has_a_line_for_each_charge(november: Operator) -> None:
    """Dollars are exact; what is under way has none."""
    lines = november.reads(*NOVEMBER)

    assert ["0.010000000", "0.030000001", "1.000000000", ""] == [line["spent_usd"] for line in lines]
    assert Decimal("1.040000001") == sum(Decimal(line["spent_usd"] or 0) for line in lines)
    assert ("U1", "C1", "gpt-6-luna", "1000", "priced") == tuple(
        lines[0][name] for name in ("person", "channel", "model", "prompt", "how")
    )
    assert ("0.050000000", "", "") == tuple(lines[-1][name] for name in ("held_usd", "how", "prompt"))
    assert lines[0]["at"].startswith("2026-11-1")


def test_csv_of_a_group_has_a_line_for_each(november: Operator) -> None:
    """People have their names."""
    lines = november.reads(*NOVEMBER, "--by", "person")

    assert [("U2", "", "1.000000000", "1", "0"), ("U1", "山田 花子", "0.040000001", "2", "1")] == [
        tuple(line.values()) for line in lines
    ]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_runs_no_name(november: Operator, name: str) -> None:
    """People choose their names themselves."""
    (november.people / "U2").write_text(f"{name}\n", encoding="utf-8")
    charge(november.ledger, model=name)

    assert f"'{name}" == november.reads(*NOVEMBER, "--by", "person")[0]["name"]
    assert f"'{name}" == november.reads(*NOVEMBER)[-1]["model"]


def test_csv_of_a_month_without_charges_is_its_heading(operator: Operator) -> None:
    """A program finds the columns all the same."""
    assert operator.types("usage", "--csv", *NOVEMBER).startswith("at,month,team,channel,person,")
    assert 1 == operator.types("usage", "--csv", *NOVEMBER).count("\n")


def test_the_chart_is_written_into_a_file(november: Operator, tmp_path: Path) -> None:
    """Nothing is printed; a file that was there is replaced."""
    file = tmp_path / "month.png"
    file.write_text("old")

    assert "" == november.types("usage", *NOVEMBER, "--png", str(file))
    assert (WIDTH, HEIGHT) == (read_png(file.read_bytes()).width, read_png(file.read_bytes()).height)


def test_a_chart_that_cannot_be_written_is_an_error(november: Operator, tmp_path: Path) -> None:
    """The error names the file."""
    file = tmp_path / "nowhere" / "month.png"

    assert f"cocoai: cannot write {file}: No such file or directory\n" == november.fails("usage", "--png", str(file))


def test_a_hostile_name_does_no_harm(november: Operator) -> None:
    """Nor does a model's, which another server may choose."""
    (november.people / "U2").write_text(f"{HOSTILE}\n", encoding="utf-8")
    charge(november.ledger, model=HOSTILE, channel=HOSTILE)

    assert "\x1b" not in november.types("usage", *NOVEMBER)


def test_a_broken_ledger_is_an_error(operator: Operator) -> None:
    """In one line, with its path."""
    Path(operator.ledger).write_bytes(b"no database" * 500)

    assert f"cocoai: ledger ledger_broken {operator.ledger}: file is not a database\n" == operator.fails("usage")


def test_names_are_never_asked_for(operator: Operator) -> None:
    """A name that is not kept is empty, and so is one that is no whole line; nothing is written."""
    (operator.people / "U1").write_text("Ann\n", encoding="utf-8")
    (operator.people / "U2").write_text("cut", encoding="utf-8")
    name_of = known_names(operator.settings.paths.var)

    assert ["Ann", "", "", ""] == [name_of(user) for user in ("U1", "U2", "U3", "../people/U1")]
    assert ["U1", "U2"] == sorted(path.name for path in operator.people.iterdir())


def test_repricing_alone_is_a_dry_run(november: Operator) -> None:
    """It shows what would change, and how to change it."""
    before = rows(november.ledger, "spent, price")
    shown = november.types("usage", *NOVEMBER, "--reprice")

    assert "  gpt-6-luna       2        2  $0.04  $0.0003" in shown.splitlines()
    assert "Nothing is written: --reprice --yes changes 3 calls." == shown.splitlines()[-1]
    assert before == rows(november.ledger, "spent, price")


def test_repricing_writes_with_yes(november: Operator) -> None:
    """A second run finds nothing to change."""
    shown = november.types("usage", *NOVEMBER, "--reprice", "--yes")

    price = read_prices().price("gpt-6-luna", NOON).as_text()
    assert "3 calls were changed." == shown.splitlines()[-1]
    assert [(1000 * 100 + 100 * 500, price)] == rows(november.ledger, "spent, price")[:1]
    assert "There is nothing to change." in november.types("usage", *NOVEMBER, "--reprice")


def test_yes_alone_is_refused(november: Operator) -> None:
    """It would else seem to have done something."""
    assert "cocoai: --yes goes with --reprice\n" == november.fails("usage", "--yes")


def test_a_person_is_forgotten_and_the_sums_stay(november: Operator) -> None:
    """The command says what it has done; the kept name and language are gone."""
    (november.people / "U1-locale").write_text("ja-JP\n", encoding="utf-8")
    before = november.reads_json(*NOVEMBER)

    shown = november.types("forget", "--person", "U1")
    after = november.reads_json(*NOVEMBER)

    assert [
        "history: 0 questions with their answers deleted",
        "spool: of 0 jobs the words and files deleted; their names stay, against redelivery",
        "index: nothing of it is left",
        "ledger: 2 calls have no person any more; every month's sum is as it was",
        "ledger: 2 calls do not name their message any more",
        "ledger: 0 warnings about the person's budget deleted",
        "names: 2 files deleted",
        "stays: what stands in Slack; whoever wrote it, or an admin, deletes it there",
        "stays: the person's id in the names of threads' last askers and of jobs, for 30 days at most; no words",
        "stays: what others asked and were answered, though it may quote this",
    ] == shown.splitlines()
    assert [] == list(november.people.iterdir())
    assert before["by_person"][1] | {"name": ""} == after["by_person"][1]
    assert {name: value for name, value in before.items() if name != "by_person"} == {
        name: value for name, value in after.items() if name != "by_person"
    }
    assert "(forgotten)" in november.types("usage", *NOVEMBER, "--by", "person")


def test_a_person_whose_call_is_under_way_is_to_be_forgotten_once_more(november: Operator) -> None:
    """The command says so."""
    lines = november.types("forget", "--person", "U2").splitlines()

    assert "! 1 calls are under way and name their message: run this once more in an hour" in lines


def test_an_unknown_person_is_no_error(operator: Operator) -> None:
    """There may be nothing of theirs; no ledger is made for it."""
    assert "ledger: 0 calls" in operator.types("forget", "--person", "U9")
    assert not Path(operator.ledger).exists()


@pytest.mark.parametrize("person", ["", "u1", "../ledger.sqlite3", "U1 ", "U1-locale", "Ann"])
def test_what_is_no_id_is_refused(november: Operator, person: str) -> None:
    """Nothing is deleted."""
    assert "expected an id of Slack's, such as U024BE7LH" in november.fails("forget", f"--person={person}")
    assert (november.people / "U1").exists()


def test_a_name_that_cannot_be_deleted_is_an_error(november: Operator) -> None:
    """It is said, after the ledger's part was done."""
    (november.people / "U1").unlink()
    (november.people / "U1").mkdir()

    assert 1 == main(["forget", "--person", "U1", "--config", november.settings.file])
    assert ["", "", "U2", "U2"] == [person for (person,) in rows(november.ledger, "person")]
