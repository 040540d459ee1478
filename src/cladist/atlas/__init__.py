"""The atlas: documents of a registry for people to look at, as a server and as a folder."""
