"""The page of the demo: a local Slack in the browser, with FuseDesk, the weather, the inspector and a tour beside it.

The server renders everything (Jinja2, autoescape on); the browser gets changes as server-sent events and sends what people do
as JSON. A new button, menu or card of casebot needs nothing here: blocks are drawn by their type, never by their id.

What does not belong here: what Slack or FuseDesk do. The page only lets people do it, through `slack.py` and `fusedesk.py`.
"""
