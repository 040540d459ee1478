"""Trees and what goes with them, to and from the files of other programs."""
