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
"""Finds the metadata of released versions.

Freezes and environments have the metadata of what they hold, and the files of
the package index have the rest, see ``releases``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import freeze_json
from openstack_requirements.install.pages import normal
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system import children as child_processes
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.install.metadata_cache import MetadataCache
    from openstack_requirements.pep508.requirement import CanonicalName

    Key = tuple[CanonicalName, str]


class LookupResult(NamedTuple):
    """The metadata of versions, and why that of some is missing."""

    described: dict[Key, Distribution]
    missing: dict[Key, str]


def key(name: str, version: str) -> Key:
    """The key of a released version; that of 2.0 is that of 2."""
    return canonical_name(name), normal(version)


def known(distributions: Iterable[Distribution]) -> dict[Key, Distribution]:
    """The distributions with metadata; of a version, the first."""
    result: dict[Key, Distribution] = {}
    for distribution in distributions:
        if distribution.described:
            result.setdefault(
                key(distribution.name, distribution.version), distribution
            )
    return result


def at_hand(
    freezes: Iterable[str], pythons: Sequence[str]
) -> list[Distribution]:
    """What freezes and environments have, and where this runs.

    :param freezes: their paths.
    :param pythons: virtualenvs or interpreters.
    :raises UnusableInput: where one of them is none.
    :raises OutsideError: where an environment cannot be read.
    """
    from openstack_requirements.install import installed

    taken = [
        freeze_json.from_json(files.read_text(path, files.LARGEST_DATA), path)
        for path in freezes
    ]
    if pythons:
        with child_processes.of_job("check-python2-support") as started:
            taken += [installed.for_python(path, started) for path in pythons]
    taken.append(installed.running())
    return [
        distribution
        for frozen in taken
        for distribution in frozen.distributions
    ]


def from_index(
    keys: Sequence[Key],
    announce: Callable[[str, str, Callable[[], int] | None], None],
    jobs: int,
    cache: MetadataCache,
    warn: Callable[[str], object] | None = None,
) -> LookupResult:
    """The metadata of these versions, from the index.

    :param announce: is told of progress.
    :param jobs: how many versions are looked up at once.
    :param warn: is told where pip and uv are configured for different indexes;
        None where that was said before.
    :raises OutsideError: where the index or the disk fails.
    """
    from openstack_requirements.install import releases

    result = LookupResult({}, {})
    answers = releases.look_up(keys, jobs, cache, announce, warn)
    for version_key in keys:
        answer = answers[version_key]
        if isinstance(answer, str):
            result.missing[version_key] = answer
        else:
            result.described[version_key] = answer.distribution
    return result
