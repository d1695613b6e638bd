"""A hub on a loopback socket that speaks as much of its HTTP API as a download needs, and can misbehave.

Source: huggingface_hub's `hf_api` and `file_download`, which are what is spoken to.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

# As on the hub, what is larger lies in LFS.
LFS_BYTES = 100_000
_BLOCK = 16_384


@dataclass
class Repository:
    """Commits by their hash, each with its files; branches by name. gated: the token that is let in, "" for all."""

    commits: dict[str, dict[str, bytes]]
    branches: dict[str, str]
    gated: str = ""


@dataclass
class FakeHub:
    """What it has, what it was asked, and how it misbehaves.

    block_s: seconds before each 16 KiB. breaks_after: bytes of a file after which the connection breaks, each time.
    corrupt: files of which the last byte is changed. ranges: whether a part of a file can be asked
    for. page: answered in place of a listing. busy: how many requests more are turned away.
    asked: path and Range of each request for a file's bytes. agents: what called itself what. n_sent: bytes of files.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    breaks_after: dict[str, int] = field(default_factory=dict)
    block_s: float = 0.0
    corrupt: set[str] = field(default_factory=set)
    ranges: bool = True
    page: str = ""
    busy: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    n_sent: int = 0

    def add(self, hub_id: str, commit: str, files: dict[str, bytes], branch: str = "main") -> None:
        """Another commit of a model."""
        repository = self.repositories.setdefault(hub_id, Repository({}, {}))
        repository.commits[commit] = files
        repository.branches[branch] = commit

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/api/models/{org}/{name}/revision/{revision:path}", self._listing),
                Route("/api/models/{org}/{name}/auth-check", self._auth_check),
                Route("/{org}/{name}/resolve/{revision}/{file:path}", self._resolve),
                Route("/cdn/{org}/{name}/{revision}/{file:path}", self._cdn),
            ]
        )

    def _found(self, request: Request) -> tuple[Repository, str] | Response:
        self.agents.add(request.headers["User-Agent"])
        repository = self.repositories.get("{org}/{name}".format(**request.path_params))
        if repository is None:
            return _error(401, "RepoNotFound", "Repository not found")
        revision = request.path_params.get("revision", "main")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return _error(404, "RevisionNotFound", "Invalid rev id")
        return repository, commit

    def _is_refused(self, request: Request, repository: Repository) -> bool:
        return bool(repository.gated) and request.headers.get("authorization") != f"Bearer {repository.gated}"

    async def _listing(self, request: Request) -> Response:
        self.listed.append(request.path_params["revision"])
        if self.page:
            return Response(self.page, media_type="text/html")
        found = self._found(request)
        if isinstance(found, Response):
            return found
        repository, commit = found
        hub_id = "{org}/{name}".format(**request.path_params)
        siblings = [_sibling(name, content) for name, content in repository.commits[commit].items()]
        gated = "auto" if repository.gated else False
        return JSONResponse({"_id": "1", "id": hub_id, "sha": commit, "gated": gated, "siblings": siblings})

    async def _auth_check(self, request: Request) -> Response:
        found = self._found(request)
        if isinstance(found, Response):
            return found
        return _error(403, "GatedRepo", "Access is restricted") if self._is_refused(request, found[0]) else Response()

    async def _resolve(self, request: Request) -> Response:
        if self.busy:
            self.busy -= 1
            return Response(status_code=503)
        found = self._found(request)
        if isinstance(found, Response):
            return found
        repository, commit = found
        if self._is_refused(request, repository):
            return _error(401, "GatedRepo", "Access is restricted")
        file = request.path_params["file"]
        content = repository.commits[commit].get(file)
        if content is None:
            return _error(404, "EntryNotFound", "Entry not found")
        told = {"X-Repo-Commit": commit, "ETag": f'"{_blob_id(content)}"', "Accept-Ranges": "bytes"}
        if len(content) > LFS_BYTES:
            told |= {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
            place = "/cdn/{org}/{name}/".format(**request.path_params) + f"{commit}/{file}"
            return RedirectResponse(place, 302, told)
        return self._bytes(request, file, content, told)

    async def _cdn(self, request: Request) -> Response:
        found = self._found(request)
        if isinstance(found, Response):
            return found
        file = request.path_params["file"]
        return self._bytes(request, file, found[0].commits[found[1]][file], {})

    def _bytes(self, request: Request, file: str, content: bytes, headers: dict[str, str]) -> Response:
        asked = request.headers.get("range", "")
        self.asked.append((file, asked))
        match = re.fullmatch(r"bytes=(\d+)-", asked) if self.ranges else None
        start = int(match[1]) if match else 0
        if file in self.corrupt:
            content = content[:-1] + bytes([content[-1] ^ 1])
        headers["Content-Length"] = str(len(content) - start)
        if match:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return StreamingResponse(self._stream(file, content, start), 206 if match else 200, headers)

    async def _stream(self, file: str, content: bytes, start: int) -> AsyncIterator[bytes]:
        end = self.breaks_after.get(file, len(content))
        for at in range(start, min(end, len(content)), _BLOCK):
            block = content[at : min(at + _BLOCK, end)]
            self.n_sent += len(block)
            if self.block_s:
                await asyncio.sleep(self.block_s)
            yield block
        if end < len(content):
            raise ConnectionResetError("the fake hub breaks off")


@contextmanager
def hub_serving(hub: FakeHub) -> Iterator[str]:
    """The address of the hub for the length of the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(hub.app(), log_config=None, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        listener.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder as a commit has them."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _sibling(name: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": _blob_id(content)}
    if len(content) > LFS_BYTES:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"size": len(content), "sha256": sha256, "pointerSize": 134}
    return entry


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": message}, status, {"X-Error-Code": code, "X-Error-Message": message})
