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
"""Asks the package index, through uv, for the newest versions of pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import CommandFailed
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installers import (
    run_index,
    uv_command,
    uv_index,
)
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.states import ConstraintsState
    from openstack_requirements.pep508.requirement import CanonicalName


def versions(
    state: ConstraintsState, timeout: int | None, warn: Callable[[str], object]
) -> dict[str, dict[CanonicalName, str]]:
    """The newest versions of what is pinned, for the Python of each freeze.

    :param state: constraints with the freezes that they were made from.
    :param timeout: how long a request to the index may take, in seconds.
    :param warn: is told for what there is no answer.
    :raises InstallFailed: where the index fails.
    """
    names = {
        frozen.python_version: state.lines.keys() & frozen.by_name().keys()
        for frozen in state.freezes
    }
    return versions_of(names, state.freezes, timeout, warn)


def versions_of(
    names: Mapping[str, Collection[CanonicalName]],
    freezes: Sequence[Freeze],
    timeout: int | None,
    warn: Callable[[str], object],
    *,
    project: str = "",
    before: str = "",
) -> dict[str, dict[CanonicalName, str]]:
    """The newest versions of some names, for each Python.

    :param names: those to look up, by Python.
    :param freezes: those of the Pythons; they say which index it is.
    :param timeout: how long a request to the index may take, in seconds.
    :param warn: is told for what there is no answer.
    :param project: a folder whose configuration of uv counts too, or empty.
    :param before: only what was uploaded before this moment, or empty.
    :raises InstallFailed: where the index fails.
    """
    result: dict[str, dict[CanonicalName, str]] = {}
    with children.of_job("diff-constraints") as started:
        preferred = run_index.of_freezes(freezes)
        run_index.settle(started, warn, preferred, project)
        asked = uv_index.UvIndex(started, timeout, project=project)
        for frozen in freezes:
            python = frozen.python_version
            if frozen.python_key < uv_command.OLDEST:
                warn(f"uv does not know what suits Python {python}")
                continue
            try:
                result[python], reasons = asked.newest(
                    python, names.get(python, ()), started.work, before
                )
            except CommandFailed as error:
                raise InstallFailed(
                    python,
                    asked.reason(error.output),
                    " ".join(error.command),
                    error.output,
                ) from error
            for reason in reasons:
                warn(f"Python {python}: {reason.what}")
    return result
