"""`builtin/tools`: calls the functions it is given, with arguments found in the message. Not a language model."""
