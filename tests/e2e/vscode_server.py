"""VS Code's server side in a process: code-server with the extension in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.e2e.vscode_tools import Tools


class CodeServer:
    """VS Code's server side with the extension in it."""

    def __init__(self, tools: Tools, folder: Path, vsix: Path, environment: Mapping[str, str], port: int) -> None:
        """folder: for its data, its log and its extensions. environment: what the extension's host gets."""
        self.folder = folder
        self.port = port
        self.data = folder / "data"
        self._log = (folder / "code-server.log").open("ab")
        self._command = [
            str(tools.code_server),
            *("--config", str(folder / "config.yaml")),
            *("--user-data-dir", str(self.data)),
            *("--extensions-dir", str(folder / "extensions")),
            *("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"),
        ]
        self._environment = {**environment, "PATH": os.pathsep.join([tools.path, environment["PATH"]])}
        (folder / "config.yaml").write_text(f"bind-addr: 127.0.0.1:{port}\nauth: none\ncert: false\n")
        self._install(vsix)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: Mapping[str, object], machine: Mapping[str, object], *, trust: bool = True) -> None:
        """settings: the user's; machine: those that count on the side where the server runs."""
        quiet = {
            "security.workspace.trust.enabled": not trust,
            "telemetry.telemetryLevel": "off",
            "workbench.startupEditor": "none",
            "editor.minimap.enabled": False,
            "chat.disableAIFeatures": True,
            "extensions.ignoreRecommendations": True,
            "editor.wordBasedSuggestions": "off",
            # In a word, VS Code gives ghost text up for its own list after 750 ms, which a loaded machine may take.
            "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
            "files.autoSave": "off",
            "workbench.secondarySideBar.defaultVisibility": "hidden",
            "workbench.tips.enabled": False,
        }
        for name, values in (("User", {**quiet, **settings}), ("Machine", dict(machine))):
            (self.data / name).mkdir(parents=True, exist_ok=True)
            self.set(name, values)
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def url(self, folder: Path) -> str:
        return f"http://127.0.0.1:{self.port}/?folder={quote(str(folder))}"

    def setting(self, where: str) -> dict[str, Any]:
        """The settings of `User` or `Machine` as they are now."""
        return dict(json.loads((self.data / where / "settings.json").read_text(encoding="utf-8")))

    def set(self, where: str, settings: Mapping[str, object]) -> None:
        """Write these settings in the place of those that are there; windows see it by themselves."""
        file = self.data / where / "settings.json"
        file.with_suffix(".new").write_text(json.dumps(settings), encoding="utf-8")
        file.with_suffix(".new").replace(file)

    def logs(self) -> str:
        """What the extension, installer and language servers have said, of all windows."""
        files = sorted((self.data / "logs").rglob("*codeassist*.log"))
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def close(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._process = None
        self._log.close()

    def _install(self, vsix: Path) -> None:
        done = subprocess.run(
            [*self._command, "--install-extension", str(vsix)],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"the extension cannot be installed: {done.stdout}{done.stderr}"
