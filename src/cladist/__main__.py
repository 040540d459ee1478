"""`python -m cladist`, for whoever has no folder of commands in the search path."""

from cladist.cli.main import main

if __name__ == "__main__":
    main()
