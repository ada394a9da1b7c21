"""How fast casebot is, beside what a team would otherwise pick: `make bench`, or `make bench ONLY=door`.

Each suite measures and returns rows; `bench.table` prints them. Everything runs on 127.0.0.1, servers on one core and load on
another, rivals in turn, medians of several rounds. Figures hold within one run only.
"""
