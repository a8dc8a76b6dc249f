"""Define the settings about money, and the operator's own prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.value_types import IDS, ONE_ID, SWITCH, ZONE, integer, money, yen_rate


@dataclass(frozen=True)
class BudgetSettings:
    """[budget]: what may be asked, and what may be spent. Amounts are nano-dollars; an unset one is None."""

    monthly_usd: Annotated[
        int,
        Setting(
            money(),
            "10",
            "the most that all answers of a month may cost together, in US dollars; with 0 the model is never asked",
        ),
    ]
    per_person_usd: Annotated[
        int | None, Setting(money(), "", "the most that one person's answers may cost in a month; empty for no limit")
    ]
    per_channel_usd: Annotated[
        int | None, Setting(money(), "", "the most that one channel's answers may cost in a month; empty for no limit")
    ]
    warn_at: Annotated[
        int,
        Setting(integer(1, 99, unit="%"), "80", "the part of a limit at which the asker and the operators are warned"),
    ]
    timezone: Annotated[
        str, Setting(ZONE, "", "the time zone in which months begin, such as `Asia/Tokyo`; empty for the machine's")
    ]
    yen_per_usd: Annotated[
        int | None, Setting(yen_rate(), "", "what a dollar costs in yen; amounts are then shown in yen, too")
    ]
    seat_usd: Annotated[int, Setting(money(), "20", "what one person's seat elsewhere costs a month, to compare with")]
    report_channel: Annotated[
        str, Setting(ONE_ID, "", "the channel that gets a report of each month on the morning after it; empty for none")
    ]
    show_cost: Annotated[bool, Setting(SWITCH, "off", "whether an answer says what it cost, and which model wrote it")]
    questions_per_minute: Annotated[
        int,
        Setting(
            integer(0, 1000),
            "6",
            "the most questions of one person in a minute, clicks on *Ask again* and *Go on* included; 0 for no limit",
        ),
    ]
    operators: Annotated[
        frozenset[str],
        Setting(IDS, "", "the people who may stop anybody's answer, and may see what each person has spent"),
    ]
