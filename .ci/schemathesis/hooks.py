"""What no schema can say of a request, so that Schemathesis draws requests that can work."""

import itertools
import re

import schemathesis

KEY = re.compile(r'"[!#-~]{1,255}"|[!#-~]{1,255}')

used = set()
numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key is new for each new request, and a cursor is one that a page gave out."""
    for name, key in list((case.headers or {}).items()):
        if name.lower() == "idempotency-key" and isinstance(key, str) and KEY.fullmatch(key):
            if key in used:
                case.headers[name] = f"key-{next(numbers)}"
            used.add(key)
    if case.meta is not None and case.meta.generation.mode.is_positive and case.query:
        case.query.pop("cursor", None)
