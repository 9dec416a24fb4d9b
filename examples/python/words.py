#!/usr/bin/env python3
"""A utility process in Python: counts words, makes text loud, sends back what it is sent."""
import oriel


def count(text):
    words = {}
    for word in text.lower().split():
        words[word] = words.get(word, 0) + 1
    return words


port = oriel.Port()
port.handlers["count"] = count
port.handlers["upper"] = lambda text: text.upper()
port.listeners["message"] = port.post
port.serve()
