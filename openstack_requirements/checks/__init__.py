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
"""Findings, the rules that make them, and the impact of a list change.

A rule is a function and a row of a table. :mod:`.loader` reads the lists and
a project, :mod:`.verdicts` decides, and :mod:`.gate` does both for one
project or for many. It imports all packages but ``bootstrap`` and ``cmds``.

Start with :mod:`.findings`, then :mod:`.judgement`, the rules for a project.
"""
