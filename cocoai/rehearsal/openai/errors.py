"""OpenAI's errors, in its own shape and with its own codes."""

from __future__ import annotations


class ApiError(Exception):
    """Answered as `status` with OpenAI's error object."""

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
        self.told = {"error": {"message": message, "type": kind, "param": param, "code": code}}

    @property
    def name(self) -> str:
        """The code, else the type, for the record."""
        return str(self.told["error"]["code"] or self.told["error"]["type"])


def wrong_type(name: str, wanted: str) -> ApiError:
    return ApiError(400, f"Invalid type for '{name}': expected {wanted}.", param=name, code="invalid_type")


def missing(name: str) -> ApiError:
    return ApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def wrong_value(name: str, problem: str) -> ApiError:
    return ApiError(400, problem, param=name, code="invalid_value")


def none_of(name: str, value: object, known: tuple[str, ...]) -> ApiError:
    values = ", ".join(f"'{each}'" for each in known)
    return wrong_value(name, f"Invalid value: '{value}'. Supported values are: {values}.")
