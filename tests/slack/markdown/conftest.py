"""Make failures in properties.py as readable as those in a test module."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.slack.markdown.properties")
