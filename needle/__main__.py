import sys

from needle import main

sys.exit(main())
