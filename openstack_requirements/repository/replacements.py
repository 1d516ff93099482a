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
"""The texts that replace a project's entries of a package.

The entries of the global list replace those of the project. Under the current
policy a project's lower bounds stay, with the entries that admit them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import markers
from openstack_requirements.repository.entry_texts import (
    comment_with_waiver,
    entry_text,
)
from openstack_requirements.repository.equality import (
    extras_of,
    same_marker,
    same_specifiers,
)
from openstack_requirements.repository.kept_bounds import (
    admitted_bounds,
    lower_bounds,
    strength,
    with_bounds,
)
from openstack_requirements.repository.pairing import pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy


class Replacements(NamedTuple):
    """The texts that replace entries, and the entries that cannot follow.

    ``texts`` has the entries that change, each with any number of texts;
    ``refused`` has entries with the reason why no text is right.
    """

    texts: dict[Declared, list[str]]
    refused: tuple[tuple[Declared, str], ...]


def replace_package(
    policy: Policy,
    listed: Sequence[Requirement],
    pairs: Sequence[tuple[Declared, Requirement]],
    *,
    whole: bool,
) -> Replacements:
    """Replace the entries of a package with the same extras in one place.

    :param listed: the global entries of the package.
    :param pairs: the project's entries, each with its requirement.
    :param whole: the file is written anew, so that entries in step take the
        wording of the list as well.
    """
    news = _with_extras(listed, extras_of(pairs[0][1]))
    texts = [
        [
            _text(
                policy, entry, old, new, _bounds(policy, old, new), whole=whole
            )
            for entry, old in pairs
        ]
        for new in news
    ]
    pairing = pair(pairs, news, texts)
    bounds, refused = _bounds_of(policy, pairs, news, pairing)
    result: dict[Declared, list[str]] = {}
    for (entry, old), indexes in zip(pairs, pairing, strict=True):
        replacing = [
            _text(policy, entry, old, news[index], bounds[index], whole=whole)
            for index in indexes
        ]
        if replacing != [entry.text]:
            result[entry] = replacing
    return Replacements(result, tuple(refused))


def _with_extras(
    listed: Sequence[Requirement], extras: frozenset[CanonicalName]
) -> list[Requirement]:
    """The global entries with these extras, or else those without any."""
    same = [entry for entry in listed if extras_of(entry) == extras]
    plain = [entry for entry in listed if not entry.extras]
    return list(same or plain or listed)


def _bounds(
    policy: Policy, old: Requirement, new: Requirement
) -> tuple[str, ...]:
    """The lower bounds of an entry that a global one admits.

    None where the list itself has the bounds (classic).
    """
    if policy.bounds_in_list:
        return ()
    return admitted_bounds(old.specifiers, new.specifiers)


def _bounds_of(
    policy: Policy,
    pairs: Sequence[tuple[Declared, Requirement]],
    news: Sequence[Requirement],
    pairing: Sequence[Sequence[int]],
) -> tuple[list[tuple[str, ...]], list[tuple[Declared, str]]]:
    """The lower bounds of each new entry: the strongest of the old ones.

    An old entry gives its bounds to those that replace it. One that is
    removed gives them to all new entries whose markers can hold together with
    its own. An entry whose bounds no new one admits is refused.
    """
    bounds: list[tuple[str, ...]] = [()] * len(news)
    refused = []
    for (entry, old), paired in zip(pairs, pairing, strict=True):
        indexes = list(paired) or [
            index
            for index, new in enumerate(news)
            if markers.can_meet(old.markers, new.markers)
        ]
        indexes = indexes or list(range(len(news)))
        admitted = {
            index: own
            for index in indexes
            if (own := _bounds(policy, old, news[index]))
        }
        for index, own in admitted.items():
            bounds[index] = max(bounds[index], own, key=strength)
        if not admitted and not policy.bounds_in_list:
            reason = _conflict(old, [news[index] for index in indexes])
            if reason:
                refused.append((entry, reason))
    return bounds, refused


def _conflict(old: Requirement, news: Sequence[Requirement]) -> str:
    """Why none of the new entries admits the lower bounds of an old one.

    Empty where the old entry has none beyond those of the list.
    """
    declared = [lower_bounds(old.specifiers, new.specifiers) for new in news]
    if not all(declared):
        return ""
    listed = " or ".join(dict.fromkeys(new.specifiers for new in news))
    return (
        f"no version is in both {','.join(declared[0])} and {listed}, which "
        "the global list has"
    )


def _text(
    policy: Policy,
    entry: Declared,
    old: Requirement,
    new: Requirement,
    bounds: tuple[str, ...],
    *,
    whole: bool,
) -> str:
    """The text of an entry after it follows a global one.

    :param bounds: the lower bounds that it keeps.
    """
    requirement = new._replace(
        extras=old.extras,
        comment=comment_with_waiver(new.comment, old.comment),
    )
    if whole:
        return requirement.to_line().rstrip("\n")
    comment = old.comment
    if policy.comments_match and entry.file != declarations.PYPROJECT:
        comment = requirement.comment
    specifiers = with_bounds(new.specifiers, bounds)
    keeps_marker = same_marker(old.markers, new.markers)
    if (
        keeps_marker
        and comment == old.comment
        and same_specifiers(old.specifiers, specifiers)
    ):
        return entry.text
    requirement = requirement._replace(
        specifiers=specifiers,
        markers=old.markers if keeps_marker else new.markers,
        comment=comment,
    )
    return entry_text(entry, old, requirement, sort=not policy.bounds_in_list)
