"""Numbers as people read them: thousands, bytes, shares."""

from __future__ import annotations


def thousands(count: int | None) -> str:
    """1234567 as 1,234,567; nothing for None."""
    return "" if count is None else f"{count:,}"


def short(count: int | None) -> str:
    """1234567 as 1.23M."""
    return "" if count is None else _scaled(count, ("", "k", "M", "G", "T", "P"))


def byte_size(count: int | None) -> str:
    """1234567 as 1.23 MB (1 MB is a million bytes)."""
    return "" if count is None else _scaled(count, (" B", " kB", " MB", " GB", " TB", " PB"))


def percent(share: float) -> str:
    """A share of 1 in percent: `<1%` for little, empty for none."""
    if share <= 0:
        return ""
    return "<1%" if share < 0.005 else f"{share:.0%}"


def significant(value: float, digits: int = 4) -> str:
    """A measured number with so many digits."""
    return f"{value:.{digits}g}"


def ends(low: float, high: float) -> tuple[str, str]:
    """Both ends of a range, with the digits that it takes to tell them apart."""
    digits = next((d for d in range(2, 9) if significant(low, d) != significant(high, d)), 2)
    return significant(low, digits), significant(high, digits)


def _scaled(count: int, units: tuple[str, ...]) -> str:
    value, unit = float(count), 0
    while abs(value) >= 999.5 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 99.5 else 1 if value >= 9.95 else 2
    return f"{value:.{digits}f}{units[unit]}"
