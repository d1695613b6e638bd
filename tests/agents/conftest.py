from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]

FILES = {
    "shapes.py": '''"""Shapes that know their area."""


class Circle:
    """A round shape."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def covered_area(self) -> float:
        """How much a circle covers."""
        return 3.14159 * self.radius**2


def make_circle(radius: float) -> Circle:
    return Circle(radius)
''',
    "report.py": """from shapes import Circle, make_circle


def total_area(circles: list[Circle]) -> float:
    return sum(circle.covered_area() for circle in circles)


def unit_area() -> float:
    return make_circle(1).covered_area()
""",
    "tests/test_report.py": """from report import total_area
from shapes import make_circle


def test_total_area():
    circle = make_circle(1)
    assert total_area([circle]) == circle.covered_area()
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with two modules and a test, all committed."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True, timeout=60)
    return root
