"""The Socket.IO face. python-socketio speaks the protocol, and our hubs feed it."""
