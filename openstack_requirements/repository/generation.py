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
"""Generates constraints: a request goes in, a result comes out.

Everything that ``generate-constraints`` does apart from its options and its
output is here, for other programs as well. A :class:`Request` says what is
wanted, :func:`generate` does it, and :func:`write_result` writes the files
that the request names. What happens meanwhile is told to a
:class:`Listener`.

It is long because every option of the command has its words here; the job
itself is a dozen short steps that share one request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openstack_requirements.constraints import (
    changes,
    earlier,
    freeze,
    freeze_json,
    loader,
    merging,
    newer,
    patch,
)
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.errors import ConflictingOptions, UnusableInput
from openstack_requirements.install import bisection, freezer
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installation import Order
from openstack_requirements.output import counted
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.parser import name_in, parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import (
    bindep,
    hold_effects,
    holds,
    lists,
    system_packages,
)
from openstack_requirements.system import files, git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.freeze import Freeze, Kept
    from openstack_requirements.constraints.merging import MarkerStyle
    from openstack_requirements.install.freezer import Made
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.hold_effects import HoldEffect
    from openstack_requirements.repository.holds import HoldLedger


@dataclasses.dataclass(frozen=True)
class Request:
    """What to generate, and how: the options of ``generate-constraints``.

    Either ``pythons`` and ``requirements`` are given, and the list is
    installed, or ``freezes``, which were made elsewhere.

    :param pythons: interpreters: paths, names on PATH or versions.
    :param requirements: the path of the list to install.
    :param freezes: paths of freezes, or of folders of them, to merge; or
        ``3.12:FILE``, the text of ``pip freeze`` on that Python.
    :param version_map: pairs of versions, ``("3.11", "3.14")``: what the
        first installs is copied to the second.
    :param installer: ``auto``, ``uv`` or ``pip``.
    :param resolve_only: do not install where that can be avoided.
    :param jobs: how many interpreters to work on at once.
    :param project: a folder whose configuration of uv counts too.
    :param timeout: how long a request to the index may take, in seconds.
    :param cache: the folder that keeps environments for the next time.
    :param previous: the path of constraints whose pins are kept wherever
        they still resolve. The comment lines at their head are that of the
        result.
    :param upgrade: let every pin of ``previous`` move.
    :param upgrade_packages: names whose pins move all the same.
    :param before: only what was uploaded before this moment (RFC 3339).
    :param keep_pythons: lines of ``previous`` whose marker selects only
        Pythons that are not asked for stay as they are.
    :param keep_going: what cannot be installed is held at its earlier pin or
        skipped, and the rest goes on.
    :param bisect: hold the upgrades that do not work together; a shell
        command decides, or, where it is empty, installing.
    :param verify: install once more under the new constraints.
    :param never: the path of the never-constrain list.
    :param holds: the path of the hold ledger, whose ranges limit what is
        installed.
    :param today: the day on which a hold counts as expired; it is honoured
        all the same.
    :param installer_needs: keep what installers need for themselves.
    :param markers: ``exact``: a line for each interpreter where they differ;
        ``range``: one for each range of neighbours.
    :param sort: ``hash`` or ``name``.
    :param output: the path for the constraints. What is there now is what
        ``compare`` and ``propose`` compare with, and without ``previous``
        the comment lines at its head are that of the result.
    :param freeze_dir: the folder for the freezes.
    :param compare: tell the changes since ``previous``, or else since what
        ``output`` holds.
    :param propose: a git revision: change nothing but the pins that the
        change of the list since then moves, and tell the changes.
    :raises ConflictingOptions: where these contradict each other.
    """

    pythons: Sequence[str] = ()
    requirements: str | None = None
    freezes: Sequence[str] = ()
    version_map: Sequence[tuple[str, str]] = ()
    installer: str = "auto"
    resolve_only: bool = False
    # An installer waits for the index about as long as it computes.
    jobs: int = dataclasses.field(
        default_factory=lambda: (os.cpu_count() or 1) + 1
    )
    project: str | None = None
    timeout: int | None = None
    cache: str = ""
    previous: str | None = None
    upgrade: bool = False
    upgrade_packages: Sequence[str] = ()
    before: str = ""
    keep_pythons: bool = False
    keep_going: bool = False
    bisect: str | None = None
    verify: bool = False
    never: str | None = None
    holds: str | None = None
    today: datetime.date = dataclasses.field(
        default_factory=lambda: datetime.datetime.now(
            datetime.timezone.utc
        ).date()
    )
    installer_needs: bool = False
    markers: MarkerStyle = "exact"
    sort: merging.Order = "hash"
    output: str | None = None
    freeze_dir: str | None = None
    compare: bool = False
    propose: str | None = None

    def __post_init__(self) -> None:
        """Refuse a request that contradicts itself."""
        problem = next(_problems(self), None)
        if problem is not None:
            raise ConflictingOptions(problem)


def _problems(request: Request) -> Iterator[str]:
    """The contradictions in a request."""
    previous = request.previous is not None
    if request.freezes:
        if request.pythons or request.requirements is not None:
            yield "freezes are merged: pythons and requirements install"
        if request.propose is not None:
            yield "propose installs, and does not go with freezes"
    elif not request.pythons:
        yield "name interpreters as pythons, or freezes"
    elif request.requirements is None:
        yield "name the list to install as requirements"
    from_previous = (
        request.upgrade,
        request.upgrade_packages,
        request.keep_pythons,
        request.bisect is not None,
    )
    if any(from_previous) and not previous:
        yield (
            "upgrade, upgrade_packages, keep_pythons and bisect need previous"
        )
    if request.upgrade and request.upgrade_packages:
        yield "upgrade does not go with upgrade_packages"
    if request.resolve_only and (request.verify or request.bisect is not None):
        yield "verify and bisect install: resolve_only does not go with them"
    if request.propose is not None:
        if request.output is None:
            yield "propose needs output: the constraints to compare with"
        if previous or request.version_map:
            yield "propose goes neither with previous nor with version_map"
    if request.compare and request.output is None and not previous:
        yield "compare needs previous or output: what to compare with"


class Failed(NamedTuple):
    """A distribution that failed and was held or skipped.

    :param kept: what became of it.
    :param pythons: the versions of Python where it did.
    :param failure: how it failed first; its ``log`` is the whole output.
    :param packages: the system packages that bindep.txt lists for it here,
        and that are not installed as far as that is known.
    :param installed: those that are installed, and so are not the reason.
    """

    kept: Kept
    pythons: tuple[str, ...]
    failure: InstallFailed
    packages: tuple[str, ...]
    installed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Result:
    """What :func:`generate` gives.

    :param content: the constraints, as the text of a file. They are proved to
        select what the freezes have.
    :param freezes: what each interpreter installed, the oldest first.
    :param failed: what could not be installed (``keep_going``).
    :param bisected: which upgrades were held, where that was asked.
    :param changes: what changed, where that was asked.
    :param compared: what the two sides of ``changes`` are called.
    :param kept_pythons: the Pythons whose lines of ``previous`` stay.
    :param warnings: what is not right, but did not stop the work.
    :param holds: what the holds of the ledger keep back, in its order.
    """

    content: str
    freezes: tuple[Freeze, ...]
    failed: tuple[Failed, ...] = ()
    bisected: bisection.Bisected | None = None
    changes: Changes | None = None
    compared: tuple[str, str] = ("", "")
    warnings: tuple[str, ...] = ()
    kept_pythons: tuple[str, ...] = ()
    holds: tuple[HoldEffect, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The names that failed and have an earlier pin instead."""
        return tuple(
            failed.kept.name for failed in self.failed if failed.kept.version
        )

    @property
    def skipped(self) -> tuple[str, ...]:
        """The names that failed and are left out."""
        return tuple(
            failed.kept.name
            for failed in self.failed
            if not failed.kept.version
        )


class Listener(Protocol):
    """Hears what happens meanwhile. It may be called from any thread."""

    def phase(
        self, who: str, phase: str, count: Callable[[], int] | None = None, /
    ) -> None:
        """Something begins a phase of its work.

        :param who: what is worked on, ``Python 3.12``.
        :param phase: what happens to it, ``installing``.
        :param count: tells how many distributions there are so far.
        """

    def note(self, sentence: str, /) -> None:
        """Something that a person should know."""

    def warn(self, sentence: str, /) -> None:
        """Something is not right; it is in the result as well."""


class _Nobody:
    """A listener that does nothing with what it hears."""

    def phase(self, *_: object) -> None:
        return

    def note(self, *_: object) -> None:
        return

    def warn(self, *_: object) -> None:
        return


def generate(request: Request, listener: Listener | None = None) -> Result:
    """Generate constraints. They are not written: see :func:`write_result`.

    What outlives it are the folders of ``freeze_dir`` and ``cache``, and in
    the temporary folder the logs of what failed.

    :param listener: hears what happens meanwhile.
    :raises UnusableInput: for a file, an interpreter or an installer that
        cannot be used, and for an output that could not be written.
    :raises BadContent: with all the lines of a file that cannot be read.
    :raises InstallFailed: where an installer fails.
    :raises NothingPasses: where bisecting shows that the earlier pins fail
        as well.
    :raises ProofFailed: where the constraints would not be right.
    :raises OutsideError: where git or an environment cannot be read.
    """
    return _Job(request, listener or _Nobody()).run()


def write_result(result: Result, request: Request) -> None:
    """Write the freezes and the constraints where the request says.

    Each file is replaced in one durable step, the constraints last.

    :raises UnusableInput: where a file cannot be written.
    :raises OutsideError: where the disk is to blame.
    """
    if request.freeze_dir is not None:
        files.require_folder(request.freeze_dir)
        for frozen in result.freezes:
            name = f"python{frozen.python_version}.json"
            path = os.path.join(request.freeze_dir, name)
            files.replace(path, freeze_json.to_json(frozen))
    if request.output is not None:
        files.replace(request.output, result.content)


class _Job:
    """One request, while it is worked on."""

    def __init__(self, request: Request, listener: Listener) -> None:
        self.request = request
        self.listener = listener
        self.warnings: list[str] = []
        self.kept_pythons: tuple[str, ...] = ()
        #: The logs of all installations.
        self.logs: set[str] = set()
        never = lists.never_constrained(request.never)
        #: The names that belong in no result.
        self.never = (
            never
            if request.installer_needs
            else never | freeze.INSTALLER_NEEDS
        )
        #: The holds that are honoured, and what they keep back.
        self.ledger = lists.read_holds(request.holds)
        self.held_back = hold_effects.HoldEffects()

    def run(self) -> Result:
        """The result. Of logs, those stay that it or an error names."""
        try:
            result = self.made()
        except BaseException as error:
            self.remove_logs(str(error))
            raise
        named = [failed.failure.log for failed in result.failed]
        self.remove_logs("\n".join([*named, str(result.bisected)]))
        return result

    def remove_logs(self, named: str) -> None:
        """Remove the logs whose paths are not in a text."""
        for path in self.logs:
            if path not in named:
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def made(self) -> Result:
        """The result, and whatever logs there are."""
        request = self.request
        # What would fail after an hour of work fails now.
        if request.output is not None:
            files.require_replaceable(request.output)
        if request.freeze_dir is not None:
            files.require_folder(request.freeze_dir)
        if request.project is not None:
            self.note_configuration(request.project)
        for hold in self.ledger.expired(request.today):
            self.warn(f"{hold.ended()}; it is honoured until it is removed")
        existing = self.existing()
        if request.propose is not None:
            result = self.proposed(request.propose, existing or "")
        else:
            head = self.head()
            result = self.merged() if request.freezes else self.installed()
            result = dataclasses.replace(
                result,
                content=f"{head}{result.content}",
                kept_pythons=self.kept_pythons,
            )
            result = self.with_changes(result, existing)
        return dataclasses.replace(
            result,
            warnings=tuple(self.warnings),
            holds=self.held_back.effects,
        )

    def note_configuration(self, project: str) -> None:
        """Say that the configuration of a project has been let in.

        :raises UnusableInput: where it has none.
        """
        from openstack_requirements.install.installers import configuration

        path = configuration.project_file(project)
        self.listener.note(
            f"{path}: decides with the configuration of the user and of the "
            "system which versions are chosen, and from where "
            "(--project-config)"
        )

    def warn(self, sentence: str) -> None:
        """Something is not right."""
        self.warnings.append(sentence)
        self.listener.warn(sentence)

    def warn_once(self, sentence: str) -> None:
        """Something is not right, each time that freezes are made."""
        if sentence not in self.warnings:
            self.warn(sentence)

    def make(self, order: Order) -> Made:
        """Make freezes of an order."""
        try:
            made = self.freezes(order)
        except InstallFailed as error:
            self.logs.add(error.log)
            raise
        self.logs.update(failure.log for failure in made.failures)
        return made

    def freezes(self, order: Order) -> Made:
        """The freezes of an order."""
        request = self.request
        try:
            return freezer.make(
                freezer.FreezeRequest(
                    request.pythons,
                    order,
                    request.installer,
                    request.jobs,
                    request.timeout,
                    request.project or "",
                    self.warn_once,
                ),
                self.listener.phase,
            )
        except InstallFailed as error:
            self.explain(error, order)
            raise

    def warn_of_unknown(self, made: Made) -> None:
        """Name what has no metadata though it was resolved."""
        where: dict[str, list[str]] = {}
        for frozen in made.freezes:
            reasons = made.unknown.get(frozen.python_version, {})
            for name, distribution in sorted(frozen.by_name().items()):
                if name in reasons and name not in self.never:
                    sentence = (
                        f"{name} {distribution.version}: its metadata is "
                        f"unavailable ({reasons[name]})"
                    )
                    where.setdefault(sentence, []).append(
                        frozen.python_version
                    )
        for sentence, pythons in where.items():
            self.warn(f"Python {', '.join(pythons)}: {sentence}")

    def tell(self, who: str) -> bisection.Say:
        """What announces the phases of one kind of work."""

        def say(phase: str) -> None:
            self.listener.phase(who, phase)

        return say

    def existing(self) -> str | None:
        """The constraints that there are now, where they matter."""
        request = self.request
        if not request.compare and request.propose is None:
            return None
        if self.previous_text is not None:
            return self.previous_text
        path = self.compared_with()
        return files.read_text(path) if os.path.exists(path) else ""

    @functools.cached_property
    def previous_text(self) -> str | None:
        """The text of the earlier constraints.

        It is read once: ``--previous`` may be a pipe.
        """
        path = self.request.previous
        return None if path is None else files.read_text(path)

    def head(self) -> str:
        """The comment lines that head the result."""
        previous, output = self.request.previous, self.request.output
        if previous is not None:
            return earlier.head(self.previous_text or "", previous)
        if output is not None and os.path.isfile(output):
            return earlier.head(files.read_text(output), output)
        return ""

    def compared_with(self) -> str:
        """The constraints that the new ones are compared with."""
        path = self.request.previous
        path = self.request.output if path is None else path
        assert path is not None  # a request without either is refused
        return path

    def merged(self) -> Result:
        """Constraints from freezes that were made elsewhere."""
        named = loader.named_freezes(self.request.freezes)
        if named.texts and self.request.freeze_dir is not None:
            raise ConflictingOptions(
                "freeze_dir cannot hold the text of pip freeze: it does not "
                "say enough"
            )
        for sentence in named.skipped:
            self.warn(sentence)
        for python, path in named.texts.items():
            self.listener.note(
                f"{path}: pip freeze does not say how metadata spells a name, "
                "what requires what, and on which platform it ran. Names are "
                "spelled as in other freezes or --previous, and otherwise as "
                f"here; --diff has no reasons for Python {python}"
            )
        self.held_back = hold_effects.known(self.ledger, named.freezes)
        content = self.constraints(named.freezes, self.previous())
        return Result(content, tuple(named.freezes))

    def installed(self) -> Result:
        """Freezes and constraints, made now."""
        request = self.request
        previous = self.previous()
        order = self.order(previous)
        bisected = None
        if request.bisect is None:
            made = self.make(order)
        else:
            bisected = bisection.Bisection(
                self.make,
                order,
                self.ledger.admitted(previous),
                self.never,
                request.bisect,
                self.tell("bisect"),
            ).search()
            made = bisected.made
        self.warn_of_unknown(made)
        self.look_up_held(made.freezes)
        content = self.constraints(made.freezes, previous)
        if request.verify:
            bisection.verify(self.make, order, content, made, self.never)
        return Result(
            content, tuple(made.freezes), self.failed(made), bisected
        )

    def proposed(self, revision: str, existing: str) -> Result:
        """What the change of the list alone does to the constraints.

        :param existing: the constraints in the work tree.
        """
        request = self.request
        path = self.list_path()
        source = f"{revision}:{path}"
        old_list = _at(revision, path)
        if old_list is None:
            raise UnusableInput(source, "there is no such file")
        assert request.output is not None  # a request without it is refused
        pins = read_entries(
            _at(revision, request.output) or "",
            f"{revision}:{request.output}",
            permit_urls=True,
            keep_editable=False,
        )
        previous = [pin.requirement for pin in pins if pin.requirement]
        order = Order(
            lists.installable_lines(old_list, source),
            previous=previous,
            earlier=previous,
            keep_going=request.keep_going,
            before=request.before,
            resolve_only=True,
            holds=self.ledger_at(revision).limits(),
        )
        say = self.tell("propose")
        say(f"the list as it is in {revision}")
        old = self.make(order)
        old_content = self.constraints(old.freezes, previous)
        say("the list as it is here")
        kept = [parse_line(line) for line in old_content.splitlines()]
        order = order._replace(
            lines=self.lines(),
            previous=kept,
            earlier=kept,
            resolve_only=request.resolve_only,
            cache=request.cache,
            holds=self.ledger.limits(),
        )
        made = self.make(order)
        self.warn_of_unknown(made)
        self.look_up_held(made.freezes)
        content = self.constraints(made.freezes, kept)
        if request.verify:
            bisection.verify(self.make, order, content, made, self.never)
        result = Result(
            patch.apply(existing, old_content, content, request.output),
            tuple(made.freezes),
            self.failed(made),
        )
        # Compared is what the two lists give, not what was there by chance.
        return self.compared(
            result,
            source,
            _state(old_content, old.freezes),
            _state(self.constraints(made.freezes, ()), made.freezes),
        )

    def with_changes(self, result: Result, existing: str | None) -> Result:
        """A result with what changed, where that is asked."""
        if existing is None:
            return result
        path = self.compared_with()
        entries = read_entries(
            existing, path, permit_urls=True, keep_editable=False
        )
        return self.compared(
            result,
            path,
            ConstraintsState.from_constraints(entries, None, self.never),
            _state(result.content, result.freezes, result.kept_pythons),
        )

    def compared(
        self,
        result: Result,
        name: str,
        old: ConstraintsState,
        new: ConstraintsState,
    ) -> Result:
        """A result with what changed between two states.

        :param name: what the old one is called.
        """
        return dataclasses.replace(
            result,
            changes=self.explained(
                hold_effects.recorded(
                    self.ledger,
                    changes.between(old, new, self.held_back.newest),
                ),
                old,
                new,
            ),
            compared=(
                name,
                f"what {self.request.requirements or 'the freezes'} gives",
            ),
        )

    def explained(
        self, changed: Changes, old: ConstraintsState, new: ConstraintsState
    ) -> Changes:
        """The changes, with what versions require that were not installed.

        Where freezes are merged, nothing goes over the network.
        """
        releases = dict(self.held_back.releases)
        wanted = [
            version
            for version in newer.unexplained(changed)
            if version not in releases
        ]
        if wanted and not self.request.freezes:
            from openstack_requirements.install import newer_versions

            self.tell("diff")(
                f"looking up {counted(len(wanted), 'newer version')}"
            )
            releases |= newer_versions.look_up(
                wanted,
                new.freezes,
                self.warn,
                build=True,
                timeout=self.request.timeout,
                project=self.request.project or "",
            )
        return newer.explained(changed, new.freezes, old.freezes, releases)

    def order(self, previous: Sequence[Requirement]) -> Order:
        """What to install."""
        request = self.request
        upgraded = set(map(canonical_name, request.upgrade_packages))
        known = {canonical_name(pin.package) for pin in previous}
        for name in sorted(upgraded - known):
            self.warn(
                f"--upgrade-package {name}: {request.previous} does not have "
                "it"
            )
        everything = request.upgrade or (
            request.bisect is not None and not upgraded
        )
        return Order(
            self.lines(),
            previous=()
            if everything
            else [
                pin
                for pin in previous
                if canonical_name(pin.package) not in upgraded
            ],
            earlier=previous,
            keep_going=request.keep_going,
            before=request.before,
            resolve_only=request.resolve_only,
            cache=request.cache,
            holds=self.ledger.limits(),
        )

    def ledger_at(self, revision: str) -> HoldLedger:
        """The holds of a git revision, at the path of those here."""
        path = self.request.holds
        text = None if path is None else _at(revision, path)
        if path is None or text is None:
            return holds.HoldLedger()
        return holds.parse(text, f"{revision}:{path}")

    def look_up_held(self, freezes: Sequence[Freeze]) -> None:
        """Find out what the holds keep back."""
        request = self.request
        if not self.ledger.holds:
            return
        self.tell("holds")("looking up what they keep back")
        self.held_back = hold_effects.look_up(
            self.ledger,
            freezes,
            hold_effects.IndexQuestions(
                self.warn_once,
                request.timeout,
                request.project or "",
                request.before,
            ),
        )

    def constraints(
        self, freezes: Sequence[Freeze], previous: Sequence[Requirement]
    ) -> str:
        """The constraints that freezes give, proved right."""
        request = self.request
        copied, warnings = freeze.clone(freezes, request.version_map)
        for warning in warnings:
            self.warn(warning)
        if request.freezes or request.version_map:
            for warning in hold_effects.excluded(
                self.ledger, copied, self.never
            ):
                self.warn(warning)
        copied = freeze.respell(copied, self.spelling(copied, previous))
        if request.keep_pythons:
            return self.beside_kept_lines(copied)
        pins = merging.merge(copied, self.never, request.markers)
        content = merging.to_content(pins, request.sort)
        merging.prove(content, copied, self.never)
        return content

    def beside_kept_lines(self, freezes: Sequence[Freeze]) -> str:
        """The same, with the lines of Pythons that were not asked for."""
        request = self.request
        kept = earlier.kept_lines(
            self.previous_entries(),
            (frozen.python_version for frozen in freezes),
            self.never,
            request.previous or "",
        )
        lines = earlier.merge(freezes, kept, self.never, request.markers)
        content = merging.arranged(lines, request.sort)
        merging.prove(content, freezes, self.never)
        earlier.prove(content, kept)
        self.kept_pythons = tuple(kept.pythons)
        count = sum(map(len, kept.lines.values()))
        which = f", for Python {', '.join(kept.pythons)}" if count else ""
        self.listener.note(
            f"--keep-pythons: lines of {request.previous} that stay: "
            f"{count}{which}"
        )
        return content

    def spelling(
        self, freezes: Iterable[Freeze], previous: Iterable[Requirement]
    ) -> dict[CanonicalName, str]:
        """How to spell a name that no metadata spells."""
        if all(
            distribution.described
            for frozen in freezes
            for distribution in frozen.distributions
        ):
            return {}
        spelling = {}
        if self.request.requirements is not None:
            for required in self.listed():
                spelling[canonical_name(required.package)] = required.package
        for pin in previous:
            spelling[canonical_name(pin.package)] = pin.package
        for frozen in sorted(freezes, key=lambda frozen: frozen.python_key):
            for name, distribution in frozen.by_name().items():
                if distribution.described:
                    spelling[name] = distribution.name
        return spelling

    def previous(self) -> list[Requirement]:
        """The earlier constraints; none where none are named."""
        return [
            entry.requirement
            for entry in self.previous_entries()
            if entry.requirement is not None and entry.requirement.package
        ]

    def previous_entries(self) -> list[Entry]:
        """The lines of the earlier constraints; none where none are named."""
        return read_entries(
            self.previous_text or "",
            self.request.previous or "",
            permit_urls=True,
            keep_editable=False,
        )

    @functools.cached_property
    def list_text(self) -> str:
        """The text of the list to install, read once as it may be a pipe."""
        return files.read_text(self.list_path())

    def listed(self) -> list[Requirement]:
        """The requirements of the list."""
        entries = read_entries(
            self.list_text,
            self.list_path(),
            permit_urls=True,
            keep_editable=False,
        )
        return [
            entry.requirement
            for entry in entries
            if entry.requirement is not None and entry.requirement.package
        ]

    def list_path(self) -> str:
        """The list to install."""
        path = self.request.requirements
        assert path is not None  # a request without it is refused
        return path

    def lines(self) -> list[str]:
        """The lines to install.

        :raises UnusableInput: where the list has no requirement: an empty
            result would look like success.
        """
        path = self.list_path()
        lines = lists.installable_lines(self.list_text, path)
        if not any(map(str.strip, lines)):
            raise UnusableInput(
                path, "has no requirement: there is nothing to install"
            )
        return lines

    def failed(self, made: Made) -> tuple[Failed, ...]:
        """What could not be installed, by what is to be said of it."""
        packages = self.system_packages(
            canonical_name(kept.name)
            for frozen in made.freezes
            for kept in frozen.kept
        )
        result: dict[str, Failed] = {}
        failures = iter(made.failures)
        for frozen in made.freezes:
            for kept in frozen.kept:
                failure = next(failures)
                lacking, installed = packages[canonical_name(kept.name)]
                failed = result.setdefault(
                    str(kept), Failed(kept, (), failure, lacking, installed)
                )
                result[str(kept)] = failed._replace(
                    pythons=(*failed.pythons, frozen.python_version)
                )
        return tuple(result[sentence] for sentence in sorted(result))

    def system_packages(
        self, names: Iterable[CanonicalName]
    ) -> dict[CanonicalName, tuple[tuple[str, ...], tuple[str, ...]]]:
        """The system packages that distributions need here to build.

        :returns: those that are not installed, as far as that is known, and
            those that are, for each of the distributions.
        """
        listed = bindep.system_packages(
            os.path.join(os.path.dirname(self.list_path()), "bindep.txt")
        )
        platforms = bindep.platforms()
        needed = {
            name: bindep.for_platform(listed.get(name, []), platforms)
            for name in names
        }
        lacking = system_packages.not_installed(
            (package for packages in needed.values() for package in packages),
            platforms,
        )
        return {
            name: (
                tuple(package for package in packages if package in lacking),
                tuple(
                    package for package in packages if package not in lacking
                ),
            )
            for name, packages in needed.items()
        }

    def explain(self, failure: InstallFailed, order: Order) -> None:
        """Add to a failure what only the list and its bindep.txt say."""
        path = self.list_path()
        # With propose the order may be that of the list before.
        if order.lines == lists.installable(path):
            failure.entries = _as_they_stand(path, self.ledger)
        if failure.reason.kind == "build":
            name = canonical_name(name_in(failure.reason.culprit))
            packages = self.system_packages([name])
            failure.packages, failure.installed = packages[name]


def _as_they_stand(path: str, ledger: HoldLedger) -> dict[CanonicalName, str]:
    """The entries of a list by name, each as ``FILE:LINE: TEXT``.

    Where a hold limits the same distribution, it stands behind them.
    """
    result: dict[CanonicalName, str] = {}
    for entry in lists.read(path):
        if entry.requirement is not None and entry.requirement.package:
            name = canonical_name(entry.requirement.package)
            text = f"{path}:{entry.number}: {entry.line.strip()}"
            known = result.get(name)
            result[name] = f"{known} or {text}" if known else text
    for hold in ledger.holds:
        if hold.canonical_name in result:
            text = f", held by {hold.place}: {hold.name}{hold.range}"
            result[hold.canonical_name] += text
    return result


def _at(revision: str, path: str) -> str | None:
    """The text of a file in a git revision; None where it is not there."""
    folder, name = os.path.split(path)
    return git.read(folder or os.curdir, revision, name)


def _state(
    content: str, freezes: Sequence[Freeze], kept_pythons: Sequence[str] = ()
) -> ConstraintsState:
    """Constraints that were just computed, and from what.

    :param kept_pythons: the Pythons that they have earlier lines for.
    """
    pythons = [frozen.python_version for frozen in freezes]
    pythons += kept_pythons
    entries = read_entries(content, permit_urls=True, keep_editable=False)
    return ConstraintsState.from_constraints(entries, pythons).made_from(
        freezes
    )
