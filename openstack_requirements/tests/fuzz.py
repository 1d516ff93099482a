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
"""The fuzz targets: one for each reader of what strangers have written.

A target is a name, a grammar (:mod:`fuzz_inputs`) and a check. The check
hands an input to everything that reads such a text, and holds the promises:

- nothing is raised but the errors that the reader documents, and each says
  its problem on one line that a terminal can show;
- what is read, written and read again is the same;
- no report has a control character in it, in any format;
- no input takes more processor time or memory than :class:`Limits` allow.

``test_fuzz`` runs each target for a moment, ``tools/fuzz.py`` for as long as
somebody likes.
"""

from __future__ import annotations

import functools
import os
from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from openstack_requirements.bootstrap import dependencies, licenses
from openstack_requirements.checks import (
    conflicts,
    findings,
    fixes,
    judgement,
    list_lines,
    list_rules,
    support,
    waiving,
    zuul,
)
from openstack_requirements.constraints import (
    earlier,
    editing,
    explain,
    freeze,
    freeze_json,
    freeze_text,
    graph,
    lower_constraints,
    merging,
    pinning,
    states,
)
from openstack_requirements.errors import (
    BadContent,
    BadLine,
    CommandFailed,
    ProofFailed,
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.install import failures
from openstack_requirements.install.installers import pip_failures, uv_failures
from openstack_requirements.manifests import (
    declarations,
    dynamic,
    loader,
    setup_py,
)
from openstack_requirements.pep508 import (
    limits,
    marker_syntax,
    markers,
    parser,
    ranges,
    specifiers,
    text,
    versions,
)
from openstack_requirements.pep508.entries import (
    is_passed_through,
    names_in,
    normalize,
    read_entries,
)
from openstack_requirements.repository import (
    bindep,
    hold_edits,
    holds,
    lists,
    policy,
    update,
    waivers,
)
from openstack_requirements.system import files, git
from openstack_requirements.system.process import Processes
from openstack_requirements.tests import base
from openstack_requirements.tests import fuzz_inputs as inputs
from openstack_requirements.tests.fuzzing import (
    Broken,
    Target,
    attempt,
    clock,
    file_of,
    from_disk,
    from_project,
    require_equal,
    require_fit,
    require_printable,
    require_reports,
)
from openstack_requirements.tests.rule_cases import LISTS, PBR, PINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.entries import Entry

TODAY = date(2026, 1, 1)


# Lines and lists.


def check_line(given: str) -> None:
    """One line, as it stands in a list, an option or a string."""
    line = given.replace("\n", " ")
    attempt((), editing.name_of, line)
    attempt((), parser.split_comment, line)
    attempt((), is_passed_through, line)
    attempt((), text.is_path, line)
    for urls in (False, True):
        found = attempt(BadLine, parser.parse_line, line, urls)
        if found is None:
            continue
        for ordered in (False, True):
            written = found.to_line(sort_specifiers=ordered)
            again = parser.parse_line(written.rstrip("\n"), urls)
            written_again = again.to_line(sort_specifiers=ordered)
            require_equal("written again", written, written_again)
            require_equal(
                "read again",
                found._replace(specifiers=""),
                again._replace(specifiers=""),
            )
        _check_specifiers(found.specifiers)


def _check_specifiers(text_of: str) -> None:
    """What commands ask of a set that a line has."""
    require_equal(
        "sorted again",
        specifiers.sorted_specifiers(text_of),
        specifiers.sorted_specifiers(specifiers.sorted_specifiers(text_of)),
    )
    if not text_of:
        return
    for clause in text_of.split(","):
        ranges.lower_bound(clause)
        ranges.upper_bound(clause)
    ranges.has_lower_bound(text_of)
    ranges.lower_bounds(text_of)
    for other in ("", ">=1,<2", "!=1.5", "==1.5", "===1.5"):
        ranges.share_versions(text_of, other)
        ranges.excludes(text_of, other)
        ranges.excludes(other, text_of)
    smallest = ranges.together(text_of.split(","))
    require_equal(
        "the smallest set", ranges.together(smallest.split(",")), smallest
    )


def check_versions(given: str) -> None:
    """A set of specifiers and a version, with packaging as the judge."""
    wanted, version = inputs.split(given, 2)
    found = attempt(BadLine, parser.parse_line, f"foo{wanted}")
    attempt((), versions.version_key, version)
    attempt((), versions.is_prerelease, version)
    attempt((), versions.release, version)
    if found is None or not found.package:
        return
    if versions.long_number(version) is not None:
        return  # beyond our limit; packaging has another
    judging = hasattr(SpecifierSet, "is_subset")  # older ones say otherwise
    for prereleases in (False, True):
        answer = specifiers.admits(
            found.specifiers, version, prereleases=prereleases
        )
        if max(map(len, found.specifiers.split(","))) > 1000:
            continue  # packaging itself does not always answer
        if not judging:
            continue
        try:
            parsed = SpecifierSet(found.specifiers)
            right = parsed.contains(
                version, prereleases=prereleases or bool(parsed.prereleases)
            )
        except ValueError:
            continue
        if found.specifiers:
            require_equal(
                "versions that are admitted",
                (answer, found.specifiers, version),
                (right, found.specifiers, version),
            )


def check_list(given: str) -> None:
    """A requirements file, a constraints file, a never-constrain list."""
    if from_disk(given) is None:
        return
    names = attempt(BadContent, names_in, given, "never.txt")
    for urls in (False, True):
        entries = attempt(
            BadContent,
            read_entries,
            given,
            "a.txt",
            permit_urls=urls,
            keep_editable=not urls,
        )
        if entries is None:
            continue
        require_equal(
            "lines",
            "".join(each.line for each in entries),
            text.without_bom(given),
        )
        pins = attempt(BadContent, lower_constraints.read, entries, "a.txt")
        if pins is not None:
            attempt(markers.BadMarker, lower_constraints.merge, pins)
        state = attempt((), states.ConstraintsState.from_constraints, entries)
        for python in state.pythons:
            for name in state.lines:
                state.on(name, python)
        for rule in (policy.CLASSIC, policy.CURRENT):
            subject = list_rules.JudgedLists(
                rule,
                list_lines.listed("a.txt", entries),
                list_lines.listed("b.txt", entries),
                "never.txt",
                names or frozenset(),
            )
            judged = attempt(BadLine, list_rules.judge, subject)
            if judged is not None:
                require_reports(findings.verdict("the lists", judged))
        if urls:
            _check_what_stays(entries)
    attempt(BadLine, earlier.head, given, "a.txt")
    attempt(BadContent, freeze_text.from_text, given, "3.12", "a.txt")
    attempt(BadContent, lists.installable_lines, given, "a.txt")
    attempt(BadContent, conflicts.read_expected, given, "xfails.txt")
    normal = attempt(BadContent, normalize, given, "a.txt")
    if normal is not None:
        again = normalize(normal, "a.txt")
        require_equal("normalised again", normal, again)


def _check_what_stays(entries: Sequence[Entry]) -> None:
    """The file as the earlier constraints of a run on one Python."""
    kept = attempt(BadLine, earlier.kept_lines, entries, ["3.8"], (), "a.txt")
    if kept is None:
        return
    made = freeze.Freeze(
        "3.8",
        {"python_version": "3.8"},
        tuple(
            freeze.Distribution(name, "1")
            for name in sorted({"foo", *kept.lines, *kept.replaced})
        ),
    )
    for style in merging.MARKER_STYLES:
        content = merging.arranged(earlier.merge([made], kept, (), style))
        # With any earlier file the result is right.
        merging.prove(content, [made])
        earlier.prove(content, kept)


def check_markers(given: str) -> None:
    """Two markers, with packaging as the judge of what they mean."""
    both = inputs.split(given, 2)
    trees = [attempt(markers.BadMarker, markers.parse, each) for each in both]
    if None in trees:
        return
    first, second = both
    for each in both:
        attempt(markers.BadMarker, markers.python_comparison, each)
        attempt(markers.BadMarker, markers.pythons_in, [each])
        attempt(markers.BadMarker, markers.on_python, each, "3.12")
        left = attempt(markers.BadMarker, markers.given, each, "extra", "x")
        if left is not None:
            require_equal(
                "what is left is a marker",
                marker_syntax.marker_problem(left),
                None,
            )
        _check_example(each)
    same = attempt(markers.BadMarker, markers.equivalent, first, second)
    one = attempt(markers.BadMarker, markers.implies, first, second)
    other = attempt(markers.BadMarker, markers.implies, second, first)
    if None not in {same, one, other}:
        require_equal("equal is both ways", same, one and other)
    apart = attempt(markers.BadMarker, markers.disjoint, first, second)
    if apart is not None:
        example = markers.overlap([first, second])
        require_equal("disjoint", apart, example is None)
        for each in both if example is not None else ():
            _require_selects(each, example or {})
    attempt(markers.BadMarker, markers.combinations, both)
    attempt(markers.BadMarker, markers.uncovered, both)


def _check_example(marker: str) -> None:
    """What the algebra gives as an example, packaging must select."""
    example = attempt(markers.BadMarker, markers.overlap, [marker])
    if example is not None:
        _require_selects(marker, example)
    outside = attempt(markers.BadMarker, markers.uncovered, [marker])
    if outside is not None and _selects(marker, outside):
        raise Broken("a marker selects it", f"{marker!r}, {outside}")


def _require_selects(marker: str, example: Mapping[str, str]) -> None:
    if _selects(marker, example) is False:
        raise Broken("a marker does not select it", f"{marker!r}, {example}")


def _selects(marker: str, example: Mapping[str, str]) -> bool | None:
    """What packaging says; None where it does not."""
    if not marker.strip():
        return True
    if "extras" in marker or "dependency_groups" in marker:
        return None  # sets (PEP 751), which an example has no form for
    parsed = Marker(marker.strip())
    try:
        return bool(parsed.evaluate(dict(example)))
    except Exception:  # noqa: BLE001 - whatever it cannot compare
        return None


# Projects.


@functools.cache
def _against(name: str) -> judgement.Against:
    return judgement.against(
        policy.CLASSIC if name == "classic" else policy.CURRENT,
        "global-requirements.txt",
        read_entries(LISTS[name]),
        constraints=[
            entry.requirement
            for entry in read_entries(PINS)
            if entry.requirement is not None
        ],
        build_backend="pbr.build",
    )


@functools.cache
def _standard(name: str) -> update.FollowedList:
    return update.followed_list(
        policy.CLASSIC if name == "classic" else policy.CURRENT,
        [
            entry.requirement
            for entry in read_entries(LISTS[name])
            if entry.requirement is not None
        ],
        frozenset(),
    )


def _check_project(texts: Mapping[str, str]) -> None:
    """All that commands make of a project's files."""
    texts = from_project(texts)
    hidden = attempt((BadLine, UnusableInput), dynamic.read, texts)
    if hidden is not None:
        asked = [(each.place, each.text) for each in hidden.requirements]
        _, decisions = dependencies.read(asked, "foo", ["3.12"])
        for each in decisions:
            require_printable("a decision", str(each))
    loaded = attempt(UnusableProject, loader.load, "x", texts.get)
    if loaded is None:
        return
    for file, content in loaded.texts.items():
        _require_places(file, content, loaded.declared)
    for name in ("classic", "current"):
        subject = judgement.subject(
            _against(name), loaded.texts, loaded.declared
        )
        found = judgement.judge(subject)
        left, waived = waiving.apply(
            [each.finding for each in found],
            waivers.inline(loaded.texts),
            "openstack/x",
            TODAY,
            rules=frozenset(rule.id for rule in judgement.RULES),
        )
        require_reports(findings.verdict("x", left, waived))
        _check_fix(loaded, found)
        _check_sync(name, loaded)


def _require_places(
    file: str, content: str, declared: Sequence[Declared]
) -> None:
    """An entry is where it says that it is."""
    if file == declarations.PYPROJECT:
        return  # of an escaped string, the text is another
    rows = text.split_lines(content)
    for each in declared:
        if each.file == file and each.line:
            start = each.column - 1
            there = rows[each.line - 1][start : start + len(each.text)]
            require_equal("an entry's place", there, each.text)


def _check_fix(
    loaded: loader.Project, found: Sequence[judgement.ProjectFinding]
) -> None:
    """What is promised can be made, and the files still read."""
    changes = [each.change for each in found if each.change is not None]
    clock.step()
    for chosen in ([], changes[:1], changes[-1:], changes):
        declarations.read(fixes.make(loaded.texts, chosen))


def _check_sync(name: str, loaded: loader.Project) -> None:
    """A plan changes nothing where it has been carried out."""
    follow = _standard(name)
    clock.step()
    plan = update.plan(follow, "x", loaded.name, loaded.texts, loaded.declared)
    for error in plan.errors:
        require_fit(error)
    for warning in plan.warnings:
        require_printable("a warning", warning)
    texts = {each.path: each.new for each in plan.files}
    if not texts:
        return
    clock.step()
    declared = declarations.read(texts)
    again = update.plan(follow, "x", loaded.name, texts, declared)
    for each in again.due:
        require_equal("a plan carried out twice", each.old, each.new)


def check_requirements_file(given: str) -> None:
    """requirements.txt and lower-constraints.txt of a project."""
    first, second = inputs.split(given, 2)
    _check_project(
        {
            "requirements.txt": first,
            "lower-constraints.txt": second,
            "pyproject.toml": PBR,
        }
    )


def check_setup_cfg(given: str) -> None:
    """setup.cfg."""
    _check_project({"setup.cfg": given})


def check_pyproject(given: str) -> None:
    """pyproject.toml."""
    _check_project({"pyproject.toml": given})
    if not from_project({"pyproject.toml": given}):
        return
    attempt((BadLine, UnusableInput), declarations.build_backend, given)
    attempt((BadLine, UnusableInput), declarations.group_names, given)


def check_setup_py(given: str) -> None:
    """setup.py, which is parsed and never run."""
    texts = from_project({"setup.py": given, "setup.cfg": _SETUP_CFG})
    dynamic.read(texts)
    if "setup.py" not in texts:
        return
    attempt(ValueError, setup_py.uses_pbr, given)
    plan = update.plan(_standard("classic"), "x", "x", texts, ())
    for warning in plan.warnings:
        require_printable("a warning", warning)


def check_pkg_info(given: str) -> None:
    """PKG-INFO of an unpacked sdist."""
    _check_project({"PKG-INFO": given})


# The files of a requirements repository.


def check_waivers(given: str) -> None:
    """waivers.yaml, and each of its rows as a comment."""
    if from_disk(given) is None:
        return
    errors = (BadLine, BadContent, UnusableInput)
    found = attempt(errors, waivers.listed, given, "waivers.yaml")
    if found is None:
        return
    left, waived = waiving.apply(
        [
            findings.Finding(
                *("marker-mismatch", "error", "x", "requirements.txt", 1),
                package="foo",
            )
        ],
        found,
        "openstack/nova",
        TODAY,
        rules={"marker-mismatch"},
    )
    require_reports(findings.verdict("x", left, waived))
    for waiver in found:
        comment = waivers.to_comment(waiver)
        if len(comment) > limits.LONGEST_LINE - 10:
            continue
        (again,) = waivers.inline({"requirements.txt": f"foo  {comment}\n"})
        if not again.problem and not again.reason.startswith("]"):
            require_equal("as a comment", waivers.to_comment(again), comment)


def check_holds(given: str) -> None:
    """holds.yaml: what is read can be added to a ledger and removed."""
    if from_disk(given) is None:
        return
    errors = (BadLine, BadContent, UnusableInput)
    ledger = attempt(errors, holds.parse, given, "holds.yaml")
    if ledger is None:
        return
    written = attempt(UnusableInput, hold_edits.added, "", ledger.holds)
    if written is None:
        return
    rows = holds.parse(written).holds
    require_equal("rows", len(rows), len(ledger.holds))
    for hold, row in zip(ledger.holds, rows, strict=True):
        if not row.same(hold):
            raise Broken("not the same: a row", f"{row} != {hold}")
        holds.excluding(ledger, hold.name, "1.0")
    require_equal("removed", hold_edits.removed(written, ledger.holds), "")
    attempt(errors, hold_edits.removed, given, ledger.holds[:1])


def check_zuul(given: str) -> None:
    """Zuul's project configuration."""
    if from_disk(given) is None:
        return
    configuration = attempt(UnusableInput, zuul.read, given, "projects.yaml")
    if configuration is None:
        return
    found = zuul.running([configuration], {"openstack/nova": [configuration]})
    subject = zuul.Projects(
        [
            zuul.Repository("openstack/nova", "projects.txt", 1),
            *(zuul.Repository(each, "projects.txt", 2) for each in found),
        ],
        found,
        "projects.yaml",
        frozenset(),
        {},
    )
    require_reports(findings.verdict("x", zuul.judge(subject)))


def check_constraints_edit(given: str) -> None:
    """A constraints file, and what edit-constraints is asked to do."""
    name, replacement, content = inputs.split(given, 3)
    if from_disk(content) is None:
        return
    errors = (BadLine, UnusableInput)
    for new in (replacement, ""):
        changed = attempt(errors, editing.edit, content, name, new, "uc.txt")
        if changed is not None:
            again = editing.edit(changed, name, new, "uc.txt")
            wanted = text.canonical(name)
            if not new.strip() or editing.name_of(new) == wanted:
                require_equal("edited again", changed, again)
            mine = [
                line
                for line in text.split_lines(content)
                if editing.name_of(line) != wanted
            ]
            left = set(text.split_lines(changed))
            for line in mine[:-1]:
                if line not in left:
                    raise Broken("an edit lost a line", f"{line!r:.200}")
    if not text.is_name(name):
        return  # nobody asks for it
    for pythons in ({"python": "3.12"}, {"requires_python": ">=3.9.2,<4"}):
        attempt(
            (BadLine, BadContent, UnusableInput, markers.BadMarker),
            pinning.pin,
            content,
            name,
            "1.2.3",
            source="uc.txt",
            **pythons,
        )


def check_names(given: str) -> None:
    """projects.txt and bindep.txt, which are read from the disk."""
    with file_of(given) as path:
        for _, name in (
            attempt((BadContent, UnusableInput), lists.projects, path) or ()
        ):
            require_printable("a repository's name", name)
    with file_of(given) as path:
        packages = attempt(UnusableInput, bindep.system_packages, path) or {}
    for rows in packages.values():
        for platform in ((), ("rpm",), ("dpkg", "debian", "ubuntu")):
            bindep.for_platform(rows, platform)


def check_bytes(given: str) -> None:
    """What may be no text at all; a character stands for a byte."""
    data = given.encode("latin-1", "replace")
    attempt(UnusableInput, files.decode, data, "a.txt")
    attempt(UnusableInput, loader.decode, data, "a.txt")


# Freezes, and what the index says.


def check_freeze(given: str) -> None:
    """A freeze from another machine, and all that is made of it."""
    if from_disk(given) is None:
        return
    found = attempt(
        UnusableInput, freeze_json.from_json, given, "python3.12.json"
    )
    if found is None:
        return
    written = freeze_json.to_json(found)
    written.encode()
    require_equal(
        "written again",
        freeze_json.to_json(freeze_json.from_json(written, "again.json")),
        written,
    )
    _check_freeze(found)


def _check_freeze(found: freeze.Freeze) -> None:
    pins = attempt(freeze.FreezeError, merging.merge, [found])
    if pins is None:
        return
    content = merging.to_content(pins)
    attempt((ProofFailed, BadContent), merging.prove, content, [found])
    built = graph.Graph(found)
    for name in built.installed:
        told = explain.explain(built, name)
        for demand in told.demands:
            require_printable("who requires it", demand.who)
    for kept in found.kept:
        str(kept)
    state = states.ConstraintsState.from_freezes([found])
    state.not_in_freezes()
    entries = attempt(BadContent, read_entries, content, "uc.txt")
    if entries is not None:
        listed = list_lines.listed("uc.txt", entries)
        here = conflicts.judged_freeze(found, listed)
        left, waived = conflicts.judge([here], [])
        require_reports(findings.verdict("x", left, waived))
    for each in found.distributions:
        require_printable("a license", licenses.of(each))
        attempt((), support.why_not, each, support.Python(3, 12))


# Other programs' words.


class _Scripted(Processes):
    """Answers of git's that are given beforehand."""

    def __init__(self, answers: Sequence[str]) -> None:
        super().__init__()
        self._answers = list(answers)

    def read(self, command: Sequence[str], **_: Any) -> bytes:
        answer = self._answers.pop(0) if self._answers else ""
        if answer.startswith("!"):
            raise CommandFailed(command, 128, answer[1:])
        return answer.encode("latin-1", "replace")


def check_git(given: str) -> None:
    """git's output, one answer after the other."""
    answers = given.split(inputs.SEPARATOR)
    here = os.curdir
    for ask in (
        lambda git_: git.read_all(here, "HEAD", loader.MANIFESTS, git_),
        lambda git_: git.read(here, "HEAD", "requirements.txt", git_),
        lambda git_: git.first_parent(here, "HEAD", git_),
        lambda git_: git.resolve(here, "HEAD", git_),
    ):
        attempt(RequirementsError, ask, _Scripted(answers))


def check_installers(given: str) -> None:
    """The words of uv and of pip about a failure."""
    for tool in (uv_failures, pip_failures):
        reason = tool.explain(given)
        require_equal("a kind", reason.kind in failures.KINDS, True)
        failed = failures.InstallFailed("3.12", reason, "uv sync", given)
        require_printable("the failure", str(failed))


_REQUIREMENTS = (
    "# c\n\nBabel!=2.4.0,>=2.3.4 # BSD\noslo.config>=5.1.0 # Apache-2.0\n"
    "enum34>=1.0.4;python_version=='2.7' or python_version=='2.6' # BSD\n"
    "foo>=1;os_name=='posix'  # MIT  # requirements: ignore"
    "[marker-mismatch] waits for bug 12 until 2027-01-31\n"
)
_PYPROJECT = f"""\
{PBR}
[project]
name = "foo"
dynamic = ["version"]
dependencies = [
  "oslo.config>=5.1.0",  # requirements: ignore[comment-mismatch] why not
  'requests[socks] >=2.14.2,<2.20; python_version >= "3.8"',
]
[project.optional-dependencies]
test = ["sphinx>=1.6.2"]
[dependency-groups]
docs = ["sphinx", {{include-group = "test"}}]
test = ["foo"]
"""
_POETRY = """\
[tool.poetry]
name = "foo"
[tool.poetry.dependencies]
python = "^3.8"
bar = {version = "~1.2", optional = true, python = "<3.10 || >3.11"}
baz = {git = "https://example.org/baz.git"}
"""
_SETUP_CFG = """\
[metadata]
name = foo
[options]
install_requires =
    oslo.config>=5.1.0
    requests>=2.14.2,<2.20
[options.extras_require]
x = foo>=1; bar
[extras]
test =
    sphinx>=1.6.2:python_version>='3' # BSD
"""
_WAIVERS = """\
- project: openstack/nova
  package: foo
  rule: marker-mismatch
  reason: "waits: for bug 12"
  until: 2027-01-31
- {project: '*', package: '*', rule: no-lower-bound, reason: x}
"""
_HOLDS = """\
# What is held.
- name: foo
  range: "<2"
  python: python_version<'3.12'
  owner: nova
  bug: 12
  reason: "waits: for bug 12"
  since: 2026-11-01
  until: 2027-01-31

# Of another team.
- {name: bar, range: ===1, reason: x, since: 2026-11-01, until: 2027-01-31}
"""
_ZUUL = """\
- project:
    name: openstack/nova
    templates: &t
      - check-requirements
- project:
    name: opendev.org/openstack/glance
    templates: *t
"""
_SETUP_PY = """\
import setuptools
requires = ['foo>=1', 'bar']
setuptools.setup(name='x', install_requires=requires + ['baz'],
                 extras_require={'y:python_version<"3"': ['z']})
"""
_FREEZE = freeze_json.to_json(
    freeze.Freeze(
        "3.12",
        base.environment("3.12"),
        (
            freeze.Distribution("foo", "1.0", ("bar>=1; os_name=='nt'",)),
            freeze.Distribution("bar", "2.0", ("foo[x]<2",), ">=3.8", "MIT"),
        ),
        ("foo>=1",),
    )
)
_UC = "foo===1.0\nOslo.Config===5.2.0;python_version=='3.8'\n"
_MARKERS = (
    "python_version>='3.8' and sys_platform!='win32'",
    "os_name == 'nt' or (extra=='x' and python_full_version < '3.9.1')",
)
_LISTS = ("*requirements*.txt", "*constraints*.txt", "blacklist.txt")

TARGETS = {
    target.name: target
    for target in (
        Target(
            "lines",
            check_line,
            inputs.LINES,
            tuple(_REQUIREMENTS.splitlines()),
        ),
        Target(
            "versions",
            check_versions,
            inputs.joined(inputs.SPECIFIERS, inputs.VERSIONS),
            (f">=1.0,!=1.5{inputs.SEPARATOR}1.6.0",),
        ),
        Target(
            "lists",
            check_list,
            st.one_of(inputs.FILES, inputs.NAME_LISTS),
            (_REQUIREMENTS, _UC, *LISTS.values()),
            _LISTS,
        ),
        Target(
            "markers",
            check_markers,
            inputs.joined(inputs.MARKERS, inputs.MARKERS),
            (inputs.SEPARATOR.join(_MARKERS),),
        ),
        Target(
            "requirements-files",
            check_requirements_file,
            inputs.joined(inputs.FILES, inputs.FILES),
            (_REQUIREMENTS, f"{_REQUIREMENTS}{inputs.SEPARATOR}{_UC}"),
            ("*requirements*.txt", "pip-requires", "test-requires"),
        ),
        Target(
            "setup-cfg",
            check_setup_cfg,
            inputs.SETUP_CFG,
            (_SETUP_CFG,),
            ("setup.cfg",),
        ),
        Target(
            "pyproject",
            check_pyproject,
            inputs.PYPROJECT,
            (_PYPROJECT, _POETRY),
            ("pyproject.toml",),
        ),
        Target(
            "setup-py",
            check_setup_py,
            inputs.SETUP_PY,
            (_SETUP_PY, setup_py.SHORT),
            ("setup.py",),
        ),
        Target("pkg-info", check_pkg_info, inputs.METADATA, (), ("PKG-INFO",)),
        Target(
            "waivers",
            check_waivers,
            inputs.WAIVERS,
            (_WAIVERS,),
            (waivers.FILE,),
        ),
        Target(
            "holds",
            check_holds,
            inputs.HOLDS,
            (_HOLDS,),
            (holds.FILE,),
        ),
        Target("zuul", check_zuul, inputs.ZUUL, (_ZUUL,), ("projects.yaml",)),
        Target(
            "constraints-edits",
            check_constraints_edit,
            inputs.joined(inputs.NAMES, inputs.LINES, inputs.FILES),
            (
                inputs.SEPARATOR.join(
                    ("foo", "-e git+https://h/x#egg=foo", _UC)
                ),
            ),
        ),
        Target(
            "names",
            check_names,
            st.one_of(inputs.BINDEP, inputs.REPOSITORIES),
            ("# foo needs\nlibfoo-dev [platform:dpkg]\nfoo [platform:rpm]\n",),
            ("bindep.txt", "projects.txt"),
        ),
        Target(
            "bytes",
            check_bytes,
            st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
        ),
        Target(
            "freezes",
            check_freeze,
            inputs.FREEZES,
            (_FREEZE,),
            ("python*.json",),
        ),
        Target("git", check_git, inputs.GIT),
        Target(
            "installers",
            check_installers,
            st.one_of(inputs.UV_WORDS, inputs.PIP_WORDS),
        ),
    )
}
