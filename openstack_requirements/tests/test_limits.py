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
"""What is hostile or only too much: an error that says so, and soon."""

from __future__ import annotations

import itertools
import resource
import subprocess
import unittest
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from openstack_requirements.checks import (
    conflicts,
    judgement,
    list_lines,
    list_rules,
)
from openstack_requirements.constraints import (
    explain,
    freeze,
    freeze_json,
    graph,
    lower_constraints,
    merging,
)
from openstack_requirements.errors import BadContent, BadLine, UnusableInput
from openstack_requirements.install import batches
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import (
    limits,
    markers,
    ranges,
    specifiers,
    versions,
)
from openstack_requirements.pep508.entries import normalize, read_entries
from openstack_requirements.pep508.markers import evaluation
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import sorted_specifiers
from openstack_requirements.pep508.truth_tables import TruthTable
from openstack_requirements.repository.policy import CLASSIC, CURRENT
from openstack_requirements.tests import base

NUMBER = "9" * (limits.MOST_DIGITS + 1)
#: Python's own limit, where it has one.
HUGE = "9" * 5000

# line, column, a word of the reason
BAD = [
    (f"foo=={NUMBER}", 6, "digits"),
    (f"foo>=1,!=1.{NUMBER}.*", 12, "digits"),
    (f"foo=={HUGE}", 6, "digits"),
    (f"foo=={NUMBER}!1", 6, "digits"),
    (f"foo==1+{NUMBER}", 8, "digits"),
    (f"foo==1.dev{NUMBER}", 11, "digits"),
    (f"foo==={NUMBER}", 7, "digits"),
    (f"foo[a]>={NUMBER}", 9, "digits"),
    (f"foo;python_version<'{NUMBER}'", 21, "digits"),
    (f"foo;python_full_version<'3.1.{HUGE}'", 30, "digits"),
    (f"foo:platform_release<'{NUMBER}'", 23, "digits"),
    ("foo==" + "1." * 250 + "1", 4, "a version of more than"),
    ("foo" + ",".join(f"!=1.{n}" for n in range(900)), 4, "specifiers"),
    ("foo[" + ",".join(f"e{n}" for n in range(200)) + "]", 5, "extras"),
    # packaging reads the strings of a marker as Python does, others do not.
    (r"foo;'\x'==os_name", 6, "a backslash"),
    (r"foo;sys_platform=='\x6cinux'", 20, "a backslash"),
    ("foo;os_name=='a\0'", 14, "marker"),
    # What ends elsewhere would be read again as something else.
    ("foo (===1!1.:)", 9, "a character that no version has"),
    ("foo (===1:os_name=='x')", 9, "a character that no version has"),
    ("foo_", 4, "a name ends with"),
    ("foo_>=1", 4, "a name ends with"),
    ("foo_ @ https://host/x#sha1=a", 4, "a name ends with"),
    ("foo@#", 4, "a fragment alone"),
]

#: Parts of lines, of which some make sense together.
PARTS = [
    *("foo", "foo_", "f.o-o", "[a]", "[a,b_]", "[", " ", "\t", "\f", "\r"),
    *(">=1", "==1.*", "==1.5+cuda", "===1.x", "~=1.0", "!=1.0rc1", "<2"),
    *("1!2", "v1", "(", ")", ",", ";", ":", "#", "# c", "@ ", "-e ", "\\"),
    *("https://h/p#egg=foo", "git+https://h/p", "@ file:///x", "&egg=", "é"),
    *("python_version<'3'", "os_name=='a#b'", 'extra=="x"', " and ", " or "),
    *("'a'=='b'", r"'\x'", "'", '"', "\0", "\ud800", "===", "９", NUMBER),
]
hostile = st.lists(
    st.one_of(st.sampled_from(PARTS), st.text(max_size=3)), max_size=7
).map("".join)


#: Variables that are independent of each other.
SOME = ("platform_machine", "sys_platform", "platform_python_implementation")


def triples(operator: str, count: int, *variables: str) -> str:
    """A marker of so many parts, each of which compares all variables."""
    return " or ".join(
        "("
        + " and ".join(f"{each}{operator}'3.{n}'" for each in variables)
        + ")"
        for n in range(count)
    )


class TestLines(base.TestCase):
    def test_bad(self) -> None:
        for line, column, word in BAD:
            error = self.assertRaises(BadLine, parse_line, line, True)
            self.assertIn(word, error.reason, line[:60])
            self.assertEqual(column, error.column, line[:60])

    def test_at_the_limits(self) -> None:
        digits = "9" * limits.MOST_DIGITS
        clauses = ",".join(f"!=1.{n}" for n in range(limits.MOST_SPECIFIERS))
        extras = ",".join(f"e{n}" for n in range(limits.MOST_EXTRAS))
        for line in (
            f"foo=={digits}",
            f"foo{clauses}",
            f"foo[{extras}]",
            f"foo{NUMBER}",  # a name is none
            f"foo @ https://host/{NUMBER}",
        ):
            self.assertTrue(parse_line(line, permit_urls=True).package)

    def test_arbitrary_equality(self) -> None:
        for line in ("foo===2018-abc", "foo====1.0", "foo===1.*", "foo===1!x"):
            self.assertEqual(f"{line}\n", parse_line(line).to_line())

    def test_a_colon_and_a_hash(self) -> None:
        for text in ("sys_platform=='a#b'", 'sys_platform=="a#b"'):
            found = parse_line(f"foo:{text} # c")
            self.assertEqual((text, "# c"), (found.markers, found.comment))
        for comment in ("# a: 'b' # c", "# it's"):
            for text in ("foo", "foo:os_name=='x'"):
                found = parse_line(f"{text} {comment}")
                self.assertEqual(comment, found.comment)

    @given(hostile)
    def test_what_is_written_is_read_again(self, line: str) -> None:
        for permit_urls in (False, True):
            try:
                found = parse_line(line, permit_urls)
            except BadLine:
                continue
            for form in (
                found.to_line(),
                found.to_line(comment_prefix="  ", sort_specifiers=True),
            ):
                again = parse_line(form.removesuffix("\n"), permit_urls)
                self.assertEqual(found, again, form)

    @given(hostile)
    def test_what_is_read_can_be_judged(self, line: str) -> None:
        """Nothing behind the parser meets what it does not expect."""
        try:
            content = normalize(line)
            found = parse_line(line)
        except (BadLine, BadContent):
            return
        self.assertEqual(content, normalize(content))
        for other in ("", ">=1.0,!=1.2", "==1.5+cuda", "===1.x"):
            for pair in (
                (found.specifiers, other),
                (other, found.specifiers),
            ):
                ranges.excludes(*pair)
                ranges.share_versions(*pair)
                together = ",".join(filter(None, pair))
                ranges.together(together.split(",") if together else [])
                specifiers.admits(*pair, prereleases=True)
        ranges.lower_bounds(found.specifiers)
        try:
            markers.overlap([found.markers, "os_name=='x'"])
            markers.implies(found.markers, "os_name=='x'")
            markers.on_python(found.markers, "3.12")
            markers.given(found.markers, "extra", "x")
            markers.pythons_in([found.markers])
            markers.evaluate(found.markers, base.environment(), ["x"])
        except markers.BadMarker:
            pass


class TestFiles(base.TestCase):
    """A file that holds too much is an error at the line that does."""

    TABLE: ClassVar = [
        (["foo{}"] * (limits.MOST_REQUIREMENTS + 1), "requirements"),
        (["#"] * (limits.MOST_LINES + 1), "lines"),
        (["foo{};os_name=='{}'"] * (limits.MOST_MARKERS + 1), "markers"),
        (
            ["foo{};os_name=='" + "x" * 4000 + "{}'"]
            * (limits.MOST_MARKER_TEXT // 4000 + 1),
            "characters of markers",
        ),
        (
            ["foo{}" + ",".join(f"!={n}" for n in range(100))]
            * (limits.MOST_SPECIFIERS_IN_FILE // 100 + 1),
            "specifiers",
        ),
        (
            ["foo{}[" + ",".join(f"e{n}" for n in range(100)) + "]"]
            * (limits.MOST_EXTRAS_IN_FILE // 100 + 1),
            "extras",
        ),
    ]

    def lines(self) -> list[tuple[list[str], str]]:
        return [
            ([line.format(n, n) for n, line in enumerate(lines)], word)
            for lines, word in self.TABLE
        ]

    def test_lists(self) -> None:
        for lines, word in self.lines():
            content = "\n".join(lines)
            error = self.assertRaises(
                BadContent, read_entries, content, "list.txt"
            )
            self.assertRegex(
                str(error), rf"^list.txt:[0-9]+: the file holds more .*{word}"
            )
            self.assertRaises(BadContent, normalize, content)
            # Nothing is too much without the line that is.
            read_entries("\n".join(lines[: error.errors[0].number - 1]))

    def test_one_package_in_a_list(self) -> None:
        lines = [f"foo!={n}" for n in range(limits.MOST_OF_ONE_PACKAGE + 1)]
        read_entries("\n".join(lines[1:]))
        error = self.assertRaises(BadContent, read_entries, "\n".join(lines))
        self.assertIn("requirements of foo", str(error))
        # Each extra of a project may have it.
        declarations.read_requirements("\n".join(lines), "requirements.txt")

    def test_manifests(self) -> None:
        for lines, word in self.lines():
            if word == "lines":
                continue
            for file, head, each, tail in (
                ("requirements.txt", "", "{}", ""),
                ("setup.cfg", "[extras]\na =\n", "  {}", ""),
                ("pyproject.toml", "project.dependencies=[\n", '"{}",', "]"),
            ):
                content = "\n".join(map(each.format, lines))
                error = self.assertRaises(
                    BadLine,
                    declarations.read,
                    {file: f"{head}{content}\n{tail}"},
                )
                self.assertIn(word, error.reason)
                self.assertEqual(file, error.source)
                self.assertTrue(error.number)


class TestErrors(base.TestCase):
    """A file of another kind has an error in each line."""

    def test_the_first_ones_are_shown(self) -> None:
        for count, more in ((100, 0), (101, 1), (50_000, 49_900)):
            error = self.assertRaises(
                BadContent, conflicts.read_expected, "a\n" * count, "x"
            )
            lines = str(error).splitlines()
            self.assertEqual(100 + bool(more), len(lines))
            self.assertEqual(count, len(error.errors))
            if more:
                self.assertEqual(f"and {more} more errors", lines[-1])


class TestMarkers(base.TestCase):
    def test_sixty_triples(self) -> None:
        """What took a minute is answered."""
        for variables in itertools.permutations(
            ("python_version", "sys_platform", "platform_machine")
        ):
            for operator in ("==", "!="):
                marker = triples(operator, 57, *variables)
                found = markers.overlap([marker, "extra=='x'"])
                assert found is not None
                self.assertTrue(markers.evaluate(marker, found))
                self.assertTrue(markers.implies(marker, marker))

    def test_too_complex(self) -> None:
        """The work is bounded, in each of its measures."""
        patches = [f"3.{n}.{n}a1" for n in range(99)]
        for marker in (
            triples("<", 60, "platform_release", "extra"),
            triples("==", 60, "os_name", "sys_platform", "platform_system"),
            triples("!=", 40, "extra", *SOME, "implementation_version"),
            " or ".join(f"python_full_version<'{each}'" for each in patches),
            f"os_name in '{' '.join(map(str, range(1500)))}'",
            f"python_version in '{' '.join(patches * 9)}'",
        ):
            error = self.assertRaises(
                markers.BadMarker, markers.overlap, [marker]
            )
            self.assertEqual(markers.TOO_COMPLEX, error.reason)

    def test_too_many_ways_to_hold_together(self) -> None:
        many = [f"{each}!='{n}'" for each in SOME for n in range(30)]
        self.assertRaises(markers.BadMarker, markers.combinations, many)
        self.assertEqual(31, len(markers.combinations(many[:30])))

    def test_too_many_pythons(self) -> None:
        some = [f"python_version=='3.{n}'" for n in range(200)]
        self.assertRaises(markers.BadMarker, markers.pythons_in, some)
        patches = " ".join(f"3.9.{n}" for n in range(200))
        marker = f"python_full_version in '{patches}'"
        self.assertRaises(markers.BadMarker, markers.on_python, marker, "3.9")

    def test_what_is_no_text(self) -> None:
        for text in ("\ud800", "a\0"):
            for operator in ("<", "in"):
                self.assertRaises(
                    markers.BadMarker,
                    markers.overlap,
                    [f"os_name {operator} '{text}'"],
                )

    def test_a_backslash(self) -> None:
        for marker in (r"'\x'==os_name", r"sys_platform=='\x6cinux'"):
            error = self.assertRaises(
                markers.BadMarker, markers.disjoint, marker, ""
            )
            self.assertIn("a backslash", error.reason)

    def test_extra_as_packaging_has_it(self) -> None:
        for value in ("a", "A_b", "a-B", ""):
            for literal in ("a", "a.b", "", "x"):
                for operator in ("==", "!="):
                    found = markers.parse(f"extra{operator}'{literal}'")
                    assert isinstance(found, markers.Comparison)
                    self.assertEqual(
                        evaluation.compare_fully(found, value),
                        evaluation.compare_plain(found, value),
                    )


class TestTruthTables(base.TestCase):
    @given(
        st.lists(st.integers(0, 9), max_size=4), st.integers(0, (1 << 36) - 1)
    )
    def test_as_the_product_has_it(self, sizes: list[int], rows: int) -> None:
        table = TruthTable(sizes)
        cases = list(itertools.product(*map(range, sizes)))
        self.assertEqual(len(cases), table.everything.bit_count())
        for column, size in enumerate(sizes):
            chosen = rows >> 9 * column & ((1 << size) - 1)
            found = table.where(column, chosen)
            wanted = [case for case in cases if chosen >> case[column] & 1]
            self.assertEqual(0, found & ~table.everything)
            self.assertEqual(len(wanted), found.bit_count())
            # Case by case, in the order of the product.
            for case in wanted[:50]:
                self.assertEqual(case, table.first(found))
                found &= found - 1


class TestSpecifiers(base.TestCase):
    def test_local_versions(self) -> None:
        # specifiers, allowed, excludes, share versions
        for mine, allowed, excludes, share in (
            ("==1.5+cuda", "", True, True),
            ("==1.5+cuda", ">=1.0", True, True),
            ("==1.5+cuda", "==1.5", True, True),
            ("==1.5+cuda", "==1.5+cuda", False, True),
            ("==1.5+cuda", "!=1.5", True, False),
            ("==1.5+cuda", "<1.5", False, False),
            ("==1.5", "==1.5+cuda", False, True),
            ("!=1.5+cuda", "", True, True),
            ("!=1.5+cuda", "!=1.5", False, True),
            (">=1.0", "==1.5+cuda", False, True),
        ):
            pair = (mine, allowed)
            self.assertEqual(excludes, ranges.excludes(*pair), str(pair))
            self.assertEqual(share, ranges.share_versions(*pair), str(pair))

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    def test_together_as_packaging_has_it(self) -> None:
        clauses = [
            *(
                ">=1",
                ">1.2",
                "<3",
                "<=2.5",
                "!=1.0",
                "!=1.*",
                "~=1.4",
                "!=2.1",
            ),
            *("==1.5", "==1.*", "!=1.5+x", "==1.5+x", ">=1.0rc1", "<3.dev0"),
        ]

        def slowly(chosen: list[str]) -> str:
            unique = ",".join(sorted(set(chosen)))
            kept = sorted_specifiers(unique).split(",")
            for each in sorted(kept, key=lambda each: each[:2] != "!="):
                others = ",".join(other for other in kept if other != each)
                if others and SpecifierSet(others).is_subset(
                    SpecifierSet(each)
                ):
                    kept.remove(each)
            return ",".join(kept)

        for size in (1, 2, 3, 4):
            for chosen in itertools.combinations(clauses, size):
                self.assertEqual(
                    slowly(list(chosen)), ranges.together(chosen), str(chosen)
                )

    def test_many_clauses(self) -> None:
        """What takes packaging minutes."""
        many = [f"!=1.{n}" for n in range(300)]
        self.assertEqual(
            ",".join([*many, "<2"]), ranges.together([*many, "<2"])
        )
        self.assertTrue(ranges.excludes(",".join(many), ">=1"))
        self.assertFalse(ranges.excludes(",".join(many), ">=2"))

    def test_proposals_for_a_local_version(self) -> None:
        """What is proposed is a requirement again."""
        for requirement, files, wanted in (
            ("foo==1.5+cuda", {}, "foo>=1.5"),
            ("foo", {"lower-constraints.txt": "foo==1.5+cuda"}, "foo>=1.5"),
            ("foo", {"lower-constraints.txt": "foo===x-y"}, None),
        ):
            texts = {"requirements.txt": requirement, **files}
            found = judgement.judge(
                judgement.subject(
                    judgement.against(
                        CLASSIC, "list.txt", read_entries("foo")
                    ),
                    texts,
                    declarations.read(texts),
                )
            )
            proposed = [each.replacement for each in found if each.replacement]
            self.assertEqual([] if wanted is None else [(wanted,)], proposed)

    def test_long_numbers(self) -> None:
        for number in (NUMBER, HUGE):
            self.assertIsNone(versions.parse_version(f"1.{number}"))
            self.assertFalse(versions.is_prerelease(f"1.{number}a1"))
            self.assertRaises(ValueError, specifiers.parse_set, f"=={number}")
            for pair in ((f">={number}", "1"), (">=1a1", number)):
                self.assertFalse(specifiers.admits(*pair, prereleases=True))
            self.assertFalse(ranges.readable(f">={number}"))
            self.assertFalse(ranges.admits(">=1", number))
            self.assertEqual((True, number), versions.version_key(number))


class TestMetadata(base.TestCase):
    """What distributions say of themselves."""

    BAD: ClassVar = [
        "bar; 'a'=='b'",
        "bar @ https://host/x ; 'a'=='b'",
        r"bar; '\x'==os_name",
        r"bar; sys_platform=='\x6cinux'",
        "bar; os_name=='a\0'",
        f"bar=={HUGE}",
        f"bar;python_version<'{HUGE}'",
        f"bar;platform_release<'{HUGE}'",
    ]
    ENVIRONMENT: ClassVar = base.environment("3.9")

    def freeze(self, *requires: str) -> freeze.Freeze:
        return freeze.Freeze(
            "3.9",
            self.ENVIRONMENT,
            (
                freeze.Distribution("foo", "1.0", requires),
                freeze.Distribution("bar", "1.0"),
            ),
            ("foo", "bar"),
        )

    def test_conflicts(self) -> None:
        pinned = list_lines.listed(
            "uc.txt", read_entries("foo===1.0\nbar===1.0\n")
        )
        for text in self.BAD:
            world = conflicts.judged_freeze(self.freeze(text), pinned)
            (finding,), _ = conflicts.judge([world], [])
            self.assertEqual("unreadable-requirement", finding.rule, text[:60])

    def test_explain(self) -> None:
        for text in self.BAD:
            found = explain.explain(
                graph.Graph(self.freeze(text)), canonical_name("bar")
            )
            (demand,) = [each for each in found.demands if each.owner]
            self.assertFalse(demand.applies, text[:60])

    def test_batches(self) -> None:
        names = [canonical_name(each) for each in ("foo", "bar")]
        versions = dict.fromkeys(names, "2.0")
        for text in self.BAD:
            found = batches.demands(self.freeze(text), names, versions)
            self.assertEqual([], list(found), text[:60])

    def test_a_marker_without_a_meaning(self) -> None:
        for text in ("'a'=='b'", "platform_version ~= 'x'"):
            self.assertRaises(
                markers.BadMarker,
                merging.applies,
                parse_line(f"foo;{text}"),
                self.ENVIRONMENT,
            )

    def test_freezes(self) -> None:
        good = freeze_json.to_json(self.freeze())
        for old, new, word in (
            ('"version": "1.0"', f'"version": "{NUMBER}"', "digits"),
            ('"version": "1.0"', f'"version": "{"1." * 300}1"', "too long"),
            ('"python_version": "3.9"', f'"python_version": "3.{HUGE}"', ""),
        ):
            error = self.assertRaises(
                UnusableInput,
                freeze_json.from_json,
                good.replace(old, new),
                "x",
            )
            self.assertIn(word, str(error))


class TestComparedMarkers(base.TestCase):
    """Each line of a package with each of another file's is too much."""

    LINES: ClassVar = [f"foo==1;os_name=='{n:020}'" for n in range(100)]

    def test_lists(self) -> None:
        entries = read_entries("\n".join(self.LINES).replace("==1", "<1"))
        pins = read_entries("\n".join(self.LINES).replace("==1", "===1"))
        lists = list_rules.JudgedLists(
            CURRENT,
            list_lines.listed("global.txt", entries),
            list_lines.listed("upper.txt", pins),
            "never.txt",
            (),
        )
        (finding,) = list_rules.incompatible(lists)
        self.assertIn("too many markers", finding.message)
        self.assertEqual(("upper.txt", 1), (finding.file, finding.line))

    def test_lower_constraints(self) -> None:
        entries = read_entries("\n".join(self.LINES))
        pins = lower_constraints.read(entries, "lower.txt")
        error = self.assertRaises(BadLine, lower_constraints.merge, pins)
        self.assertIn("too many markers", error.reason)
        self.assertEqual("lower.txt", error.source)


def bounded() -> None:
    """Ten seconds, and a gigabyte of address space."""
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


class TestCommands(base.TestCase):
    """No small project or list stops a command."""

    CASES: ClassVar = {
        "lines": "".join(f"p{n}\n" for n in range(100_000)),
        "one-package": "".join(f"foo>={n}\n" for n in range(5000)),
        "markers": "".join(f"foo>=1;os_name=='{n}'\n" for n in range(32_000)),
        "triples": "foo>=1;"
        + triples("==", 57, "python_version", "os_name", "platform_machine"),
        "exclusions": "foo" + ",".join(f"!=1.{n}" for n in range(900)),
        "digits": f"foo=={HUGE}\nfoo>=1;python_version<'{HUGE}'\n",
        "local": "foo==1.5+cuda\n",
        "strings": "foo>=1;'a'=='b'\nfoo>=1;'\\x'==os_name\n",
    }

    def commands(self, folder: str) -> list[list[str]]:
        listed = f"{self.folder}/lists"
        return [
            ["check-requirements", "--local", "--reqs", listed, folder],
            ["update-requirements", "--check", "--source", listed, folder],
            [
                "check-constraints",
                *("-g", f"{listed}/global-requirements.txt"),
                *("-u", f"{listed}/upper-constraints.txt"),
                folder,
            ],
            ["normalize-requirements", f"{folder}/requirements.txt"],
            [
                "validate-constraints",
                f"{folder}/requirements.txt",
                f"{folder}/requirements.txt",
                f"{listed}/denylist.txt",
            ],
        ]

    def test_bounded(self) -> None:
        self.write(
            "lists/global-requirements.txt",
            "foo!=1.1;python_version<'3.9'\nfoo;python_version>='3.9'\n",
        )
        self.write("lists/upper-constraints.txt", "foo===1.5\n")
        self.write("lists/denylist.txt", "")
        for name, content in self.CASES.items():
            folder = str(self.folder / name)
            self.write(f"{name}/requirements.txt", content)
            self.write(f"{name}/setup.cfg", "[metadata]\nname = x\n")
            for command in self.commands(folder):
                done = subprocess.run(
                    base.script(*command),
                    preexec_fn=bounded,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    encoding="utf-8",
                    check=False,
                )
                what = f"{name}: {command[0]}: {done.stderr[-300:]}"
                self.assertIn(done.returncode, {0, 1, 2}, what)
                self.assertNotIn("Traceback", done.stderr, what)
                if name not in {"local", "triples"}:
                    self.assertTrue(
                        done.returncode or command[0][:4] == "norm", what
                    )
