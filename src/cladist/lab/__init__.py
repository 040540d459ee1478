"""The evolution lab: real descendants of known descent, bred to test the whole system.

plan     what is to be bred, read from TOML and checked before anything is trained
grow     founders and operations, one finished model folder after another, resumable
truth    who descends from whom: a genealogy with merges and teachers
extract  the answers of all models under several assays
score    what the methods find, held against the truth
laws     DNA distance against amount of change, function and time
report   docs/lab.md and its pictures
"""
