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
"""One global change over the projects of the corpus, on a forge on loopback.

``python -m openstack_requirements.tests.corpus_forges CORPUS --forge NAME``
makes each project of the corpus a git repository on that forge, runs
propose-updates with the lists of one day, again, with a change of them, and
once people brought some projects in line by hand. It prints what came of each
step, and ends with 1 where that is not what should be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fixtures

from openstack_requirements.cmds import (
    check_requirements,
    propose_updates,
    update_requirements,
)
from openstack_requirements.proposals.forges import github
from openstack_requirements.repository import policy
from openstack_requirements.tests import (
    any_forge,
    corpus_laws,
    corpus_proposals,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: How many projects people bring in line by hand.
BY_HAND = 10
_PASS = "pass"
_LEFT = "have only left what no update cures"


class Scenario(fixtures.Fixture):
    """A forge with the projects, and the lists that they follow.

    :param corpus: the folder of the corpus.
    :param forge: the name of the forge.
    :param day: whose lists count.
    :param step: with 3, every third project is taken.
    """

    def __init__(
        self, corpus: Path, forge: str, day: str, step: int = 1
    ) -> None:
        super().__init__()
        self._step = step
        self._corpus = corpus
        self._forge_name = forge
        self._day = day
        self.broken: list[str] = []

    def _setUp(self) -> None:  # noqa: N802 - as the parent calls it
        self.folder = Path(self.useFixture(fixtures.TempDir()).path)
        self.forge = self.useFixture(any_forge.FORGES[self._forge_name]())
        variables = any_forge.environment(self.forge, str(self.folder))
        # As many entries as possible are judged.
        variables["NON_STANDARD_REQS"] = "1"
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        # Seconds that the real GitHub asks for.
        self.useFixture(
            fixtures.MonkeyPatch(f"{github.__name__}.BETWEEN_WRITES", 0)
        )
        self.reqs = self.folder / "reqs"
        self.reqs.mkdir()
        lists = corpus_laws.texts_of(self._corpus / "lists" / self._day)
        for path, text in lists.items():
            (self.reqs / path).write_text(text)
        #: The files of each project.
        self.projects = {
            f"org/{folder.name.replace('@', '-')}": corpus_laws.texts_of(
                folder
            )
            for folder in sorted((self._corpus / "projects").iterdir())[
                :: self._step
            ]
        }
        for name, texts in self.projects.items():
            self.forge.add(name, texts)
        listed = "".join(f"{name}\n" for name in self.projects)
        (self.folder / "projects.txt").write_text(listed)

    def propose(self) -> tuple[dict[str, Any], list[str], float]:
        """What a run says of each project, the writes, and the seconds."""
        self.forge.forget()
        start = time.monotonic()
        out, _ = _printed(
            propose_updates.main,
            *("--reqs", str(self.reqs), *self.forge.options, "-q"),
            *("--projects", str(self.folder / "projects.txt")),
            *("--hacking", "--push", "--format", "json"),
        )
        seconds = time.monotonic() - start
        rows = {row["project"]: row for row in json.loads(out)["projects"]}
        return rows, self.forge.writes(), seconds

    def require(self, text: str, wanted: object, there: object) -> None:
        """Note what is not as it should be."""
        if wanted != there:
            self.broken.append(f"{text}: {there}, and not {wanted}")

    def updated(self) -> dict[str, dict[str, str]]:
        """The files that update-requirements changes, by project.

        Projects where that has an error are not among them.
        """
        result = {}
        for number, (name, texts) in enumerate(self.projects.items()):
            folder = self.folder / f"updated-{time.monotonic_ns()}-{number}"
            for path, text in texts.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(text.encode())
            _, status = _printed(
                update_requirements.main,
                *("--reqs", str(self.reqs), "--hacking", str(folder)),
            )
            after = corpus_laws.texts_of(folder)
            changed = {
                path: after[path]
                for path in texts
                if after[path] != texts[path]
            }
            if changed and not status:
                result[name] = changed
        return result

    def judge(self) -> Counter[str]:
        """How many proposals pass check-requirements.

        What no update cures may be left; whatever else is left is broken.
        """
        result: Counter[str] = Counter()
        lists = corpus_laws.texts_of(self.reqs)
        request = corpus_proposals.request_of(lists, policy.CLASSIC, "drop")
        for project, (proposed,) in self.forge.open().items():
            folder = self.folder / f"judged/{project}-{proposed.commit}"
            any_forge.check_out(
                self.forge.bare(project), proposed.commit, folder
            )
            _, status = _printed(
                check_requirements.main,
                *("--local", "--reqs", str(self.reqs), "-q"),
                *("--project", str(folder)),
            )
            left = status and corpus_proposals.broken(
                request, self.projects[project]
            )
            self.broken += [f"{project}: {text}" for text in left or ()]
            result[_LEFT if status else _PASS] += not left
        return result

    def change_the_list(self) -> None:
        """Exclude a version of each entry."""
        path = self.reqs / "global-requirements.txt"
        path.write_text(
            re.sub(
                r"(?m)^([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)"
                r"([<>=!~][^ ;#\n]*)?(?=[ ;#\n])",
                lambda match: (
                    f"{match[1]}{f'{match[2]},' if match[2] else ''}!=9999.9"
                ),
                path.read_text(),
            )
        )

    def by_hand(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        """People commit changes to projects."""
        for name, texts in changes.items():
            self.forge.commit(name, texts)
            self.projects[name] = {**self.projects[name], **texts}


def follow(scenario: Scenario) -> None:
    """Take each step, and print what came of it."""
    forge = scenario.forge
    wanted = scenario.updated()
    rows, _, seconds = scenario.propose()
    first = forge.all()
    scenario.require("proposed", sorted(wanted), sorted(first))
    _say(f"{len(rows)} projects", _outcomes(rows), seconds)
    _say(
        "proposals",
        f"{len(first)} of {len(wanted)} that should be there",
    )
    _say("check-requirements", _counts(scenario.judge()))
    before = forge.open()
    rows, writes, seconds = scenario.propose()
    scenario.require("writes of a second run", [], writes)
    scenario.require("proposals behind it", before, forge.open())
    _say("a second run", f"{len(writes)} requests that write", seconds)

    scenario.change_the_list()
    wanted = scenario.updated()
    rows, _, seconds = scenario.propose()
    after, numbers = forge.open(), forge.all()
    updated = [
        name
        for name in first
        if after[name][0].number == before[name][0].number
        and after[name][0].commit != before[name][0].commit
    ]
    again = [name for name in first if numbers[name] != first[name]]
    scenario.require("updated", sorted(first), sorted(updated))
    scenario.require("proposed a second time", [], again)
    scenario.require("proposed", sorted(wanted), sorted(after))
    _say(
        "a further change",
        f"{len(updated)} updated in place, {len(again)} proposed a second "
        f"time, {len(after) - len(first)} projects that it concerns first",
        seconds,
    )
    _say("check-requirements", _counts(scenario.judge()))

    chosen = dict(list(wanted.items())[:: max(1, len(wanted) // BY_HAND)])
    scenario.by_hand(chosen)
    rows, _, seconds = scenario.propose()
    left = forge.open()
    scenario.require("closed", sorted(chosen), sorted({*after} - {*left}))
    _say(
        f"{len(chosen)} in line by hand",
        f"{len({*after} - {*left})} closed",
        seconds,
    )
    rows, writes, seconds = scenario.propose()
    scenario.require("writes of a last run", [], writes)
    _say("a last run", f"{len(writes)} requests that write", seconds)


def _printed(
    main: Callable[[Sequence[str]], int], *argv: str
) -> tuple[str, int]:
    """What a command prints, and its status."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        for _ in range(2)
    )
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(argv)
    out.seek(0)
    return out.read(), status


def _outcomes(rows: Mapping[str, Any]) -> str:
    return _counts(Counter(row["outcome"] for row in rows.values()))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in sorted(counts))


def _say(step: str, text: str, seconds: float | None = None) -> None:
    took = "" if seconds is None else f" ({seconds:.1f} s)"
    print(f"{step}: {text}{took}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the scenario on each forge that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="the folder of the corpus")
    parser.add_argument(
        "--forge",
        action="append",
        choices=any_forge.FORGES,
        help="on which forge; repeat for several (default: all)",
    )
    parser.add_argument(
        "--day",
        default="2018-04-01",
        help="whose lists count, under the classic policy",
    )
    parser.add_argument(
        "--step",
        type=int,
        default=1,
        help="with N, take every Nth project, to be quicker",
    )
    options = parser.parse_args(argv)
    broken = 0
    for name in options.forge or any_forge.FORGES:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        scenario = Scenario(options.corpus, name, options.day, options.step)
        with scenario:
            follow(scenario)
        for text in scenario.broken:
            print(f"broken: {text}")
        broken += len(scenario.broken)
        _say("all of it", name, time.monotonic() - start)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
