"""The leak test: clients that connect and are cut, many thousand times over, after which the server holds no more."""
