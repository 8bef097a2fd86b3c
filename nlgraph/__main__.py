"""`python -m nlgraph` is the command `nlgraph`."""

from __future__ import annotations

import sys

from nlgraph.cli.main import main

sys.exit(main())
