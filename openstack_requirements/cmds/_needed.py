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
"""What a project pulls in, for commands with ``--needed-by``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.constraints import closure, explain
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.states import in_order
from openstack_requirements.errors import UnusableInput
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.closure import PulledIn
    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.states import ConstraintsState


def restrict(
    project: str,
    changed: Changes,
    old: ConstraintsState,
    new: ConstraintsState,
) -> Changes:
    """The changes of what a project pulls in.

    :param project: a distribution in the freezes of the states, or the folder
        of a checkout, whose requirements are read and nothing of it is run.
    :param new: a state with freezes; those of the old one decide of removals.
    :raises UnusableInput: where it is neither.
    :raises UnusableProject: with what is wrong with the files of a checkout.
    """
    walk = _walk(project, [*new.freezes, *old.freezes])
    before, after = walk(old.freezes), walk(new.freezes)
    for text in sorted({*before.unreadable, *after.unreadable}):
        _console.warn(f"a requirement that cannot be read is left out: {text}")
    removed = len(changed.of("removed"))
    if removed and not old.freezes:
        _console.warn(
            f"{removed} removed distributions are left out: without freezes "
            "of the old side nothing says what required them"
        )
    return closure.restrict(changed, before.names, after.names)


def _walk(
    project: str, freezes: Sequence[Freeze]
) -> Callable[[Iterable[Freeze]], PulledIn]:
    """How to find what a project pulls in, in the freezes of one state."""
    name = canonical_name(project.strip())
    is_path = os.sep in project or project in {os.curdir, os.pardir}
    installed = any(name in freeze.by_name() for freeze in freezes)
    if not is_path and installed:
        return lambda of_state: closure.of_distribution(of_state, name)
    if os.path.isdir(project):
        required = _requirements(project)
        return lambda of_state: closure.of_requirements(of_state, required)
    reason = "there is no such folder"
    if not is_path:
        by_python = {freeze.python_version: freeze for freeze in freezes[::-1]}
        graphs = [Graph(by_python[python]) for python in in_order(by_python)]
        reason = explain.why_not_installed(name, graphs)
        reason += "; nor is there such a folder"
    raise UnusableInput(project, reason)


def _requirements(folder: str) -> list[str]:
    """What a checkout declares, but for what only builds it."""
    from openstack_requirements.bootstrap import checkouts

    checkout = checkouts.read(folder)
    for decision in checkout.decisions:
        _console.warn(f"{folder}: {decision.message}")
    return [text for _, text in checkout.texts]
