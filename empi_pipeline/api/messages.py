"""What is wrong with a request, in the words and places that clients of the reference system know."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError

from empi_pipeline.api.errors import VALIDATION_FAILED, ApiError, Detail

UNEXPECTED: Final = "Unexpected field"
REQUIRED: Final = "This field is required."
NOT_NULL: Final = "This field may not be null."
NOT_BLANK: Final = "This field may not be blank."

_KINDS: Final = {
    dict: "dict",
    list: "list",
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    type(None): "NoneType",
}
_BY_TYPE: Final = {
    "missing": REQUIRED,
    "string_type": "Not a valid string.",
    "string_unicode": "Not a valid string.",
    "bool_type": "Must be a valid boolean.",
    "bool_parsing": "Must be a valid boolean.",
    "int_type": "A valid integer is required.",
    "int_parsing": "A valid integer is required.",
    "int_parsing_size": "A valid integer is required.",
    "int_from_float": "A valid integer is required.",
    "float_type": "A valid number is required.",
    "float_parsing": "A valid number is required.",
    "finite_number": "A valid number is required.",
}


def details_of(error: RequestValidationError) -> ApiError:
    """The answer to a request that does not fit its model.

    An unknown key of the request itself is told alone, the rest with it; below that an unknown key is told once, with
    the path of the object that has it.
    """
    found: Sequence[Any] = error.errors()
    for each in found:
        if each["type"] == "json_invalid":
            told = error.__cause__ or each["msg"]  # The parser's own words: what it expected and where, no content.
            return ApiError(400, f"JSON parse error - {told}", "json")
    unknown = [each for each in found if each["type"] == "extra_forbidden" and len(each["loc"]) == 2]
    if unknown:
        details = [{"field": str(each["loc"][1])[:100], "message": UNEXPECTED} for each in unknown]
        return ApiError(400, VALIDATION_FAILED, "unexpected_field", details)
    return ApiError(400, VALIDATION_FAILED, "invalid", _once(map(_detail, found)))


def _once(details: Iterable[Detail]) -> list[Detail]:
    return list({tuple(each.items()): each for each in details}.values())


def _detail(problem: Any) -> Detail:
    path = [str(part) for part in problem["loc"][1:]]
    if problem["type"] == "extra_forbidden":
        return _at(path[:-1], UNEXPECTED)
    message = message_of(problem["type"], problem.get("ctx") or {}, problem.get("input"), problem["msg"])
    return _at(path, message)


def _at(path: Sequence[str], message: str) -> Detail:
    return {"field": ".".join(path), "message": message} if path else {"message": message}


def message_of(kind: str, context: dict[str, Any], value: Any, otherwise: str) -> str:
    """The words for one kind of problem; `value` is only looked at for its kind, or told back where it is a choice."""
    if value is None and kind.endswith(("_type", "_parsing")):
        return NOT_NULL
    got = _KINDS.get(type(value), "something else")
    words = {
        "string_too_short": NOT_BLANK,
        "string_too_long": f"Ensure this field has no more than {context.get('max_length')} characters.",
        "greater_than_equal": f"Ensure this value is greater than or equal to {context.get('ge')}.",
        "less_than_equal": f"Ensure this value is less than or equal to {context.get('le')}.",
        "literal_error": f'"{str(value)[:100]}" is not a valid choice.',
        "too_short": NOT_BLANK if got == "str" else "This list may not be empty.",
        "too_long": f"Ensure this field has no more than {context.get('max_length')}"
        f" {'characters' if got == 'str' else 'elements'}.",
        "list_type": f'Expected a list of items but got type "{got}".',
        "value_error": str(context.get("error", otherwise)),
    }
    for each in ("model_type", "model_attributes_type", "dict_type"):
        words[each] = f"Invalid data. Expected a dictionary, but got {got}."
    return _BY_TYPE.get(kind) or words.get(kind, otherwise)
