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
"""What changes after a failed installation."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.install.failures import KINDS, Reason
from openstack_requirements.install.fallbacks import (
    MOST_BROKEN,
    Facts,
    FallbackState,
    FirstFailure,
    after,
)
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base


def names(*texts: str) -> frozenset[CanonicalName]:
    return frozenset(map(canonical_name, texts))


def pins(**versions: str) -> dict[CanonicalName, str]:
    return {canonical_name(name): pin for name, pin in versions.items()}


def reason(
    kind: str, culprit: str, *required_by: str, rivals: tuple[str, ...] = ()
) -> Reason:
    return Reason(kind, culprit, required_by, f"{culprit}: {kind}", "", rivals)


def failed(**versions: str) -> dict[CanonicalName, FirstFailure]:
    return {
        name: FirstFailure(version, reason("build", name))
        for name, version in pins(**versions).items()
    }


class Case(NamedTuple):
    """Held, skipped and excluded before and after (None: no attempt)."""

    name: str
    reason: Reason
    facts: Facts
    expected: tuple[object, ...] | None
    state: FallbackState = FallbackState()


FALLBACK = Facts(pins(a="1"))
LOCKED = Facts(pins(a="1"), pins(a="2", b="5"))
HELD = FallbackState(pins(b="0", a="1"), failed=failed(b="1", a="2"))

CASES = (
    Case(
        "a build that fails is held at its fallback pin",
        reason("build", "a==2"),
        FALLBACK,
        (pins(a="1"), names(), names(), pins(a="2")),
    ),
    Case(
        "the lock knows which version failed",
        reason("build", "a"),
        LOCKED,
        (pins(a="1"), names(), names(), pins(a="2")),
    ),
    Case(
        "the fallback pin is what failed, and there is a lock: skipped",
        reason("build", "a==1"),
        Facts(pins(a="1"), pins(a="1")),
        ({}, names("a"), names(), pins(a="1")),
    ),
    Case(
        "the fallback pin is what failed, and there is no lock: excluded",
        reason("build", "a==1"),
        FALLBACK,
        ({}, names(), names("a"), pins(a="1")),
    ),
    Case(
        "what was held fails again: skipped, and the first failure stays",
        reason("build", "a==1"),
        Facts(pins(a="1"), pins(a="1")),
        (pins(b="0"), names("a"), names(), pins(a="2", b="1")),
        HELD,
    ),
    Case(
        "no fallback pin: excluded",
        reason("build", "b"),
        LOCKED,
        ({}, names(), names("b"), pins(b="5")),
    ),
    Case(
        "what the index does not know is not held",
        reason("missing", "a"),
        FALLBACK,
        ({}, names(), names("a"), pins(a="")),
    ),
    Case(
        "what was held last is not compatible with the rest",
        reason("unsatisfiable", "c", rivals=("c<1 by a", "c>2 by d")),
        FALLBACK,
        (pins(b="0"), names(), names("a"), pins(a="2", b="1")),
        HELD,
    ),
    Case(
        "a conflict with nothing held has no culprit",
        reason("unsatisfiable", "c", rivals=("c<1 by a", "c>2 by d")),
        FALLBACK,
        None,
    ),
    Case(
        "without locks what the list has goes too",
        reason("build", "c==3", "middle==1", "top==1"),
        Facts(locks=False),
        ({}, names(), names("c", "top"), pins(c="3", top="")),
    ),
    Case(
        "with locks it stays",
        reason("build", "c==3", "middle==1", "top==1"),
        Facts(),
        ({}, names(), names("c"), pins(c="3")),
    ),
    Case(
        "what goes with it is not held any longer",
        reason("build", "c==3", "a==1"),
        Facts(locks=False),
        (pins(b="0"), names(), names("c", "a"), pins(a="", b="1", c="3")),
        HELD,
    ),
    Case("the index is nobody's fault", reason("index", "a"), FALLBACK, None),
    Case("nor is the disk", reason("disk", "a==2"), FALLBACK, None),
    Case("nor what is not known", reason("build", ""), FALLBACK, None),
    Case(
        "what is excluded and fails nevertheless",
        reason("build", "a"),
        FALLBACK,
        None,
        FallbackState(excluded=names("a")),
    ),
    Case(
        "what is skipped and fails nevertheless",
        reason("build", "a"),
        FALLBACK,
        None,
        FallbackState(skipped=names("a")),
    ),
    Case(
        "too many are broken",
        reason("build", "a==2"),
        FALLBACK,
        None,
        FallbackState(
            failed=failed(**{f"x{n}": "1" for n in range(MOST_BROKEN)})
        ),
    ),
)

NAMES = st.sampled_from(["", "a", "b", "c"])
PINS = st.dictionaries(
    NAMES.filter(bool).map(canonical_name), st.sampled_from(["1", "2"])
)
REASONS = st.builds(
    reason, st.sampled_from(sorted(KINDS)), NAMES, NAMES.filter(bool)
)
FACTS = st.builds(Facts, PINS, st.none() | PINS, st.booleans())


class TestAfter(base.TestCase):
    def test_table(self) -> None:
        for case in CASES:
            before = repr(case.state)
            state = after(case.state, case.reason, case.facts)
            found = None
            if state is not None:
                found = (
                    dict(state.held),
                    state.skipped,
                    state.excluded,
                    {n: each.version for n, each in state.failed.items()},
                )
            self.assertEqual(case.expected, found, case.name)
            self.assertEqual(before, repr(case.state), case.name)

    def test_the_first_failure_is_the_one_that_is_told(self) -> None:
        state = after(HELD, reason("archive", "a==1"), LOCKED)
        assert state is not None
        self.assertEqual(HELD.failed, dict(state.failed))

    def test_a_state_cannot_be_changed(self) -> None:
        state = after(FallbackState(), reason("build", "a==2"), FALLBACK)
        assert state is not None
        for mapping in (state.held, state.failed):
            self.assertFalse(hasattr(mapping, "__setitem__"))

    @given(st.lists(st.tuples(REASONS, FACTS), max_size=30))
    def test_it_comes_to_an_end(
        self, failures: list[tuple[Reason, Facts]]
    ) -> None:
        # Three names: each is held, then skipped or excluded, at most once.
        state, attempts = FallbackState(), 0
        for why, facts in failures:
            following = after(state, why, facts)
            if following is None:
                continue
            attempts += 1
            self.assertNotEqual(state, following)
            self.assertTrue(state.excluded <= following.excluded)
            self.assertTrue(state.skipped <= following.skipped)
            self.assertFalse(
                following.held.keys()
                & (following.skipped | following.excluded)
            )
            state = following
        self.assertLessEqual(attempts, 6)
