"""FuseDesk's REST API: its calls, models, errors and quota. The one place that knows how FuseDesk writes things down."""
