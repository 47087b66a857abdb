"""The table of image sources: window, help, errors and README tell what it says."""

import re
from pathlib import Path

from workbench.core.data.image_sources import ALLOWED_SOURCES, IMAGE_SOURCES
from workbench.core.resources import resource_path
from workbench.core.settings.config import DataConfig, help_of


def test_every_source_is_shipped_or_downloaded_and_says_so() -> None:
    for name, source in IMAGE_SOURCES.items():
        assert source.name == name
        assert source.is_shipped != bool(source.download_bytes)
        assert not source.is_shipped or resource_path(source.resource).is_file()
        assert source.images == source.train + source.test
        assert ("shipped" if source.is_shipped else "downloads 1") in source.description
        assert f"images of {source.collection};" in source.description
        assert source.note in source.description
        assert source.license


def test_help_and_errors_name_exactly_the_table() -> None:
    names = ", ".join(IMAGE_SOURCES)
    assert f"{names}, or a path to a folder, .zip or .tar" == ALLOWED_SOURCES
    assert help_of("data.source").startswith(ALLOWED_SOURCES)
    assert DataConfig().source in IMAGE_SOURCES


def test_the_readme_lists_exactly_the_table() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| source \|.*\n\|[-|]+\n((?:\|.*\n)+)", readme, re.MULTILINE)
    rows = {row.split("`")[1]: row for row in table.splitlines() if "`" in row.split("|")[1]}
    assert list(rows) == list(IMAGE_SOURCES)
    for name, source in IMAGE_SOURCES.items():
        numbers = {int(number.replace(" ", "")) for number in re.findall(r"\d+(?: \d{3})+", rows[name])}
        assert numbers in ({source.train, source.test}, {source.images})
        assert ("shipped" in rows[name]) == source.is_shipped
