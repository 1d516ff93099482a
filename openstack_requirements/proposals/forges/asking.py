# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""Asks a forge over HTTP: waits, repeats, and says in a line what failed.

It is the same for all forges and their clients. A client is told to repeat
nothing by itself, because each of them waits as long as the server says.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from openstack_requirements.errors import OutsideError, printable
from openstack_requirements.proposals.forges.credentials import VARIABLES
from openstack_requirements.system import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openstack_requirements.proposals.forges.credentials import (
        Credentials,
    )

_Answer = TypeVar("_Answer")

#: How long to wait before a request is repeated that failed for a moment, or
#: that came too often, where the forge does not say how long, in seconds.
WAITS = (1.0, 4.0, 15.0)
#: How long all waits for one request may take, in seconds.
LONGEST_WAIT = 300.0
#: How many things are asked for at once.
PAGE = 100

_LONGEST_SAYING = 300  # characters of what a forge says


class Failure(NamedTuple):
    """A request that failed, in the terms of HTTP.

    :param status: what the forge answered; 0 where it did not.
    :param headers: their names in lower case.
    :param said: what the forge said, or what went wrong.
    """

    status: int
    headers: Mapping[str, str]
    said: str


class ForgeRefused(OutsideError):
    """A forge answered that it does not do what it was asked.

    :param answered: the status of HTTP.
    """

    def __init__(self, text: str, answered: int) -> None:
        super().__init__(text)
        self.answered = answered


class Asking:
    """Asks one forge.

    :param failure: what an error of the client stands for; None where it is
        an answer that the client did not expect.
    """

    def __init__(
        self,
        name: str,
        url: str,
        credentials: Credentials | None,
        failure: Callable[[Exception], Failure | None],
    ) -> None:
        self._name = name
        self._url = url
        self._credentials = credentials
        self._failure = failure

    def ask(self, what: str, action: Callable[[], _Answer]) -> _Answer:
        """What an action answers; it is repeated where that may help.

        :param what: what is asked about, for errors: a project.
        :raises ForgeRefused: where the forge answers with a failure.
        :raises OutsideError: where it does not answer, or not as it should.
        """
        left = LONGEST_WAIT
        for usual in (*WAITS, None):
            try:
                return action()
            except OutsideError:
                raise
            except Exception as error:  # clients raise any
                failure = self._failure(error)
                if failure is None:
                    raise self._not_understood(what, error) from error
            wait = _wait(failure, usual)
            if wait is None or usual is None:
                raise self._explained(what, failure)
            if wait > left:
                raise OutsideError(
                    f"{self._place(what)}: no more requests are allowed for "
                    f"{wait:.0f} seconds; try again then"
                )
            left -= wait
            time.sleep(wait)
        raise AssertionError  # the last one raises

    def masked(self, text: str) -> str:
        """A text of the forge as it may be shown, without the secret."""
        if self._credentials is not None:
            text = self._credentials.masked(text)
        text = " ".join(text.split())
        if len(text) > _LONGEST_SAYING:
            text = f"{text[:_LONGEST_SAYING]} ..."
        return printable(text)

    def _place(self, what: str) -> str:
        return printable(f"{self._url.rstrip('/')}/{what}".rstrip("/"))

    def _not_understood(self, what: str, error: Exception) -> OutsideError:
        # The words of a client's error may hold all of the answer.
        return OutsideError(
            f"{self._place(what)}: the answer is none of {self._name} "
            f"({type(error).__name__})"
        )

    def _explained(self, what: str, failure: Failure) -> OutsideError:
        """A failure in a line that helps."""
        place = self._place(what)
        variable = VARIABLES[self._name][1]
        said = self.masked(failure.said)
        status = failure.status
        if not status:
            return OutsideError(f"{place}: cannot be reached ({said})")
        if self._credentials is None and status in {401, 403, 404}:
            text = f"is not there for everybody: set {variable}"
        elif status == 401:
            text = f"does not accept the credentials: renew {variable}"
        elif _is_limit(failure):
            text = "no more requests are allowed for now"
        elif status == 403:
            text = (
                f"the account of {variable} or of netrc may not do this; see "
                "the rights that it needs in the manual"
            )
        elif status == 404:
            text = (
                "does not exist, was deleted, or is hidden from the account "
                f"of {variable}"
            )
        else:
            text = "refuses" if status < 500 else "fails"
        details = f"HTTP {status}: {said}" if said else f"HTTP {status}"
        return ForgeRefused(f"{place}: {text} ({details})", status)


def network_failure(error: Exception) -> Failure | None:
    """What an error of the connection stands for; None where it is none."""
    if isinstance(error, OSError):
        return Failure(0, {}, fetch.why(error))
    return None


def _is_limit(failure: Failure) -> bool:
    """Whether a request came too often."""
    return failure.status == 429 or (
        failure.status == 403
        and (
            failure.headers.get("x-ratelimit-remaining") == "0"
            or "retry-after" in failure.headers
            or "rate limit" in failure.said.lower()
        )
    )


def _wait(failure: Failure, usual: float | None) -> float | None:
    """How long to wait before a request is repeated; None for not at all."""
    headers = failure.headers
    if _is_limit(failure):
        with contextlib.suppress(ValueError):
            return max(0.0, float(headers.get("retry-after", "")))
        reset = headers.get("x-ratelimit-reset") or headers.get(
            "ratelimit-reset", ""
        )
        with contextlib.suppress(ValueError):
            # The moment itself belongs to the old span.
            return max(0.0, float(reset) - time.time()) + 1.0
        return usual
    if failure.status >= 500:
        return usual
    if failure.status == 0 and "timed out" not in failure.said:
        return usual
    return None
