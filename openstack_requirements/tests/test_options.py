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
"""What options that several commands have in common mean in all of them."""

from __future__ import annotations

from openstack_requirements.cmds import (
    bootstrap_requirements,
    check_constraints,
    diff_constraints,
    generate_constraints,
    update_requirements,
    validate_constraints,
)
from openstack_requirements.tests import base

#: Each command that takes a never-constrain list, and what it needs to start.
WITH_NEVER = (
    (bootstrap_requirements.main, ("name",)),
    (check_constraints.main, (".",)),
    (diff_constraints.main, ("a.txt", "b.txt")),
    (generate_constraints.main, ("-p", "3.11", "-r", "list.txt")),
    (update_requirements.main, (".",)),
    (validate_constraints.main, ()),
)


class TestNeverConstrained(base.TestCase):
    def test_there_is_one_list(self) -> None:
        for main, needed in WITH_NEVER:
            for again in ("-b", "--blacklist", "-d", "--denylist"):
                done = self.run_main(main, *needed, "-b", "x", again, "x")
                self.assertEqual(
                    (
                        2,
                        "",
                        "the never-constrain list is named twice: name "
                        "it once\n",
                    ),
                    done,
                )
