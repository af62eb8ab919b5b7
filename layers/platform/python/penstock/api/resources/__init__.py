"""What endpoints take and give: pydantic models, one file an endpoint."""
