"""pyticktick's own class: what this package replaces, and the reference for what is a token."""

from pydantic import ValidationError
from pyticktick.models.v1.responses.oauth import OAuthTokenV1

REFUSALS = (ValidationError,)

from_bytes = OAuthTokenV1.model_validate_json
from_mapping = OAuthTokenV1.model_validate
