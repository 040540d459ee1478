"""The world to hold a model against: public collections of recorded answers, added by name.

catalogue   which collections there are, where, and how their models were asked
files       a collection's files, from a folder or a clone, with git's hash of them
fetch       the same over the network, at the pinned commit
layouts     what the files of a collection say
adding      from files to an installed reference, whole or not at all
installed   the references of this user, and where they are
sharing     a reference of one's own as one file
panel       what is fitted on a reference's answers
"""
