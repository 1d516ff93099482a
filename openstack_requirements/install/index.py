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
"""Asks the package index for metadata, through pip.

pip knows the index, its configuration and the builds of sdists; its report of
a dry run has the whole metadata. A run is asked for many names and fails where
one of them does: that name is then left out, and the others are asked for
again. Several runs work side by side.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING

from openstack_requirements.errors import (
    OUTSIDE,
    CommandFailed,
    RequirementsError,
    UnusableInput,
    printable,
)
from openstack_requirements.install.availability import Availability
from openstack_requirements.install.failures import KINDS
from openstack_requirements.install.installers import pip_metadata
from openstack_requirements.output import counted
from openstack_requirements.pep508.parser import name_in
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import admits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.install.installers.pip_metadata import (
        Described,
    )
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

    #: Is told of a Python, its phase, and how to count distributions so far.
    Announce = Callable[[str, str, Callable[[], int] | None], None]

#: How many names a run of pip is asked for.
BATCH = 16
#: Failures that are not about one name.
_GENERAL = frozenset({"index", "disk"})


class NotDescribed(RequirementsError):
    """Distributions whose metadata is unavailable.

    :param reasons: for each the Python it was for, and why.
    """

    def __init__(self, reasons: Sequence[tuple[str, Reason]]) -> None:
        super().__init__(*reasons)
        self.reasons = tuple(reasons)

    @property
    def status(self) -> int:  # type: ignore[override]
        """That of the gravest reason: a failure outside before the list's."""
        return max(KINDS[reason.kind] for _, reason in self.reasons)

    def sentence(self) -> str:
        """The reasons; of a failure outside also the end of the output."""
        lines = []
        for version, reason in self.reasons:
            lines.append(printable(f"Python {version}: {reason.what}"))
            if KINDS[reason.kind] == OUTSIDE:
                shown = reason.output.rstrip().splitlines()[-20:]
                lines += [f"  | {line}" for line in shown]
        return "\n".join(lines)


class Index:
    """The metadata on a package index, through pip.

    :param pythons: the interpreters to ask for, the oldest first.
    :param jobs: how many runs of pip there may be at once.
    :param timeout: how long a request may take, in seconds.
    """

    def __init__(
        self,
        pythons: Sequence[Interpreter],
        children: Children,
        jobs: int,
        timeout: int | None,
        announce: Announce,
    ) -> None:
        for python in pythons:
            problem = pip_metadata.why_not(python)
            if problem is not None:
                raise UnusableInput(f"Python {python.full_version}", problem)
        self.pythons = {python.version: python for python in pythons}
        self._children = children
        self._jobs = jobs
        self._timeout = timeout
        self._announce = announce
        self._runs = itertools.count()
        self._known: dict[tuple[str, CanonicalName], Described] = {}

    def require(
        self, wanted: Mapping[CanonicalName, str]
    ) -> dict[str, dict[CanonicalName, Availability]]:
        """The newest version of each name on each Python.

        :param wanted: requirements, by name.
        :raises NotDescribed: where the metadata of one is unavailable.
        """
        answers = self._ask(dict.fromkeys(self.pythons, wanted))
        reasons = [
            (version, answer)
            for version, by_name in answers.items()
            for _, answer in sorted(by_name.items())
            if not isinstance(answer, pip_metadata.Described)
        ]
        if reasons:
            raise NotDescribed(reasons)
        return {
            version: {
                name: Availability(0, answer.distribution)
                for name, answer in by_name.items()
                if isinstance(answer, pip_metadata.Described)
            }
            for version, by_name in answers.items()
        }

    def first(
        self, wanted: Mapping[str, Mapping[CanonicalName, Sequence[str]]]
    ) -> dict[str, dict[CanonicalName, Availability]]:
        """For each Python and name the first requirement that can be met.

        :param wanted: requirements by Python and name, the strictest first;
            on one Python those of another, or fewer.
        :raises NotDescribed: where the index itself fails.
        """
        result: dict[str, dict[CanonicalName, Availability]] = {
            version: {} for version in self.pythons
        }
        # The newest first: what it gets often suits the older ones.
        versions = [*self.pythons]
        for group in (versions[-1:], versions[:-1]):
            left = {
                version: dict.fromkeys(wanted.get(version, ()), 0)
                for version in group
            }
            while any(left.values()):
                left = self._next(wanted, left, result)
        return result

    def _next(
        self,
        wanted: Mapping[str, Mapping[CanonicalName, Sequence[str]]],
        left: Mapping[str, Mapping[CanonicalName, int]],
        result: dict[str, dict[CanonicalName, Availability]],
    ) -> dict[str, dict[CanonicalName, int]]:
        """Ask once for what is left; what is left after that."""
        questions: dict[str, dict[CanonicalName, str]] = {}
        for version, names in left.items():
            questions[version] = {}
            for name, number in names.items():
                text = wanted[version][name][number]
                known = self._suitable(version, name, text)
                if known is None:
                    questions[version][name] = text
                else:
                    result[version][name] = Availability(
                        number, known.distribution
                    )
        rest: dict[str, dict[CanonicalName, int]] = {}
        for version, answers in self._ask(questions).items():
            rest[version] = {}
            for name, answer in answers.items():
                number = left[version][name]
                if isinstance(answer, pip_metadata.Described):
                    result[version][name] = Availability(
                        number, answer.distribution
                    )
                elif KINDS[answer.kind] != OUTSIDE and number + 1 < len(
                    wanted[version][name]
                ):
                    rest[version][name] = number + 1
                else:
                    trouble = answer.what.removeprefix(f"{answer.culprit}: ")
                    result[version][name] = Availability(number, None, trouble)
        return rest

    def _suitable(
        self, version: str, name: CanonicalName, requirement: str
    ) -> Described | None:
        """What is known already and meets a requirement on a Python."""
        from packaging.requirements import Requirement

        specifiers = str(Requirement(requirement).specifier)
        for known_version in [version, *reversed(self.pythons)]:
            known = self._known.get((known_version, name))
            if known is None or not admits(
                specifiers, known.distribution.version, prereleases=True
            ):
                continue
            python = self.pythons[version].full_version
            if known_version == version or (
                _suits_any_platform(known.file)
                and admits(
                    known.distribution.requires_python,
                    python,
                    prereleases=True,
                )
            ):
                return known
        return None

    def _ask(
        self, questions: Mapping[str, Mapping[CanonicalName, str]]
    ) -> dict[str, dict[CanonicalName, Described | Reason]]:
        """The answers to all questions, asked side by side."""
        answers: dict[str, dict[CanonicalName, Described | Reason]] = {
            version: {} for version in questions
        }

        def run(version: str, batch: dict[CanonicalName, str]) -> None:
            for name, answer in self._batch(version, batch):
                answers[version][name] = answer
                if isinstance(answer, pip_metadata.Described):
                    self._known[version, name] = answer

        pool = ThreadPoolExecutor(self._jobs)
        try:
            futures = []
            for version, names in questions.items():
                if names:
                    self._announce(
                        f"Python {version}",
                        "asking the index for "
                        + counted(len(names), "distribution"),
                        partial(len, answers[version]),
                    )
                futures += [
                    pool.submit(run, version, batch)
                    for batch in _batches(names, BATCH)
                ]
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except BaseException:
            self._children.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return answers

    def _batch(
        self, version: str, names: dict[CanonicalName, str]
    ) -> Iterator[tuple[CanonicalName, Described | Reason]]:
        """Ask for a few names in a run of pip; in more where one fails."""
        folder = os.path.join(self._children.work, f"pip{next(self._runs)}")
        os.mkdir(folder)
        try:
            described = pip_metadata.describe(
                self._children,
                self.pythons[version],
                folder,
                list(names.values()),
                self._timeout,
            )
        except CommandFailed as error:
            reason = pip_metadata.reason(error.output)
        else:
            for answer in described:
                yield canonical_name(answer.distribution.name), answer
            return
        if reason.kind in _GENERAL:
            raise NotDescribed([(version, reason)])
        culprit = canonical_name(name_in(reason.culprit))
        if len(names) == 1:
            (culprit,) = names
        if culprit not in names:
            for half in _batches(names, (len(names) + 1) // 2):
                yield from self._batch(version, half)
            return
        yield culprit, self._checked(version, names[culprit], reason)
        rest = {name: names[name] for name in names if name != culprit}
        if rest:
            yield from self._batch(version, rest)

    def _checked(
        self, version: str, requirement: str, reason: Reason
    ) -> Reason:
        """The reason; an error where the index failed and pip hid that."""
        if reason.kind == "missing":
            worse = pip_metadata.could_not_fetch(
                self._children,
                self.pythons[version],
                requirement,
                self._timeout,
            )
            if worse is not None:
                raise NotDescribed([(version, worse)])
        return reason


def _batches(
    names: Mapping[CanonicalName, str], size: int
) -> Iterator[dict[CanonicalName, str]]:
    items = list(names.items())
    for start in range(0, len(items), size):
        yield dict(items[start : start + size])


def _suits_any_platform(file: str) -> bool:
    """Whether a file installs on every Python 3 that its metadata admits."""
    if not file.endswith(".whl"):
        return True
    tag = file.removesuffix(".whl").split("-")[-3:]
    return "py3" in tag[0].split(".") and tag[1:] == ["none", "any"]
