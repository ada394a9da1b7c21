"""docs/coverage.md tells the truth: its fields, methods and tests exist, and no field of the client is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.fusedesk.client import FuseDesk
from bot.fusedesk.models import CaseSearch, NewCase, NewEmail, NewNote

ROOT = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "coverage.md").read_text().splitlines()
    if line.startswith("| `")
]
FIELDS = {name.strip("`") for row in ROWS for name in re.findall(r"`[^`]+`", row[0])}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]} {row[0]}")
def test_a_row_names_a_method_and_a_test_that_exist(row: list[str]) -> None:
    _, client, way_in, tests = row

    assert way_in
    assert hasattr(FuseDesk, client.strip("`"))
    for reference in re.findall(r"`([^`]+)`", tests):
        file, _, name = reference.partition("::")
        assert re.search(rf"def {name}\b", (ROOT / "tests" / file).read_text()), reference
    assert "::" in tests


@pytest.mark.parametrize("model", [NewCase, CaseSearch, NewNote, NewEmail])
def test_no_field_of_a_request_is_left_out(model: type[NewCase | CaseSearch | NewNote | NewEmail]) -> None:
    sent = {field.serialization_alias or name for name, field in model.model_fields.items()}

    assert sent <= FIELDS
