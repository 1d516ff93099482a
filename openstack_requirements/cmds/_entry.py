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
"""Where console scripts start: ``_entry:edit_constraints`` and so on.

Importing a command takes long enough that a signal may arrive meanwhile. So
signals are watched before the command is imported. Each attribute of this
module is a function that does both for the command of that name.
"""

# Only what Python itself has imported, not even ``__future__``, is imported
# before the hook that shows an interrupt in one line.
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType


def _show(
    kind: "type[BaseException]",
    error: BaseException,
    trace: "TracebackType | None",
) -> None:
    """Show an exception that nothing has caught: an interrupt in one line.

    An interrupt gets here from the few lines, in this module and in the
    script itself, that run before and after signals are watched.
    """
    number = getattr(error, "signal_number", 2)  # SIGINT
    if kind is not KeyboardInterrupt and kind.__name__ != "Interrupted":
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write("interrupted\n")
    raise SystemExit(128 + number)


sys.excepthook = _show

from openstack_requirements.cmds import _run  # noqa: E402
from openstack_requirements.system import signals  # noqa: E402 - after the hook


def __getattr__(name: str) -> "Callable[[], int]":
    """The function that runs the command in a module of this package."""
    if name.startswith("_"):
        raise AttributeError(name)

    @_run.command
    def start(argv: "Sequence[str] | None") -> int:
        module = f"{__package__}.{name}"
        __import__(module)  # importlib takes longer to import
        status: int = sys.modules[module].main(argv)
        return status

    def run() -> int:
        signals.Watched().__enter__()  # until the process ends
        _run.open_closed_streams()
        try:
            return start(None)
        finally:
            signals.leave()

    return run
