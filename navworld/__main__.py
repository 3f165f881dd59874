"""`python -m navworld` is the `navworld` command."""

from navworld.cli import main

raise SystemExit(main())
