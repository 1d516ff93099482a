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
"""Verifying, with installations that are only claimed."""

from __future__ import annotations

from openstack_requirements.constraints.freeze import (
    Distribution,
    Freeze,
    Kept,
)
from openstack_requirements.errors import ProofFailed
from openstack_requirements.install import bisection
from openstack_requirements.install.freezer import Made
from openstack_requirements.install.installation import Order
from openstack_requirements.tests import base

ENVIRONMENT = base.environment("3.12")
CONTENT = "a===1\nb===2\n"


def made(*pins: str, conflicts: str = "", kept: str = "") -> Made:
    distributions = tuple(
        Distribution(name, version)
        for name, version in (pin.split("=") for pin in pins)
    )
    gone = (Kept(kept, "", "2", False, "why"),) if kept else ()
    return Made(
        [Freeze("3.12", ENVIRONMENT, distributions, kept=gone)],
        [],
        {"3.12": conflicts},
    )


class TestVerify(base.TestCase):
    def verify(self, first: Made, second: Made) -> Order:
        orders = []

        def run(order: Order) -> Made:
            orders.append(order)
            return second

        order = Order(["a\n"], keep_going=True, resolve_only=True)
        bisection.verify(run, order, CONTENT, first, frozenset())
        return orders[0]

    def problem(self, second: Made) -> str:
        first = made("a=1", "b=2")
        return str(self.assertRaises(ProofFailed, self.verify, first, second))

    def test_the_same(self) -> None:
        order = self.verify(made("a=1", "b=2"), made("a=1", "b=2"))
        self.assertEqual(["a===1", "b===2"], order.constraints)
        self.assertTrue(order.check)
        self.assertFalse(order.keep_going or order.resolve_only)

    def test_another_version(self) -> None:
        found = self.problem(made("a=1", "b=3"))
        self.assertIn("b is pinned to ===2, but ===3 was installed", found)

    def test_something_is_not_installed(self) -> None:
        found = self.problem(made("a=1"))
        self.assertIn("b is pinned to ===2, but nothing was", found)

    def test_something_does_not_go_together(self) -> None:
        found = self.problem(made("a=1", "b=2", conflicts="`a` requires `c`"))
        self.assertIn("for Python 3.12, `a` requires `c`", found)

    def test_what_could_not_be_installed_is_no_conflict(self) -> None:
        text = "`a` requires `b`"
        first = made("a=1", "b=2", kept="b")
        order = self.verify(first, made("a=1", "b=2", conflicts=text))
        self.assertTrue(order.keep_going)
