"""The errors that the practice OpenAI answers with: OpenAI's JSON, its codes and its messages."""

from __future__ import annotations


class OpenAIApiError(Exception):
    """An error that is answered with the HTTP `status`, OpenAI's error object as the `body`, and further `headers`."""

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
        """Return the error's code, or its type if it has none; it is the `outcome` in the record of requests."""
        return str(self.body["error"]["code"] or self.body["error"]["type"])


def wrong_type(name: str, expected: str) -> OpenAIApiError:
    """Return the error (400) for a parameter of the wrong type; `expected` names the right one, as `a string`."""
    return OpenAIApiError(400, f"Invalid type for '{name}': expected {expected}.", param=name, code="invalid_type")


def missing(name: str) -> OpenAIApiError:
    """Return the error (400) for a required parameter that is missing."""
    return OpenAIApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def wrong_value(name: str, problem: str) -> OpenAIApiError:
    """Return the error (400) for a parameter's value; `problem` is its message."""
    return OpenAIApiError(400, problem, param=name, code="invalid_value")


def bad_image(code: str) -> OpenAIApiError:
    """Return the error (400) for an image that cannot be used, as `image_parse_error`."""
    problem = "You uploaded an unsupported image. Please make sure your image is valid."
    return OpenAIApiError(400, problem, code=code)


def none_of(name: str, value: object, known: tuple[str, ...]) -> OpenAIApiError:
    """Return the error (400) for a parameter's value that is not one of `known`; its message lists these."""
    values = ", ".join(f"'{each}'" for each in known)
    return wrong_value(name, f"Invalid value: '{value}'. Supported values are: {values}.")
