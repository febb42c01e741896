"""`python -m nst` is the command `nst`."""

import sys

from nst.commands import main

sys.exit(main())
