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
"""What a project declares, and editing it in place.

Requirements files, ``setup.cfg``, ``pyproject.toml`` and dynamic metadata
become entries, each with its place; an edit changes one entry and no other
byte. It imports ``pep508`` and ``system``.

Start with :mod:`.declarations`, which works on texts; :mod:`.loader` opens
the files of a checkout and hands it their texts.
"""
