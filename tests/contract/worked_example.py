"""`python worked_example.py FOLDER`: holds the integration of docs/writing-an-integration.md to all rules.

The blocks of the page are files of the folder. Prints `{rule: null | what is wrong}`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import places
from rules import RULES
from run_rules import verdict


def main(folder):
    sys.path.insert(0, folder)
    from tiny_subject import TinySubject

    places.add(str(Path(folder) / "tiny_integration.py"))
    subject = TinySubject()
    print(json.dumps({name: verdict(rule, subject) for name, rule in RULES.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
