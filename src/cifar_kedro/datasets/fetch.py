"""Fetching a file over https, with time limits, resume and a check of its hash."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin

from filelock import FileLock

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.base import hide_secrets

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10  # until a server accepts the connection
READ_SECONDS = 30  # from one piece of its answer to the next
RETRIES = 3  # of a request, or of a file that breaks off without PROGRESS
PAUSE_SECONDS = 1.0  # before a retry; it doubles
PROGRESS = 2**20  # bytes
BUSY = (429, 500, 502, 503, 504)  # after these answers a retry may help
CHUNK = 2**16  # bytes written at once


class _RefusedError(Exception):
    """The address sends something other than the file."""


def fetch(addresses: list[str], known_hash: str, path: Path) -> None:
    """Fetch a file to its place. It appears there whole and verified.

    If the connection or the process ends, the part received stays as ``.NAME.part``. The
    next try goes on from there. One process fetches, and others wait for it.

    Args:
        addresses: Where the file is. They are tried in this order.
        known_hash: See `name_hash`.
        path: Its place, in a folder that exists. A file that is there stays unchanged.

    Raises:
        DatasetError: If nothing can be written there.
        ConnectionError: If no address has the file. The message says why for each.
    """
    partial = path.with_name(f".{path.name}.part")
    reasons = []
    with _locked(partial):
        if path.exists():  # another process has fetched it meanwhile
            return
        for address in addresses:
            try:
                _fetch_from(address, known_hash, partial)
            except (_RefusedError, ConnectionError) as error:
                reasons.append(f"{hide_secrets(address)}: {error}")
                logger.warning("Not fetched from %s", reasons[-1])
            else:
                partial.rename(path)
                return
    raise ConnectionError("; ".join(reasons))


@contextmanager
def _locked(partial: Path) -> Iterator[None]:
    """Wait until no other process writes there. A killed process holds no lock."""
    lock = Path(f"{partial}.lock")
    with FileLock(lock):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)  # a process that waits makes a new one


def name_hash(path: Path, known_hash: str) -> str:
    """Compute a file's hash by the algorithm of a known hash, such as ``md5:`` and digits."""
    import pooch

    algorithm = known_hash.partition(":")[0]
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def _fetch_from(
    address: str, known_hash: str, partial: Path, *, again: bool = True
) -> None:
    """Fetch from one address. If joined parts do not fit, fetch again from the start.

    Raises:
        _RefusedError: If it sends another file. Nothing of that is kept.
        ConnectionError: If it can't be reached. The part received stays.
        DatasetError: If nothing can be written.
    """
    try:
        continued = _download(address, partial)
    except ConnectionError:
        raise
    except OSError as error:  # on this machine, such as a full disk
        partial.unlink(missing_ok=True)
        raise DatasetError(
            f"{partial} can't be written: {error.strerror}. Make room, or set another "
            "path (`archive` in conf/local/globals.yml)."
        ) from error
    received, size = name_hash(partial, known_hash), partial.stat().st_size
    if received == known_hash.lower():
        return
    partial.unlink()
    if continued and again:  # the parts may come from two files
        _fetch_from(address, known_hash, partial, again=False)
        return
    raise _RefusedError(
        f"it sent another file of {size:,} bytes, expected {known_hash} but got {received}"
    )


def _download(address: str, partial: Path) -> bool:
    """Receive the rest of a file. Try again as long as data arrives.

    Returns:
        Whether the file was put together from parts.

    Raises:
        ConnectionError: If no more data arrives.
    """
    import requests

    failures, continued, most = 0, False, _measure(partial)
    while True:
        before = _measure(partial)
        try:
            with _open_session() as session:
                return _receive(session, address, partial) or continued
        except requests.RequestException as error:
            now = _measure(partial)
            continued = continued or before > 0
            failures = 0 if now - most >= PROGRESS else failures + 1
            most = max(most, now)
            if failures > RETRIES or not _may_pass(error):
                raise ConnectionError(_name_reason(error)) from error
            shown, reason = hide_secrets(address), _name_reason(error)
            logger.warning("%s: %s; going on at %d bytes", shown, reason, now)
            time.sleep(PAUSE_SECONDS * 2 ** max(failures - 1, 0))


def _measure(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0


def _open_session() -> Any:
    """Open a session that repeats requests, with pauses."""
    import requests
    from urllib3 import Retry

    session = requests.Session()
    retry = Retry(
        total=RETRIES,
        read=False,  # _download repeats what breaks off while it arrives
        backoff_factor=PAUSE_SECONDS,
        status_forcelist=BUSY,
        raise_on_status=False,
    )
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
    session.hooks["response"].append(_refuse_other_schemes)
    return session


def _receive(session: Any, address: str, partial: Path) -> bool:
    """Receive a file from where the part ends. Some servers can only send it whole.

    Returns:
        Whether the data was added to a part.
    """
    start = _measure(partial)
    headers = {
        "Accept-Encoding": "identity"
    }  # plain bytes, which a later try can continue
    if start:
        headers["Range"] = f"bytes={start}-"
    with session.get(
        address, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
    ) as answer:
        if answer.status_code == 416:  # the part is as long as the file, or longer
            return True
        answer.raise_for_status()
        if answer.headers.get("content-type", "").startswith("text/html"):
            raise _RefusedError(
                "it sent a web page (a login or an error), expected the file"
            )
        goes_on: bool = answer.status_code == 206 and answer.headers.get(
            "content-range", ""
        ).startswith(f"bytes {start}-")
        with partial.open("ab" if goes_on else "wb") as file:
            _write(answer, file)
    return goes_on


def _write(answer: Any, file: BinaryIO) -> None:
    """Append what a server sends, with a progress bar."""
    from tqdm import tqdm

    start, left = file.tell(), int(answer.headers.get("content-length", 0))
    with tqdm(
        total=start + left or None, initial=start, unit="B", unit_scale=True
    ) as bar:
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)
            bar.update(len(chunk))


def _may_pass(error: Exception) -> bool:
    """Tell whether another try may help: the answer broke off or stopped.

    The session itself tries connections and busy servers again.
    """
    import requests
    from urllib3.exceptions import MaxRetryError

    if isinstance(error, requests.ConnectionError):
        return not isinstance(error.args[0], MaxRetryError)
    return isinstance(
        error, requests.exceptions.ChunkedEncodingError | requests.Timeout
    )


def _name_reason(error: Exception) -> str:
    """Say in a few words what went wrong. The texts of requests are very long."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"it answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return (
            f"it timed out ({CONNECT_SECONDS} s to connect, {READ_SECONDS} s for data)"
        )
    if _may_pass(error):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate can't be verified (SSLError)"
    return f"it can't be reached ({type(error).__name__})"


def _refuse_other_schemes(response: Any, **options: Any) -> None:
    """Follow redirections within https only."""
    target = urljoin(response.url, response.headers.get("location", ""))
    if not target.startswith("https://"):
        raise _RefusedError(f"it redirects to {hide_secrets(target)}, not to https://")
