"""A bare pydantic model, the twin of pyticktick's class without what comes with it."""

from typing import Literal

from pydantic import UUID4, BaseModel, ConfigDict, Field, ValidationError

REFUSALS = (ValidationError,)


class OAuthTokenV1(BaseModel):
    """The response of the token endpoint."""

    model_config = ConfigDict(extra="ignore", defer_build=True)  # built at its first use, or in another model

    access_token: UUID4 = Field(description="OAuth2 access token for the V1 API.")
    expires_in: int = Field(
        description="Access token expiration time in seconds from the time of issue. Usually lasts 6 months.",
    )
    token_type: Literal["bearer"] = Field(default="bearer", description="Fixed value 'bearer'.")
    scope: Literal["tasks:read tasks:write"] = Field(
        default="tasks:read tasks:write",
        description="Spaces-separated permissions for the generated token. The currently available scopes are "
        "'tasks:write' and 'tasks:read'. Default is 'tasks:read tasks:write'.",
    )


from_bytes = OAuthTokenV1.model_validate_json
from_mapping = OAuthTokenV1.model_validate
