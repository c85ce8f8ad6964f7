"""``python -m rnncourse.cli``: the same command where no script is installed."""

import sys

from rnncourse.cli import main

sys.exit(main())
