"""The settings about money: what they may be, and how a wrong one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cocoai.app import main
from cocoai.config import SettingsError, read
from cocoai.ledger.money import NANO
from cocoai.ledger.prices import FREE, Price

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

SECRETS = {"SLACK_SIGNING_SECRET": "s", "SLACK_BOT_TOKEN": "xoxb-t", "OPENAI_API_KEY": "sk-k"}


def settings(tmp_path: Path, text: str) -> Any:
    """Return the settings of a file with this text."""
    file = tmp_path / "c.ini"
    file.write_text(text)
    file.chmod(0o600)
    return read(str(file), SECRETS)


def test_by_default_ten_dollars_may_be_spent(tmp_path: Path) -> None:
    """Amounts are exact, in nano-dollars; what is not set is None."""
    budget = settings(tmp_path, "").budget

    assert (10 * NANO, None, None, 20 * NANO) == (
        budget.monthly_usd,
        budget.per_person_usd,
        budget.per_channel_usd,
        budget.seat_usd,
    )
    assert (80, "", None, "", False) == (
        budget.warn_at,
        budget.timezone,
        budget.yen_per_usd,
        budget.report_channel,
        budget.show_cost,
    )


def test_amounts_are_read_exactly(tmp_path: Path) -> None:
    """A cap of 0 is allowed: then nothing is ever asked."""
    text = "[budget]\nmonthly_usd = 0\nper_person_usd = 0.1\nper_channel_usd = 2.25\nyen_per_usd = 155.5\n"
    budget = settings(tmp_path, text).budget

    assert (0, NANO // 10, 2_250_000_000, 155_500) == (
        budget.monthly_usd,
        budget.per_person_usd,
        budget.per_channel_usd,
        budget.yen_per_usd,
    )


@pytest.mark.parametrize("key", ["monthly_usd", "per_person_usd", "per_channel_usd", "seat_usd"])
@pytest.mark.parametrize("value", ["-1", "NaN", "inf", "ten", "1e3", "$10", "1,5", "0.0000000001", "1000001"])
def test_an_amount_that_is_none_is_named(tmp_path: Path, key: str, value: str) -> None:
    """With its section, its key, and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, f"[budget]\n{key} = {value}\n")

    assert f"[budget] {key} = {value} is not allowed; it is an amount in US dollars, such as 12.50" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("warn_at", "0"),
        ("warn_at", "100"),
        ("yen_per_usd", "0"),
        ("yen_per_usd", "1001"),
        ("yen_per_usd", "NaN"),
        ("timezone", "Asia Tokyo"),
        ("timezone", "../etc"),
        ("report_channel", "#general"),
        ("show_cost", "sometimes"),
    ],
)
def test_another_value_that_is_not_allowed_is_named(tmp_path: Path, key: str, value: str) -> None:
    """Each says what it may be."""
    with pytest.raises(SettingsError, match=rf"\[budget\] {key} = .* is not allowed; it is"):
        settings(tmp_path, f"[budget]\n{key} = {value}\n")


def test_the_operator_s_prices_are_read_by_model(tmp_path: Path) -> None:
    """A model's name may have a colon in it, and its case does not count."""
    text = "[prices]\ngpt-6-luna = 0.1/0.01/0.125/0.5\nQwen3:8B = free\nllama3.3:70b=1/1/1/2\n"

    assert {
        "gpt-6-luna": Price(100_000_000, 10_000_000, 125_000_000, 500_000_000),
        "qwen3:8b": FREE,
        "llama3.3:70b": Price(NANO, NANO, NANO, 2 * NANO),
    } == settings(tmp_path, text).prices


@pytest.mark.parametrize("value", ["1", "1/2/3", "-1/0/0/0", "NaN/1/1/1", "a/b/c/d", "1/2/3/4/5/6", "gratis", ""])
def test_a_price_that_is_none_is_named(tmp_path: Path, value: str) -> None:
    """With the model, and what is allowed."""
    with pytest.raises(SettingsError, match=r"\[prices\] m1 = .*is not allowed; it is in/cached/written/out"):
        settings(tmp_path, f"[prices]\nm1 = {value}\n")


def test_a_zone_that_this_machine_does_not_know_is_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the package that has the zones' data; the pool does not start."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "c.ini"
    file.write_text("[budget]\ntimezone = Asia/Tokyoo\n")
    file.chmod(0o600)

    assert 1 == main(["--config", str(file), "--check"])
    assert "[budget] timezone = Asia/Tokyoo: this machine knows no such time zone." in caplog.text
    assert "tzdata" in caplog.text
