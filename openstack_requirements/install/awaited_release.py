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
"""Waits until the package index has a release that was just made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError
from openstack_requirements.install import metadata, metadata_cache, releases
from openstack_requirements.output import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from openstack_requirements.constraints.newer import Release

#: How long the first pause between two questions is, in seconds. Each is
#: twice as long as the one before.
FIRST_PAUSE = 2.0
#: How long a pause is at most, in seconds.
LONGEST_PAUSE = 60.0


class Clock:
    """The time that passes; tests have another one."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(seconds)


def wait_for(
    name: str,
    version: str,
    longest: float,
    say: Callable[[str], object],
    *,
    ask: Callable[[], Release | str] | None = None,
    clock: Clock | None = None,
) -> Release | None:
    """What a release says of itself, as soon as the index has it.

    The index is asked for pages that no cache kept, again and again with
    growing pauses, and once more at the end. An index that fails meanwhile
    may be well again in a moment.

    :param longest: for how long, in seconds; 0 to ask once.
    :param say: is told, once, what is waited for.
    :param ask: what asks the index; None for the one that pip and uv are
        configured for.
    :returns: None where the release is there and its metadata cannot be read.
    :raises OutsideError: where the index does not have it in time.
    """
    clock = clock or Clock()
    asked = ask or (lambda: _ask(name, version))
    start = clock.now()
    pause = FIRST_PAUSE
    said = False
    while True:
        reason: Exception | None = None
        try:
            answer = asked()
        except OutsideError as error:
            reason = error
        else:
            if answer != releases.NO_SUCH_VERSION:
                return None if isinstance(answer, str) else answer
        left = start + longest - clock.now()
        if left <= 0:
            waited = counted(round(longest), "second")
            if reason is not None:
                raise OutsideError(
                    f"{name} {version}: the package index does not answer "
                    f"within {waited}: {reason}"
                ) from reason
            raise OutsideError(
                f"{name} {version}: the package index does not have it after "
                f"{waited} (--wait)"
            )
        if not said:
            waited = counted(round(longest), "second")
            say(
                f"waiting up to {waited} for {name} {version} on the package "
                "index"
            )
            said = True
        clock.pause(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


def _ask(name: str, version: str) -> Release | str:
    """What the configured index says of a release now."""
    key = metadata.key(name, version)
    answers = releases.look_up(
        [key],
        1,
        metadata_cache.MetadataCache(""),
        lambda _who, _phase, _count: None,
        fresh=True,
    )
    return answers[key]
