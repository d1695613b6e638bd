"""Amounts as people read them."""

from __future__ import annotations


def gigabytes(n_bytes: float) -> str:
    """In powers of ten, as cards and files are sold: `16.2 GB`; whole ones from 100 on."""
    value = n_bytes / 1e9
    return f"{value:,.0f} GB" if value >= 100 else f"{value:.1f} GB"


def rate(bytes_per_s: float) -> str:
    """Bytes a second: `3.35 TB/s`, `27 GB/s`."""
    return f"{bytes_per_s / 1e12:.2f} TB/s" if bytes_per_s >= 1e12 else f"{bytes_per_s / 1e9:.0f} GB/s"
