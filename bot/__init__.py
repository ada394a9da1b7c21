"""The case desk: everything but Slack's listeners, which live in `handlers`.

The way of a request leads through these rooms: `door` and `surfaces` (is it Slack's, who is it, which function answers),
`listening` (what a listener gets), `durable` with `ledger`, `deeds`, `once` and `telling` (changes that survive), `desk` and
`directory` (cases and names), `fusedesk`, and back through `answers`, `cards` and `slack`. Beside it `upkeep` takes over what
dead casebots left and deletes what is over. `app` makes all of them.
"""
