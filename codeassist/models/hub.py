"""The hub that published models are fetched from, by huggingface_hub: the only module that goes online for a model.

Addresses and tokens are the library's own: HF_ENDPOINT for a mirror, HF_TOKEN or `hf auth login` for gated models. The
library's own downloads begin anew after a break, and what it has read it has not verified, so bytes are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codeassist import __version__
from codeassist.errors import ModelError

if TYPE_CHECKING:
    import httpx2

_USER_AGENT = f"codeassist/{__version__}"
_LISTING_S = 30.0
_CONNECT_S = 20.0
# Also the longest that Ctrl-C waits for a connection on which nothing comes.
_READ_S = 10.0
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Control characters, and halves of surrogate pairs.
_NO_NAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# The server is busy or restarts; nothing is wrong with what was asked.
_PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})


class Unreachable(ModelError):
    """No answer, or one that broke off: worth another try."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file as the hub describes it. sha256: of its bytes, "" where only git's blob_id (a SHA-1) is told."""

    name: str
    size: int
    sha256: str
    blob_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one commit (40 hexadecimal digits) of a repository."""

    hub_id: str
    revision: str
    files: tuple[HubFile, ...]


class Hub:
    """One hub. endpoint: "" for the library's own; token: "" for the one that the library finds."""

    def __init__(self, endpoint: str = "", token: str = "") -> None:
        self._endpoint = endpoint.rstrip("/")
        self._token = token.strip() or None
        if not (token.isascii() and token.strip().isprintable()):  # what sends it would show it in its error
            raise ModelError("HF_TOKEN holds letters that no token has; set it to the token alone")

    @property
    def address(self) -> str:
        """Where it is asked, as it may be shown: without a name and a password."""
        scheme, slashes, rest = self._url.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"

    def listing(self, hub_id: str, revision: str) -> Listing:
        """The files of a branch, tag or commit. Raises ModelError, `Unreachable` where another try may help."""
        from huggingface_hub import HfApi

        # The library's own header tells of the machine: versions, and which agent it runs under.
        api = HfApi(self._url, self._token, headers={"user-agent": _USER_AGENT})
        try:
            with self._told(hub_id, revision):
                info = api.model_info(hub_id, revision=revision, files_metadata=True, timeout=_LISTING_S)
                if info.gated:  # its files are listed to everybody, and given to some
                    api.auth_check(hub_id)
            files = tuple(self._file(entry) for entry in info.siblings or ())
        except (ValueError, TypeError, KeyError, AttributeError):  # a page that asks to sign in, for example
            raise ModelError(
                f"{self.address} answers as no hub does; correct HF_ENDPOINT, or sign in where the network asks for it"
            ) from None
        if not _COMMIT.fullmatch(info.sha or ""):
            raise ModelError(f"{self.address} names no commit for {hub_id}, so it is no hub; correct HF_ENDPOINT")
        return Listing(hub_id, str(info.sha), files)

    @contextmanager
    def opened(self, listing: Listing, file: HubFile, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """A file's bytes from `offset` on, and where they really begin: at 0 from a server that gives no parts.

        Raises ModelError, `Unreachable` where another try may help.
        """
        import httpx2
        from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented there

        url = hf_hub_url(listing.hub_id, file.name, revision=listing.revision, endpoint=self._url)
        headers = build_hf_headers(
            token=self._token, headers={"user-agent": _USER_AGENT, "accept-encoding": "identity"}
        )
        if offset:
            headers["Range"] = f"bytes={offset}-"
        timeout = httpx2.Timeout(_READ_S, connect=_CONNECT_S)
        with (
            self._told(listing.hub_id, listing.revision, file.name),
            get_session().stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response,
        ):
            hf_raise_for_status(response)
            yield _start(response, offset), response.iter_bytes()

    @property
    def _url(self) -> str:
        from huggingface_hub import constants

        return self._endpoint or str(constants.ENDPOINT)

    def _file(self, entry: Any) -> HubFile:
        name, size = entry.rfilename, entry.size
        sha256 = (entry.lfs.sha256 if entry.lfs else "") or ""
        if name.startswith("/") or "\\" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise ModelError(f"{self.address} lists a file {name!r}, which lies outside of the model; do not trust it")
        if _NO_NAME.search(name):
            raise ModelError(f"{self.address} lists a file {name!r}, which no disk or terminal takes; do not trust it")
        is_size = isinstance(size, int) and size >= 0
        if not is_size or not (_SHA256.fullmatch(sha256) or _COMMIT.fullmatch(entry.blob_id or "")):
            raise ModelError(
                f"{self.address} tells no size or no hash of {name}, so it cannot be verified; unset HF_ENDPOINT"
            )
        return HubFile(name, size, sha256, entry.blob_id or "")

    @contextmanager
    def _told(self, hub_id: str, revision: str, file: str = "") -> Iterator[None]:
        """What goes wrong in the block, said with a remedy."""
        import httpx2
        from huggingface_hub import errors

        what = f"{file} of {hub_id}" if file else hub_id
        try:
            yield
        except errors.OfflineModeIsEnabled:
            raise ModelError(f"HF_HUB_OFFLINE forbids to fetch {what}; unset it for this command") from None
        except errors.GatedRepoError:
            raise ModelError(self._gate(hub_id)) from None
        except errors.RevisionNotFoundError:
            raise ModelError(
                f"{hub_id} at {self.address} has no revision {revision}; `--revision main` takes the newest"
            ) from None
        except errors.RepositoryNotFoundError:
            raise ModelError(
                f"{self.address} has no model {hub_id}, or shows it only to some accounts; set HF_TOKEN to a token of "
                "one that may read it, or correct HF_ENDPOINT"
            ) from None
        except errors.HfHubHTTPError as error:
            raise self._refusal(what, error.response.status_code) from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise ModelError(f"{self.address} is no address ({error}); correct HF_ENDPOINT") from None
        except httpx2.HTTPError as error:
            raise Unreachable(
                f"{what} cannot be fetched from {self.address} ({_reason(error)}). Without a network: fetch it "
                "elsewhere, `codeassist models export NAME FILE.tar` there, and `codeassist models import FILE.tar` "
                "here; a mirror is named by HF_ENDPOINT"
            ) from None

    def _known_token(self) -> str:
        from huggingface_hub import get_token

        return self._token or get_token() or ""

    def _gate(self, hub_id: str) -> str:
        asked = "the account of the token that was used has not been let in: " if self._known_token() else ""
        return (
            f"{hub_id} is gated: {asked}accept its licence at {self.address}/{hub_id}, make a token that may read at "
            f"{self.address}/settings/tokens, and set HF_TOKEN to it"
        )

    def _refusal(self, what: str, status: int) -> ModelError:
        if status in _PASSING_STATUS:
            return Unreachable(f"{self.address} is busy (HTTP {status}) and does not give {what}; try again later")
        remedy = "check HF_TOKEN" if status in (401, 403) else "choose another --revision, or correct HF_ENDPOINT"
        return ModelError(f"{self.address} does not give {what} (HTTP {status}); {remedy}")


def _start(response: httpx2.Response, offset: int) -> int:
    """Where the bytes of an answer begin. Source: RFC 9110, sections 14.4 and 15.3.7."""
    if response.status_code != 206:
        return 0
    match = re.match(r"bytes (\d{1,18})-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else offset


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
