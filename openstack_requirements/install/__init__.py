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
"""From a list to freezes: interpreters, environments and installers.

An installation is attempted, its failure is read, and what is in the way is
held back, skipped or excluded until the rest installs; upgrades that break a
test are found by bisection. It imports ``constraints`` and ``system``.

Start with :mod:`.freezer`, which turns a request for several interpreters
into freezes; :mod:`.installers` says what an installer does.
"""
