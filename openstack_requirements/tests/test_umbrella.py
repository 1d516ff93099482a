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
"""The command that has all commands, and their completion in shells."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

from openstack_requirements.cmds import openstack_requirements as umbrella
from openstack_requirements.tests import base


def scripts() -> list[str]:
    """The console scripts that setup.cfg installs."""
    text = (base.ROOT / "setup.cfg").read_text(encoding="utf-8")
    return [
        line.partition("=")[0].strip()
        for line in text.splitlines()
        if ".cmds._entry:" in line
    ]


#: Command lines that end in a word that is not complete, and that word.
COMPLETED = {
    "edit-constraints --rem": "--remove",
    "openstack-requirements edit-": "edit-constraints",
    "openstack-requirements check-requirements --expl": "--explain",
    "validate-constraints --format sa": "sarif",
    "diff-constraints ne": "new.txt",
}
#: How a person may have the completion: what the shell reads at its start.
WAYS = {
    "bash": {"sourced": ". ~/completion/_openstack-requirements"},
    "zsh": {
        "file on fpath": "fpath=(~/completion $fpath)\n{init}",
        "sourced": "{init}\n. ~/completion/_openstack-requirements",
        "evaluated": (
            '{init}\neval "$(cat ~/completion/_openstack-requirements)"'
        ),
    },
}
#: Ctrl-X writes down what the command line is, and ends the shell.
REPORT = {
    "bash": (
        'report() { printf %s "$READLINE_LINE" > ~/result; exit; }\n'
        "bind -x '\"\\C-x\": report'\n"
    ),
    "zsh": (
        "report() { print -rn -- $BUFFER > ~/result; exit }\n"
        "zle -N report; bindkey '^X' report\n"
    ),
}


class TestUmbrella(base.TestCase):
    def test_it_has_all_scripts(self) -> None:
        self.assertEqual(
            sorted(scripts()), sorted([*umbrella.COMMANDS, umbrella.NAME])
        )

    def test_it_runs_a_command(self) -> None:
        path = self.write("list.txt", "alpha  >=1\n")
        for command in (
            [sys.executable, "-m", "openstack_requirements"],
            base.script(umbrella.NAME),
        ):
            done = subprocess.run(
                [*command, "normalize-requirements", path],
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            self.assertEqual(
                (0, "alpha>=1\n", ""),
                (done.returncode, done.stdout, done.stderr),
            )

    def test_the_status_is_that_of_the_command(self) -> None:
        for argv, status in (
            (("normalize-requirements", "missing.txt"), 2),
            (("normalize-requirements", "--bogus"), 2),
            (("normalize-requirements", "--help"), 0),
        ):
            with self.subTest(argv=argv):
                self.assertEqual(
                    status, self.run_main(umbrella.main, *argv).status
                )

    def test_a_mistyped_command(self) -> None:
        for name, hint in (
            ("chek-requirements", "did you mean check-requirements?"),
            ("generate-constraint", "did you mean generate-constraints?"),
            ("build", "see openstack-requirements -h"),
            ("\x1b[31m", "see openstack-requirements -h"),
        ):
            with self.subTest(name=name):
                done = self.run_main(umbrella.main, name)
                self.assertEqual((2, ""), done[:2])
                self.assertIn(f"there is no such command; {hint}\n", done.err)
                self.assertTrue(done.err.isascii())
                self.assertNotIn("\x1b", done.err)

    def test_help_shows_every_command(self) -> None:
        for argv, status in ((["-h"], 0), ([], 2)):
            done = self.run_main(umbrella.main, *argv)
            self.assertEqual((status, ""), (done.status, done.err))
            for command in umbrella.COMMANDS:
                self.assertRegex(done.out, rf"\n  {command} +[A-Z]")
            self.assertLess(max(map(len, done.out.splitlines())), 80)


class TestCompletion(base.TestCase):
    def completion(self, shell: str) -> str:
        done = self.run_main(umbrella.main, "--print-completion", shell)
        self.assertEqual((0, ""), (done.status, done.err))
        return done.out

    def test_each_shell(self) -> None:
        for shell in umbrella.SHELLS:
            with self.subTest(shell=shell):
                script = self.completion(shell)
                for name in scripts():
                    self.assertIn(name, script)

    def test_bash_completes(self) -> None:
        bash = shutil.which("bash")
        if bash is None:
            self.skipTest("there is no bash")
        path = self.write("completion.bash", self.completion("bash"))
        for line, expected in (
            ("edit-constraints --rem", {"--remove"}),
            ("check-requirements --re", {"--reqs", "--rehearse"}),
            ("openstack-requirements edit-", {"edit-constraints"}),
            (
                "openstack-requirements check-requirements --expl",
                {"--explain"},
            ),
            ("validate-constraints --format sa", {"sarif"}),
        ):
            with self.subTest(line=line):
                self.assertEqual(expected, self.completed(bash, path, line))

    def completed(self, bash: str, path: str, line: str) -> set[str]:
        """What bash offers at the end of a command line."""
        words = line.split()
        done = subprocess.run(
            [
                bash,
                "--norc",
                "-c",
                'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1))\n'
                'specification=$(complete -p "$1")\n'
                "function=${specification##* -F }\n"
                "${function%% *} 2>/dev/null\n"
                'printf "%s\\n" "${COMPREPLY[@]}"',
                "bash",
                path,
                *words,
            ],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        return set(done.stdout.split())

    def test_without_shtab(self) -> None:
        with mock.patch.dict(sys.modules, {"shtab": None}):
            done = self.run_main(umbrella.main, "--print-completion", "bash")
        self.assertEqual(
            (
                2,
                "",
                "--print-completion: needs shtab: install "
                "openstack_requirements[completion]\n",
            ),
            done,
        )


class TestAtTerminal(base.TestCase):
    """What a person sees, as shells complete at a terminal alone."""

    def test_each(self) -> None:
        for shell, ways in WAYS.items():
            program = shutil.which(shell)
            if program is None:
                self.skipTest(f"there is no {shell}: apt install {shell}")
            done = self.run_main(umbrella.main, "--print-completion", shell)
            self.write("completion/_openstack-requirements", done.out)
            self.write("new.txt", "")
            for way, setting in ways.items():
                start = setting.replace(
                    "{init}", "autoload -U compinit; compinit -u"
                )
                for name in (".bashrc", ".zshrc"):
                    self.write(name, f"{start}\n{REPORT[shell]}")
                for line, word in COMPLETED.items():
                    with self.subTest(shell=shell, way=way, line=line):
                        self.assertEqual(
                            f"{line.rpartition(' ')[0]} {word} ",
                            self.completed(program, line),
                        )

    def completed(self, program: str, line: str) -> str:
        """What a command line becomes with the tabulator key."""
        result = self.write("result", "")
        terminal, of_shell = pty.openpty()
        home = str(self.folder)
        with subprocess.Popen(
            [program, "-i"],
            stdin=of_shell,
            stdout=of_shell,
            stderr=of_shell,
            cwd=self.folder,
            env={
                "HOME": home,
                "PATH": os.environ["PATH"],
                "TERM": "dumb",
                "ZDOTDIR": home,
            },
            start_new_session=True,
        ) as process:
            os.close(of_shell)
            os.write(terminal, f"{line}\t\x18".encode())
            with contextlib.suppress(OSError):  # its end
                while select.select([terminal], [], [], 60)[0]:
                    if not os.read(terminal, 4096):
                        break
            process.kill()
        os.close(terminal)
        return Path(result).read_text(encoding="utf-8")
