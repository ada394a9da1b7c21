"""Local stand-ins for FuseDesk and Slack, on loopback only: for the tests, the benchmarks and the demo.

`bot` and `handlers` never import anything from here (outside the command that starts the demo). A stand-in is strict: what
the real service would refuse is refused, what it does not know is an error. Faults are switches.
"""
