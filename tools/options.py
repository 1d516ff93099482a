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
"""Compare the table of options in the documentation with the parsers.

    python3 tools/run.py --tests python tools/options.py [--update]

Without ``--update`` the differences are shown, and the exit status is 1 where
there are any.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from typing import TYPE_CHECKING

from openstack_requirements.tests import option_audit

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; its exit status."""
    parser = argparse.ArgumentParser(
        description="Compare the table of options with the parsers."
    )
    parser.add_argument(
        "--update", action="store_true", help="write what they say"
    )
    options = parser.parse_args(argv)
    new = option_audit.page()
    if options.update:
        option_audit.PAGE.write_text(new, encoding="utf-8")
        return 0
    old = option_audit.PAGE.read_text(encoding="utf-8")
    sys.stdout.writelines(
        difflib.unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True)
        )
    )
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
