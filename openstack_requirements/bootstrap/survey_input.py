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
"""Reads what a survey starts from: names, checkouts, a list to continue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import (
    BadContent,
    BadLine,
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import lists, policy
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.bootstrap.checkouts import SurveyedCheckout
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )


class Base(NamedTuple):
    """A list to continue, with the names in it, and the rules to follow."""

    content: str
    known: frozenset[CanonicalName]
    policy: policy.Policy


def names(texts: Iterable[str], path: str | None = None) -> list[Requirement]:
    """The distributions to ask the index for.

    :param texts: requirements.
    :param path: a file with more of them.
    :raises BadContent: for what is no requirement.
    :raises UnusableInput: for what names no distribution, or has a marker,
        and for a name with two specifiers.
    """
    named: dict[CanonicalName, Requirement] = {}
    errors = []
    for text in texts:
        try:
            _add(named, parse_line(text), text)
        except BadLine as error:
            bad = error
            if os.path.isdir(text) or text.startswith((".", os.sep)):
                what = "a folder of checkouts is given with --root"
                bad = BadLine(f"not a name ({what})", text)
            errors.append(bad)
    if errors:
        raise BadContent(errors)
    if path is not None:
        for entry in lists.read(path):
            if entry.requirement is None:
                bad = BadLine("not a requirement", entry.line)
                errors.append(bad.at(path, entry.number))
            elif entry.requirement.package:
                _add(named, entry.requirement, f"{path}:{entry.number}")
    if errors:
        raise BadContent(errors)
    return list(named.values())


def _add(
    named: dict[CanonicalName, Requirement],
    requirement: Requirement,
    what: str,
) -> None:
    if not requirement.package:
        raise UnusableInput(
            what or "NAME", "is not the name of a distribution"
        )
    if requirement.markers:
        raise UnusableInput(what, "a marker says nothing here")
    name = canonical_name(requirement.package)
    first = named.setdefault(name, requirement)
    if first.specifiers != requirement.specifiers:
        raise UnusableInput(
            what,
            f"{requirement.package} is given twice, also as "
            f"{first.package}{first.specifiers}",
        )


def base(path: str | None, policy_name: str | None = None) -> Base:
    """The list to continue; an empty one where none is named.

    :param policy_name: the policy to follow, where that is not to be found
        out from the list.
    :raises UnusableInput: where the list cannot be read.
    :raises BadContent: for lines that cannot be installed.
    """
    if path is None:
        name = policy_name or policy.CLASSIC.name
        rules = policy.find((), denylist=False, name=name)
        return Base("", frozenset(), rules)
    content = files.read_text(path)
    # As an installer will get it with what is added, and will not take it.
    lists.installable(path)
    entries = [
        entry.requirement
        for entry in read_entries(content, path)
        if entry.requirement is not None and entry.requirement.package
    ]
    return Base(
        content,
        frozenset(canonical_name(entry.package) for entry in entries),
        policy.find(entries, denylist=False, name=policy_name),
    )


def projects(roots: Sequence[str], *, extras: bool) -> list[SurveyedCheckout]:
    """The checkouts in some folders.

    :param extras: count what only extras and dependency groups require.
    :raises UnusableInput: for a folder without a checkout.
    :raises UnusableProject: with what is wrong with each of them.
    """
    from openstack_requirements.bootstrap import (
        checkouts,  # with all that installs
    )

    result = []
    errors: list[RequirementsError] = []
    for root in roots:
        for folder in checkouts.find(root):
            try:
                result.append(checkouts.read(folder, extras=extras))
            except UnusableProject as error:
                errors += error.errors
    if errors:
        raise UnusableProject("", errors)
    return result
