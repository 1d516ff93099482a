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
"""Freezes, and how they become constraints."""

from __future__ import annotations

import json
import sys

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints import merging
from openstack_requirements.constraints.freeze import (
    Configuration,
    Distribution,
    Freeze,
    FreezeError,
    Kept,
    clone,
    respell,
)
from openstack_requirements.constraints.freeze_json import from_json, to_json
from openstack_requirements.constraints.merging import (
    merge,
    order_key,
    pins_for,
    prove,
    to_content,
)
from openstack_requirements.errors import ProofFailed, UnusableInput
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.entries import names_in
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base


def make(version: str, **pins: str) -> Freeze:
    """A freeze; in a keyword ``_`` stands for what no keyword may hold."""
    return Freeze(
        version,
        base.environment(version),
        tuple(Distribution(name, pin) for name, pin in pins.items()),
    )


def lines(
    *freezes: Freeze, style: merging.MarkerStyle = "exact", never: str = ""
) -> list[str]:
    """The proven lines of some freezes, by name."""
    names = names_in(never)
    content = to_content(merge(freezes, names, style), "name")
    prove(content, freezes, names)
    return content.splitlines()


class TestMerge(base.TestCase):
    def test_versions_sort_as_versions(self) -> None:
        self.assertEqual(
            [
                "x===9.0;python_version=='3.9'",
                "x===10.0;python_version=='3.8'",
            ],
            lines(make("3.9", x="9.0"), make("3.8", x="10.0")),
        )

    def test_pythons_sort_as_versions(self) -> None:
        self.assertEqual(
            ["x===1;python_version=='3.9'", "x===1;python_version=='3.10'"],
            lines(make("3.10", x="1"), make("3.9", x="1"), make("3.11")),
        )
        self.assertEqual(
            ["x===1;python_version<='3.10'"],
            lines(
                make("3.10", x="1"),
                make("3.9", x="1"),
                make("3.11"),
                style="range",
            ),
        )

    def test_names_merge_in_canonical_form(self) -> None:
        self.assertEqual(
            ["Oslo.Config===1"],
            lines(
                make("3.10", **{"oslo-config": "1"}),
                make("3.11", **{"Oslo.Config": "1"}),
            ),
        )

    def test_the_newest_python_spells(self) -> None:
        old, new = make("3.9", a_b="1"), make("3.10", **{"a.b": "1"})
        self.assertEqual(["a.b===1"], lines(new, old))

    def test_metadata_spells_before_a_newer_python_without(self) -> None:
        bare = Distribution("a-b", "1", described=False)
        new = make("3.10")._replace(distributions=(bare,))
        self.assertEqual(["a_b===1"], lines(make("3.9", a_b="1"), new))

    def test_a_b_a(self) -> None:
        freezes = [
            make("3.9", x="1"),
            make("3.10", x="2"),
            make("3.11", x="1"),
        ]
        self.assertEqual(
            [
                "x===1;python_version=='3.9'",
                "x===1;python_version=='3.11'",
                "x===2;python_version=='3.10'",
            ],
            lines(*freezes),
        )
        self.assertEqual(
            [
                "x===1;python_version<='3.9'",
                "x===1;python_version>='3.11'",
                "x===2;python_version=='3.10'",
            ],
            lines(*freezes, style="range"),
        )

    def test_three_versions_on_three_pythons(self) -> None:
        freezes = [
            make("3.8", x="1"),
            make("3.9", x="2"),
            make("3.10", x="3"),
        ]
        self.assertEqual(
            [
                "x===1;python_version<='3.8'",
                "x===2;python_version=='3.9'",
                "x===3;python_version>='3.10'",
            ],
            lines(*freezes, style="range"),
        )

    def test_neighbours_in_the_middle(self) -> None:
        freezes = [make(f"3.{n}", y="1") for n in (7, 8, 9, 10)]
        freezes[1] = make("3.8", x="1", y="1")
        freezes[2] = make("3.9", x="1", y="1")
        self.assertEqual(
            ["x===1;python_version>='3.8' and python_version<='3.9'", "y===1"],
            lines(*freezes, style="range"),
        )

    def test_never_constrained_in_any_spelling(self) -> None:
        found = lines(
            make("3.9", **{"flake8_x": "1", "Py.Lint": "2", "z": "3"}),
            never="Flake8.X>=2  # why\npy-lint\n",
        )
        self.assertEqual(["z===3"], found)

    def test_two_freezes_of_one_python(self) -> None:
        self.assertRaises(FreezeError, merge, [make("3.9"), make("3.9")])

    def test_two_versions_in_one_freeze(self) -> None:
        error = self.assertRaises(
            FreezeError, merge, [make("3.9", a_b="1", **{"a.b": "2"})]
        )
        self.assertIn("3.9", str(error))

    def test_what_is_no_version(self) -> None:
        self.assertEqual(
            [
                "x===1.0;python_version=='3.9'",
                "x===2004d;python_version=='2.7'",
            ],
            lines(make("2.7", x="2004d"), make("3.9", x="1.0")),
        )

    def test_nothing(self) -> None:
        self.assertEqual([], lines())
        self.assertEqual([], lines(make("3.9")))


class TestOrder(base.TestCase):
    def test_hash_of_the_name(self) -> None:
        pins = merge([make("3.9", a="1", b="1", c="2"), make("3.10", c="1")])
        names = [line[0] for line in to_content(pins).splitlines()]
        self.assertEqual(sorted(names, key=order_key), names)
        self.assertEqual(["a", "b", "c", "c"], sorted(names))
        self.assertNotEqual(sorted(names), names)

    def test_name(self) -> None:
        pins = merge([make("3.9", b="1", A="1", **{"a.c": "1"})])
        names = to_content(pins, "name").split()
        self.assertEqual(["A===1", "a.c===1", "b===1"], names)


class TestProof(base.TestCase):
    """A proof that cannot fail proves nothing."""

    def failure(self, content: str, *freezes: Freeze, never: str = "") -> str:
        error = self.assertRaises(
            ProofFailed, prove, content, freezes, names_in(never)
        )
        self.assertEqual(2, error.status)
        return str(error)

    def test_missing_pin(self) -> None:
        text = self.failure("", make("3.9", x="1"))
        self.assertIn("for Python 3.9, x is pinned to nothing", text)

    def test_wrong_pin(self) -> None:
        text = self.failure("x===2\n", make("3.9", x="1"))
        self.assertIn("pinned to ===2, but ===1 was installed", text)

    def test_two_pins(self) -> None:
        content = "x===1;python_version<'4'\nx===1;python_version>='3.9'\n"
        self.failure(content, make("3.9", x="1"))
        prove(content, [make("3.8", x="1")])

    def test_pin_where_nothing_is_installed(self) -> None:
        self.failure("x===1\n", make("3.8", x="1"), make("3.9"))

    def test_pin_of_what_is_never_constrained(self) -> None:
        self.failure("x===1\n", make("3.8", x="1"), never="x")

    def test_text_comparison_of_pythons_would_be_noticed(self) -> None:
        self.failure(
            "x===1;python_version<='3.9'\nx===2;python_version>='3.10'\n",
            make("3.9", x="1"),
            make("3.10", x="1"),
        )


class TestPinsFor(base.TestCase):
    """What a constraints file pins in one environment."""

    def test_the_first_that_applies_counts(self) -> None:
        content = (
            "a===1;python_version<'3.9'\na===2\nA===3\n"
            "b==1.0\nc==1.*\nd>=1\ne==1,!=2\n"
        )
        requirements = [parse_line(line) for line in content.splitlines()]
        for version, expected in (("3.8", "1"), ("3.9", "2")):
            self.assertEqual(
                {"a": expected, "b": "1.0"},
                pins_for(requirements, base.environment(version)),
            )


class TestClone(base.TestCase):
    def test_chain_target_and_unknown_source(self) -> None:
        found, warnings = clone(
            [make("3.9", x="1"), make("3.10", x="2")],
            [
                ("3.9", "3.10"),
                ("3.10", "3.11"),
                ("3.11", "3.12"),
                ("3.1", "4.0"),
            ],
        )
        self.assertEqual(
            ["3.9", "3.10", "3.11", "3.12"],
            [each.python_version for each in found],
        )
        self.assertEqual("2", found[3].distributions[0].version)
        self.assertEqual("3.12.0", found[3].environment["python_full_version"])
        self.assertEqual(1, len(warnings))
        self.assertIn("3.1:4.0", warnings[0])

    def test_several_targets_of_one_source(self) -> None:
        found, _ = clone(
            [make("3.9", x="1")], [("3.9", "3.8"), ("3.9", "3.10")]
        )
        self.assertEqual(["x===1"], lines(*found))

    def test_the_first_source_of_a_target(self) -> None:
        frozen = [make("3.9", x="1"), make("3.10", x="2")]
        found, warnings = clone(
            frozen, [("3.9", "3.11"), ("3.10", "3.11"), ("3.9", "3.11")]
        )
        self.assertEqual(([], frozen), (warnings, found[:2]))
        self.assertEqual(
            [("3.11", "1")],
            [
                (f.python_version, f.distributions[0].version)
                for f in found[2:]
            ],
        )


versions = st.builds("{}.{}".format, st.integers(0, 12), st.integers(0, 12))
pythons = st.lists(
    st.sampled_from(["2.7", "3.8", "3.9", "3.10", "3.11", "3.12"]),
    unique=True,
    min_size=1,
    max_size=4,
)


@st.composite
def freezes(draw: st.DrawFn) -> list[Freeze]:
    names = st.sampled_from(["a", "b.c", "B_C", "d", "E"])
    result = []
    for python in draw(pythons):
        found = draw(
            st.dictionaries(names, versions, max_size=4).filter(
                lambda pins: (
                    len({canonical_name(n) for n in pins}) == len(pins)
                )
            )
        )
        result.append(make(python, **found))
    return result


class TestLaws(base.TestCase):
    @given(freezes(), st.sampled_from(merging.MARKER_STYLES), st.randoms())
    def test_merge_is_proven_and_knows_no_order(
        self, found: list[Freeze], style: merging.MarkerStyle, random: object
    ) -> None:
        content = to_content(merge(found, (), style))
        prove(content, found)
        shuffled = [
            each._replace(distributions=tuple(reversed(each.distributions)))
            for each in found
        ]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        self.assertEqual(content, to_content(merge(shuffled, (), style)))

    @given(freezes())
    def test_json_round_trip(self, found: list[Freeze]) -> None:
        for each in found:
            text = to_json(each)
            again = from_json(text, "x.json")
            self.assertEqual(text, to_json(again))
            self.assertEqual(each.by_name(), again.by_name())


class TestEveryMachine(base.TestCase):
    """What a proof shows does not depend on the machine that runs it."""

    def test_what_the_freeze_does_not_state(self) -> None:
        environment = {"python_version": "3.12"}
        one = Freeze("3.12", environment, (Distribution("a", "1"),))
        for platform in ("linux", "win32", sys.platform):
            self.assertRaises(
                markers.BadMarker,
                prove,
                f"a===1;sys_platform=='{platform}'\n",
                [one],
            )

    def test_another_platform(self) -> None:
        for platform in ("linux", "win32", "darwin"):
            one = Freeze(
                "3.12",
                base.environment(sys_platform=platform),
                (Distribution("a", "1"),),
            )
            prove(f"a===1;sys_platform=='{platform}'\n", [one])
            self.assertRaises(
                ProofFailed, prove, "a===1;sys_platform=='os2'\n", [one]
            )


class TestKept(base.TestCase):
    def test_what_became_of_it(self) -> None:
        for failed, version, installed, expected in (
            ("2", "1", True, "a 2: why; it is held at 1"),
            ("2", "1", False, "a 2: why; it keeps its pin 1, which is not "),
            ("2", "", False, "a 2: why; it is left out"),
            ("", "", False, "a: why; it is left out"),
        ):
            kept = Kept("a", failed, version, installed, "why")
            self.assertTrue(str(kept).startswith(expected), str(kept))


class TestJson(base.TestCase):
    def test_everything_is_kept(self) -> None:
        one = Freeze(
            "3.9",
            base.environment("3.9"),
            (
                Distribution(
                    "a", "1", ("b>=1",), ">=3.8", "MIT", "The MIT", ("X :: Y",)
                ),
            ),
            ("a>=1",),
            "uv 1.2",
            "resolve",
            (Kept("a", "2", "1", True, "it broke"),),
        )
        self.assertNotIn("configuration", to_json(one))
        self.assertEqual(one, from_json(to_json(one), "x"))
        recorded = one._replace(
            configuration=Configuration(
                {"~/b.toml": {"index-url": '"x"'}, "/etc/a.toml": {}},
                {"UV_INDEX": "x"},
                {"before": "2026-01-31T00:00:00Z"},
            )
        )
        text = to_json(recorded)
        self.assertEqual(recorded, from_json(text, "x"))
        self.assertEqual(text, to_json(from_json(text, "x")))
        # It says how the freeze came about, and changes nothing of it.
        self.assertEqual(lines(one), lines(recorded))

    def test_half_a_character(self) -> None:
        good = json.loads(to_json(make("3.9", x="1")))
        dist = good["distributions"][0]
        for half in ("\ud800", "\udfff", "a\udbffb"):
            for change in (
                {"requested": [half]},
                {"installer": half},
                {"environment": {**good["environment"], "os_name": half}},
                {"environment": {**good["environment"], half: "x"}},
                {"distributions": [{**dist, "license": half}]},
                {"distributions": [{**dist, "version": half}]},
                {"more": {"x": [[half]]}},
            ):
                error = self.assertRaises(
                    UnusableInput,
                    from_json,
                    json.dumps({**good, **change}),
                    "f.json",
                )
                self.assertIn("f.json: not a freeze: ", str(error))
                self.assertIn("lone surrogate", str(error))
                str(error).encode()
        error = self.assertRaises(UnusableInput, from_json, "{}", "f.json")
        self.assertEqual(
            "f.json: not a freeze: it has no format; freezes are what "
            "generate-constraints writes with --freeze-dir, and what pip "
            "freeze prints is named as VERSION:FILE (--from-freezes "
            "3.12:freeze.txt)",
            str(error),
        )
        # Two halves are one.
        text = json.dumps({**good, "requested": ["\U0001f600", "\\ud800"]})
        self.assertIn("\\ud83d\\ude00", text)
        self.assertEqual(
            ("\U0001f600", "\\ud800"), from_json(text, "f.json").requested
        )

    def test_misshapen(self) -> None:
        good = json.loads(to_json(make("3.9", x="1")))
        dist = good["distributions"][0]
        for change, word in (
            ({"format": 99}, "format is 99"),
            ({"python_version": "3"}, "python_version is '3'"),
            ({"python_version": "3.8"}, "do not agree"),
            ({"environment": []}, "environment"),
            (
                {"environment": {"python_version": "3.9", "os_name": "nt"}},
                "does not state implementation_name, implementation_version, "
                "platform_machine",
            ),
            ({"distributions": {}}, "distributions is not a list"),
            ({"distributions": ["x"]}, "not an object"),
            ({"distributions": [{**dist, "name": "a b"}]}, "'a b'"),
            ({"distributions": [{**dist, "name": None}]}, "name is not"),
            ({"distributions": [{**dist, "version": "1;x"}]}, "'1;x'"),
            ({"distributions": [{**dist, "requires": "x"}]}, "requires"),
            ({"requested": [1]}, "requested"),
            ({"kept": [1]}, "kept"),
            ({"kept": 1}, "kept"),
            ({"kept": [{"name": 1}]}, "name is not"),
            ({"configuration": 1}, "configuration is not"),
            ({"configuration": {"files": []}}, "files is not"),
            ({"configuration": {"files": {"a": 1}}}, "a is not an object"),
            ({"configuration": {"files": {"a": {"b": 1}}}}, "of strings"),
            ({"configuration": {"variables": {"a": 1}}}, "variables is not"),
            ({"configuration": {"options": []}}, "options is not"),
        ):
            error = self.assertRaises(
                UnusableInput,
                from_json,
                json.dumps({**good, **change}),
                "f.json",
            )
            self.assertTrue(str(error).startswith("f.json: not a freeze: "))
            self.assertIn(word, str(error))

    def test_not_json(self) -> None:
        error = self.assertRaises(
            UnusableInput, from_json, "{\n 'x'", "f.json"
        )
        self.assertTrue(str(error).startswith("f.json:2: not JSON"))
        for text in ("[]", "1", "null"):
            self.assertRaises(UnusableInput, from_json, text, "f.json")
        self.assertRaises(UnusableInput, from_json, "[" * 100_000, "f.json")


class TestSpelling(base.TestCase):
    def test_only_what_no_metadata_spells(self) -> None:
        bare = Distribution("a-b", "1", described=False)
        one = make("3.9", c_d="1")
        one = one._replace(distributions=(*one.distributions, bare))
        names = {canonical_name("a-b"): "A.B", canonical_name("c-d"): "C.D"}
        (found,) = respell([one], names)
        self.assertEqual(["A.B===1", "c_d===1"], lines(found))
