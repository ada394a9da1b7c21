"""What a team would otherwise write, each as its own documentation shows, as programs of their own; none imports casebot.

All take the same two arguments: a port, and a JSON file with what `bench.contestants` tells them (ids to listen for, the card
to answer with, where the stand-ins are).
"""
