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
"""Compare the samples of the manuals with what the commands print.

    python3 tools/run.py --tests python tools/samples.py [--update] [PAGE...]

Without ``--update`` the differences are shown, and the exit status is 1 where
there are any. How a sample is marked is in
``openstack_requirements/tests/samples.py``.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from openstack_requirements.tests import samples

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """The options."""
    result = argparse.ArgumentParser(
        description="Compare the samples of the manuals with what the "
        "commands print."
    )
    result.add_argument(
        "--update", action="store_true", help="write what they print"
    )
    result.add_argument(
        "pages", nargs="*", metavar="PAGE", help="all pages if left out"
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; its exit status."""
    options = parser().parse_args(argv)
    pages = [Path(name) for name in options.pages]
    status = 0
    for page in pages or sorted(samples.SOURCE.glob("**/*.rst")):
        old = page.read_text(encoding="utf-8")
        try:
            new = samples.updated(old)
        except samples.SampleError as error:
            print(f"{page}: {error}", file=sys.stderr)
            return 2
        if new == old:
            continue
        if options.update:
            page.write_text(new, encoding="utf-8")
            print(f"{page}: updated")
        else:
            status = 1
            sys.stdout.writelines(
                difflib.unified_diff(
                    old.splitlines(keepends=True),
                    new.splitlines(keepends=True),
                    str(page),
                    "what the commands print",
                )
            )
    return status


if __name__ == "__main__":
    sys.exit(main())
