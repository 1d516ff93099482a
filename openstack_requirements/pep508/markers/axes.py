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
"""The axes of the environments that there are: Pythons, platforms and so on.

Python versions, platforms and implementations vary independently of each
other, so each is an axis. ``sys_platform`` and ``os_name`` do not, and share
one.
"""

from __future__ import annotations

from typing import NamedTuple

from openstack_requirements.pep508.markers.evaluation import PYTHON_VARIABLES


class Axis(NamedTuple):
    """A few variables that depend on each other, and rows of their values.

    On an ``open`` axis, what a marker mentions is a possible value too, and
    so is something that it does not mention.
    """

    variables: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    open: bool = False


#: Released Pythons. ``python_version`` is always the start of
#: ``python_full_version``.
PYTHON = Axis(
    PYTHON_VARIABLES,
    tuple(
        (f"{major}.{minor}", f"{major}.{minor}.{micro}")
        for major, minors in ((2, (6, 7)), (3, range(31)))
        for minor in minors
        for micro in (0, 10)
    ),
    open=True,
)
#: Released Pythons from 2.6 on, the platforms and implementations that
#: CPython and PyPy know of, and what a marker mentions beside these.
AXES = (
    PYTHON,
    Axis(
        ("os_name", "sys_platform", "platform_system"),
        (
            ("posix", "linux", "Linux"),
            ("posix", "linux2", "Linux"),
            ("posix", "darwin", "Darwin"),
            ("nt", "win32", "Windows"),
            ("posix", "cygwin", "CYGWIN_NT-10.0"),
            ("posix", "freebsd14", "FreeBSD"),
            ("posix", "sunos5", "SunOS"),
            ("posix", "aix", "AIX"),
            ("java", "java", "Java"),
            ("posix", "android", "Android"),
            ("posix", "ios", "iOS"),
            ("posix", "emscripten", "Emscripten"),
        ),
        open=True,
    ),
    Axis(
        ("platform_python_implementation", "implementation_name"),
        (
            ("CPython", "cpython"),
            ("PyPy", "pypy"),
            ("Jython", "jython"),
            ("IronPython", "ironpython"),
            ("GraalVM", "graalpy"),
        ),
        open=True,
    ),
    Axis(
        ("platform_machine",),
        (
            ("x86_64",),
            ("AMD64",),
            ("aarch64",),
            ("arm64",),
            ("i686",),
            ("ppc64le",),
            ("s390x",),
            ("riscv64",),
        ),
        open=True,
    ),
    Axis(("implementation_version",), (("3.12.1",),), open=True),
    Axis(("platform_release",), (("6.1.0",),), open=True),
    Axis(("platform_version",), (("#1 SMP",),), open=True),
    Axis(("extra",), (("",),), open=True),
    Axis(("extras",), (("",),), open=True),
    Axis(("dependency_groups",), (("",),), open=True),
)
