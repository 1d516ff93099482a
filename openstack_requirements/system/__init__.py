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
"""Each kind of access to the outside, once: files, processes, git, HTTP.

No other package opens a file, starts a process or sends a request itself.
It imports ``errors`` and nothing else of the toolkit.

Start with :mod:`.files`, which replaces a file in one durable step, and
:mod:`.process`, which starts every command.
"""
