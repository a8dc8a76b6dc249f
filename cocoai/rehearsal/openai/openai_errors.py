"""OpenAI's errors, with its JSON and its codes."""

from __future__ import annotations


class OpenAIApiError(Exception):
    """An error to be answered with `status` and OpenAI's error object (`body`)."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}

    @property
    def name(self) -> str:
        """Return the error's code, else its type; the record of requests names it so."""
        return str(self.body["error"]["code"] or self.body["error"]["type"])


def wrong_type(name: str, expected: str) -> OpenAIApiError:
    """Return the error for a parameter of the wrong type; `expected` names the right one."""
    return OpenAIApiError(400, f"Invalid type for '{name}': expected {expected}.", param=name, code="invalid_type")


def missing(name: str) -> OpenAIApiError:
    """Return the error for a required parameter that is missing."""
    return OpenAIApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def wrong_value(name: str, problem: str) -> OpenAIApiError:
    """Return the error for a parameter's value; `problem` is its message."""
    return OpenAIApiError(400, problem, param=name, code="invalid_value")


def none_of(name: str, value: object, known: tuple[str, ...]) -> OpenAIApiError:
    """Return the error for a value that is not one of `known`."""
    values = ", ".join(f"'{each}'" for each in known)
    return wrong_value(name, f"Invalid value: '{value}'. Supported values are: {values}.")
