"""`python -m service.cli`: the command line, for children that must run this very interpreter."""

from service.cli import main

main()
