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
"""Waiting for a release to appear on the package index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openstack_requirements.constraints.newer import Release
from openstack_requirements.errors import OutsideError
from openstack_requirements.install import awaited_release, releases
from openstack_requirements.system import fetch
from openstack_requirements.tests.test_releases import ReleasesTestCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from openstack_requirements.system.fetch_targets import Target

MISSING = releases.NO_SUCH_VERSION


class Clock(awaited_release.Clock):
    """A clock whose time passes while somebody pauses.

    :param then: what happens after each pause.
    """

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.time = 100.0
        self.pauses: list[float] = []
        self.then = then

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds
        self.then()


class TestWait(ReleasesTestCase):
    def wait(
        self,
        longest: float,
        answers: list[Release | str | Exception],
    ) -> Release | None:
        self.clock = Clock()
        self.said: list[str] = []

        def ask() -> Release | str:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return awaited_release.wait_for(
            "a", "2", longest, self.said.append, ask=ask, clock=self.clock
        )

    def test_growing_pauses_and_a_limit(self) -> None:
        error = self.assertRaises(OutsideError, self.wait, 200, [MISSING])
        self.assertEqual(
            "a 2: the package index does not have it after 200 seconds "
            "(--wait)",
            str(error),
        )
        self.assertEqual([2, 4, 8, 16, 32, 60, 60, 18], self.clock.pauses)
        self.assertEqual(
            ["waiting up to 200 seconds for a 2 on the package index"],
            self.said,
        )

    def test_once(self) -> None:
        self.assertRaises(OutsideError, self.wait, 0, [MISSING])
        self.assertEqual(([], []), (self.clock.pauses, self.said))

    def test_an_index_that_fails_for_a_moment(self) -> None:
        down = OutsideError("down")
        self.assertIsNone(self.wait(60, [down, MISSING, down, "unreadable"]))
        self.assertEqual([2, 4, 8], self.clock.pauses)
        error = self.assertRaises(OutsideError, self.wait, 2, [down])
        self.assertIn("does not answer within 2 seconds: down", str(error))

    def test_a_real_index(self) -> None:
        self.index.wheel("a", "1")
        clock = Clock(
            lambda: self.index.wheel("a", "2", requires_python=">=3.9")
        )
        sent: list[str] = []
        get = fetch.Client.get

        def noted(
            client: fetch.Client, target: Target, headers: dict[str, str]
        ) -> Any:
            if target.url.endswith("/a/"):
                sent.append(headers.get("Cache-Control", ""))
            return get(client, target, headers)

        self.patch(fetch.Client, "get", noted)
        found = awaited_release.wait_for(
            "A", "2.0", 60, lambda _: None, clock=clock
        )
        assert found is not None
        self.assertEqual(">=3.9", found.distribution.requires_python)
        self.assertEqual([2], clock.pauses)
        # No cache on the way may answer.
        self.assertEqual(["no-cache"] * 2, sent)
