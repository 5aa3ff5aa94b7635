"""The errors of the domain. Messages say what, where and what to do; they never carry a field value of a record."""


class EmpiError(Exception):
    """Base of all expected failures; the CLI prints its message without a traceback and exits with `exit_code`."""

    exit_code = 1


class ConfigurationError(EmpiError):
    """A setting, environment variable or configuration file is missing or wrong."""

    exit_code = 2


class InvalidModelError(ConfigurationError):
    """A match model was refused; `problems` lists (path to the field, reason)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{path}: {reason}" if path else reason for path, reason in problems))


class UnreadableObjectError(EmpiError):
    """A delivered object cannot be read at all; its other objects go on."""

    def __init__(self, reason_code: str, message: str) -> None:
        self.reason_code = reason_code
        super().__init__(message)


class NotFoundError(EmpiError):
    """Something named by the caller (batch, case, person, model) does not exist."""

    exit_code = 4


class ConflictError(EmpiError):
    """The state moved on since the caller looked; nothing was written, look again."""

    exit_code = 5
