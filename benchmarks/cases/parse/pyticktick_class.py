"""pyticktick's own class: what this package replaces, and the reference of the equality gate."""

from pydantic import ValidationError
from pyticktick.models.v1.responses.oauth import OAuthTokenV1

NAME = "pyticktick"
REFUSALS = (ValidationError,)

from_bytes = OAuthTokenV1.model_validate_json
from_str = OAuthTokenV1.model_validate_json
from_mapping = OAuthTokenV1.model_validate
