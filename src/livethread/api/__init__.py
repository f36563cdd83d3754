"""The REST and SSE face: routes, handlers, errors, authentication."""
