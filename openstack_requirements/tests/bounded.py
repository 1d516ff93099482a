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
"""Runs what must not cost much in a child that cannot spend much.

What is promised is two seconds and 300 MB for any one file. The limits here
are CPU time and address space, and more of the first: a machine that is busy,
or slow, is no failure. What they catch costs minutes, or gigabytes.
"""

from __future__ import annotations

import resource
import signal
from typing import TYPE_CHECKING

from openstack_requirements.tests import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Seconds of CPU time.
SECONDS = 10
#: Bytes beyond what the test itself has.
MEMORY = 300 << 20


def run(do: Callable[[], object]) -> int:
    """Do something within the limits.

    :returns: 0 where it comes to an end, else the exit status of the child:
        negative for a signal, positive for an exception.
    """

    def limited() -> None:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        # A soft limit sends SIGXCPU, which ends the process.
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        do()

    return forks.wait(forks.start(limited))


def failures(cases: Mapping[str, Callable[[], object]]) -> list[str]:
    """The names of the cases that do not come to an end within the limits."""
    return [name for name, do in cases.items() if run(do)]
