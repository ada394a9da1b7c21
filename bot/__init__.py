"""The case desk: everything but Slack's listeners, which live in `handlers`."""
