"""Kill points of a picture, a voice clip, the words of a sound, and a search: apart, as these take longer."""

from __future__ import annotations

import pytest

from tests.deployment import Deployment
from tests.kill.points import POINTS, Point
from tests.kill.test_kill_points import ONE_WAY, happens_once

MEDIA = [point for point in POINTS if point.scene in ONE_WAY]
EACH = [pytest.param(each, id=each.name, marks=[pytest.mark.long] * (n % 2)) for n, each in enumerate(MEDIA)]
"""Every second point is for the long run: on either side of it the same holds."""


@pytest.mark.parametrize("point", EACH)
def test_everything_happens_once_despite_a_kill(built: Deployment, point: Point) -> None:
    """A picture is shown once, a sound heard and quoted once, a search paid once, and nothing is left open."""
    happens_once(built, point, "mention only")
