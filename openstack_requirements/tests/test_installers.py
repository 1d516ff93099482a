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
"""What installers are told by their surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fixtures

from openstack_requirements.installers.uv import Uv
from openstack_requirements.tests import base


class Recorder:
    """Stands in for processes, and keeps the variables of the last one."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}

    def run(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        self.environment = dict(environment or {})
        return "uv 1.0\n"


class TestUv(base.TestCase):
    def test_it_waits_for_the_builds_of_others(self) -> None:
        for given, expected in ((None, 7200), ("9", 9)):
            self.useFixture(
                fixtures.EnvironmentVariable("UV_LOCK_TIMEOUT", given)
            )
            recorder = Recorder()
            Uv(recorder, None, 4).version()  # type: ignore[arg-type]
            seconds = int(recorder.environment["UV_LOCK_TIMEOUT"])
            self.assertEqual(expected, seconds)
